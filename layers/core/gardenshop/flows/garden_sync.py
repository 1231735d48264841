"""A paid order feeds its buyer's garden: meals, carbon saved, the day's sums, points, plants.

Every part is keyed by the order, so running it again changes nothing.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, find, get, put, update
from gardenshop.cloud.errors import Busy, Internal
from gardenshop.flows.balances import Operation, perform
from gardenshop.flows.points import earn
from gardenshop.flows.watering import watering
from gardenshop.models.vocabulary import Protein
from gardenshop.rules.carbon import VERSION, Baseline, Estimate, protein_of, purchase
from gardenshop.rules.points import garden_points_for
from gardenshop.rules.policy import Policy, policy_of

_ENDED = ("done", "reversed")
_OPEN = {"garden.state": {"$nin": list(_ENDED)}}
_PRODUCT_FIELDS = ("categoryPath",)


class _Meal(NamedTuple):
    """One order line as something eaten."""

    line: Mapping[str, Any]
    protein: Protein | None
    estimate: Estimate


class _Feed(NamedTuple):
    """All that one order feeds the garden."""

    order: Document
    policy: Policy
    meals: list[_Meal]
    saved_g: int
    points: int


def sync_garden(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Feed the garden with *order*, once, and return the writes that end it.

    Two round trips for any number of lines; the caller adds reading the order and the last write.
    Raises Busy when the owner tended the garden meanwhile, Internal when a balance can no longer tell
    whether it took its part.
    """
    if order["garden"]["state"] in _ENDED:
        return []
    product_ids = sorted({line["productId"] for line in order["lines"]})
    products, rules, gardens, templates = db.read(
        find("products", {"_id": {"$in": product_ids}}, fields=_PRODUCT_FIELDS),
        find("business_rules", {"state": "live"}),
        get("gardens", order["userId"]),
        find("plant_templates", {}),
    )
    fed = _feed(order, {product["_id"]: product for product in products}, policy_of(rules))
    growth = watering(
        f"order:{order['_id']}", fed.saved_g, gardens, templates, policy=fed.policy, started=started
    )
    operations = [_daily(fed, started), *_points(fed, started), *growth]
    outcome = perform(db, operations, now, before=_rows(fed, now))
    if outcome.refused and outcome.refused <= {operation.key for operation in growth}:
        raise Busy
    if outcome.unknown or outcome.refused:
        raise Internal(cause=f"garden of {order['_id']}: {sorted(outcome.unknown | outcome.refused)}")
    done = {"garden": {"state": "done", "savedG": fed.saved_g, "points": fed.points, "at": now}}
    return [*outcome.closing, update("orders", {"_id": order["_id"], **_OPEN}, {"$set": done})]


def _feed(order: Document, products: Mapping[str, Document], policy: Policy) -> _Feed:
    meals = [_meal(line, products.get(line["productId"]), policy) for line in order["lines"]]
    saved_g = sum(meal.estimate.saved_g for meal in meals)
    return _Feed(order, policy, meals, saved_g, garden_points_for(saved_g, policy.points))


def _baseline(policy: Policy) -> Baseline:
    return Baseline(policy.carbon.baseline_code, policy.carbon.baseline_g)


def _meal(line: Mapping[str, Any], product: Document | None, policy: Policy) -> _Meal:
    protein = protein_of((product or {}).get("categoryPath") or ())
    estimate = purchase(
        protein,
        carbon_g=line["carbonG"],
        shipping_g=line["quantity"] * line["snapshot"]["weightG"],
        baseline=_baseline(policy),
    )
    return _Meal(line, protein, estimate)


def _rows(fed: _Feed, now: int) -> list[Command]:
    """Return the carbon ledger rows, one a line, and the day's and garden's documents to build on."""
    user_id, day = fed.order["userId"], day_of(fed.order["paidAt"])
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    daily = {"_id": f"{user_id}:{day}", "userId": user_id, "day": day, **stamps}
    return [
        *(put("meals", {**_row(meal, fed, day), **stamps}) for meal in fed.meals),
        put("daily_stats", daily),
    ]


def _row(meal: _Meal, fed: _Feed, day: str) -> Document:
    line, order = meal.line, fed.order
    grams = line["quantity"] * line["snapshot"]["weightG"]
    item = {
        "name": line["snapshot"]["title"],
        "productId": line["productId"],
        "grams": grams,
        "factorG": meal.estimate.carbon_g * 1000 // max(grams, 1),
        "carbonG": meal.estimate.carbon_g,
        "confidenceBp": 10_000,
        **({"protein": meal.protein} if meal.protein else {}),
    }
    return {
        "_id": f"shop:{order['_id']}:{line['lineId']}",
        "userId": order["userId"],
        "day": day,
        "type": "purchase",
        "items": [item],
        "carbonG": meal.estimate.carbon_g,
        "baselineG": meal.estimate.baseline_g,
        "savedG": meal.estimate.saved_g,
        "baseline": _baseline(fed.policy).label,
        "factorVersion": VERSION,
        "rulesVersion": fed.policy.version,
        "source": "shop",
        "orderNo": order["_id"],
        "lineId": line["lineId"],
    }


def _daily(fed: _Feed, started: int) -> Operation:
    order = fed.order
    sums = {
        "meals": len(fed.meals),
        "savedG": fed.saved_g,
        "shopCarbonG": sum(meal.estimate.carbon_g for meal in fed.meals),
        "orders": 1,
        "spentFen": order["totals"]["payableFen"],
        "pointsEarned": fed.points,
    }
    return Operation(
        key=f"order:{order['_id']}",
        balance="daily_stats",
        target=f"{order['userId']}:{day_of(order['paidAt'])}",
        guard={},
        change={"$inc": sums},
        started=started,
        ring="appliedOps",
    )


def _points(fed: _Feed, started: int) -> list[Operation]:
    if not fed.points:
        return []
    order_no = fed.order["_id"]
    return [
        earn(
            f"earn:carbon:{order_no}",
            user_id=fed.order["userId"],
            book="garden",
            points=fed.points,
            kind="order",
            ref={"type": "order", "id": order_no},
            policy=fed.policy,
            at=started,
            note=f"购物估算减碳 {fed.saved_g} 克",
        )
    ]
