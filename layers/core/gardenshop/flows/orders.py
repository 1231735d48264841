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
    return day_of(now).replace("-", "") + str(int(digest, 16) % 10**12).zfill(12)


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
    where = {
        "_id": order["_id"],
        "status": source,
        **({"version": order["version"]} if guard is None else guard),
    }
    change = {
        "$set": {"status": target, "updatedAt": now, **(changes or {})},
        "$inc": {"version": 1},
        "$push": {"history": {"$each": [step], "$slice": -HISTORY}, **(push or {})},
    }
    return update("orders", where, change)


def demand_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many units of each SKU *lines* ask for together, in a fixed order."""
    demand: dict[str, int] = {}
    for line in lines:
        demand[line["skuId"]] = demand.get(line["skuId"], 0) + line["quantity"]
    return dict(sorted(demand.items()))
