"""practitioner_view: practitioners and what they vouch for, and for one of them her own profile and links."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, find, update
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Forbidden, InvalidRequest, NotFound
from gardenshop.flows import share_links
from gardenshop.flows.practitioners import CARD_FIELDS, Card, Profile, card_of, profile_of, whole
from gardenshop.flows.texts import refuse_claims
from gardenshop.models.base import Key, Line, Model, Words, dump
from gardenshop.models.vocabulary import BadgeLevel
from gardenshop.rules.paging import CursorText, Order, after, cursor_of

ELDEST = Order("createdAt", 1)
_Short = Annotated[Words, Field(max_length=60)]


class ProfileText(Model):
    """What a practitioner says of herself; fields left out stay as they are."""

    region: Annotated[Line, Field(max_length=40)] | None = None
    intro: Annotated[Line, Field(max_length=500)] | None = None
    story: Annotated[Line, Field(max_length=5000)] | None = None
    principles: Annotated[tuple[_Short, ...], Field(max_length=20)] | None = None
    tips: Annotated[tuple[_Short, ...], Field(max_length=40)] | None = None
    specialties: Annotated[tuple[_Short, ...], Field(max_length=20)] | None = None


class PractitionerView(Request):
    """``show`` needs a `practitioner_id`, ``edit`` a `profile`, ``share`` a `target`.

    A `region` is found by how it begins.
    """

    action: Literal["list", "show", "mine", "edit", "share"] = "list"
    level: BadgeLevel | None = None
    region: Annotated[Words, Field(max_length=40)] | None = None
    cursor: CursorText | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=50)] = 20
    practitioner_id: Annotated[Key, Field(max_length=60)] | None = None
    profile: ProfileText | None = None
    target_type: share_links.Target = "product"
    target: Annotated[Key, Field(max_length=60)] | None = None


class PractitionerPage(Response):
    """A page of practitioners, one of them whole, or a link to share and when it ends."""

    practitioners: list[Card] | None = None
    next_cursor: str | None = None
    profile: Profile | None = None
    token: str | None = None
    expires_at: int | None = None


@cloud_function(caller=MEMBER)
def main(request: PractitionerView, ctx: Context) -> PractitionerPage:
    """Show practitioners, or do what one of them asks for herself."""
    return _ACTIONS[request.action](request, ctx)


def _list(request: PractitionerView, ctx: Context) -> PractitionerPage:
    where: Document = {"status": "active", **after(ELDEST, request.cursor)}
    if request.level:
        where["level"] = request.level
    if request.region:
        where["region"] = {"$gte": request.region, "$lt": f"{request.region}\uffff"}
    (found,) = ctx.db.read(
        find("practitioners", where, fields=CARD_FIELDS, sort=ELDEST.keys, limit=request.limit + 1)
    )
    shown = found[: request.limit]
    more = len(found) > request.limit
    return PractitionerPage(
        practitioners=[card_of(each) for each in shown],
        next_cursor=cursor_of(ELDEST, shown[-1]) if more else None,
    )


def _show(request: PractitionerView, ctx: Context) -> PractitionerPage:
    if request.practitioner_id is None:
        raise InvalidRequest(fields=[{"field": "practitionerId", "problem": "missing"}])
    found = ctx.db.one(whole({"_id": request.practitioner_id, "status": "active"}))
    if found is None:
        raise NotFound("没有这位践行者")
    return PractitionerPage(profile=profile_of(found, ctx.now))


def _mine(_: PractitionerView, ctx: Context) -> PractitionerPage:
    return PractitionerPage(profile=profile_of(_own(ctx), ctx.now))


def _edit(request: PractitionerView, ctx: Context) -> PractitionerPage:
    if request.profile is None:
        raise InvalidRequest(fields=[{"field": "profile", "problem": "missing"}])
    said = dump(request.profile)
    refuse_claims({f"profile.{name}": text for name, text in said.items()})
    where = {"userId": ctx.user_id, "status": {"$ne": "left"}}
    ctx.db.write(update("practitioners", where, {"$set": {**said, "updatedAt": ctx.now}}))
    return _mine(request, ctx)


def _share(request: PractitionerView, ctx: Context) -> PractitionerPage:
    """Return a link that credits its maker: only an active practitioner's own, to what can be had."""
    if request.target is None:
        raise InvalidRequest(fields=[{"field": "target", "problem": "missing"}])
    collection, status = {"product": ("products", "on_sale"), "recipe": ("recipes", "active")}[
        request.target_type
    ]
    mine, targets = ctx.db.read(
        find("practitioners", {"userId": ctx.user_id, "status": "active"}, fields=("name",), limit=1),
        find(collection, {"_id": request.target, "status": status}, fields=("title",), limit=1),
    )
    if not mine:
        raise Forbidden("只有践行者可以分享")
    if not targets:
        raise NotFound("要分享的内容已经不在了")
    token = share_links.make(
        mine[0]["_id"], request.target_type, request.target, environ=ctx.settings.environ, now=ctx.now
    )
    return PractitionerPage(token=token, expires_at=ctx.now + share_links.LASTS)


_ACTIONS = {"list": _list, "show": _show, "mine": _mine, "edit": _edit, "share": _share}


def _own(ctx: Context) -> Document:
    found = ctx.db.one(whole({"userId": ctx.user_id, "status": {"$ne": "left"}}))
    if found is None:
        raise Forbidden("您还不是践行者")
    return found
