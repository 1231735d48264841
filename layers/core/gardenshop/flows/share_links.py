"""Links that practitioners share: signed tokens, so that nobody is credited by a client's word.

A token names the key that signed it, the practitioner, what she shares, when she made it and when it ends.
The setting ``SHARE_LINK_KEYS`` holds the keys, ``<kid>:<secret>`` with commas between them: the first signs,
all of them are accepted, so a key is replaced by a new one in front of it.
"""

import base64
import hmac
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import Field

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.entry import Context, Request
from gardenshop.cloud.errors import Internal
from gardenshop.models.base import Key, Line

SETTING = "SHARE_LINK_KEYS"
LASTS = 7 * DAY
Target = Literal["product", "recipe"]
Token = Annotated[str, Field(min_length=20, max_length=400, pattern=r"^[A-Za-z0-9_:.\-~]+$")]

_MIN_KEY = 16
_SIGNED = 16
_PARTS = 7
"""Key id, practitioner, kind and id of the target, made, ends, signature."""


class Led(Request):
    """What led a member to a product, as her client tells it; of practitioners only a signed `link` tells."""

    scene: Annotated[Line, Field(max_length=40)]
    exposure_id: Key | None = None
    recipe_id: Key | None = None
    campaign_id: Key | None = None
    link: Token | None = None


class ShareLink(NamedTuple):
    """What a link says: who shares what, and from when to when it counts."""

    practitioner_id: str
    target_type: Target
    target: str
    issued_at: int
    expires_at: int


def make(
    practitioner_id: str, target_type: Target, target: str, *, environ: Mapping[str, str], now: int
) -> str:
    """Return the token of a link made at *now*. Raises Internal when there is no key to sign with."""
    kid, key = next(iter(_keys(environ).items()))
    parts = (kid, practitioner_id, target_type, target, now, now + LASTS)
    said = "~".join(str(part) for part in parts)
    return f"{said}~{_signature(said, key)}"


def read(token: str, *, environ: Mapping[str, str], now: int) -> ShareLink | None:
    """Return what *token* says; None for one that is forged, of no known key, or does not count at *now*."""
    parts = token.split("~")
    if len(parts) != _PARTS:
        return None
    kid, practitioner_id, target_type, target, issued_at, expires_at, signature = parts
    key = _keys(environ).get(kid)
    said = token.rpartition("~")[0]
    if key is None or not hmac.compare_digest(_signature(said, key), signature):
        return None
    link = ShareLink(practitioner_id, cast("Target", target_type), target, int(issued_at), int(expires_at))
    return link if link.issued_at <= now < link.expires_at else None


def origin_of(led: Led, ctx: Context) -> dict[str, Any]:
    """Return the `Origin` of what *led* the caller on; a link that does not count says nothing."""
    said = led.model_dump(by_alias=True, exclude_none=True, exclude={"link"})
    link = read(led.link, environ=ctx.settings.environ, now=ctx.now) if led.link else None
    if link is None:
        return said
    recipe = {"recipeId": link.target} if link.target_type == "recipe" else {}
    return {**said, "practitionerId": link.practitioner_id, "sharedAt": link.issued_at, **recipe}


def _keys(environ: Mapping[str, str]) -> dict[str, str]:
    pairs = (pair.partition(":") for pair in environ.get(SETTING, "").split(","))
    keys = {kid.strip(): key.strip() for kid, _, key in pairs}
    if any(not kid.isalnum() or len(key) < _MIN_KEY for kid, key in keys.items()):
        raise Internal(cause=f"settings: {SETTING}")
    return keys


def _signature(said: str, key: str) -> str:
    digest = hmac.digest(key.encode(), said.encode(), "sha256")[:_SIGNED]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
