"""How many units to have, given what will be asked for."""

from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.cover import Costs, order_up_to, outdated
from gardenshop.rules.demand import Units


def poisson_at_most(units: int, mean: float) -> float:
    return sum(exp(-mean) * mean**number / factorial(number) for number in range(units + 1))


@pytest.mark.parametrize("service", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("mean", [0.3, 4.0, 17.0])
def test_it_is_the_quantile_of_demand(service: float, mean: float) -> None:
    level = order_up_to(Units(mean, mean), None, service=service)
    slack = 0.004  # The variance is taken for slightly more than the mean.
    assert poisson_at_most(level, mean) > service - slack
    assert poisson_at_most(level - 1, mean) < service + slack


def test_negative_binomial_demand_is_exact() -> None:
    # Mean 1, variance 2: geometric, P(D < n) = 1 - 2**-n.
    geometric = Units(1.0, 2.0)
    levels = [order_up_to(geometric, None, service=service) for service in (0.49, 0.51, 0.74, 0.76, 0.99)]
    assert levels == [0, 1, 1, 2, 6]


def test_the_service_level_follows_from_the_costs() -> None:
    assert Costs(margin=0.3, holding=0.001).service == pytest.approx(0.3 / 0.303)
    near = Units(20.0, 60.0)
    assert order_up_to(near, None) == order_up_to(near, None, service=Costs().service)


def test_goods_that_surely_sell_in_their_life_are_covered_like_others() -> None:
    assert order_up_to(Units(5.0, 6.0), Units(500.0, 600.0)) == order_up_to(Units(5.0, 6.0), None)


def test_the_last_unit_earns_what_it_risks() -> None:
    # Geometric demand until the next delivery, and twice that until the goods go out of date:
    # 0.3 / 2 - 0.7 / 4 is less than nothing, 0.5 / 2 - 0.5 / 4 is more, and a second unit earns half that.
    near, life = Units(1.0, 2.0), Units(2.0, 4.0)
    assert order_up_to(near, life, Costs(margin=0.3, waste=0.7)) == 0
    assert order_up_to(near, life, Costs(margin=0.5, waste=0.5)) == 1


def test_large_numbers_are_counted_in_lots_and_hardly_less_exact() -> None:
    level = order_up_to(Units(5000.0, 250_000.0), None, service=0.95)
    assert level == pytest.approx(5000 + 1.645 * 500, rel=0.02)


def test_a_service_level_of_one_is_as_much_as_can_be_reckoned() -> None:
    assert order_up_to(Units(1.0, 2.0), None, service=1.0) == 29


@given(st.floats(0.01, 900), st.floats(1, 50), st.floats(0.01, 0.999))
def test_more_service_never_keeps_less(mean: float, excess: float, service: float) -> None:
    near = Units(mean, mean * excess)
    assert order_up_to(near, None, service=service) <= order_up_to(near, None, service=service + 0.0005)


def test_what_will_spoil_before_the_delivery_is_known() -> None:
    ahead = [Units(2.0 * days, 0.0) for days in (1, 2, 3)]
    assert outdated([[5, 1], [3, 3]], [0, 0, 0], ahead, 7) == pytest.approx(3)
    assert outdated([[5, 3]], [0, 0, 0], ahead, 7) == 0


def test_what_spoils_on_the_day_of_the_delivery_itself_can_still_be_sold_on_it() -> None:
    ahead = [Units(1.0, 0.0), Units(2.0, 0.0)]
    assert outdated([[9, 1]], [0, 0], ahead, 7) == pytest.approx(8)
    assert outdated([[9, 2]], [0, 0], ahead, 7) == 0


def test_deliveries_are_sold_after_what_is_there() -> None:
    ahead = [Units(2.0 * days, 0.0) for days in (1, 2, 3)]
    assert outdated([[2, 1]], [4, 0, 0], ahead, 2) == pytest.approx(2)
