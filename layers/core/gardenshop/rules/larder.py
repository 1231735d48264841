"""What a member bought in the shop and has not eaten yet: its carbon was counted when she bought it.

A purchase of a main protein has earned what it saves (`carbon.purchase`). A meal of that protein within
`BOUGHT_DAYS` is taken to be cooked from it, oldest purchase first, and what it takes earns
nothing again. Each meal's row names the purchases it took from, so what is left follows from the rows.

Two meals recorded at the same instant may take from the same purchase; then one of them earns too little,
never too much.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from gardenshop.models.vocabulary import Protein
from gardenshop.rules.carbon import food_in

Row = Mapping[str, Any]

BOUGHT_DAYS = 30


def first_day(day: str) -> str:
    """Return the first day whose purchases may be eaten on *day*."""
    return (date.fromisoformat(day) - timedelta(days=BOUGHT_DAYS)).isoformat()


class Taken(NamedTuple):
    """Grams taken from the purchase whose row is *meal_id*."""

    meal_id: str
    grams: int


class Larder:
    """What is left of the purchases that a meal of one day may be cooked from."""

    def __init__(self, rows: Iterable[Row], day: str) -> None:
        """Work it out of the carbon ledger's *rows* from the `first_day` of *day* on."""
        rows = list(rows)
        self._taken = _taken(rows)
        gone, first = _gone(rows), first_day(day)
        bought = (row for row in rows if row["source"] == "shop" and "reverses" not in row)
        self._left: dict[Protein, dict[str, int]] = {}
        for row in sorted(bought, key=lambda row: (row["day"], row["_id"])):
            if first <= row["day"] <= day:
                self._shelve(row, gone[row["_id"]])

    def take(self, protein: Protein | None, grams: int) -> list[Taken]:
        """Take *grams* of *protein*, or as many as are left, from the oldest purchases."""
        if protein is None:
            return []
        shelf = self._left.get(protein, {})
        taken: list[Taken] = []
        for meal_id, left in shelf.items():
            part = min(left, grams - sum(each.grams for each in taken))
            if part > 0:
                taken.append(Taken(meal_id, part))
                shelf[meal_id] -= part
        return taken

    def _shelve(self, row: Row, gone_g: int) -> None:
        """Put what is left of a purchase, of which *gone_g* of its baseline went back, on the shelf."""
        for item in row["items"]:
            if "protein" in item and row["baselineG"]:
                kept = food_in(item["grams"]) * (row["baselineG"] - gone_g) // row["baselineG"]
                left = max(kept - self._taken[row["_id"]], 0)
                self._left.setdefault(item["protein"], {})[row["_id"]] = left


def _taken(rows: Iterable[Row]) -> Counter[str]:
    """Return the grams that meals took, by purchase; a meal undone took nothing."""
    rows = list(rows)
    undone = {row["reverses"] for row in rows if "reverses" in row}
    taken: Counter[str] = Counter()
    for row in rows:
        if row["source"] == "member" and row["_id"] not in undone:
            for item in row["items"]:
                for each in item.get("earned") or ():
                    taken[each["mealId"]] += each["grams"]
    return taken


def _gone(rows: Iterable[Row]) -> Counter[str]:
    """Return the grams of baseline that went back, by purchase."""
    gone: Counter[str] = Counter()
    for row in rows:
        if row["source"] == "shop" and "reverses" in row:
            gone[row["reverses"]] -= row["baselineG"]
    return gone
