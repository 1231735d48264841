"""Entries that take out of a balance what an import has put in, as far as it is still there.

They follow the write protocol of the shop (`flows/balances.py`), so the outbox ends what a run leaves.
"""

from collections.abc import Sequence

from gardenshop.cloud.clock import now_ms
from gardenshop.cloud.database import Database, Document, find
from gardenshop.flows import lots, stock, stock_keeping
from gardenshop.flows.balances import perform
from gardenshop.flows.points import LEDGER, Cause, take_back
from gardenshop.flows.stock_keeping import Entry
from gardenshop.rules.order_states import LEGACY
from gardenshop.rules.stock_entries import correction


def taken_points(db: Database, account_ids: Sequence[str]) -> dict[str, str]:
    """Return, by old account, the state of the row that takes its points back, where there is one."""
    where = {"ref.id": {"$in": sorted(set(account_ids))}, "kind": "claw_back"}
    return {row["ref"]["id"]: row["state"] for row in _standing(db, LEDGER, where)}


def taken_units(db: Database, import_id: str, sku_ids: Sequence[str]) -> dict[str, str]:
    """Return, by SKU, the state of the row that takes its units back, where there is one."""
    where = {"skuId": {"$in": list(sku_ids)}, "actor": _actor(import_id)}
    return {row["skuId"]: row["state"] for row in _standing(db, stock.LEDGER, where)}


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


def _standing(db: Database, ledger: str, where: Document) -> list[Document]:
    """Read the rows that *where* matches, but those that were refused."""
    (rows,) = db.read(find(ledger, {**where, "state": {"$in": ["pending", "final"]}}))
    return rows
