"""The laws of carbon: days are the sums of their meals, a meal counts once and goes back at most once."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]
Read = Callable[[str], list[Document]]

_MEAL_SUMS = {"mealCarbonG": "carbonG", "mealBaselineG": "baselineG", "mealSavedG": "savedG"}


def days_are_their_meals(read: Read) -> Iterator[str]:
    """Every sum of a day is that of its rows of the carbon ledger."""
    due: Counter[tuple[str, str]] = Counter()
    for row in read("meals"):
        one, day = -1 if "reverses" in row else 1, f"{row['userId']}:{row['day']}"
        due[day, "savedG"] += row["savedG"]
        if row["source"] == "shop":
            due[day, "shopCarbonG"] += row["carbonG"]
            due[day, "meals"] += max(one, 0)
            continue
        due[day, "meals"] += one
        due[day, "eaten"] += one
        for name, of in _MEAL_SUMS.items():
            due[day, name] += row[of]
    names = ("savedG", "shopCarbonG", "meals", "eaten", *_MEAL_SUMS)
    has = {(day["_id"], name): day.get(name, 0) for day in read("daily_stats") for name in names}
    for day, name in sorted(due.keys() | has.keys()):
        if has.get((day, name), 0) != due[day, name]:
            yield f"day {day}: {name} is {has.get((day, name), 0)}, its meals say {due[day, name]}"


def savings_are_what_is_left(read: Read) -> Iterator[str]:
    """A row saves what its baseline has over it, never less than nothing, and is credited with no more."""
    for row in read("meals"):
        if "reverses" in row:
            continue
        saved, credited = max(row["baselineG"] - row["carbonG"], 0), row.get("creditedG", 0)
        if row["savedG"] != saved or not 0 <= credited <= saved:
            yield f"meal {row['_id']} saves {row['savedG']}, credited {credited}, not {saved}"


def meals_go_back_once(read: Read) -> Iterator[str]:
    """What takes a row back names one of hers; of a meal it takes all, once, of a purchase no more."""
    rows = {row["_id"]: row for row in read("meals")}
    gone: Counter[str] = Counter()
    for row in rows.values():
        whole = rows.get(row.get("reverses", ""))
        if "reverses" not in row:
            continue
        if whole is None or whole["userId"] != row["userId"] or "reverses" in whole:
            yield f"meal {row['_id']} takes back {row['reverses']}, which is none of hers"
            continue
        gone[whole["_id"]] -= row["baselineG"]
        sums = [(whole[name], -row[name]) for name in ("carbonG", "baselineG", "savedG")]
        if whole["source"] == "member" and any(was != back for was, back in sums):
            yield f"meal {row['_id']} takes back {sums} of {whole['_id']}"
    for key, baseline_g in gone.items():
        if baseline_g > rows[key]["baselineG"]:
            yield f"meal {key}: {baseline_g} of its baseline went back, it has {rows[key]['baselineG']}"


def meals_earn_once(read: Read) -> Iterator[str]:
    """A meal is booked, earned the points it names, and gave them back, or owes them, when it was undone.

    The day's cap may have refused them.
    """
    earned: Counter[str] = Counter()
    back: Counter[str] = Counter()
    refused = {row["ref"]["id"] for row in read("points_ledger") if row["state"] == "refused"}
    for row in read("points_ledger"):
        if row["state"] == "final" and row["ref"].get("type") == "meal":
            earned[row["ref"]["id"]] += row["delta"] if row["kind"] == "meal" else 0
            back[row["ref"]["id"]] += row.get("debtDelta", 0) - row["delta"] if row["kind"] != "meal" else 0
    meals = [row for row in read("meals") if row["source"] == "member"]
    undone = {row["reverses"] for row in meals if "reverses" in row}
    for row in meals:
        if "bookingDueAt" in row:
            yield f"meal {row['_id']} is not booked"
        if "reverses" in row:
            continue
        found = earned.pop(row["_id"], 0), back[row["_id"]]
        points = 0 if row["_id"] in refused and not found[0] else row["points"]
        due = points, points if row["_id"] in undone else 0
        if found != due:
            yield f"meal {row['_id']} earned and gave back {found} points, not {due}"
    yield from (f"{points} points for no meal {key}" for key, points in earned.items() if points)


CARBON_LAWS = (
    days_are_their_meals,
    savings_are_what_is_left,
    meals_go_back_once,
    meals_earn_once,
)
