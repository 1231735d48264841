"""Which lots a spending of points comes from: those that lapse first, each taken from once.

The counter on the member's document has already decided that there is enough. A spending writes its plan
into its ledger row before it takes from a lot, and a lot remembers who took from it, so the work may stop
anywhere and be done again. Two spendings that plan on the same lot cannot both have it: the one that comes
too late plans the rest anew.
"""

from collections.abc import Iterable

from gardenshop.cloud.database import Command, Database, Document, find, get, update
from gardenshop.cloud.errors import Busy, Internal
from gardenshop.flows.points import LEDGER
from gardenshop.models.limits import MAX_TAKERS

_ROUNDS = 5
_MOST_LOTS = 100


def lapsed(user_id: str, now: int) -> Command:
    """Return the read of the lots of *user_id* that can no longer be spent but are still on the counters."""
    where = {"userId": user_id, "lot.left": {"$gt": 0}, "lot.expiresAt": {"$lte": now}}
    return find(LEDGER, {**where, "state": "final"}, fields=("book", "lot"))


def left_in(lots: Iterable[Document], book: str) -> int:
    """Return how many points are left in those of *lots* that are of *book*."""
    return sum(each["lot"]["left"] for each in lots if each["book"] == book)


def settle(db: Database, key: str, now: int) -> None:
    """Take the points of the spending *key*, already off the counter, out of the member's lots.

    Raises Busy when they keep changing or an earning among them is not booked to its end, Internal when
    the lots hold less than the counter said.
    """
    for _ in range(_ROUNDS):
        spending = db.one(get(LEDGER, key))
        if spending is None or not spending["delta"]:
            return
        lots = _lots(db, spending)
        taken = {lot["_id"] for lot in lots if key in (lot["lot"].get("takenBy") or ())}
        if not taken <= _used(spending).keys():
            continue  # Another copy has planned and taken since the plan was read.
        plan = _plan(spending, lots, taken)
        takes = [(lot_id, points) for lot_id, points in plan.items() if lot_id not in taken]
        if not takes and plan == _used(spending):
            return
        planned = _write_plan(spending, plan, now)
        if plan != _used(spending) and not db.write(planned)[0].happened:
            continue
        # One after another: a lot gives once, so only when all before it have given may it give a part.
        if all(db.write(_take(lot_id, points, key, now))[0].happened for lot_id, points in takes):
            return
    raise Busy


def give_back(db: Database, row: Document, now: int) -> None:
    """Give the lots that *row* names their points back, each once."""
    key = row["_id"]
    if row["delta"] > 0:
        db.write(*(_give(use["lotId"], use["points"], key, now) for use in row.get("lotsUsed") or ()))


def _write_plan(spending: Document, plan: dict[str, int], now: int) -> Command:
    uses = [{"lotId": lot_id, "points": points} for lot_id, points in plan.items()]
    unchanged = {"_id": spending["_id"], "lotsUsed": spending["lotsUsed"]}
    return update(LEDGER, unchanged, {"$set": {"lotsUsed": uses, "updatedAt": now}})


def _used(spending: Document) -> dict[str, int]:
    return {use["lotId"]: use["points"] for use in spending["lotsUsed"]}


def _lots(db: Database, spending: Document) -> list[Document]:
    """Read the lots planned on, those taken from, and those that may still be, the first to lapse first.

    What has lapsed is taken from its own lot alone.
    """
    spendable = {
        "state": {"$in": ["final", "pending"]},
        "lot.left": {"$gt": 0},
        "lot.expiresAt": {"$gt": spending["createdAt"]},
    }
    if spending["kind"] == "expire":
        spendable = {"_id": spending["ref"]["id"]}
    mine = {"userId": spending["userId"], "book": spending["book"]}
    known = [{"_id": {"$in": list(_used(spending))}}, {"lot.takenBy": spending["_id"]}]
    where = {**mine, "$or": [*known, spendable]}
    first_to_lapse = {"lot.expiresAt": 1, "_id": 1}
    (lots,) = db.read(find(LEDGER, where, fields=("lot", "state"), sort=first_to_lapse, limit=_MOST_LOTS))
    return lots


def _plan(spending: Document, lots: list[Document], taken: set[str]) -> dict[str, int]:
    """Return how many points each lot gives: what was taken stays, the rest comes from the first to lapse.

    A plan stands as long as the lot that is next can give: another copy may be about to take just that.
    """
    used, left = _used(spending), {lot["_id"]: lot["lot"]["left"] for lot in lots}
    following = next((lot_id for lot_id in used if lot_id not in taken), "")
    if left.get(following, -1) >= used.get(following, 0):
        return used
    plan = {lot_id: points for lot_id, points in used.items() if lot_id in taken}
    rest = -spending["delta"] - sum(plan.values())
    for lot in (each for each in lots if each["state"] == "final"):
        give = min(rest, lot["lot"]["left"])
        if give > 0 and lot["_id"] not in taken:
            plan[lot["_id"]] = give
            rest -= give
    if rest and any(lot["state"] == "pending" for lot in lots):
        raise Busy
    if rest:
        raise Internal(cause=f"lots of {spending['_id']} are {rest} short")
    return plan


def _take(lot_id: str, points: int, key: str, now: int) -> Command:
    where = {"_id": lot_id, "lot.left": {"$gte": points}, "lot.takenBy": {"$ne": key}}
    return _change(where, -points, key, now)


def _give(lot_id: str, points: int, key: str, now: int) -> Command:
    return _change({"_id": lot_id, "lot.takenBy": {"$ne": key}}, points, key, now)


def _change(where: Document, points: int, key: str, now: int) -> Command:
    change = {
        "$inc": {"lot.left": points},
        "$push": {"lot.takenBy": {"$each": [key], "$slice": -MAX_TAKERS}},
        "$set": {"updatedAt": now},
    }
    return update(LEDGER, where, change)
