"""The shop's money at WeChat Pay beside the orders': a bill a day, each compared once.

A bill is there from ten o'clock of the next morning, so a night asks for that of the day before yesterday.
What could not be had is asked for again, by the next run and the next nights, and told of after the last.
That WeChat Pay has no bill says that nothing was traded; where something is booked it is not believed
before that. What was compared is the row ``bill:<day>`` of `data_dashboard`; the row of the laws shows the
last days.

The memory it takes grows with the payments of one day, not with the shop.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from gardenshop.cloud import log
from gardenshop.cloud.clock import DAY, day_of, start_of
from gardenshop.cloud.database import Command, Database, Document, find, put, update
from gardenshop.cloud.errors import AppError, DatabaseUnavailable
from gardenshop.cloud.wechatpay import PaySettings, WeChatPay
from gardenshop.cloud.wechatpay_messages import NoBill, NoBillYet
from gardenshop.flows.reconcile import EXAMPLES, breach_task, row_of
from gardenshop.rules.bills import Entry, entries, expected, unlike
from gardenshop.rules.laws import Breach

KIND = "bill"
FIRST, LAST = 2, 5
"""How many days old a bill is when it is asked for first, and last."""

_ROWS = "data_dashboard"
_PAGE = 200
_FIELDS = ("payLog", "refunds", "attempts.attemptNo", "attempts.createdAt")


class Compared(NamedTuple):
    """How many entries a bill has, and what is wrong."""

    entries: int
    breaches: list[Breach]


def compare(db: Database, environ: Mapping[str, str], now: int) -> int:
    """Compare the bills of the last days that were not; return of how many entries.

    Where WeChat Pay is not set up there is nothing to compare.
    """
    if not environ.get("WECHATPAY_MCHID"):
        return 0
    days = [day_of(now - age * DAY) for age in range(LAST, FIRST - 1, -1)]
    (done,) = db.read(_rows(days))
    known, count = {row["_id"] for row in done}, 0
    for day in days:
        if f"{KIND}:{day}" not in known:
            found = _compared(db, environ, day, is_last=day == days[0])
            count += found.entries if found else 0
            db.write(*(_told(found, day, now) if found else ()))
    (done,) = db.read(_rows(days))
    db.write(update(_ROWS, {"_id": row_of(now)}, {"$set": {f"metrics.{KIND}": _sum(done)}}))
    return count


def _rows(days: list[str]) -> Command:
    return find(_ROWS, {"_id": {"$in": [f"{KIND}:{day}" for day in days]}}, fields=("metrics",))


def _sum(rows: list[Document]) -> Document:
    examples = [text for row in rows for text in row["metrics"]["examples"]]
    counts = {name: sum(row["metrics"][name] for row in rows) for name in ("checked", "broken")}
    return {**counts, "examples": examples[-EXAMPLES:]}


def _told(found: Compared, day: str, now: int) -> list[Command]:
    """Return the writes that tell of every breach, and then that the bill of *day* was compared."""
    examples = [f"{breach.id}: {breach.text}" for breach in found.breaches[:EXAMPLES]]
    metrics = {"checked": found.entries, "broken": len(found.breaches), "examples": examples}
    row = {"_id": f"{KIND}:{day}", "kind": KIND, "day": day, "metrics": metrics, "inputs": {}, "final": True}
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    tasks = [breach_task(KIND, "orders", breach, day, now) for breach in found.breaches]
    return [*(put("sync_tasks", task) for task in tasks), put(_ROWS, {**row, **stamps})]


def _compared(db: Database, environ: Mapping[str, str], day: str, *, is_last: bool) -> Compared | None:
    """Compare the bill of *day*; None when it cannot be had yet."""
    seen: set[str] = set()
    try:
        with _lines(environ, day) as lines:
            breaches = list(_unlike(db, entries(lines, environ["WECHATPAY_APPID"]), seen))
    except NoBillYet:
        return None
    except DatabaseUnavailable:
        raise
    except (AppError, ArithmeticError, LookupError, ValueError) as error:
        name = error.error if isinstance(error, AppError) else type(error).__name__
        log.emit("bill", day=day, error=name)
        return Compared(0, [Breach(day, f"its bill could not be had: {name}")]) if is_last else None
    missing = list(dict.fromkeys(_missing(db, day, seen)))
    if missing and not seen and not is_last:
        return None
    return Compared(len(seen), [*breaches, *missing])


@contextmanager
def _lines(environ: Mapping[str, str], day: str) -> Iterator[Iterator[str]]:
    """Open the lines of the bill of *day*; without a bill there are none."""
    try:
        with WeChatPay(PaySettings.from_env(environ)).bill(day) as lines:
            yield lines
    except NoBillYet:
        raise
    except NoBill:
        yield iter(())


def _unlike(db: Database, billed: Iterator[Entry], seen: set[str]) -> Iterator[Breach]:
    """Yield where the bill and the orders differ, and note in *seen* what the bill has."""
    while page := list(islice(billed, _PAGE)):
        seen.update(entry.number for entry in page)
        numbers = [entry.attempt_no for entry in page]
        (orders,) = db.read(find("orders", {"attempts.attemptNo": {"$in": numbers}}, fields=_FIELDS))
        yield from unlike(page, orders)


def _missing(db: Database, day: str, seen: set[str]) -> Iterator[Breach]:
    """Yield what was booked on *day* and is not in its bill."""
    since = start_of(day)
    for name in ("paidAt", "refunds.doneAt"):
        after = ""
        while True:
            where = {name: {"$gte": since, "$lt": since + DAY}, "_id": {"$gt": after}}
            (page,) = db.read(find("orders", where, fields=_FIELDS, sort={"_id": 1}, limit=_PAGE))
            for entry in expected(page, since=since, until=since + DAY):
                if entry.number not in seen:
                    yield Breach(entry.number, f"{entry.fen} fen booked, not in the bill of {day}")
            if len(page) < _PAGE:
                break
            after = page[-1]["_id"]
