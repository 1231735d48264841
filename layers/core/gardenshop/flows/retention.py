"""What is not kept for ever: personal data whose time is over, and days of sales that nothing reads any more.

The periods are the rule `privacy`; of who signed in to the dashboard nothing is kept once no session can be
left. What a step has done is not due any more; only for the days of sales,
which no filter finds, ``close:<day>`` of `data_dashboard` keeps the place. Ledgers, orders and the trail of
what operators did are kept.
"""

from collections.abc import Iterator
from typing import get_args

from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import Command, Database, Document, Filter, delete, find, get, update
from gardenshop.flows import board_access, daily_tries
from gardenshop.models.event import EventType
from gardenshop.rules.policies.privacy import PrivacyPolicy
from gardenshop.rules.policy import policy_of

COLLECTION = "data_dashboard"
AT_ONCE = 500
PAGE = 200
KEPT_DAYS = 398
"""Days of sales that are kept, so that there are never more than 400, with those since the last night."""

MASK = "***"
_MASKED = {"address.name": MASK, "address.phone": "000000", "address.detail": MASK, "remark": ""}
_MONTH = 31 * DAY
_OVER = ("completed", "cancelled", "create_failed", "refunded")
_PROFILES = "user_profiles_extended"


def forget(db: Database, now: int) -> int:
    """Erase or mask some of the personal data whose time is over; return of how many documents."""
    (rules,) = db.read(find("business_rules", {"state": "live"}))
    due = _due(policy_of(rules).privacy, now)
    found = db.read(
        *(find(collection, where, fields=("updatedAt",), limit=AT_ONCE) for collection, where, _ in due)
    )
    writes = []
    for (collection, where, change), documents in zip(due, found, strict=True):
        if documents:
            still = {"_id": {"$in": [each["_id"] for each in documents]}, **where}
            writes.append(
                update(collection, still, change, multi=True)
                if change
                else delete(collection, still, limit=0)
            )
    return sum(result.modified for result in db.write(*writes))


def _due(policy: PrivacyPolicy, now: int) -> list[tuple[str, Filter, Document]]:
    """Return what is over: where it is, and how it is changed; what has no change is deleted."""
    events, health, drafts, addresses, tasks = (
        now - months * _MONTH
        for months in (
            policy.event_months,
            policy.health_months,
            policy.draft_months,
            policy.address_months,
            policy.task_months,
        )
    )
    old_orders = {"createdAt": {"$lt": addresses}, "status": {"$in": list(_OVER)}}
    return [
        ("user_events", {"type": {"$in": list(get_args(EventType))}, "day": {"$lt": day_of(events)}}, {}),
        (_PROFILES, {"history.at": {"$lt": health}}, {"$pull": {"history": {"at": {"$lt": health}}}}),
        (_PROFILES, {"draft.savedAt": {"$lt": drafts}}, {"$unset": {"draft": ""}}),
        ("orders", {**old_orders, "address.detail": {"$exists": True, "$ne": MASK}}, {"$set": dict(_MASKED)}),
        ("sync_tasks", {"state": "done", "dueAt": {"$lt": tasks}}, {}),
        (COLLECTION, board_access.over(now), {}),
        (COLLECTION, daily_tries.over(now), {}),
    ]


def trim(db: Database, now: int) -> int:
    """Take the oldest days of sales off the next page of SKUs; return how many SKUs it has."""
    day = day_of(now)
    close = db.one(get(COLLECTION, f"close:{day}")) or {"inputs": {"trimmedTo": ""}, "final": False}
    if close["final"]:
        return 0
    last = close["inputs"]["trimmedTo"]
    fields = ("dailySales", "termSales")
    (page,) = db.read(find("inventory", {"_id": {"$gt": last}}, fields=fields, sort={"_id": 1}, limit=PAGE))
    oldest = day_of(now - KEPT_DAYS * DAY)
    writes = [write for stock in page for write in _trimmed(stock, oldest)]
    db.write(*writes, _moved(day, last, page, now))
    return len(page)


def _moved(day: str, last: str, page: list[Document], now: int) -> Command:
    """Return the write that moves the place of *day* from *last* to the end of *page*."""
    first = {"kind": "close", "day": day, "metrics": {}, "schemaVersion": 1, "createdAt": now}
    place = page[-1]["_id"] if page else last
    moved = {"inputs.trimmedTo": place, "final": len(page) < PAGE, "updatedAt": now}
    as_read = {"_id": f"close:{day}", "inputs.trimmedTo": last}
    return update(COLLECTION, as_read, {"$set": moved, "$setOnInsert": first}, upsert=True)


def _trimmed(stock: Document, oldest: str) -> Iterator[Command]:
    """Yield the write that takes off *stock* the days before *oldest*, and the terms of years before its."""
    days = [f"dailySales.{day}" for day in stock.get("dailySales", {}) if day < oldest]
    terms = [f"termSales.{term}" for term in stock.get("termSales", {}) if term[:4] < oldest[:4]]
    if days or terms:
        yield update("inventory", {"_id": stock["_id"]}, {"$unset": dict.fromkeys([*days, *terms], "")})
