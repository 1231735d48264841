"""Links that practitioners share: signed tokens, so that nobody is credited by a client's word.

A token names the practitioner, what she shares, when she made it and when it ends; it is signed with the keys
of the setting ``SHARE_LINK_KEYS``.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import Field

from gardenshop.cloud import signing
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.entry import Context, Request
from gardenshop.models.base import Key, Line

SETTING = "SHARE_LINK_KEYS"
LASTS = 7 * DAY
Target = Literal["product", "recipe"]
Token = Annotated[str, Field(min_length=20, max_length=400, pattern=r"^[A-Za-z0-9_:.\-~]+$")]

_PARTS = 5
"""Practitioner, kind and id of the target, made, ends."""


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
    parts = (practitioner_id, target_type, target, now, now + LASTS)
    return signing.sign(parts, setting=SETTING, environ=environ)


def read(token: str, *, environ: Mapping[str, str], now: int) -> ShareLink | None:
    """Return what *token* says; None for one that is forged, of no known key, or does not count at *now*."""
    parts = signing.parts_of(token, setting=SETTING, environ=environ)
    if parts is None or len(parts) != _PARTS:
        return None
    practitioner_id, target_type, target, issued_at, expires_at = parts
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
