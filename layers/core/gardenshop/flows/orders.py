"""Moving an order along its states: every edge is one guarded update."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Document, update
from gardenshop.cloud.errors import IllegalTransition
from gardenshop.rules.order_states import LABELS, IllegalEdge, OrderEvent, target_of

HISTORY = 50


def order_no(user_id: str, client_token: str, now: int) -> str:
    """Return the number of the order that *client_token* asks for: the day and twelve digits.

    The same token gives the same number all day; after that the unique key on the token still does.
    """
    digest = hashlib.sha256(f"{user_id}\n{client_token}".encode()).hexdigest()
    return first_no(now) + str(int(digest, 16) % 10**12).zfill(12)


def first_no(now: int) -> str:
    """Return what the numbers of orders of the day of *now* begin with; earlier days come before it."""
    return day_of(now).replace("-", "")


def transition(
    order: Document,
    event: OrderEvent,
    *,
    now: int,
    actor: str,
    guard: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    push: Mapping[str, Any] | None = None,
) -> Command:
    """Take *order* over the edge *event*, if it is still where it was read and *guard* holds.

    Raises IllegalTransition when there is no such edge.
    """
    source = order["status"]
    try:
        target = target_of(source, event)
    except IllegalEdge:
        raise IllegalTransition(f"订单{LABELS[source]}，不能执行该操作", status=source) from None
    step = {"at": now, "event": event, "from": source, "to": target, "actor": actor}
    guard = {"version": order["version"]} if guard is None else guard
    return _step(order, step, guard, {"status": target, **(changes or {})}, push)


def amend(
    order: Document,
    event: str,
    *,
    now: int,
    actor: str,
    changes: Mapping[str, Any] | None = None,
    push: Mapping[str, Any] | None = None,
) -> Command:
    """Change *order* where it stands, if it is still as it was read; its history tells of *event*."""
    status = order["status"]
    step = {"at": now, "event": event, "from": status, "to": status, "actor": actor}
    return _step(order, step, {"version": order["version"]}, changes or {}, push)


def _step(
    order: Document,
    step: Document,
    guard: Mapping[str, Any],
    changes: Mapping[str, Any],
    push: Mapping[str, Any] | None,
) -> Command:
    where = {"_id": order["_id"], "status": order["status"], **guard}
    change = {
        "$set": {"updatedAt": step["at"], **changes},
        "$inc": {"version": 1},
        "$push": {"history": {"$each": [step], "$slice": -HISTORY}, **(push or {})},
    }
    return update("orders", where, change)


def was_held(order: Document) -> bool:
    """Say whether *order* got as far as waiting for payment, and so holds all that it names."""
    return any(step["to"] == "pending_payment" for step in order["history"])


def demand_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many units of each SKU *lines* ask for together, in a fixed order."""
    demand: dict[str, int] = {}
    for line in lines:
        demand[line["skuId"]] = demand.get(line["skuId"], 0) + line["quantity"]
    return dict(sorted(demand.items()))
