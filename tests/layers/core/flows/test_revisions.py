"""A meal under another version of its factors: a row of its own, which goes with the meal."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from dataio import carbon
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Document, put
from gardenshop.flows.meals import LEDGER, book_revisions
from gardenshop.flows.revisions import SUMS
from gardenshop.rules.carbon import MEATS
from harness import A, B, user_id
from small_shop import SmallShop, intruder, open_small_shop

MEAL = f"{user_id(A)}:meal-0001"
FIRST = f"{MEAL}:revision:1"
DAILY = ("meals", "eaten", "mealCarbonG", "mealBaselineG", "mealSavedG", "savedG", "pointsEarned")


@pytest.fixture(name="small")
def _small() -> Iterator[SmallShop]:
    """A shop in which A has eaten 200 g of tofu, whose factor is then another."""
    with open_small_shop() as small:
        eat_by_old_factors(small)
        yield small


def eat_by_old_factors(small: SmallShop) -> None:
    small.eat(A, "meal-0001")
    small.rest()
    small.weigh_tofu(5000, "test-2")


def undo(small: SmallShop) -> None:
    assert small.eat(A, "meal-0001", "undo")["code"] == 0


def sums(small: SmallShop) -> tuple[int, ...]:
    (day,) = small.shop.documents("daily_stats", {"userId": user_id(A)})
    return tuple(day.get(name, 0) for name in DAILY)


def of_meal(small: SmallShop) -> dict[str, Document]:
    rows = small.shop.documents("meals", {"userId": user_id(A)})
    return {row["_id"].removeprefix(MEAL): row for row in rows}


def test_a_new_factor_is_a_row_of_its_own_with_the_differences(small: SmallShop) -> None:
    before, garden = of_meal(small), small.shop.documents("gardens")
    points = small.shop.documents("users"), small.shop.documents("points_ledger")
    assert sums(small) == (1, 1, 632, 1847, 1215, 1215, 12)

    small.recalculate()

    rows = of_meal(small)
    revision = rows.pop(":revision:1")
    assert rows == before
    assert (small.shop.documents("users"), small.shop.documents("points_ledger")) == points
    assert small.shop.documents("gardens") == garden
    assert {name: revision[name] for name in (*SUMS, "creditedG", "points")} == {
        "carbonG": 368,
        "baselineG": 0,
        "savedG": -368,
        "creditedG": 0,
        "points": 0,
    }
    assert (revision["revises"], revision["replacedVersion"]) == (MEAL, "pn2018-mean+test")
    assert (revision["factorVersion"], revision["day"]) == ("pn2018-mean+test-2", before[""]["day"])
    (item,) = revision["items"]
    assert (item["factorG"], item["carbonG"]) == (5000, 1000)
    assert sums(small) == (1, 1, 1000, 1847, 847, 847, 12)
    assert small.breaches() == []


def test_recalculated_again_nothing_changes(small: SmallShop) -> None:
    small.recalculate()
    before = small.shop.dump()

    assert small.recalculate().states == {"current": 1}
    assert small.shop.dump() == before


def test_a_saving_is_never_less_than_nothing(small: SmallShop) -> None:
    small.weigh_tofu(50_000, "test-2")
    small.recalculate()

    assert of_meal(small)[":revision:1"]["savedG"] == -1215
    assert sums(small) == (1, 1, 10_000, 1847, 0, 0, 12)
    small.weigh_tofu(1000, "test-3")
    small.recalculate()
    assert of_meal(small)[":revision:2"]["savedG"] == 1647
    assert sums(small) == (1, 1, 200, 1847, 1647, 1647, 12)
    assert small.breaches() == []


def test_factors_that_come_back_are_a_revision_more(small: SmallShop) -> None:
    small.recalculate()
    small.weigh_tofu(3160, "test")
    small.recalculate()

    second = of_meal(small)[":revision:2"]
    assert (second["replacedVersion"], second["factorVersion"]) == ("pn2018-mean+test-2", "pn2018-mean+test")
    assert sums(small) == (1, 1, 632, 1847, 1215, 1215, 12)
    assert small.breaches() == []


def test_a_version_that_changes_no_figure_is_noted(small: SmallShop) -> None:
    small.weigh_tofu(3160, "test-2")

    small.recalculate()

    assert [of_meal(small)[":revision:1"][name] for name in SUMS] == [0, 0, 0]
    assert small.recalculate().states == {"current": 1}


def test_another_figure_of_the_same_version_is_no_new_version(small: SmallShop) -> None:
    small.weigh_tofu(9999, "test")

    assert small.recalculate().states == {"current": 1}


def test_the_meat_of_the_baseline_has_a_version_too(
    small: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.recalculate()
    monkeypatch.setitem(MEATS, "pork", ("猪肉", 10_000))
    version = {"code": "pork", "portion_g": 75, "meat": None, "version": "pn2031-mean"}
    monkeypatch.setattr("gardenshop.rules.carbon.Baseline.__new__.__defaults__", tuple(version.values()))

    small.recalculate()

    assert [of_meal(small)[":revision:2"][name] for name in SUMS] == [0, -347, -347]
    assert sums(small) == (1, 1, 1000, 1500, 500, 500, 12)


def test_what_was_given_for_a_meal_stays_given_until_it_is_undone(small: SmallShop) -> None:
    small.recalculate()
    undo(small)

    (found,) = (each for each in small.shop.documents("users") if each["_id"] == user_id(A))
    assert found["points"]["garden"]["available"] == 0
    assert sums(small) == (0, 0, 0, 0, 0, 0, 0)
    back = of_meal(small)[":revision:1:undo"]
    assert (back["reverses"], back["savedG"], back["points"]) == (FIRST, 368, 0)
    assert small.breaches() == []


def test_a_meal_that_was_undone_is_not_recalculated(small: SmallShop) -> None:
    undo(small)
    before = small.shop.dump()

    assert small.recalculate().states == {"undone": 1}
    assert small.shop.dump() == before


def test_who_undoes_a_meal_twice_undoes_its_revision_once(small: SmallShop) -> None:
    small.recalculate()
    undo(small)
    before = small.shop.dump()

    undo(small)

    assert small.shop.dump() == before


def test_a_revision_stored_by_a_process_that_died_after_its_meal_was_undone_goes_back(
    small: SmallShop,
) -> None:
    ((stale,),) = carbon.pages(small.shop.adapter)
    undo(small)
    small.db.write(put(LEDGER, dict(stale.row)))

    small.rest()

    assert of_meal(small)[":revision:1:undo"]["savedG"] == 368
    assert sums(small) == (0,) * 7
    assert small.breaches() == []


def test_what_is_in_its_day_already_is_left_alone(small: SmallShop) -> None:
    small.recalculate()
    trips = small.db.round_trips

    book_revisions(small.db, [of_meal(small)[":revision:1"]], small.now)

    assert small.db.round_trips == trips


def interrupted(
    act: Callable[[SmallShop], Any], meanwhile: Callable[[SmallShop], Any], *, revised: bool, trip: int
) -> tuple[bool, tuple[int, ...], list[str]]:
    """Let *meanwhile* happen before a *trip* of *act*; say whether it did, and what became of the day."""
    happened = []

    def intrude() -> None:
        happened.append(trip)
        meanwhile(small)

    with open_small_shop() as small:
        eat_by_old_factors(small)
        if revised:
            small.recalculate()
            small.weigh_tofu(4000, "test-3")
        with intruder(small, trip=trip, act=intrude):
            act(small)
        return bool(happened), sums(small), small.breaches()


@pytest.mark.parametrize("revised", [False, True], ids=["as recorded", "revised before"])
@pytest.mark.parametrize(("act", "meanwhile"), [(SmallShop.recalculate, undo), (undo, SmallShop.recalculate)])
def test_whenever_a_meal_is_undone_its_revision_goes_with_it(
    act: Callable[[SmallShop], Any], meanwhile: Callable[[SmallShop], Any], *, revised: bool
) -> None:
    for trip in count(1):
        happened, day, breaches = interrupted(act, meanwhile, revised=revised, trip=trip)
        if not happened:
            assert trip > 5
            return
        assert (trip, day, breaches) == (trip, (0,) * 7, [])


def test_of_two_that_recalculate_at_once_one_revises_and_the_next_run_goes_on(small: SmallShop) -> None:
    for trip in count(1):
        happened: list[int] = []

        def with_newer_factors(found: list[int] = happened, at: int = trip) -> None:
            found.append(at)
            small.weigh_tofu(4000 + 5 * at, f"test-{at}-newer")
            small.recalculate()

        small.weigh_tofu(6000 + trip, f"test-{trip}")
        with intruder(small, trip=trip, act=with_newer_factors):
            small.recalculate()
        small.recalculate()
        if not happened:
            return
        carbon_g = (4000 + 5 * trip) * 200 // 1000
        assert sums(small) == (1, 1, carbon_g, 1847, 1847 - carbon_g, 1847 - carbon_g, 12)
        assert small.breaches() == []


def test_a_meal_whose_food_is_gone_is_left_as_it_is(small: SmallShop) -> None:
    small.shop.adapter.inner.run([{"delete": "ingredients", "deletes": [{"q": {}, "limit": 0}]}])
    before = small.shop.dump()

    assert small.recalculate().states == {"unknown": 1}
    assert small.shop.dump() == before


def test_revisions_are_no_meals_of_the_day_and_take_nothing_from_the_larder(small: SmallShop) -> None:
    for n in range(2, 12):
        small.eat(A, f"meal-{n:04}")
    small.weigh_tofu(4000, "test-3")
    small.recalculate()

    assert small.eat(A, "meal-0012")["code"] == 0
    assert small.eat(A, "meal-0013")["error"] == "TOO_MANY_MEALS"


def test_the_meals_of_others_are_theirs(small: SmallShop) -> None:
    small.weigh_tofu(3160, "test")
    small.eat(B, "meal-0001")
    small.weigh_tofu(5000, "test-2")
    small.now += DAY
    small.recalculate()

    small.eat(B, "meal-0001", "undo")

    assert sums(small) == (1, 1, 1000, 1847, 847, 847, 12)
    assert small.breaches() == []
