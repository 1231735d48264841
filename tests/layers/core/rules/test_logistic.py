"""The fit: what it learns from rows, and how much of the prior stays."""

import math

import pytest

from gardenshop.rules.logistic import chance, fit

ONES = (1.0, 1.0, 1.0, 1.0)


def test_the_intercept_is_the_log_odds_of_what_happened() -> None:
    found = fit([ONES], [1, 1, 1, 0], ONES, prior=[0.0], ridge=1e-9)

    assert found == [pytest.approx(math.log(3), abs=1e-4)]


def test_a_weight_counts_as_so_many_rows() -> None:
    found = fit([ONES[:2]], [1, 0], [3, 1], prior=[0.0], ridge=1e-9)

    assert found == [pytest.approx(math.log(3), abs=1e-4)]


def test_a_column_that_tells_gets_the_difference() -> None:
    columns = [ONES * 2, (0.0,) * 4 + (1.0,) * 4]

    found = fit(columns, [1, 0, 0, 0, 1, 1, 1, 0], ONES * 2, prior=[0.0, 0.0], ridge=1e-9)

    assert found == [pytest.approx(-math.log(3), abs=1e-4), pytest.approx(2 * math.log(3), abs=1e-4)]


def test_a_strong_ridge_keeps_the_prior() -> None:
    assert fit([ONES], [1, 1, 1, 0], ONES, prior=[-2.0], ridge=1e9) == [pytest.approx(-2.0, abs=1e-6)]


def test_rows_that_are_told_apart_completely_still_get_finite_weights() -> None:
    found = fit([ONES, (1.0, 1.0, 0.0, 0.0)], [1, 1, 0, 0], ONES, prior=[0.0, 0.0], ridge=0.1)

    assert all(math.isfinite(value) for value in found)
    assert chance(found[0] + found[1]) > chance(found[0])


def test_a_bold_prior_does_not_throw_the_fit_off() -> None:
    """Where the prior is all but sure, a whole step of Newton's goes far beyond the best."""
    told = [1.0] * 40 + [0.0] * 60
    happened = ([1.0] * 20 + [0.0] * 20) + ([1.0] * 3 + [0.0] * 57)

    found = fit([[1.0] * 100, told], happened, [1.0] * 100, prior=[-12.0, 20.0], ridge=1e-6)

    assert found == [pytest.approx(math.log(3 / 57), abs=1e-3), pytest.approx(-math.log(3 / 57), abs=1e-3)]


def test_no_score_is_beyond_a_float() -> None:
    assert chance(1e6) == pytest.approx(1.0)
    assert chance(-1e6) == pytest.approx(0.0, abs=1e-12)
