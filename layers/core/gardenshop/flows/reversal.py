"""What a refund takes back or gives back besides the money: meals, the day's sums, points, the coupon.

All of it is done by tasks, after the refund, and keyed by the after-sale, so each counts once and none can
keep the money from its owner. A part that undoes what is still being done waits for it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, find, get, put, update
from gardenshop.cloud.errors import Busy
from gardenshop.flows import debts, outbox
from gardenshop.flows.balances import Operation, demand, perform
from gardenshop.flows.points import LEDGER, Cause, finalise, take_back
from gardenshop.flows.redemption import Return, return_points
from gardenshop.rules.after_sale import begun_before, claw_of, cuts_of, units_before
from gardenshop.rules.money import cumulative_share
from gardenshop.rules.points import lot_expiry
from gardenshop.rules.policy import policy_of


def reverse_garden(db: Database, order: Document, sale: Document, *, started: int, now: int) -> list[Command]:
    """Take the carbon of *sale* out of the garden's books, and the points that it earned.

    Meals are reversed by rows of their own, on the day of the refund. What grew stays grown.
    Raises Busy while the order is still being fed to the garden.
    """
    if order["garden"]["state"] not in {"done", "reversed"}:
        raise Busy
    keys = {_meal_id(order, line["lineId"]): line["lineId"] for line in order["lines"]}
    (found,) = db.read(find("meals", {"_id": {"$in": list(keys)}}))
    meals = {keys[meal["_id"]]: meal for meal in found}
    rows = list(_reversed_meals(order, sale, meals, day_of(started), now))
    points = _garden_points(order, sale, meals)
    daily = _daily(order, sale, rows, points, started)
    before = [put("meals", row) for row in rows] + [_day_document(daily, order, started, now)]
    outcome = perform(db, [daily], now, before=before)
    demand(outcome, f"day of {sale['afterSaleNo']}")
    ended = update(
        "orders", {"_id": order["_id"], "status": "refunded"}, {"$set": {"garden.state": "reversed"}}
    )
    if not points:
        return [ended]
    clawed = debts.claw_back(
        db,
        f"claw:garden:{sale['afterSaleNo']}",
        user_id=order["userId"],
        book="garden",
        points=points,
        cause=_cause(order, sale),
        at=started,
        now=now,
    )
    return [*clawed, ended]


def _meal_id(order: Document, line_id: str) -> str:
    return f"shop:{order['_id']}:{line_id}"


def _reversed_meals(
    order: Document, sale: Document, meals: Mapping[str, Document], day: str, now: int
) -> Iterator[Document]:
    copied = (
        "userId", "type", "baseline", "factorVersion", "rulesVersion", "source", "orderNo", "lineId"
    )  # fmt: skip
    for cut in cuts_of(order, sale):
        meal = meals[cut.line["lineId"]]
        grams = {name: -cut.share(meal[name]) for name in ("carbonG", "baselineG", "savedG")}
        yield {
            "_id": f"{meal['_id']}:{sale['afterSaleNo'].rpartition('-')[2]}",
            **{name: meal[name] for name in copied if name in meal},
            **grams,
            "day": day,
            "items": [],
            "reverses": meal["_id"],
            "schemaVersion": 1,
            "createdAt": now,
            "updatedAt": now,
        }


def _garden_points(order: Document, sale: Document, meals: Mapping[str, Document]) -> int:
    """Return how many of the garden points that *order* earned go with the carbon of *sale*."""
    earned, saved = order["garden"].get("points", 0), order["garden"].get("savedG", 0)
    before = units_before(order, sale["afterSaleNo"])
    gone = sum(
        cumulative_share(
            meals[line["lineId"]]["savedG"], done=0, more=before[line["lineId"]], whole=line["quantity"]
        )
        for line in order["lines"]
    )
    going = sum(cut.share(meals[cut.line["lineId"]]["savedG"]) for cut in cuts_of(order, sale))
    return cumulative_share(earned, done=gone, more=going, whole=saved) if saved else 0


def _daily(order: Document, sale: Document, rows: list[Document], points: int, started: int) -> Operation:
    amounts = sale["amounts"]
    sums = {
        "savedG": sum(row["savedG"] for row in rows),
        "shopCarbonG": sum(row["carbonG"] for row in rows),
        "refundedFen": amounts["cashFen"] + amounts["freightFen"],
        "pointsEarned": -points,
    }
    return Operation(
        key=f"refund:{sale['afterSaleNo']}",
        balance="daily_stats",
        target=f"{order['userId']}:{day_of(started)}",
        guard={},
        change={"$inc": sums},
        started=started,
        ring="appliedOps",
    )


def _day_document(daily: Operation, order: Document, started: int, now: int) -> Command:
    day = {"_id": daily.target, "userId": order["userId"], "day": day_of(started)}
    return put("daily_stats", {**day, "schemaVersion": 1, "createdAt": now, "updatedAt": now})


def claw_pending(db: Database, order: Document, sale: Document, *, started: int, now: int) -> list[Command]:
    """Take the shop points that the money of *sale* earned out of what waits for the order's completion.

    Raises Busy while they are still being booked.
    """
    earned = _earned(db, order)
    points = claw_of(earned["delta"], order, sale) if earned else 0
    if not points:
        return []
    taking = take_back(
        _claw_key(sale),
        user_id=order["userId"],
        book="shop",
        points=points,
        cause=_cause(order, sale),
        at=started,
        final=False,
    )
    outcome = perform(db, [taking], now)
    demand(outcome, f"points of {sale['afterSaleNo']}")
    return list(outcome.closing)


def _earned(db: Database, order: Document) -> Document | None:
    """Return the ledger row of the points that *order* earned, if it earned any.

    Raises Busy while that is not settled.
    """
    rows, tasks = db.read(
        get(LEDGER, f"earn:order:{order['_id']}"),
        get("sync_tasks", f"{outbox.ACCRUE}:{order['_id']}:0", fields=("state",)),
    )
    if not tasks or tasks[0]["state"] != "done":
        raise Busy
    return rows[0] if rows else None


def _claw_key(sale: Document) -> str:
    return f"claw:shop:{sale['afterSaleNo']}"


def finalise_points(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Let the completed *order* keep the shop points that were not clawed back, as one lot to spend.

    The lot is there before the counter moves, so that whoever spends finds it. Raises Busy while an earning
    or a claw-back is still being booked.
    """
    earned = _earned(db, order)
    if earned is None:
        return []
    sales = [each for each in order.get("afterSales") or () if each["state"] == "refunded"]
    clawed = {_claw_key(sale): claw_of(earned["delta"], order, sale) for sale in sales}
    keys = [key for key, points in clawed.items() if points]
    rows, rules = db.read(
        find(LEDGER, {"_id": {"$in": keys}, "state": "final"}, fields=("delta",)),
        find("business_rules", {"state": "live"}),
    )
    if len(rows) < len(keys):
        raise Busy
    left = earned["delta"] - sum(clawed.values())
    lot = {"left": left, "expiresAt": lot_expiry(started, policy_of(rules).points)}
    waiting = {"_id": earned["_id"], "final": False}
    final = {"final": True, "updatedAt": now}
    flips = [
        update(LEDGER, waiting, {"$set": {**final, "lot": lot}}),
        update(LEDGER, {"_id": {"$in": keys}}, {"$set": final}, multi=True),
    ]
    operation = finalise(order["_id"], user_id=order["userId"], points=left, at=started)
    outcome = perform(db, [operation], now, before=flips)
    demand(outcome, f"points of {order['_id']}")
    return list(outcome.closing)


