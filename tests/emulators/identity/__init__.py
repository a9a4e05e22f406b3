"""Google's identity on loopback: signed ID tokens, and the certificates that they are checked with."""

from tests.emulators.identity.server import AUDIENCE, IdentityEmulator, serve

__all__ = ["AUDIENCE", "IdentityEmulator", "serve"]
