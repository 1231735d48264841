"""Campaigns as operators save them: once a token, from the state that was read, with their trail.

A save is an operation on the campaign's document, so its ring tells a repeat. It presumes the `editedAt` that
was read; what members take meanwhile does not disturb it, and it never falls below what they have taken.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Document, find, get, put
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import Busy, Conflict, InvalidRequest, NotFound
from gardenshop.flows import audit
from gardenshop.flows.balances import Operation, perform
from gardenshop.models.base import Model, dump
from gardenshop.models.promotion import CouponPlan, PromotionPlan

PLANS: Mapping[str, type[Model]] = {"coupons": CouponPlan, "promotions": PromotionPlan}


class Deed(NamedTuple):
    """What an operator does to one campaign; *digest* stands for all that she asked."""

    token: str
    action: str
    collection: str
    target: str
    digest: str

    @property
    def key(self) -> str:
        """The id of its audit row."""
        return f"campaign:{self.token}"

    @property
    def operation(self) -> str:
        """Its key in the ring of the campaign."""
        return f"save:{self.token}"


def new_id(token: str) -> str:
    """Return the id of the campaign that *token* asks for."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def reads(deed: Deed) -> tuple[Command, Command]:
    """Return the reads of what was done under the token, and of the campaign."""
    return audit.trail(_audited(deed)), get(deed.collection, deed.target)


def is_begun(deed: Deed, trail: Sequence[Document]) -> bool:
    """Say whether this very deed left its trail before. Raises TokenUsed when the token is another's."""
    return audit.is_begun(_audited(deed), trail)


def is_done(
    deed: Deed, trail: Sequence[Document], documents: Sequence[Document], *, is_new: bool = False
) -> bool:
    """Say whether the campaign has taken the deed in: it is there, or its ring says so."""
    if not is_begun(deed, trail) or not documents:
        return False
    return is_new or any(each["key"] == deed.operation for each in documents[0].get("recentOps") or ())


def found(documents: list[Document]) -> Document:
    """Return the campaign that was read. Raises NotFound when there is none."""
    if not documents:
        raise NotFound("没有这个活动")
    return documents[0]


def plan_of(collection: str, document: Mapping[str, Any]) -> Document:
    """Return what of the stored *document* an operator decides, defaults written out."""
    names = {str(field.alias) for field in PLANS[collection].model_fields.values()}
    plan = {name: value for name, value in document.items() if name in names}
    if "budget" in plan:
        plan["budget"] = {name: plan["budget"][name] for name in ("unit", "limit")}
    return dump(PLANS[collection].model_validate(plan))


def create(ctx: Context, deed: Deed, plan: Document) -> Document:
    """Write the campaign as a draft, unless this token has. Raises Conflict when its code is taken."""
    stamps = {"schemaVersion": 1, "createdAt": ctx.now, "updatedAt": ctx.now, "editedAt": ctx.now}
    taken = {"issued": 0} if deed.collection == "coupons" else {}
    document = {"_id": deed.target, **_stored(plan), **taken, "state": "draft", **stamps, "recentOps": []}
    leave_trail(ctx, deed, {}, plan)
    (created,) = ctx.db.write(put(deed.collection, document))
    if created.duplicate:
        raise Conflict("该兑换码已被使用")
    return document


def change(
    ctx: Context, deed: Deed, before: Document, changes: Mapping[str, Any], trail: Sequence[Document]
) -> None:
    """Apply *changes*, by stored name, None for what goes; *trail* says when it was tried first.

    Raises Conflict when somebody else has saved it since it was read, or more was taken than would be left.
    """
    started = trail[0]["at"] if trail else ctx.now
    old = {name: _at(before, name) for name in changes}
    operation = Operation(
        key=deed.operation,
        balance=deed.collection,
        target=deed.target,
        guard={"editedAt": before.get("editedAt"), **_floors(changes)},
        change=_edit(_stored(changes), max(ctx.now, before.get("editedAt", 0) + 1)),
        started=started,
    )
    leave_trail(ctx, deed, old, changes)
    outcome = perform(ctx.db, [operation], ctx.now)
    if outcome.unknown:
        raise Busy
    if outcome.refused:
        raise Conflict("活动刚刚有变化，或已发出的多于改后的数量，请刷新后重试")


def _stored(fields: Mapping[str, Any]) -> Document:
    """Return *fields* as they are stored; a budget that is written anew has not been used."""
    budget = fields.get("budget")
    return {**fields, **({"budget": {**budget, "used": 0}} if budget else {})}


def _floors(changes: Mapping[str, Any]) -> Document:
    """Return the guards that keep what was taken within what there is."""
    floors = {"total": "issued", "budget.limit": "budget.used"}
    return {taken: {"$lte": changes[name]} for name, taken in floors.items() if name in changes}


def _edit(changes: Mapping[str, Any], edited_at: int) -> Document:
    kept = {name: value for name, value in changes.items() if value is not None}
    gone = {name: "" for name, value in changes.items() if value is None}
    return {"$set": {**kept, "editedAt": edited_at}, **({"$unset": gone} if gone else {})}


def _at(document: Mapping[str, Any], name: str) -> Any:
    """Return the value of a dotted *name* in *document*, or None."""
    value: Any = document
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def leave_trail(ctx: Context, deed: Deed, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Write the audit row of *deed*: what it changes."""
    audit.leave_trail(ctx, _audited(deed), before, after)


def _audited(deed: Deed) -> audit.Deed:
    return audit.Deed(deed.key, "admin_campaign_save", deed.action, deed.target, deed.digest)


def demand_references(ctx: Context, deed: Deed, plan: Mapping[str, Any]) -> None:
    """Refuse a *plan* that names what is not there, or a code that another coupon has."""
    scope = plan.get("terms", plan).get("scope") or {}
    gift = (plan.get("benefit") or {}).get("giftSkuId")
    wanted = {
        "skuIds": {*scope.get("skuIds", ()), *([gift] if gift else ())},
        "productIds": {*scope.get("productIds", ()), *scope.get("excludedProductIds", ())},
        "milestone": {plan["milestone"]} if "milestone" in plan else set(),
    }
    by_sku, by_id, plants, twins = ctx.db.read(
        find("products", {"skus.skuId": {"$in": sorted(wanted["skuIds"])}}, fields=("skus.skuId",)),
        find("products", {"_id": {"$in": sorted(wanted["productIds"])}}, fields=("status",)),
        find("plant_templates", {"_id": {"$in": sorted(wanted["milestone"])}}, fields=("name",)),
        find("coupons", {"code": plan.get("code", ""), "_id": {"$ne": deed.target}}, fields=("code",)),
    )
    if twins:
        raise Conflict("该兑换码已被使用")
    there = {
        "skuIds": {sku["skuId"] for product in by_sku for sku in product["skus"]},
        "productIds": {product["_id"] for product in by_id},
        "milestone": {plant["_id"] for plant in plants},
    }
    unknown = {name: sorted(ids - there[name]) for name, ids in wanted.items() if ids - there[name]}
    if unknown:
        raise InvalidRequest(
            f"找不到：{'、'.join(each for ids in unknown.values() for each in ids)}",
            fields=[{"field": name, "problem": "unknown"} for name in unknown],
        )
