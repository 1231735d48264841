"""Solar-term campaigns as documents: prepared once, opened by their own times, reported day by day.

Nothing here writes over what is there: an operator may change, pause or end what was prepared. The promotion
and the coupon count from the exact minute because their times say so; the copies of the coupon are issued by
a batch (`flows/grants.py`), whose first task is stored when the term has begun.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.clock import DAY, start_of
from gardenshop.cloud.database import (
    PAGE,
    Command,
    Database,
    Document,
    Filter,
    aggregate,
    find,
    put,
)
from gardenshop.flows.claims import TEMPLATES
from gardenshop.flows.grants import batch
from gardenshop.flows.orders import first_no
from gardenshop.flows.pages import pages
from gardenshop.flows.purchases import BOUGHT
from gardenshop.rules.policies.campaign import CampaignPolicy
from gardenshop.rules.promotions import RUNNING
from gardenshop.rules.term_campaigns import MOST_PRODUCTS, Season, coupon_of, promotion_of

_KIND = "campaign"
_REPORTS = "data_dashboard"
_ORDER_FIELDS = ("userId", "trace.ref", "trace.amountFen", "totals.paidFen")


class Found(NamedTuple):
    """What is there of the campaigns asked for, by id, and the products in season, best sellers first."""

    promotions: Mapping[str, Document]
    coupons: Mapping[str, Document]
    goods: Sequence[Document]
    reported: Collection[str]


def read(db: Database, seasons: Iterable[Season], since_day: str) -> Found:
    """Read what is there of *seasons*, and which days have been reported from *since_day* on."""
    asked = list(seasons)
    ids = {"_id": {"$in": [season.id for season in asked]}}
    in_season = {"status": "on_sale", "terms": {"$in": sorted({each.begins.term.key for each in asked})}}
    promotions, coupons, goods, reports = db.read(
        find("promotions", ids, fields=("scope.productIds", "budget.used")),
        find(TEMPLATES, ids, fields=("state", "target", "startAt", "endAt")),
        find("products", in_season, fields=("terms",), sort={"sales30D": -1}, limit=PAGE),
        find(_REPORTS, {"kind": _KIND, "day": {"$gte": since_day}}, fields=("day",)),
    )
    return Found(
        {each["_id"]: each for each in promotions},
        {each["_id"]: each for each in coupons},
        goods,
        {each["_id"] for each in reports},
    )


def prepared(season: Season, policy: CampaignPolicy, found: Found, now: int) -> list[Command]:
    """Return the writes of what *season* lacks; none while nothing on sale is in season."""
    ids = goods_of(season, found)
    if not ids:
        return []
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now, "editedAt": now}
    common = {"_id": season.id, "state": "scheduled", "recentOps": [], **stamps}
    promotion, coupon = promotion_of(season, policy, ids), coupon_of(season, policy, ids)
    promotion["budget"]["used"] = 0
    writes = [] if season.id in found.promotions else [put("promotions", {**promotion, **common})]
    if policy.coupons and season.id not in found.coupons:
        writes.append(put(TEMPLATES, {**coupon, "issued": 0, **common}))
    return writes


def goods_of(season: Season, found: Found) -> list[str]:
    """Return the products on sale that are in *season*, the best sellers first."""
    return [each["_id"] for each in found.goods if season.begins.term.key in each["terms"]][:MOST_PRODUCTS]


def issued(season: Season, found: Found, now: int) -> list[Command]:
    """Return the write that begins to issue the coupon of *season*, once it has begun and may be issued."""
    coupon = found.coupons.get(season.id)
    if not coupon or coupon["state"] not in RUNNING or not coupon["startAt"] <= now < coupon["endAt"]:
        return []
    first = batch(season.id, season.id, {"target": coupon["target"]}, coupon["startAt"])
    return [put("sync_tasks", first)]


def report_of(db: Database, season: Season, promotion: Document, day: str, now: int) -> Command:
    """Return the write of what the campaign of *season* came to on *day* (``YYYY-MM-DD``), which is over."""
    since = start_of(day)
    sales = _Sales(season.id)
    theirs = {"$gte": first_no(since), "$lt": first_no(since + DAY)}
    paid = {"_id": theirs, "status": {"$in": list(BOUGHT)}}
    for orders in pages(db, "orders", paid, _ORDER_FIELDS):
        sales.add(orders)
    seen = {"day": day, "scene": "campaign", "productId": {"$in": promotion["scope"]["productIds"]}}
    copies: Filter = {"_id": {"$gte": f"{season.id}:", "$lt": f"{season.id};"}}
    on_day = {"$gte": since, "$lt": since + DAY}
    counted = db.read(
        _count("user_events", {**seen, "type": "exposure"}),
        _count("user_events", {**seen, "type": "click"}),
        _count("user_coupons", {**copies, "state": {"$nin": ["pending", "void"]}, "createdAt": on_day}),
        _count("user_coupons", {**copies, "state": "used", "usedAt": on_day}),
        _buyers_before(sales.buyers, since),
    )
    exposures, clicks, given, used, former = (rows[0]["n"] if rows else 0 for rows in counted)
    metrics = {
        "exposures": exposures,
        "clicks": clicks,
        "orders": sales.orders,
        "buyers": len(sales.buyers),
        "newBuyers": len(sales.buyers) - former,
        "gmvFen": sales.gmv_fen,
        "discountFen": sales.discount_fen,
        "couponsIssued": given,
        "couponsUsed": used,
        "budgetUsedFen": promotion["budget"]["used"],
    }
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    row = {"_id": report_id(season, day), "kind": _KIND, "day": day, "dimension": season.id}
    return put(_REPORTS, {**row, "metrics": metrics, "final": True, **stamps})


def report_id(season: Season, day: str) -> str:
    """Return the id of the figures of *season* on *day*."""
    return f"{_KIND}:{day}:{season.id}"


def _count(collection: str, where: Filter) -> Command:
    return aggregate(collection, {"$match": where}, {"$group": {"_id": None, "n": {"$sum": 1}}})


def _buyers_before(user_ids: Collection[str], since: int) -> Command:
    """Count those of *user_ids* who had bought before the instant *since*."""
    bought = {
        "userId": {"$in": sorted(user_ids)},
        "status": {"$in": list(BOUGHT)},
        "createdAt": {"$lt": since},
    }
    each = {"$group": {"_id": "$userId"}}
    return aggregate("orders", {"$match": bought}, each, {"$group": {"_id": None, "n": {"$sum": 1}}})


class _Sales:
    """The orders that the campaign made cheaper, added up page by page."""

    def __init__(self, campaign_id: str) -> None:
        self._id = campaign_id
        self.buyers: set[str] = set()
        self.orders = self.gmv_fen = self.discount_fen = 0

    def add(self, orders: Iterable[Document]) -> None:
        for order in orders:
            mine = [step["amountFen"] for step in order["trace"] if self._is_mine(step)]
            if mine:
                self.orders += 1
                self.buyers.add(order["userId"])
                self.gmv_fen += order["totals"]["paidFen"]
                self.discount_fen += sum(mine)

    def _is_mine(self, step: Mapping[str, Any]) -> bool:
        """Say whether *step* of a price is the promotion's, or a copy's of the coupon."""
        ref = str(step.get("ref", ""))
        return ref == self._id or ref.startswith(f"{self._id}:")
