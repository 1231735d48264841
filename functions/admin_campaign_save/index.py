"""admin_campaign_save: an operator writes coupons and promotions, switches them, and issues copies."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, put
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, InvalidRequest, NotClaimable, TermsFixed
from gardenshop.flows import campaigns
from gardenshop.flows.audit import digest_of
from gardenshop.flows.campaigns import Deed
from gardenshop.flows.grants import BatchView, batch, batch_view, pages_of
from gardenshop.models.base import ClientToken, Key, UserId, dump
from gardenshop.models.promotion import CampaignState, Coupon, CouponPlan, PromotionPlan, Target
from gardenshop.rules.campaigns import (
    STATES,
    Wrong,
    changes_of,
    claims_in,
    fixed_in,
    problems_of_coupon,
    problems_of_promotion,
)
from gardenshop.rules.coupons import why_not_open

CampaignId = Annotated[Key, Field(max_length=60)]


class AdminCampaignSave(Request):
    """A save without an id writes a draft. ``issue`` goes to `user_ids`, or to all whom `target` names."""

    action: Literal["save_coupon", "save_promotion", "set_state", "issue"]
    client_token: ClientToken
    coupon_id: CampaignId | None = None
    promotion_id: CampaignId | None = None
    coupon: CouponPlan | None = None
    promotion: PromotionPlan | None = None
    state: CampaignState | None = None
    user_ids: Annotated[tuple[UserId, ...], Field(min_length=1, max_length=500)] | None = None
    target: Target | None = None


class CampaignSaved(Response):
    """The campaign as it is now; `repeated` says that this token had done it. `batch` is what was issued."""

    campaign_id: str
    state: str
    repeated: bool
    batch: BatchView | None = None


GOES_WITH: Mapping[str, tuple[set[str], ...]] = {
    "save_coupon": ({"coupon"}, {"coupon", "coupon_id"}),
    "save_promotion": ({"promotion"}, {"promotion", "promotion_id"}),
    "set_state": ({"coupon_id", "state"}, {"promotion_id", "state"}),
    "issue": ({"coupon_id", "user_ids"}, {"coupon_id", "target"}),
}
"""The fields that each action takes, in the combinations in which it takes them."""


@cloud_function(caller=OPERATOR, name="admin_campaign_save")
def main(request: AdminCampaignSave, ctx: Context) -> CampaignSaved:
    """See what the token has done, and do it, or what of it is missing."""
    given = request.model_fields_set - {"action", "client_token"}
    if given not in GOES_WITH[request.action]:
        raise InvalidRequest(fields=[{"field": "action", "problem": "takes other fields"}])
    return _ACTIONS[request.action](request, ctx)


def _deed(request: AdminCampaignSave) -> Deed:
    coupons = request.action == "issue" or request.coupon is not None or request.coupon_id is not None
    named = request.coupon_id or request.promotion_id
    return Deed(
        token=request.client_token,
        action=request.action,
        collection="coupons" if coupons else "promotions",
        target=named or campaigns.new_id(request.client_token),
        digest=digest_of(request),
    )


def _save(request: AdminCampaignSave, ctx: Context) -> CampaignSaved:
    """Check the plan, then write it as a draft, or change what of the campaign may change."""
    deed, plan = _deed(request), _sound(request)
    is_new = request.coupon_id is None and request.promotion_id is None
    trail, documents = ctx.db.read(*campaigns.reads(deed))
    if campaigns.is_done(deed, trail, documents, is_new=is_new):
        return _shown(documents[0], repeated=True)
    campaigns.demand_references(ctx, deed, plan)
    if is_new:
        return _shown(campaigns.create(ctx, deed, plan))
    before = campaigns.found(documents)
    changes = _allowed(before, campaigns.plan_of(deed.collection, before), plan)
    campaigns.change(ctx, deed, before, changes, trail)
    return _shown(before)


def _allowed(before: Document, old: Document, plan: Document) -> dict[str, Any]:
    """Return how *plan* differs from the *old* one. Raises TermsFixed for what members count on."""
    changes = changes_of(old, plan)
    if before["state"] == "draft":
        return changes
    fixed = fixed_in(old, plan)
    if fixed:
        raise TermsFixed(fields=fixed)
    if "budget" in changes:
        changes["budget.limit"] = changes.pop("budget")["limit"]
    return changes


def _sound(request: AdminCampaignSave) -> Document:
    """Return the plan as it is stored. Raises InvalidRequest when it makes no sense or may not be shown."""
    problems: list[Wrong] = []
    texts: tuple[str, ...] = ()
    if request.coupon is not None:
        problems, texts = problems_of_coupon(request.coupon), (request.coupon.terms.name,)
    if request.promotion is not None:
        problems = problems_of_promotion(request.promotion)
        texts = (request.promotion.name, request.promotion.copy_text)
    if problems:
        raise InvalidRequest(fields=[each._asdict() for each in problems])
    words = claims_in(*texts)
    if words:
        raise InvalidRequest(f"文案里有不能用于食品的说法：{'、'.join(words)}")
    plan = request.coupon or request.promotion
    return dump(plan) if plan is not None else {}


def _set_state(request: AdminCampaignSave, ctx: Context) -> CampaignSaved:
    """Take the campaign to another state, if a way leads there."""
    deed = _deed(request)
    trail, documents = ctx.db.read(*campaigns.reads(deed))
    if campaigns.is_done(deed, trail, documents):
        return _shown(documents[0], repeated=True)
    before = campaigns.found(documents)
    if request.state not in STATES[before["state"]]:
        raise Conflict("活动当前状态不能这样切换", state=before["state"])
    campaigns.change(ctx, deed, before, {"state": request.state}, trail)
    return _shown({**before, "state": request.state})


def _issue(request: AdminCampaignSave, ctx: Context) -> CampaignSaved:
    """Store the batch's first task; the same again tells how far it has come."""
    deed = _deed(request)
    trail, documents, pages = ctx.db.read(*campaigns.reads(deed), pages_of(deed.token))
    template = campaigns.found(documents)
    repeated = campaigns.is_begun(deed, trail) and bool(pages)
    if not repeated:
        why = why_not_open(Coupon.model_validate(template), ctx.now)
        if why or template["channel"] != "batch":
            raise NotClaimable(why or "只有批量发放的优惠券可以这样发放")
        ids = {"userIds": sorted(set(request.user_ids))} if request.user_ids else {}
        wish = ids if request.target is None else {"target": dump(request.target)}
        pages = [batch(deed.token, deed.target, wish, ctx.now)]
        campaigns.leave_trail(ctx, deed, {}, {"members": len(ids.get("userIds", ())), **wish})
        ctx.db.write(put("sync_tasks", pages[0]))
    return _shown(template, repeated=repeated, batch=batch_view(pages))


def _shown(
    campaign: Mapping[str, Any], *, repeated: bool = False, batch: BatchView | None = None
) -> CampaignSaved:
    return CampaignSaved(campaign_id=campaign["_id"], state=campaign["state"], repeated=repeated, batch=batch)


_ACTIONS: Mapping[str, Callable[[AdminCampaignSave, Context], CampaignSaved]] = {
    "save_coupon": _save,
    "save_promotion": _save,
    "set_state": _set_state,
    "issue": _issue,
}
