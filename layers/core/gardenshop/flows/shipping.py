"""Goods that leave the warehouse, and those that stay in it or come back after all.

A line's counters bound every one of these: what is shipped, what a refund has kept from shipping, and what
has come back are never more than was bought.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document
from gardenshop.cloud.errors import Conflict
from gardenshop.flows.balances import Operation, demand, perform
from gardenshop.flows.orders import amend, transition
from gardenshop.flows.stock import INVENTORY, LEDGER
from gardenshop.rules.after_sale import closes_at, confirms_at, left_to_ship, shippable
from gardenshop.rules.policies.order import OrderPolicy

_DELTAS = {
    "restock": ("onHand", "available"),
    "return_good": ("onHand", "available"),
    "return_damaged": ("onHand", "damaged"),
}


class Parcel(NamedTuple):
    """What goes into one parcel: units by line, or all that is left when *units* is None."""

    shipment_no: str
    carrier: str
    tracking_no: str
    units: Mapping[str, int] | None


def dispatch(
    order: Document, parcels: Sequence[Parcel], *, now: int, actor: str, policy: OrderPolicy
) -> Command:
    """Return the write that ships *parcels*; with the last unit the order is shipped.

    Raises Conflict when a line has fewer units left to ship, IllegalTransition when the order ships nothing.
    """
    left = {line["lineId"]: shippable(order, line) for line in order["lines"]}
    shipped: dict[str, int] = {}
    shipments = []
    for parcel in parcels:
        units = left if parcel.units is None else parcel.units
        units = {line_id: count for line_id, count in units.items() if count}
        if not units or any(count > left.get(line_id, 0) for line_id, count in units.items()):
            raise Conflict("发货数量超过待发数量", left=left)
        for line_id, count in units.items():
            left[line_id] -= count
            shipped[line_id] = shipped.get(line_id, 0) + count
        shipments.append(_shipment(parcel, units, now))
    after = _with_shipped(order, shipped)
    fields = {f"lines.{i}.shipped": line["shipped"] for i, line in enumerate(after["lines"])}
    push = {"shipments": {"$each": shipments}}
    if left_to_ship(after):
        return amend(order, "ship_part", now=now, actor=actor, changes=fields, push=push)
    fields["autoConfirmAt"] = confirms_at(now, policy)
    return transition(order, "ship", now=now, actor=actor, changes=fields, push=push)


def _with_shipped(order: Document, units: Mapping[str, int]) -> Document:
    lines = [
        {**line, "shipped": line.get("shipped", 0) + units.get(line["lineId"], 0)} for line in order["lines"]
    ]
    return {**order, "lines": lines}


def _shipment(parcel: Parcel, units: Mapping[str, int], now: int) -> Document:
    lines = [{"lineId": line_id, "quantity": count} for line_id, count in units.items()]
    return {
        "shipmentNo": parcel.shipment_no,
        "carrier": parcel.carrier,
        "trackingNo": parcel.tracking_no,
        "lines": lines,
        "at": now,
    }


class Receipt(NamedTuple):
    """The write by which an order is received, and when it can no longer be given back."""

    command: Command
    close_at: int


def receive(order: Document, *, now: int, actor: str, policy: OrderPolicy) -> Receipt:
    """Return how *order* is received at *now*. Raises IllegalTransition when it is not on its way."""
    close_at = closes_at(order, now, policy)
    return Receipt(
        transition(order, "receive", now=now, actor=actor, changes={"closeAt": close_at}), close_at
    )


def restock(db: Database, order: Document, sale: Document, *, started: int, now: int) -> list[Command]:
    """Put the units of *sale* that were never shipped back on the shelf."""
    units = {part["lineId"]: part["unshipped"] for part in sale["lines"]}
    return _take_in(db, order, sale, units, "restock", started=started, now=now)


def take_in(db: Database, order: Document, sale: Document, *, started: int, now: int) -> list[Command]:
    """Book the units of *sale* that came back: the good ones for sale, the damaged ones beside them."""
    units = {part["lineId"]: part["quantity"] - part["unshipped"] for part in sale["lines"]}
    return _take_in(db, order, sale, units, f"return_{sale['condition']}", started=started, now=now)


def _take_in(
    db: Database,
    order: Document,
    sale: Document,
    units: Mapping[str, int],
    reason: str,
    *,
    started: int,
    now: int,
) -> list[Command]:
    """Add *units* of each line, one operation a line: the line's counters bound their sum."""
    skus = {line["lineId"]: line["skuId"] for line in order["lines"]}
    operations = [
        _stock_operation(skus[line_id], reason, f"{sale['afterSaleNo']}:{line_id}", count, started)
        for line_id, count in units.items()
        if count
    ]
    outcome = perform(db, operations, now)
    demand(outcome, f"stock of {sale['afterSaleNo']}")
    return list(outcome.closing)


def _stock_operation(sku_id: str, reason: str, ref: str, units: int, started: int) -> Operation:
    deltas = dict.fromkeys(_DELTAS[reason], units)
    row = {"skuId": sku_id, "reason": reason, "ref": ref, "deltas": deltas, "actor": "platform"}
    return Operation(
        key=f"{sku_id}:{reason}:{ref}",
        balance=INVENTORY,
        target=sku_id,
        guard={},
        change={"$inc": deltas},
        started=started,
        ledger=LEDGER,
        row={**row, "day": day_of(started)},
    )
