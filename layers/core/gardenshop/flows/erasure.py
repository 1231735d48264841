"""A member's wish to be erased: what has to be settled first, asking, and taking it back.

Until it is due her account says so in `erasure`. The task that carries it out (`flows/forgetting.py`) is
stored before that, and does nothing for a wish that is not there any more.
"""

import hashlib
import hmac
from collections.abc import Sequence

from gardenshop.cloud.database import Command, Document, find, get, put, update
from gardenshop.cloud.errors import Internal
from gardenshop.flows import outbox
from gardenshop.rules.privacy import ENDED, OPEN_REFUNDS, OPEN_SALES, Blocker, blockers

_MIN_KEY = 16
_ENOUGH = 20


def alias_of(user_id: str, key: str, now: int) -> str:
    """Return the name for what is kept of *user_id*, which cannot be found again without *key* and *now*.

    Raises Internal when *key* is not set.
    """
    if len(key) < _MIN_KEY:
        raise Internal(cause="settings: PHONE_HASH_KEY")
    return "x" + hmac.new(key.encode(), f"erase:{user_id}:{now}".encode(), hashlib.sha256).hexdigest()[:24]


def case_reads(user_id: str) -> list[Command]:
    """Return the reads of what `blockers_of` asks about *user_id*."""
    unsettled = [
        {"status": {"$nin": list(ENDED)}},
        {"afterSales.state": {"$in": list(OPEN_SALES)}},
        {"refunds.state": {"$in": list(OPEN_REFUNDS)}},
        {"outboxAt": {"$exists": True}},
    ]
    return [
        get("users", user_id),
        find("orders", {"userId": user_id, "$or": unsettled}, fields=("status",), limit=_ENOUGH),
        find("points_ledger", {"userId": user_id, "state": "pending"}, fields=("state",), limit=1),
        find("practitioners", {"userId": user_id}, fields=("commission", "withdrawal")),
    ]


def blockers_of(found: Sequence[Sequence[Document]]) -> list[Blocker]:
    """Return what `case_reads` found to be settled first."""
    users, orders, rows, practitioners = found
    account = users[0] if users else {}
    return blockers(account=account, orders=orders, rows=rows, practitioners=practitioners)


def ask(account: Document, *, alias: str, due_at: int, now: int) -> list[Command]:
    """Return the writes that store the task and then the wish; a task without its wish does nothing."""
    payload = {"userId": account["_id"], "openid": account["openid"]}
    task = outbox.task(outbox.ERASE, alias, payload=payload, at=now) | {"dueAt": due_at}
    wish = {"alias": alias, "askedAt": now, "dueAt": due_at}
    open_one = {"_id": account["_id"], "erasure": {"$exists": False}}
    return [put("sync_tasks", task), update("users", open_one, {"$set": {"erasure": wish, "updatedAt": now}})]


def revoke(user_id: str, now: int) -> Command:
    """Return the write that takes the wish of *user_id* back."""
    where = {"_id": user_id, "erasure": {"$exists": True}}
    return update("users", where, {"$unset": {"erasure": ""}, "$set": {"updatedAt": now}})
