"""coupon_claim: take one copy of a coupon, from the centre by its id or by a code."""

from typing import Annotated

from pydantic import Field

from gardenshop.cloud.database import Command, Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, cloud_function
from gardenshop.cloud.errors import ClaimLimit, CouponGone, InvalidRequest, NotClaimable, NotFound
from gardenshop.flows import daily_tries
from gardenshop.flows.basket import PROFILE_FIELDS, USER_FIELDS, shopper_of
from gardenshop.flows.claims import TEMPLATES, issue
from gardenshop.flows.coupons import COUPONS, CouponView, view_of
from gardenshop.models.base import ClientToken, Key, Line
from gardenshop.models.promotion import Coupon
from gardenshop.rules.coupons import why_not_hers

TRIES = 20
"""How many codes a member may enter a day, right or wrong; a repeated claim is none."""
_TRIED = "今日输入兑换码的次数已达上限，请明天再试"


class CouponClaim(Request):
    """Either `coupon_id` or `code`; `client_token` makes a repeated claim one claim."""

    coupon_id: Annotated[Key, Field(max_length=60)] | None = None
    code: Annotated[Line, Field(max_length=40)] | None = None
    client_token: ClientToken


@cloud_function(caller=MEMBER)
def main(request: CouponClaim, ctx: Context) -> CouponView:
    """Read template and member, decide whether she may have it, and issue her copy.

    A code counts as a try before anything is said of it; a claim that was begun is answered as it was.
    """
    if (request.coupon_id is None) == (request.code is None):
        raise InvalidRequest(
            "请填写优惠券编号或兑换码之一", fields=[{"field": "couponId", "problem": "or code"}]
        )
    source = f"claim:{request.client_token}"
    templates, begun, users, profiles = ctx.db.read(
        _wanted(request),
        find(COUPONS, {"userId": ctx.user_id, "source": source}, fields=("couponId",)),
        get("users", ctx.user_id, fields=USER_FIELDS),
        get("user_profiles_extended", ctx.user_id, fields=PROFILE_FIELDS),
    )
    if not users:
        raise NotFound("请先登录")
    again = bool(templates) and templates[0]["_id"] in {copy["couponId"] for copy in begun}
    if request.code is not None and not again:
        daily_tries.count(ctx.db, "coupon_codes", ctx.user_id, ctx.now, most=TRIES, text=_TRIED)
    if not templates:
        raise NotFound("没有这张优惠券" if request.code is None else "兑换码有误，请核对后重试")
    template = Coupon.model_validate(templates[0])
    why = why_not_hers(template, shopper_of(users[0], profiles[0] if profiles else {}, now=ctx.now))
    if why and not again:
        raise NotClaimable(why)
    return _copy_of(template, source, ctx)


def _wanted(request: CouponClaim) -> Command:
    """Return the read of the template: one of the centre by its id, any other by its code alone."""
    if request.code is None:
        where: Document = {"_id": request.coupon_id, "channel": "center"}
    else:
        where = {"code": request.code.strip().upper(), "channel": "code"}
    return find(TEMPLATES, {**where, "state": {"$ne": "draft"}}, limit=1)


def _copy_of(template: Coupon, source: str, ctx: Context) -> CouponView:
    issued = issue(ctx.db, template, [ctx.user_id], source=source, now=ctx.now)
    if ctx.user_id in issued.limited:
        raise ClaimLimit
    if ctx.user_id not in issued.copies:
        raise CouponGone
    return view_of(issued.copies[ctx.user_id])
