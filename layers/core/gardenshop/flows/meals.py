"""A meal in the books: its day's sums, the points it earns, the garden it waters, and the way back.

A row of the carbon ledger that a member made is stored with the mark `bookingDueAt`, and is the record of
what its booking does: `book` takes it into each balance under a key made of its id and then takes the mark
away. Whoever dies in between leaves the mark; the same call again books it, and so does `outbox_pump`.

The points of a meal count against a cap of the day. What it still allows when the meal is drawn up is what
the row says; when other meals have used it up meanwhile, the meal is booked without points.

A meal is undone by a row of its own, named after it, so it is undone once. What grew stays grown.

A revision (`flows/revisions.py`) moves its meal's day by a difference. When the meal is undone it is undone
as well, whichever came first: each of the two, once it is stored and before its mark goes, looks for the
other, so one of them at least finds it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, find, get, put, update
from gardenshop.cloud.errors import AppError, Busy, NotFound
from gardenshop.flows import debts, points
from gardenshop.flows.allowance import Balance, counted, left_of
from gardenshop.flows.balances import Operation, apply, demand, perform
from gardenshop.flows.watering import watering
from gardenshop.rules.policy import Policy, policy_of

LEDGER = "meals"


class Table(NamedTuple):
    """What a meal is booked with: the rules, the member's points, her garden and the kinds of plants."""

    policy: Policy
    balance: Balance
    gardens: Sequence[Document]
    templates: Sequence[Document]

    def left_today(self, now: int) -> int:
        """Return how many points for meals the day still allows."""
        return max(left_of(self.policy.points.meal_daily, self.balance, "meal", day_of(now)), 0)


def table_reads(user_id: str) -> list[Command]:
    """Return the reads of `table_of`."""
    return [
        find("business_rules", {"state": "live"}),
        get("users", user_id, fields=("points",)),
        get("gardens", user_id),
        find("plant_templates", {}),
    ]


def table_of(found: Sequence[Sequence[Document]]) -> Table:
    """Return the table that `table_reads` found. Raises NotFound without an account."""
    rules, users, gardens, templates = found
    if not users:
        raise NotFound("请先登录")
    return Table(policy_of(rules), users[0].get("points") or {}, gardens, templates)


