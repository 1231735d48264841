"""Signed tokens: what the server once said, told by a client that cannot change it.

A setting holds the keys, ``<kid>:<secret>`` with commas between them: the first signs, all of them are
accepted, so a key is replaced by a new one in front of it. A token is the key's id, the parts, the signature.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping

from gardenshop.cloud.errors import Internal

_MIN_KEY = 16
_SIGNED = 16


def sign(parts: Iterable[object], *, setting: str, environ: Mapping[str, str]) -> str:
    """Return the token that says *parts*. Raises Internal when there is no key to sign with."""
    kid, key = next(iter(_keys(setting, environ).items()))
    said = "~".join((kid, *map(str, parts)))
    return f"{said}~{_signature(said, key)}"


def parts_of(token: str, *, setting: str, environ: Mapping[str, str]) -> list[str] | None:
    """Return what *token* says; None for one that is forged or of no known key."""
    said, _, signature = token.rpartition("~")
    kid, *parts = said.split("~")
    key = _keys(setting, environ).get(kid)
    if key is None or not hmac.compare_digest(_signature(said, key).encode(), signature.encode()):
        return None
    return parts


def _keys(setting: str, environ: Mapping[str, str]) -> dict[str, str]:
    pairs = (pair.partition(":") for pair in environ.get(setting, "").split(","))
    keys = {kid.strip(): key.strip() for kid, _, key in pairs}
    if any(not kid.isalnum() or len(key) < _MIN_KEY for kid, key in keys.items()):
        raise Internal(cause=f"settings: {setting}")
    return keys


def _signature(said: str, key: str) -> str:
    digest = hmac.digest(key.encode(), said.encode(), "sha256")[:_SIGNED]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
