"""The weights that past visits teach: what sells counts, the rest is let go, and little teaches little."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from gardenshop.rules.logistic import chance
from gardenshop.rules.ranking import DEFAULT_WEIGHTS
from gardenshop.rules.worth import Learnt, Look, learnt_weights

USUAL = {"history": 7000, "constitution": 2000, "term": 1000}

Odds = Callable[[dict[str, float]], float]


def looks(count: int, odds: Odds, *, seed: int = 1) -> Iterator[Look]:
    """Yield visits to a shelf of thirty products, each bought by the *odds* of its values."""
    dice = Random(seed)
    for _ in range(count):
        shelf = {
            f"p{place}": {"history": dice.random(), "constitution": float(dice.random() < 0.4), "term": 0.0}
            for place in range(30)
        }
        yield Look(shelf, {key for key, values in shelf.items() if dice.random() < chance(odds(values))})


def habit_only(values: dict[str, float]) -> float:
    return 8 * values["history"] - 7


def both(values: dict[str, float]) -> float:
    return 8 * values["history"] - 7 + 2 * values["constitution"]


def test_a_feature_by_which_nobody_buys_is_let_go() -> None:
    found = learnt_weights(looks(400, habit_only), USUAL).regulars

    assert found["constitution"] < 250
    assert found["history"] > 8500


def test_a_feature_by_which_members_buy_has_the_proportion_of_its_odds() -> None:
    found = learnt_weights(looks(400, both), USUAL).regulars

    assert found["constitution"] / found["history"] == pytest.approx(2 / 8, abs=0.05)


def test_a_feature_that_repels_weighs_nothing_and_never_less() -> None:
    found = learnt_weights(
        looks(400, lambda values: 8 * values["history"] - 7 - values["constitution"]), USUAL
    ).regulars

    assert found["constitution"] == 0


def test_what_the_visits_do_not_show_stays_in_its_proportion() -> None:
    (term, history) = (learnt_weights(looks(60, both), USUAL).regulars[name] for name in ("term", "history"))

    assert term / history == pytest.approx(1 / 7, abs=0.04)


def test_few_visits_leave_the_usual_weights_nearly_as_they_are() -> None:
    found = learnt_weights(looks(2, habit_only), USUAL).regulars

    assert all(found[name] == pytest.approx(USUAL[name], abs=600) for name in USUAL)


@pytest.mark.parametrize("nothing", [[], [Look({}, {"p1"})]], ids=["no visit", "nothing on offer"])
def test_without_anything_to_learn_from_the_usual_weights_remain(nothing: list[Look]) -> None:
    assert learnt_weights(nothing, DEFAULT_WEIGHTS) == Learnt(DEFAULT_WEIGHTS, DEFAULT_WEIGHTS)


def test_the_weights_are_shares_of_ten_thousand() -> None:
    assert sum(learnt_weights(looks(30, both), USUAL).regulars.values()) == pytest.approx(
        10_000, abs=len(USUAL)
    )


def test_only_the_head_of_the_shelf_teaches() -> None:
    """What lies far behind is not decided by the weights, so it says nothing about them."""

    def shelf(far: int) -> Look:
        near = {f"p{place}": {"history": 0.5 + place / 100, "term": float(place % 2)} for place in range(40)}
        rest = {f"q{place}": {"history": 0.1, "term": 0.0} for place in range(far)}
        return Look({**near, **rest}, {"p1", "p9", *(f"q{place}" for place in range(far))})

    assert learnt_weights([shelf(50)], USUAL) == learnt_weights([shelf(0)], USUAL)


def test_newcomers_are_spared_what_habits_alone_explain() -> None:
    """Members chose by constitution once, and buy by habit since: a newcomer has only the first."""

    def settled(count: int) -> Iterator[Look]:
        dice = Random(1)
        for _ in range(count):
            suits = {f"p{place}": float(dice.random() < 0.4) for place in range(30)}
            habits = {key: float(dice.random() < 0.1 + 0.5 * suits[key]) for key in suits}
            shelf = {key: {"history": habits[key], "constitution": suits[key], "term": 0.0} for key in suits}
            yield Look(shelf, {key for key in suits if dice.random() < chance(4 * habits[key] - 4)})

    regulars, newcomers = learnt_weights(settled(300), USUAL)

    assert regulars["constitution"] < 0.2 * regulars["term"]
    assert newcomers["constitution"] > newcomers["term"]
