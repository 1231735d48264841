"""The outbox: deferred effects become tasks with fixed ids, however often they are asked for.

Most are an order's. The write that changes an order sets its `outboxAt`; `flush` then stores the tasks that
the order's state calls for and unsets the mark. A crash in between leaves the mark, which `outbox_pump`
finds and flushes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gardenshop.cloud.database import Command, Database, Document, put, update
from gardenshop.rules.after_sale import BEGUN, commission_of
from gardenshop.rules.order_states import LEGACY

RELEASE = "stock.release"
COMMIT = "stock.commit"
ACCRUE = "points.accrue"
GARDEN = "garden.sync"
REFUND = "refund.submit"
BUDGET_BACK = "promotion.release"
COUPON_BACK = "coupon.release"
COUPON_USE = "coupon.use"
COUPON_RETURN = "coupon.return"
COUPON_ISSUE = "coupon.issue"
COUPON_GRANT = "coupon.grant"
POINTS_USE = "points.commit"
POINTS_FREE = "points.release"
FINALISE = "points.finalise"
RESTOCK = "stock.restock"
TAKE_IN = "stock.take_in"
REVERSE = "garden.reverse"
CLAW = "points.claw"
POINTS_BACK = "points.back"
COMMISSION = "commission.accrue"
COMMISSION_BACK = "commission.reverse"
COMMISSION_FINAL = "commission.confirm"
ERASE = "privacy.erase"

_TOPICS: dict[str, tuple[str, ...]] = {
    "paid": (COMMIT, ACCRUE, GARDEN),
    "cancelled": (RELEASE,),
    "create_failed": (RELEASE,),
    "completed": (FINALISE,),
}
_COUPON_TOPICS: dict[str, tuple[str, ...]] = {
    "paid": (COUPON_USE,),
    "cancelled": (COUPON_BACK,),
    "create_failed": (COUPON_BACK,),
    "refunded": (COUPON_RETURN,),
}
_COMMISSION_TOPICS: dict[str, tuple[str, ...]] = {"paid": (COMMISSION,), "completed": (COMMISSION_FINAL,)}
_BUDGET_TOPICS: dict[str, tuple[str, ...]] = {"cancelled": (BUDGET_BACK,), "create_failed": (BUDGET_BACK,)}
_POINTS_TOPICS: dict[str, tuple[str, ...]] = {
    "paid": (POINTS_USE,),
    "cancelled": (POINTS_FREE,),
    "create_failed": (POINTS_FREE,),
}


def tasks_of(order: Document) -> list[Document]:
    """Return the tasks that all that has become of *order*, marked with `outboxAt`, calls for.

    Not only its present state: who was to flush an earlier one may have died. Orders of the former shop were
    settled there.
    """
    if order.get("rulesVersion") == LEGACY:
        return []
    states = ["paid"] if "paidAt" in order else []
    states += [order["status"]] if order["status"] != "paid" else []
    tables = [_TOPICS]
    tables += [_COUPON_TOPICS] if "userCouponId" in order else []
    tables += [_BUDGET_TOPICS] if order.get("budgets") else []
    tables += [_POINTS_TOPICS] if order["totals"].get("pointsUsed") else []
    tables += [_COMMISSION_TOPICS] if any(map(commission_of, order["lines"])) else []
    topics = [topic for table in tables for state in states for topic in table.get(state, ())]
    tasks = [_task(topic, order["_id"], order) for topic in topics]
    due = (refund for refund in order.get("refunds") or () if refund["state"] == "due")
    tasks += [_task(REFUND, refund["refundNo"], order) for refund in due]
    sales = order.get("afterSales") or ()
    return tasks + [_task(topic, sale["afterSaleNo"], order) for sale in sales for topic in _topics_of(sale)]


def _topics_of(sale: Document) -> Iterator[str]:
    """Yield what an after-sale sets in motion: goods come back at once, the rest goes after the money."""
    if sale["state"] in BEGUN and any(part["unshipped"] for part in sale["lines"]):
        yield RESTOCK
    if "condition" in sale:
        yield TAKE_IN
    if sale["state"] == "refunded":
        yield REVERSE
        yield CLAW
        if sale["amounts"]["points"]:
            yield POINTS_BACK
        if sale["amounts"]["commissionFen"]:
            yield COMMISSION_BACK


def submission_of(refund_no: str) -> str:
    """Return the id of the task that asks WeChat Pay for the refund *refund_no*."""
    return f"{REFUND}:{refund_no}:0"


def _task(topic: str, ref_id: str, order: Document) -> Document:
    """Build a task; ``startedAt`` is the earliest instant at which its effect can have happened."""
    at = order["outboxAt"]
    return task(topic, ref_id, payload={"orderNo": order["_id"], "startedAt": at}, at=at)


def task(topic: str, ref_id: str, *, payload: Document, at: int, seq: int = 0) -> Document:
    """Return the task of *topic* about *ref_id*, due at *at*; `flows/tasks.py` says how it is carried out."""
    return {
        "_id": f"{topic}:{ref_id}:{seq}",
        "topic": topic,
        "refId": ref_id,
        "payload": payload,
        "state": "due",
        "dueAt": at,
        "attempts": 0,
        "schemaVersion": 1,
        "createdAt": at,
        "updatedAt": at,
    }


def occasion(trigger: str, source: str, user_id: str, *, at: int, plant_id: str | None = None) -> Command:
    """Return the write of the task that gives *user_id* coupons of *trigger*, once for each *source*."""
    payload: Document = {"trigger": trigger, "source": source, "userId": user_id}
    payload |= {"plantId": plant_id} if plant_id else {}
    return put("sync_tasks", task(COUPON_GRANT, f"{source}:{user_id}", payload=payload, at=at))


def harvested(row: Mapping[str, Any], at: int) -> Command:
    """Return the write of the task that a harvest's ledger *row* calls for, to be made before it is final."""
    plant_id = row["ref"]["id"]
    return occasion("garden_milestone", f"harvest:{plant_id}", row["userId"], at=at, plant_id=plant_id)


def flush_commands(order: Document) -> list[Command]:
    """Return the writes that store the tasks of *order* and take its mark away, in that order."""
    mark = {"_id": order["_id"], "outboxAt": order["outboxAt"]}
    return [
        *(put("sync_tasks", task) for task in tasks_of(order)),
        update("orders", mark, {"$unset": {"outboxAt": ""}}),
    ]


def flush(db: Database, order: Document) -> None:
    """Store the tasks of *order* in one round trip."""
    db.write(*flush_commands(order))
