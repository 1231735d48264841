"""Meals of the carbon ledger compared with what they come to by the factors of now, and revised.

Meals are read in the order of their ids, page by page, so any number of them takes little memory. A run that
was broken off is simply started again: what is revised already rests on the factors of now.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from dataio.port import Commands, Port
from gardenshop.cloud import clock
from gardenshop.cloud.database import Database, Document, find, put
from gardenshop.cloud.errors import AppError
from gardenshop.flows.meals import LEDGER, book_revisions, undoing_of
from gardenshop.flows.revisions import MEAL_FIELDS, SUMS, Factors, current, revision, version_now
from gardenshop.rules.carbon import VERSION

PAGE = 50
_EXAMPLES = 3
_FOOD_FIELDS = ("factorG", "factorSource", "factorVersion")
_MEAT_FIELDS = ("name", "carbonGPerKg", "factorVersion")
_REVISION_FIELDS = ("revises", "factorVersion", *SUMS)
_MEALS: Document = {"source": "member", "reverses": {"$exists": False}, "revises": {"$exists": False}}
_MEALS |= {"items.0": {"$exists": True}}

State = Literal["current", "undone", "stale", "unknown"]


class Compared(NamedTuple):
    """A meal: by the factors of now already, undone, stale with the *row* that revises it, or unknown now."""

    user_id: str
    meal_id: str
    state: State
    row: Mapping[str, Any] = {}


@dataclass
class Shift:
    """What meals change by that go from one version of the factors to another; *sums* are grams."""

    meals: int = 0
    members: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    last_member: str = ""

    def add(self, meal: Compared) -> None:
        """Take in *meal*; the meals of a member follow each other."""
        self.meals += 1
        self.members += meal.user_id != self.last_member
        self.last_member = meal.user_id
        self.sums.update({name: meal.row[name] for name in SUMS})
        if len(self.examples) < _EXAMPLES:
            self.examples.append(meal.meal_id)


@dataclass
class Tally:
    """All meals that were looked at: how many of each state, the first *unknown*, the shifts by version."""

    states: Counter[str] = field(default_factory=Counter)
    unknown: list[str] = field(default_factory=list)
    shifts: dict[tuple[str, str], Shift] = field(default_factory=dict)

    def add(self, meals: Iterable[Compared]) -> list[Compared]:
        """Take in *meals* and return those that are stale."""
        stale = []
        for meal in meals:
            self.states[meal.state] += 1
            if meal.state == "unknown" and len(self.unknown) < _EXAMPLES:
                self.unknown.append(meal.meal_id)
            if meal.state == "stale":
                versions = meal.row["replacedVersion"], meal.row["factorVersion"]
                self.shifts.setdefault(versions, Shift()).add(meal)
                stale.append(meal)
        return stale


def factors(cloud: Commands) -> Factors:
    """Return the factors of now; foods and meats that are hidden keep theirs."""
    rules = _all(cloud, "business_rules", {"ruleId": "carbon"}, ("version", "body"))
    return Factors(
        {food["_id"]: food for food in _all(cloud, "ingredients", {}, _FOOD_FIELDS)},
        {meat["_id"]: meat for meat in _all(cloud, "meat_products", {}, _MEAT_FIELDS)},
        {rule["version"]: rule["body"] for rule in rules},
    )


def total(cloud: Commands, user_id: str | None = None) -> int:
    """Return how many meals there are."""
    return _count(cloud, {**_MEALS, **_of(user_id)})


def purchases(cloud: Commands, user_id: str | None = None) -> int:
    """Return how many purchases rest on another version of the factors; they are never revised."""
    rows = {"source": "shop", "reverses": {"$exists": False}, "factorVersion": {"$ne": VERSION}}
    return _count(cloud, {**rows, **_of(user_id)})


def pages(cloud: Commands, user_id: str | None = None) -> Iterator[list[Compared]]:
    """Yield the meals of all members, or of *user_id* alone, a page at a time."""
    found = factors(cloud)
    fields = ("userId", "source", *MEAL_FIELDS, *SUMS)
    for meals in _pages(cloud, LEDGER, {**_MEALS, **_of(user_id)}, fields):
        ids = [meal["_id"] for meal in meals]
        undone = _all(cloud, LEDGER, {"_id": {"$in": [undoing_of(key) for key in ids]}}, ("reverses",))
        gone = {row["reverses"] for row in undone}
        revisions = _revisions(cloud, ids)
        yield [
            Compared(meal["userId"], meal["_id"], "undone")
            if meal["_id"] in gone
            else _compared(meal, revisions.get(meal["_id"], ()), found)
            for meal in meals
        ]


def store(cloud: Commands, stale: Sequence[Compared]) -> bool:
    """Store the rows of *stale* meals and take them into their days; False where `outbox_pump` ends it.

    Where another has revised a meal meanwhile, that row stands, and the next run compares with it.
    """
    db, rows = Database(Port(cloud)), {each.row["_id"]: dict(each.row) for each in stale}
    db.write(*(put(LEDGER, row) for row in rows.values()))
    (stored,) = db.read(find(LEDGER, {"_id": {"$in": list(rows)}}))
    try:
        book_revisions(db, stored, clock.now_ms())
    except AppError:
        return False
    return True


def _compared(meal: Document, before: Sequence[Document], found: Factors) -> Compared:
    now = current(meal, found)
    if now is None:
        return Compared(meal["userId"], meal["_id"], "unknown")
    if now.version == version_now(meal, before):
        return Compared(meal["userId"], meal["_id"], "current")
    return Compared(meal["userId"], meal["_id"], "stale", revision(meal, before, now, clock.now_ms()))


def _revisions(cloud: Commands, meal_ids: Sequence[str]) -> dict[str, list[Document]]:
    """Return the revisions of each of the meals, in the order in which they were made."""
    where: Document = {"revises": {"$in": meal_ids}, "reverses": {"$exists": False}}
    found: dict[str, list[Document]] = {}
    for row in _all(cloud, LEDGER, where, _REVISION_FIELDS):
        found.setdefault(row["revises"], []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: int(row["_id"].rpartition(":")[2]))
    return found


def _of(user_id: str | None) -> Document:
    return {"userId": user_id} if user_id else {}


def _count(cloud: Commands, where: Document) -> int:
    ((reply,),) = cloud.run([{"count": LEDGER, "query": where}])
    return int(reply["n"])


def _all(cloud: Commands, collection: str, where: Document, fields: Sequence[str]) -> list[Document]:
    return [each for page in _pages(cloud, collection, where, fields) for each in page]


def _pages(
    cloud: Commands, collection: str, where: Document, fields: Sequence[str]
) -> Iterator[list[Document]]:
    """Yield pages of documents in the order of their ids."""
    last = ""
    while True:
        rest = {"$and": [where, {"_id": {"$gt": last}}]}
        (page,) = cloud.run([find(collection, rest, fields=fields, sort={"_id": 1}, limit=PAGE)])
        if page:
            yield page
        if len(page) < PAGE:
            return
        last = page[-1]["_id"]
