"""Addresses in the configuration: checked once, kept in one spelling."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def normalise(url: str) -> str:
    """Return an absolute http(s) address in its one spelling, without a trailing slash.

    The spelling identifies the credit system, so two connections that write its address differently still
    share their lease, limit and epochs.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    parts = _split(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password: they have keys of their own")
    if parts.query or parts.fragment or url.rstrip().endswith(("?", "#")):
        raise ValueError('must end before any "?" or "#"')
    return f"{parts.scheme}://{_authority(parts)}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Say whether the address is this machine's own."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_plain(url: str) -> bool:
    """Say whether passwords would travel in the clear: plain http beyond this machine."""
    return urlsplit(url).scheme == "http" and not is_loopback(url)


def _split(url: str) -> SplitResult:
    text = url.strip()
    if any(char.isspace() or not char.isprintable() for char in text) or "\\" in text:
        raise ValueError("must be an address without spaces")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f'is not an address: "{_safe(text)}"') from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("must be a whole address that starts with https://")
    if port == 0:
        raise ValueError("has port 0, which nothing listens on")
    return parts


def _authority(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        host = _punycode(host)
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return host if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"


def _punycode(host: str) -> str:
    """Return the form of a name with umlauts that travels: one spelling for one system."""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("has a host name that is not valid") from None


def _safe(text: str) -> str:
    """Return the text without what stands before an ``@``, which may be a password."""
    return text.rpartition("@")[2]
