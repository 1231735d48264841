"""What was bought, not eaten yet, and has saved its carbon already."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.larder import Larder, Taken

Row = dict[str, Any]


def purchase(
    key: str = "shop:o1:L1", grams: int = 1000, day: str = "2026-11-10", protein: str = "soy"
) -> Row:
    """Nine tenths of what is shipped are food."""
    items = [{"grams": grams, "protein": protein}]
    return {"_id": key, "day": day, "source": "shop", "baselineG": 8000, "items": items}


def meal(*earned: tuple[str, int], key: str = "u:t1", day: str = "2026-11-11") -> Row:
    took = [{"mealId": meal_id, "grams": grams} for meal_id, grams in earned]
    items = [{"grams": 500, "protein": "soy", "earned": took}, {"grams": 100}]
    return {"_id": key, "day": day, "source": "member", "baselineG": 900, "items": items}


def back(key: str, row: Row, baseline_g: int) -> Row:
    return {**row, "_id": key, "items": [], "reverses": row["_id"], "baselineG": -baseline_g}


def left(rows: list[Row], day: str = "2026-11-20") -> int:
    return sum(each.grams for each in Larder(rows, day).take("soy", 10**6))


def test_an_empty_larder_gives_nothing() -> None:
    assert Larder([], "2026-11-20").take("soy", 100) == []
    assert Larder([purchase()], "2026-11-20").take(None, 100) == []
    assert Larder([purchase(protein="egg")], "2026-11-20").take("soy", 100) == []


def test_the_oldest_purchase_is_eaten_first() -> None:
    rows = [purchase("shop:o2:L1", day="2026-11-12"), purchase(grams=100)]
    larder = Larder(rows, "2026-11-20")

    assert larder.take("soy", 100) == [Taken("shop:o1:L1", 90), Taken("shop:o2:L1", 10)]
    assert larder.take("soy", 2000) == [Taken("shop:o2:L1", 890)]


def test_what_was_eaten_is_gone_unless_its_meal_was_taken_back() -> None:
    eaten = meal(("shop:o1:L1", 300))

    assert left([purchase(), eaten]) == 600
    assert left([purchase(), eaten, back("u:t1:undo", eaten, 900)]) == 900


def test_what_was_sent_back_is_gone_in_its_share() -> None:
    bought = purchase()

    assert left([bought, back("shop:o1:L1:1", bought, 2000)]) == 675
    assert left([bought, back("shop:o1:L1:1", bought, 8000)]) == 0


def test_a_purchase_is_eaten_from_its_day_on_for_thirty_days() -> None:
    days = ("2026-11-09", "2026-11-10", "2026-12-10", "2026-12-11")
    assert [left([purchase()], day) for day in days] == [0, 900, 900, 0]


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 40)), max_size=5),
    st.lists(st.integers(0, 900), max_size=6),
)
def test_meals_never_take_more_than_was_bought(bought: list[tuple[int, int]], meals: list[int]) -> None:
    rows = [
        purchase(f"shop:o{n}:L1", grams, f"2026-{10 + day // 30}-{day % 30 + 1:02}")
        for n, (grams, day) in enumerate(bought)
    ]
    for n, grams in enumerate(meals):
        taken = Larder(rows, "2026-11-11").take("soy", grams)
        assert sum(each.grams for each in taken) <= grams
        rows.append(meal(*taken, key=f"u:t{n}"))
    took = sum(each["grams"] for row in rows for item in row["items"] for each in item.get("earned", ()))
    assert took <= sum(grams * 9 // 10 for grams, _ in bought)
