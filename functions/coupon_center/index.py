"""coupon_center: what can be claimed now, the caller's coupons, and which of them suit what she is buying."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Command, Document, aggregate, find
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.flows.basket import read_commands
from gardenshop.flows.checkout import MAX_LINES, Wanted, WantedLine, quote_of
from gardenshop.flows.claims import TEMPLATES
from gardenshop.flows.coupons import COUPONS, CouponView, TermsView, shown_terms, view_of
from gardenshop.flows.quote_view import CouponChoices, choices_of
from gardenshop.models.base import Key
from gardenshop.models.promotion import Coupon
from gardenshop.rules.coupons import why_not_hers
from gardenshop.rules.paging import CursorText, Order, after, cursor_of
from gardenshop.rules.promotions import RUNNING, Shopper

MOST_OFFERED = 100
SOONEST, LATEST = Order("until", 1), Order("until", -1)
_TEMPLATE = [str(field.alias) for name, field in Coupon.model_fields.items() if name != "recent_ops"]


class CouponCenter(Request):
    """A page of her coupons in `state`, continued by `next_cursor`; `lines` are those of a preview."""

    state: Literal["available", "locked", "used", "expired"] = "available"
    cursor: CursorText | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=50)] = 20
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=MAX_LINES)] | None = None
    address_id: Key | None = None


class Offered(TermsView):
    """A coupon of the centre: how many are left, and for her, or `why` she gets none now."""

    end_at: int
    left: int
    left_for_you: int
    why: str | None


class CouponCentre(Response):
    """The centre's coupons, a page of hers, and all that she may use judged for what she is buying."""

    offered: list[Offered]
    mine: list[CouponView]
    next_cursor: str | None
    choices: CouponChoices


@cloud_function(caller=MEMBER)
def main(request: CouponCenter, ctx: Context) -> CouponCentre:
    """Read everything in one round trip and change nothing."""
    # Both have been checked, and a validator that does it again would be built for it.
    wanted = Wanted.model_construct(lines=request.lines, address_id=request.address_id)
    order = SOONEST if request.state == "available" else LATEST
    templates, had, page, *replies = ctx.db.read(
        _offered(ctx.now),
        _had(ctx.user_id),
        _mine(request, order, ctx),
        *read_commands(ctx.user_id, wanted.plain_lines(ctx), now=ctx.now),
    )
    quote = quote_of(replies, wanted, ctx)
    counts = {each["_id"]: int(each["count"]) for each in had}
    shown = page[: request.limit]
    return CouponCentre(
        offered=[_offer(Coupon.model_validate(each), counts, quote.basket.shopper) for each in templates],
        mine=[view_of(copy, state=request.state) for copy in shown],
        next_cursor=cursor_of(order, shown[-1]) if len(page) > request.limit else None,
        choices=choices_of(quote),
    )


def _offered(now: int) -> Command:
    """Return the read of what the centre gives now or soon, what ends first before the rest."""
    where = {"channel": "center", "state": {"$in": list(RUNNING)}, "endAt": {"$gt": now}}
    return find(TEMPLATES, where, fields=_TEMPLATE, sort={"endAt": 1, "_id": 1}, limit=MOST_OFFERED)


def _had(user_id: str) -> Command:
    """Return the count of the copies that the caller has had, by template."""
    counted = {"userId": user_id, "state": {"$ne": "void"}}
    group = {"_id": "$couponId", "count": {"$sum": 1}}
    return aggregate(COUPONS, {"$match": counted}, {"$group": group})


def _mine(request: CouponCenter, order: Order, ctx: Context) -> Command:
    """Return the read of a page; what has lapsed is expired, whether or not that is booked yet."""
    states: dict[str, Document] = {
        "available": {"state": "available", "until": {"$gt": ctx.now}},
        "expired": {"$or": [{"state": "expired"}, {"state": "available", "until": {"$lte": ctx.now}}]},
    }
    state = states.get(request.state, {"state": request.state})
    where = {"userId": ctx.user_id, "$and": [state, after(order, request.cursor)]}
    return find(COUPONS, where, sort=order.keys, limit=request.limit + 1)


def _offer(template: Coupon, had: Mapping[str, int], shopper: Shopper) -> Offered:
    left = template.total - template.issued
    hers = min(left, max(0, template.per_user - had.get(template.id, 0)))
    why = why_not_hers(template, shopper) or ("" if hers else "已领取" if left else "已领完")
    return Offered(
        coupon_id=template.id,
        **shown_terms(template.terms),
        end_at=template.end_at,
        left=left,
        left_for_you=0 if why else hers,
        why=why or None,
    )
