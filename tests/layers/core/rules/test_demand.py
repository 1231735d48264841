"""What a SKU will sell, learnt from its days."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest

from gardenshop.rules.demand import AFTER, LIFTS, Day, Learner, Pace, Units, by_day

WEEK = [Day(number % 7) for number in range(7)]


def learner(units: Sequence[int], events: str = "", *, sold_out: Sequence[int] = ()) -> Learner:
    """Return what is learnt from days that begin on a Monday; a letter of *events* each, "." for none."""
    taught = Learner()
    for number, each in enumerate(units):
        event = events[number].strip(".") if number < len(events) else ""
        taught.learn(each, number % 7, event, sold_out=number in sold_out)
    return taught


def steady(mean: float, days: int = 140, *, seed: int = 1) -> list[int]:
    """Return Poisson demand."""
    chance = Random(seed)
    return [sum(chance.random() < mean / 100 for _ in range(100)) for _ in range(days)]


def test_what_sells_every_day_alike_goes_on_so() -> None:
    assert learner([5] * 35).ahead(WEEK)[-1].mean == pytest.approx(35)


def test_weekdays_are_learnt_and_their_mean_is_one() -> None:
    taught = learner([2, 2, 2, 2, 2, 8, 8] * 20)
    assert sum(taught.weekday) == pytest.approx(7)
    assert taught.weekday[5] > 1.7
    assert taught.weekday[0] < 0.7


def test_two_weeks_are_too_little_to_believe_in_weekdays() -> None:
    assert learner([2, 2, 2, 2, 2, 8, 8] * 2).weekday[5] < 1.5


def test_days_sold_out_below_what_was_expected_say_nothing() -> None:
    dry = learner([5] * 70 + [0] * 14, sold_out=range(70, 84))
    assert dry.level == pytest.approx(5)


def test_days_sold_out_above_what_was_expected_say_that_demand_is_high() -> None:
    assert learner([5] * 70 + [9] * 14, sold_out=range(70, 84)).level > 5.4


def test_an_event_lifts_its_own_days_and_not_the_level() -> None:
    weeks = ([5] * 14 + [15] * 7) * 6
    taught = learner(weeks, ("." * 14 + "A" * 7) * 6)
    plain, special = taught.ahead([Day(0)])[0].mean, taught.ahead([Day(0, "A")])[0].mean
    assert special / plain == pytest.approx(3, rel=0.2)
    assert taught.level == pytest.approx(5, rel=0.15)


def test_an_event_never_seen_is_expected_to_do_as_usual() -> None:
    taught = learner([5] * 70)
    assert taught.lift("D") == pytest.approx(LIFTS["D"])
    assert taught.lift("unheard of") == pytest.approx(1.5)


def test_what_one_event_did_is_expected_of_others() -> None:
    deaf = learner(([5] * 14 + [5] * 7) * 6, ("." * 14 + "A" * 7) * 6)
    assert deaf.lift("D") < 0.8 * LIFTS["D"]


def test_the_three_weeks_after_an_event_have_a_lift_of_their_own() -> None:
    taught = learner([5] * 70 + [15] * 7, "." * 70 + "A" * 7)
    days = taught.ahead([Day(number % 7) for number in range(23)])
    steps = [until.mean - before.mean for before, until in pairwise(days)]
    assert taught.lift(AFTER) > 1.05
    assert steps[0] / steps[21] == pytest.approx(taught.lift(AFTER), rel=0.1)


def test_a_lift_known_from_elsewhere_counts() -> None:
    assert learner([5] * 35).ahead([Day(0, lift=1.5)])[0].mean == pytest.approx(7.5)


def test_the_variance_is_that_of_what_happened_and_more_over_more_days() -> None:
    calm, wild = learner([5] * 140), learner([0, 0, 0, 0, 25] * 28)
    assert calm.ahead(WEEK)[0].variance < 5 * 2
    assert wild.ahead(WEEK)[0].variance > 5 * 5
    assert wild.ahead(WEEK)[-1].variance > 7 * wild.ahead(WEEK)[0].variance


def test_wild_days_have_a_longer_tail() -> None:
    wild = [0, 0, 0, 0, 25] * 28
    short, long = Learner(Pace(tail=0.0)), Learner(Pace(tail=1.0))
    for number, units in enumerate(wild):
        short.learn(units, number % 7)
        long.learn(units, number % 7)
    assert 1.5 < long.ahead(WEEK)[0].variance / short.ahead(WEEK)[0].variance < 2


def test_one_wild_day_does_not_make_a_calm_sku_wild_for_ever() -> None:
    calm, once = learner([5] * 140), learner([5] * 139 + [500])
    assert once.deviation < 12 * calm.deviation


def test_a_level_that_changed_is_followed() -> None:
    assert learner(steady(2) + steady(6, seed=2)).level > 4.3


def test_the_level_of_steady_demand_is_met() -> None:
    levels = [learner(steady(4, seed=seed)).level for seed in range(20)]
    assert sum(levels) / 20 == pytest.approx(4, rel=0.05)


def test_what_has_not_sold_for_long_no_longer_sells() -> None:
    assert not Learner().sells
    assert not learner([0] * 30).sells
    assert learner([4] * 28 + [0] * 27).sells
    assert not learner([4] * 28 + [0] * 28).sells
    assert learner([4] * 28 + [0] * 28, sold_out=range(28, 56)).sells


def test_what_sells_rarely_may_be_silent_for_longer() -> None:
    assert learner(([1] + [0] * 49) * 4).sells


def test_days_beyond_those_ahead_go_on_like_them() -> None:
    ahead = [Units(1, 2), Units(3, 5)]
    assert by_day(ahead, 1) == Units(1, 2)
    assert by_day(ahead, 4) == Units(6, 20)
