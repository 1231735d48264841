"""Laws of meals beside those of the demo: what a member was told of them, and what they are worth."""

from collections import Counter
from collections.abc import Iterator

from simulation.evidence import Evidence

_POINTS_PER_KG = 10
_PORK_G = 923
"""Grams CO2e of a portion of the baseline; a meal replaces two at most."""


def what_was_told_of_meals_is_true(seen: Evidence) -> Iterator[str]:
    """A meal that a member was told of is as she was told, and no token made two."""
    rows = {row["_id"]: row for row in seen.read("meals")}
    undone = {row["reverses"] for row in rows.values() if "reverses" in row}
    wanted = Counter(user for kind, user, _ in seen.told if kind == "wants to eat")
    eaten = Counter(row["userId"] for row in rows.values() if row["source"] == "member")
    eaten -= Counter(rows[key]["userId"] for key in undone if rows[key]["source"] == "member")
    yield from (f"{user} recorded {n} meals of {wanted[user]}" for user, n in (eaten - wanted).items())
    for kind, user, facts in seen.told:
        if kind in {"eaten", "not eaten"}:
            row = rows.get(facts["mealId"], {})
            found = {"mealId": row.get("_id"), "savedG": row.get("savedG"), "points": row.get("points")}
            if found != facts or row["userId"] != user or (kind == "not eaten") != (row["_id"] in undone):
                yield f"told {user} of the meal {facts}, {kind}, found {found}"


def meals_are_worth_what_they_save(seen: Evidence) -> Iterator[str]:
    """A meal saves no more than two portions of pork, and earns ten points a kilogram at most."""
    for row in seen.read("meals"):
        if row["source"] == "member" and "reverses" not in row:
            due = row["creditedG"] * _POINTS_PER_KG // 1000
            if not 0 <= row["points"] <= due or not 0 <= row["savedG"] <= 2 * _PORK_G:
                yield f"meal {row['_id']} saves {row['savedG']} and earns {row['points']}, not {due}"


def what_was_bought_saves_once(seen: Evidence) -> Iterator[str]:
    """No meal takes more of its food from purchases than it has, nor from what another bought."""
    owners = {row["_id"]: row["userId"] for row in seen.read("meals")}
    for row in seen.read("meals"):
        for item in row["items"]:
            earned: Counter[str] = Counter()
            for each in item.get("earned") or ():
                earned[each["mealId"]] += each["grams"]
            foreign = [key for key in earned if owners.get(key) != row["userId"]]
            if foreign or earned.total() > item["grams"]:
                yield f"meal {row['_id']}: {item['grams']} g of {item['name']} took {dict(earned)}"


MEAL_LAWS = (
    what_was_told_of_meals_is_true,
    meals_are_worth_what_they_save,
    what_was_bought_saves_once,
)
