"""A meal in the books: its day's sums, the points it earns, the garden it waters, and the way back.

A row of the carbon ledger that a member made is stored with the mark `bookingDueAt`, and is the record of
what its booking does: `book` takes it into each balance under a key made of its id and then takes the mark
away. Whoever dies in between leaves the mark; the same call again books it, and so does `outbox_pump`.

A meal is undone by a row of its own, named after it, so it is undone once. What grew stays grown.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Database, Document, find, get, put, update
from gardenshop.cloud.errors import AppError, Busy
from gardenshop.flows import debts
from gardenshop.flows.balances import Operation, demand, perform
from gardenshop.flows.points import Cause, earn
from gardenshop.flows.watering import watering
from gardenshop.rules.policy import Policy, policy_of

LEDGER = "meals"


class Table(NamedTuple):
    """What a meal is booked with: the rules, the garden and the kinds of plants, as just read."""

    policy: Policy
    gardens: Sequence[Document]
    templates: Sequence[Document]


def table_reads(user_id: str) -> list[Command]:
    """Return the reads of `table_of`."""
    return [
        find("business_rules", {"state": "live"}),
        get("gardens", user_id),
        find("plant_templates", {}),
    ]


def table_of(found: Sequence[Sequence[Document]]) -> Table:
    """Return the table that `table_reads` found."""
    rules, gardens, templates = found
    return Table(policy_of(rules), gardens, templates)


def undoing(row: Document, now: int) -> Document:
    """Return the row that takes back the meal of *row*, on the day of the meal."""
    copied = ("userId", "day", "type", "baseline", "factorVersion", "rulesVersion", "source")
    taken = ("carbonG", "baselineG", "savedG", "creditedG", "points")
    return {
        "_id": undoing_of(row["_id"]),
        **{name: row[name] for name in copied},
        **{name: -row[name] for name in taken},
        "items": [],
        "reverses": row["_id"],
        "bookingDueAt": now,
        "schemaVersion": 1,
        "createdAt": now,
        "updatedAt": now,
    }


def undoing_of(meal_id: str) -> str:
    """Return the id of the row that takes back the meal *meal_id*."""
    return f"{meal_id}:undo"


def book(db: Database, row: Document, table: Table, now: int) -> None:
    """Take *row* into the books, once. Raises Busy when the garden or the points change meanwhile.

    Raises Internal when a balance can no longer tell whether it took its part.
    """
    if "bookingDueAt" not in row:
        return
    closing = _take_back(db, row, now) if "reverses" in row else _give(db, row, table, now)
    unmarked = {"$unset": {"bookingDueAt": ""}, "$set": {"updatedAt": now}}
    db.write(*closing, update(LEDGER, {"_id": row["_id"]}, unmarked))


def due(before: int, limit: int) -> Command:
    """Return the read of rows whose booking stopped halfway, at *before* or earlier."""
    return find(LEDGER, {"bookingDueAt": {"$lte": before}}, limit=limit)


def book_due(db: Database, rows: Sequence[Document], now: int) -> int:
    """Book the marked *rows*, meals before what takes them back; return how many are settled."""
    return sum(_booked(db, row, now) for row in sorted(rows, key=lambda row: "reverses" in row))


def _booked(db: Database, row: Document, now: int) -> bool:
    try:
        book(db, row, table_of(db.read(*table_reads(row["userId"]))), now)
    except AppError:
        return False
    return True


def _give(db: Database, row: Document, table: Table, now: int) -> Sequence[Command]:
    key, at = f"meal:{row['_id']}", row["createdAt"]
    growth = watering(key, row["creditedG"], table.gardens, table.templates, policy=table.policy, started=at)
    operations = [_daily(row, key), *_points(row, table.policy), *growth]
    outcome = perform(db, operations, now, before=[_day(row, now)])
    if outcome.refused and outcome.refused <= {operation.key for operation in growth}:
        raise Busy
    demand(outcome, f"meal {row['_id']}")
    return outcome.closing


def _take_back(db: Database, row: Document, now: int) -> Sequence[Command]:
    outcome = perform(db, [_daily(row, f"meal:{row['_id']}")], now, before=[_day(row, now)])
    demand(outcome, f"meal {row['_id']}")
    if not row["points"]:
        return []
    return debts.claw_back(
        db,
        f"claw:meal:{row['reverses']}",
        user_id=row["userId"],
        book="garden",
        points=-row["points"],
        cause=Cause("meal", row["reverses"], row["rulesVersion"]),
        at=row["createdAt"],
        now=now,
    )


def _points(row: Document, policy: Policy) -> list[Operation]:
    if not row["points"]:
        return []
    return [
        earn(
            f"earn:meal:{row['_id']}",
            user_id=row["userId"],
            book="garden",
            points=row["points"],
            kind="meal",
            ref={"type": "meal", "id": row["_id"]},
            policy=policy,
            at=row["createdAt"],
            note=f"记录一餐，估算减碳 {row['savedG']} 克",
        )
    ]


def _daily(row: Document, key: str) -> Operation:
    one = -1 if "reverses" in row else 1
    sums: dict[str, Any] = {
        "meals": one,
        "eaten": one,
        "savedG": row["savedG"],
        "pointsEarned": row["points"],
    }
    sums |= {f"meal{name[0].upper()}{name[1:]}": row[name] for name in ("savedG", "carbonG", "baselineG")}
    return Operation(
        key=key,
        balance="daily_stats",
        target=f"{row['userId']}:{row['day']}",
        guard={},
        change={"$inc": sums},
        started=row["createdAt"],
        ring="appliedOps",
    )


def _day(row: Document, now: int) -> Command:
    day = {"_id": f"{row['userId']}:{row['day']}", "userId": row["userId"], "day": row["day"]}
    return put("daily_stats", {**day, "schemaVersion": 1, "createdAt": now, "updatedAt": now})
