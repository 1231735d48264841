"""A meal as a row of the carbon ledger, drawn up from what a member wishes and what the database knows."""

from collections.abc import Sequence
from typing import NamedTuple

from gardenshop.cloud.database import Command, Document, find
from gardenshop.cloud.errors import NotFound
from gardenshop.flows.meals import LEDGER, Table, table_of, table_reads, undoing_of
from gardenshop.flows.plate import Wish, baseline_of, estimate_of, foods_read, plate_of, portions_of
from gardenshop.rules.carbon import version_of
from gardenshop.rules.larder import Larder, first_day
from gardenshop.rules.points import garden_points_for

_ROW_FIELDS = ("day", "source", "reverses", "baselineG", "items.protein", "items.grams", "items.earned")


class Wishes(NamedTuple):
    """What a member says of a meal; *baseline* is the meat she compares it with."""

    user_id: str
    meal_id: str
    day: str
    type: str
    dishes: list[Wish]
    text: str | None
    baseline: str | None
    photo_id: str | None


class Sitting(NamedTuple):
    """What is known of a meal: its own rows, foods, meats, the table, and earlier rows but for revisions."""

    own: dict[str, Document]
    rows: Sequence[Document]
    foods: Sequence[Document]
    meats: Sequence[Document]
    table: Table

    def eaten_on(self, day: str) -> int:
        """Return how many meals of *day* were recorded, those taken back among them."""
        hers = (row for row in self.rows if row["source"] == "member" and "reverses" not in row)
        return sum(row["day"] == day for row in hers)


def sitting_reads(wishes: Wishes) -> list[Command]:
    """Return the reads of `sitting_of`."""
    mine = {"userId": wishes.user_id}
    ids = [wishes.meal_id, undoing_of(wishes.meal_id)]
    since = {**mine, "day": {"$gte": first_day(wishes.day)}, "revises": {"$exists": False}}
    return [
        find(LEDGER, {**mine, "_id": {"$in": ids}}),
        find(LEDGER, since, fields=_ROW_FIELDS, sort={"day": -1, "_id": 1}),
        foods_read(wishes.dishes, wishes.text),
        find("meat_products", {"_id": wishes.baseline, "status": "active"}, limit=1),
        *table_reads(wishes.user_id),
    ]


def sitting_of(wishes: Wishes, found: Sequence[Sequence[Document]]) -> Sitting:
    """Return what `sitting_reads` found. Raises NotFound without an account, or the meat to compare with."""
    own, rows, foods, meats, *table = found
    if wishes.baseline and not meats:
        raise NotFound("没有这种对照的肉类")
    return Sitting({row["_id"]: row for row in own}, rows, foods, meats, table_of(table))


def draft(wishes: Wishes, sitting: Sitting, now: int) -> Document:
    """Return the row of a meal; what it is credited with is never more than by the usual baseline."""
    policy = sitting.table.policy
    plate = plate_of(wishes.dishes, wishes.text, sitting.foods, Larder(sitting.rows, wishes.day))
    portions = portions_of(policy.carbon, kind=wishes.type, with_meat=plate.with_meat)
    baseline, usual = (baseline_of(policy.carbon, meats) for meats in (sitting.meats, ()))
    estimate = estimate_of(plate.items, portions=portions, baseline=baseline)
    credited_g = min(estimate.saved_g, estimate_of(plate.items, portions=portions, baseline=usual).saved_g)
    said = {"photoId": wishes.photo_id, "text": wishes.text}
    return {
        "_id": wishes.meal_id,
        "userId": wishes.user_id,
        "day": wishes.day,
        "type": wishes.type,
        "items": plate.items,
        "carbonG": estimate.carbon_g,
        "baselineG": estimate.baseline_g,
        "savedG": estimate.saved_g,
        "creditedG": credited_g,
        "points": min(garden_points_for(credited_g, policy.points), sitting.table.left_today(now)),
        "baseline": baseline.label,
        "method": baseline.text,
        "factorVersion": version_of({*plate.versions, baseline.version}),
        "rulesVersion": policy.version,
        "source": "member",
        "uncounted": plate.uncounted,
        "withMeat": plate.with_meat,
        **{name: value for name, value in said.items() if value is not None},
        "bookingDueAt": now,
        "schemaVersion": 1,
        "createdAt": now,
        "updatedAt": now,
    }
