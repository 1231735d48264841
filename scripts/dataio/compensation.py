"""Entries that take out of a balance what an import has put in, as far as it is still there.

They follow the write protocol of the shop (`flows/balances.py`), so the outbox ends what a run leaves.
"""

from collections.abc import Sequence

from gardenshop.cloud.clock import now_ms
from gardenshop.cloud.database import Command, Database, Document, find
from gardenshop.flows import lots, stock, stock_keeping
from gardenshop.flows.balances import perform
from gardenshop.flows.points import LEDGER, Cause, take_back
from gardenshop.flows.stock_keeping import Entry
from gardenshop.rules.order_states import LEGACY
from gardenshop.rules.stock_entries import correction

_STATES = ("pending", "final")


def opening_of(sku_id: str) -> str:
    """Return the id of the ledger row with which the stock of *sku_id* was opened by an import."""
    return f"{sku_id}:opening:import"


def taken_points(db: Database, account_ids: Sequence[str]) -> dict[str, str]:
    """Return, by old account, the state of the row that takes its points back, where there is one."""
    where = {"ref.id": {"$in": sorted(set(account_ids))}, "kind": "claw_back"}
    return _states(db, LEDGER, where, "ref", "id")


def taken_units(db: Database, import_id: str, sku_ids: Sequence[str]) -> dict[str, str]:
    """Return, by SKU, the state of the row that takes its units back, where there is one."""
    where = {"skuId": {"$in": list(sku_ids)}, "actor": _actor(import_id)}
    return _states(db, stock.LEDGER, where, "skuId")


def take_points(db: Database, opening: Document, points: int) -> bool:
    """Take *points* of the lot of *opening* back from the member who has inherited it, once."""
    now = now_ms()
    cause = Cause("account", opening["ref"]["id"], LEGACY)
    key = f"rollback:{opening['_id']}:{points}"
    operation = take_back(key, user_id=opening["userId"], book="shop", points=points, cause=cause, at=now)
    outcome = perform(db, [operation], now)
    if outcome.applied:
        lots.settle(db, key, now)
    db.write(*outcome.closing)
    return bool(outcome.applied)


def take_units(db: Database, import_id: str, sku_id: str, units: int) -> bool:
    """Take *units* out of the stock of *sku_id*, once."""
    now = now_ms()
    plan = correction(good=-units, bad=0)
    entry = Entry(sku_id, f"rollback:{import_id}:{units}", plan, _actor(import_id), "导入回退")
    return stock_keeping.settle(db, stock_keeping.fix(db, entry, now), now)


def _actor(import_id: str) -> str:
    return f"rollback:{import_id}"


def _states(db: Database, ledger: str, where: Document, *path: str) -> dict[str, str]:
    """Return the states of rows by what they are about; a refused one is none."""
    asked: Command = find(ledger, {**where, "state": {"$in": list(_STATES)}})
    found: dict[str, str] = {}
    for row in db.read(asked)[0]:
        about = row
        for name in path:
            about = about[name]
        found[str(about)] = row["state"]
    return found
