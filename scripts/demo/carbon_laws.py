"""The laws of carbon: days are the sums of their meals, a meal counts once and goes back at most once.

A revision of a meal counts no meal and goes with it; each of a meal follows the one before.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]
Read = Callable[[str], list[Document]]

_MEAL_SUMS = {"mealCarbonG": "carbonG", "mealBaselineG": "baselineG", "mealSavedG": "savedG"}
_SUMS = tuple(_MEAL_SUMS.values())
_OF_MEAL = ("userId", "day", "type", "baseline", "rulesVersion", "source")


def days_are_their_meals(read: Read) -> Iterator[str]:
    """Every sum of a day is that of its rows of the carbon ledger."""
    due: Counter[tuple[str, str]] = Counter()
    for row in read("meals"):
        one = 0 if "revises" in row else -1 if "reverses" in row else 1
        day = f"{row['userId']}:{row['day']}"
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
        if "reverses" in row or "revises" in row:
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


def revisions_follow_their_meals(read: Read) -> Iterator[str]:
    """A revision is the next of one of her meals, of that day, by other factors, and undone when it is."""
    rows = {row["_id"]: row for row in read("meals")}
    undone = Counter(row["reverses"] for row in rows.values() if "reverses" in row)
    for key, row in rows.items():
        if "revises" not in row or "reverses" in row:
            continue
        stem, _, number = key.rpartition(":")
        meal = rows.get(row["revises"], {})
        before = meal if number == "1" else rows.get(f"{stem}:{int(number) - 1}", {})
        if stem != f"{meal.get('_id')}:revision" or any(meal[name] != row[name] for name in _OF_MEAL):
            yield f"revision {key} is of {row['revises']}, which is no such meal"
        elif not row["factorVersion"] != row["replacedVersion"] == before.get("factorVersion"):
            yield f"revision {key} follows {before.get('_id')} by {row['replacedVersion']}"
        elif undone[key] != undone[meal["_id"]]:
            yield f"revision {key} is undone {undone[key]} times, its meal {undone[meal['_id']]}"


def revised_meals_are_estimates(read: Read) -> Iterator[str]:
    """A meal and its revisions, up to any of them, save what the baseline has over it; they earn nothing."""
    rows = read("meals")
    sums = {row["_id"]: Counter({name: row[name] for name in _SUMS}) for row in rows}
    revisions = [row for row in rows if "revises" in row and "reverses" not in row]
    for row in sorted(revisions, key=lambda row: int(row["_id"].rpartition(":")[2])):
        total = sums.get(row["revises"], Counter())
        total.update({name: row[name] for name in _SUMS})
        if total["savedG"] != max(total["baselineG"] - total["carbonG"], 0) or total["carbonG"] < 0:
            yield f"revision {row['_id']} makes its meal {dict(total)}"
        if row["points"] or row["creditedG"]:
            yield f"revision {row['_id']} earns {row['points']} points for {row['creditedG']} g"


CARBON_LAWS = (
    days_are_their_meals,
    savings_are_what_is_left,
    meals_go_back_once,
    meals_earn_once,
    revisions_follow_their_meals,
    revised_meals_are_estimates,
)
