"""From the routes that a site lists to a configuration that an admin may paste: a proposal, never a proof."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sheetsync.config.endpoints import AMOUNT_NAMES, EMAIL_NAMES, USER_NAMES
from sheetsync.config.template import quoted
from sheetsync.providers.fastcredit.index import Argument, Endpoint
from sheetsync.providers.messages import clean

SETS = frozenset({"reset", "set", "total", "replace", "overwrite"})
"""Words of a path whose request sets the balance; "Update Total User Credits" is the vendor's name for it."""

ADDS = frozenset({"add", "increase", "increment", "grant", "give", "deposit", "topup", "update"})
"""Words of a path whose request adds; "Update User Credits" is the vendor's name for it."""

OTHERS = frozenset({
    "log", "logs", "history", "transaction", "transactions", "package", "packages", "plan", "plans",
    "product", "products", "setting", "settings", "rule", "rules", "deduct", "subtract", "remove", "delete",
    "report", "stats",
})  # fmt: skip
"""Words of a path that is about something else."""

_WRITES = ("POST", "PUT", "PATCH")
_TEXT = "string"

DEPTH_MOST = 6
"""Levels of a reply that are looked at."""

RESULTS_MOST = 8
"""Places of the balance that a message names."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """One route as it may stand in the configuration.

    Attributes:
        path: with the root in front and our placeholders in it.
        params: name → placeholder, for the query of a GET and the body of anything else.
        as_text: the site wants amounts as text.
        remarks: what could not be filled in.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    as_text: bool = False
    remarks: tuple[str, ...] = ()


def propose(endpoints: tuple[Endpoint, ...], root: str) -> dict[str, Proposed]:
    """Return route's name → proposal, as far as the paths' words and the methods tell.

    Args:
        endpoints: with "credit" in their path.
        root: what stands before a REST route on this site.
    """
    found: dict[str, Proposed] = {}
    for name in ("get_credits", "add_credits", "reset_credits"):
        ranked = sorted(_ranked(name, endpoints), key=lambda pair: -pair[0])
        if ranked:
            found[name] = _proposed(name, ranked[0][1], root)
    return found


def _ranked(name: str, endpoints: tuple[Endpoint, ...]) -> Iterator[tuple[int, Endpoint]]:
    for each in endpoints:
        words, names = _words(each.path), _names(each)
        about = bool(names & {*USER_NAMES, *EMAIL_NAMES})
        if words & OTHERS or "…" in each.path or _role(each, words) != name:
            continue
        yield 4 * about + 2 * bool(words & (SETS | ADDS)) + bool(names & set(AMOUNT_NAMES)), each


def _role(endpoint: Endpoint, words: frozenset[str]) -> str:
    """Guess what an endpoint does."""
    if not set(endpoint.methods) & set(_WRITES):
        return "get_credits" if "GET" in endpoint.methods and not words & (ADDS | SETS) else ""
    if words & SETS:
        return "reset_credits"
    if words & ADDS:
        return "add_credits"
    return "reset_credits" if "POST" not in endpoint.methods else "add_credits"


def _words(path: str) -> frozenset[str]:
    fixed = re.sub(r"\{[^}]*\}", " ", path)
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", fixed)
    return frozenset(word for word in re.split(r"[^a-z]+", spread.lower()) if word)


def _names(endpoint: Endpoint) -> set[str]:
    return {name.lower() for name in (*endpoint.args, *re.findall(r"\{(\w+)\}", endpoint.path))}


def _proposed(name: str, endpoint: Endpoint, root: str) -> Proposed:
    writes = name != "get_credits"
    method = next((each for each in _WRITES if each in endpoint.methods), "GET") if writes else "GET"
    in_path = re.findall(r"\{(\w+)\}", endpoint.path)
    path = root + re.sub(r"\{(\w+)\}", lambda match: f"{{{_user_placeholder(match[1])}}}", endpoint.path)
    args = {each: about for each, about in endpoint.args.items() if each not in in_path}
    params, remarks = _fill(args, writes=writes, knows_user=bool(in_path))
    amount = next(
        (args[each] for each, value in params.items() if value == "{amount}" and each in args), None
    )
    as_text = amount is not None and amount.kind == _TEXT
    return Proposed(method, path, params, as_text, tuple(remarks))


def _user_placeholder(name: str) -> str:
    return "email" if name.lower() in EMAIL_NAMES else "user_id"


def _fill(
    args: Mapping[str, Argument], *, writes: bool, knows_user: bool
) -> tuple[dict[str, str], list[str]]:
    """Return arguments with our placeholders, and remarks about what is left."""
    by_name = {name.lower(): name for name in args}
    params, remarks = {}, []
    user = next((by_name[name] for name in (*USER_NAMES, *EMAIL_NAMES) if name in by_name), None)
    if user is not None and not (knows_user and not args[user].required):
        params[user] = f"{{{_user_placeholder(user)}}}"
    elif not knows_user:
        params["user_id"] = "{user_id}"
        remarks.append("the site does not list which argument names the user: correct it")
    if writes:
        amount = next((by_name[name] for name in AMOUNT_NAMES if name in by_name), None)
        params[amount or "amount"] = "{amount}"
        if amount is None:
            remarks.append("the site does not list which argument carries the amount: correct it")
    remarks += [
        f"the site also requires {name} ({about})"
        for name, about in args.items()
        if about.required and name not in params
    ]
    return params, remarks


BALANCE_WORDS = ("credit", "balance", "point", "total", "amount")
"""What the name of a value has in it that may be the balance, the likeliest first."""


def likely_results(reply: object) -> list[str]:
    """Return the dotted paths of a reply at which the balance may stand, the likeliest first."""
    found = []
    for path, value in _values(reply, "", DEPTH_MOST):
        name = path.rpartition(".")[2].lower()
        rank = next((at for at, word in enumerate(BALANCE_WORDS) if word in name), len(BALANCE_WORDS))
        if name not in USER_NAMES and (_is_number(value) or rank < len(BALANCE_WORDS)):
            found.append((rank, path))
    return [path for _, path in sorted(found, key=lambda pair: pair[0]) if path][:RESULTS_MOST]


def _values(value: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value[:RESULTS_MOST])
        for name, part in pairs if depth else ():
            yield from _values(part, f"{path}.{clean(str(name))[:40]}" if path else str(name)[:40], depth - 1)
    elif value is None or _is_number(value):
        yield path, value


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return bool(re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value))
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def snippet(connection_prefix: str, proposed: Mapping[str, Proposed], *, result: str) -> str:
    """Return TOML to paste.

    Args:
        connection_prefix: ``connections.shop.routes``.
        proposed: by the routes' names.
        result: the dotted path to the balance, as far as it is known.
    """
    lines = []
    for name, route in proposed.items():
        lines += [
            f"[{connection_prefix}.{name}]",
            f"method = {quoted(route.method)}",
            f"path = {quoted(route.path)}",
        ]
        if route.params:
            pairs = ", ".join(f"{_key(key)} = {quoted(value)}" for key, value in route.params.items())
            lines.append(f"{'query' if route.method == 'GET' else 'body'} = {{ {pairs} }}")
        if route.as_text:
            lines.append("as_text = true")
        if name == "get_credits":
            lines.append(f"result = {quoted(result)}   # where the balance stands in the reply")
        lines += [f"# {remark}" for remark in route.remarks]
    return "\n".join(lines)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quoted(name)