def undoing(row: Document, now: int) -> Document:
    """Return the row that takes back the meal of *row*, on the day of the meal."""
    copied = ("userId", "day", "type", "baseline", "factorVersion", "rulesVersion", "source")
    revised = ("revises", "replacedVersion")
    taken = ("carbonG", "baselineG", "savedG", "creditedG", "points")
    return {
        "_id": undoing_of(row["_id"]),
        **{name: row[name] for name in copied},
        **{name: row[name] for name in revised if name in row},
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
    """Take *row*, no revision, into the books, once.

    Raises Busy when the garden, the day or the points change meanwhile, and Internal when a balance can no
    longer tell whether it took its part.
    """
    if "bookingDueAt" not in row:
        return
    closing = _take_back(db, row, now) if "reverses" in row else _give(db, row, table, now)
    db.write(*closing, _unmarked(row, now))


def book_revisions(db: Database, rows: Sequence[Document], now: int) -> None:
    """Take *rows*, revisions and what takes them back, into their days, once; those of meals undone go back.

    Raises Internal, after the others, when a day can no longer tell whether it took its part.
    """
    due = {f"meal:{row['_id']}": row for row in rows if "bookingDueAt" in row}
    counting = [_daily(row, key) for key, row in due.items()]
    outcome = perform(db, counting, now, before=[_day(row, now) for row in due.values()])
    _undo_revisions(db, _of_undone(db, due.values()), now)
    db.write(*(_unmarked(due[key], now) for key in sorted(outcome.applied)))
    demand(outcome, "revisions")


def book_due(db: Database, rows: Sequence[Document], now: int) -> int:
    """Book the marked *rows*, meals before what takes them back; return how many are settled."""
    return sum(_booked(db, row, now) for row in sorted(rows, key=lambda row: "reverses" in row))


def finish(db: Database, entry: Document, now: int) -> bool:
    """End the points of a meal by booking it; False when it must be tried again later."""
    row = db.one(get(LEDGER, entry["ref"]["id"]))
    if row and "bookingDueAt" in row:
        return _booked(db, row, now)
    outcome = perform(db, [points.again(entry)], now)
    db.write(*outcome.closing)
    return bool(outcome.closing)


def _booked(db: Database, row: Document, now: int) -> bool:
    try:
        if "revises" in row:
            book_revisions(db, [row], now)
        else:
            book(db, row, table_of(db.read(*table_reads(row["userId"]))), now)
    except AppError:
        return False
    return True


def _give(db: Database, row: Document, table: Table, now: int) -> Sequence[Command]:
    key, at = f"meal:{row['_id']}", row["createdAt"]
    growth = watering(key, row["creditedG"], table.gardens, table.templates, policy=table.policy, started=at)
    earning = _earning(row, table, now)
    outcome = perform(db, [_daily(row, key), *earning, *growth], now, before=[_day(row, now)])
    if outcome.refused & {operation.key for operation in growth}:
        raise Busy
    if outcome.refused and outcome.refused | outcome.unknown == {each.key for each in earning}:
        (users,) = db.read(get("users", row["userId"], fields=("points",)))
        if table._replace(balance=users[0].get("points") or {}).left_today(now) >= row["points"]:
            raise Busy
        return outcome.closing
    demand(outcome, f"meal {row['_id']}")
    return [*outcome.closing, apply(_earned(row, row["points"]), now)]


def _take_back(db: Database, row: Document, now: int) -> Sequence[Command]:
    outcome = perform(db, [_daily(row, f"meal:{row['_id']}")], now, before=[_day(row, now)])
    demand(outcome, f"meal {row['_id']}")
    revisions = {"userId": row["userId"], "revises": row["reverses"], "reverses": {"$exists": False}}
    found, revised = db.read(
        get(points.LEDGER, _earning_of(row["reverses"])),
        find(LEDGER, revisions),
    )
    _undo_revisions(db, revised, now)
    earned = found[0] if found else None
    if earned is None or earned["state"] == "refused":
        return []
    clawed = debts.claw_back(
        db,
        f"claw:meal:{row['reverses']}",
        user_id=row["userId"],
        book="garden",
        points=earned["delta"],
        cause=points.Cause("meal", row["reverses"], row["rulesVersion"]),
        at=row["createdAt"],
        now=now,
    )
    return [*clawed, apply(_earned(row, row["points"]), now)]


def _of_undone(db: Database, rows: Iterable[Document]) -> list[Document]:
    """Return the revisions among *rows* whose meals are undone."""
    revisions = [row for row in rows if "reverses" not in row]
    if not revisions:
        return []
    ids = [undoing_of(row["revises"]) for row in revisions]
    (undone,) = db.read(find(LEDGER, {"_id": {"$in": ids}}, fields=("userId", "reverses")))
    gone = {(row["userId"], row["reverses"]) for row in undone}
    return [row for row in revisions if (row["userId"], row["revises"]) in gone]


def _undo_revisions(db: Database, revisions: Sequence[Document], now: int) -> None:
    """Take *revisions*, of meals that are undone, back, each once."""
    if not revisions:
        return
    rows = [undoing(row, now) for row in revisions]
    db.write(*(put(LEDGER, row) for row in rows))
    (stored,) = db.read(find(LEDGER, {"_id": {"$in": [row["_id"] for row in rows]}}))
    book_revisions(db, stored, now)


def _unmarked(row: Document, now: int) -> Command:
    return update(LEDGER, {"_id": row["_id"]}, {"$unset": {"bookingDueAt": ""}, "$set": {"updatedAt": now}})


def _earning(row: Document, table: Table, now: int) -> list[Operation]:
    """Return the earning of a meal, which counts on the day on which it is booked."""
    if not row["points"]:
        return []
    operation = points.earn(
        _earning_of(row["_id"]),
        user_id=row["userId"],
        book="garden",
        points=row["points"],
        kind="meal",
        ref={"type": "meal", "id": row["_id"]},
        policy=table.policy,
        at=row["createdAt"],
        note=f"记录一餐，估算减碳 {row['savedG']} 克",
    )
    cap = table.policy.points.meal_daily
    return [counted(operation, table.balance, "meal", points=row["points"], cap=cap, day=day_of(now))]


def _earning_of(meal_id: str) -> str:
    return f"earn:meal:{meal_id}"


def _earned(row: Document, count: int) -> Operation:
    """Count the points that a row brought, or took, in its day."""
    return _of_day(row, f"points:{row['_id']}", {"pointsEarned": count})


def _daily(row: Document, key: str) -> Operation:
    """Count a row in its day; a revision is no meal more."""
    one = 0 if "revises" in row else -1 if "reverses" in row else 1
    sums = {"meals": one, "eaten": one, "savedG": row["savedG"]}
    sums |= {f"meal{name[0].upper()}{name[1:]}": row[name] for name in ("savedG", "carbonG", "baselineG")}
    return _of_day(row, key, sums)


def _of_day(row: Document, key: str, sums: Mapping[str, int]) -> Operation:
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