def give_points_back(
    db: Database, order: Document, sale: Document, *, started: int, now: int
) -> list[Command]:
    """Give back the points that were used for what *sale* returns, to the lots that they came from."""
    del started
    before = begun_before(order, sale["afterSaleNo"])
    back = Return(
        key=f"back:{sale['afterSaleNo']}",
        kind="refund_back",
        ref={"type": "after_sale", "id": sale["afterSaleNo"]},
        points=sale["amounts"]["points"],
        done=sum(each["amounts"]["points"] for each in before),
    )
    return return_points(db, order, back, now)


def return_coupon(db: Database, order: Document, now: int) -> list[Command]:
    """Give the coupon of a whole refunded *order* back, if it can still be used.

    Where it cannot and the shop was at fault, a coupon of the kind ``apology`` takes its place.
    Raises Busy while its use is still being booked.
    """
    copy = db.one(get("user_coupons", order["userCouponId"])) or {}
    if copy.get("orderNo") != order["_id"]:
        return []
    if copy["state"] == "locked":
        raise Busy
    if copy["until"] <= now:
        at_fault = any(sale["merchantFault"] for sale in order["afterSales"] if sale["state"] == "refunded")
        source = f"apology:{order['_id']}"
        return [outbox.occasion("apology", source, order["userId"], at=now)] if at_fault else []
    where = {"_id": copy["_id"], "state": "used", "orderNo": order["_id"], "until": {"$gt": now}}
    change: dict[str, Any] = {"$set": {"state": "available", "updatedAt": now}}
    return [update("user_coupons", where, {**change, "$unset": {"orderNo": "", "usedAt": ""}})]


def _cause(order: Document, sale: Document) -> Cause:
    return Cause("after_sale", sale["afterSaleNo"], order["rulesVersion"])
