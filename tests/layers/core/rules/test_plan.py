"""The plan of a month: none before it begins, a straight climb, and the last rates for good."""

import pytest

from gardenshop.rules.plan import targets_of
from gardenshop.rules.policies.plan import PlanPolicy


@pytest.mark.parametrize(
    ("month", "targets"),
    [
        ("2026-10", {}),
        ("2026-11", {"repurchaseBp": 2000, "retentionBp": 3000}),
        ("2026-12", {"repurchaseBp": 2250, "retentionBp": 3333}),
        ("2027-11", {"repurchaseBp": 5000, "retentionBp": 7000}),
        ("2030-01", {"repurchaseBp": 5000, "retentionBp": 7000}),
    ],
)
def test_rates_climb_by_the_month(month: str, targets: dict[str, int]) -> None:
    assert targets_of(PlanPolicy(), month) == targets


def test_what_is_to_be_sold_is_said_where_it_is_planned() -> None:
    plan = PlanPolicy(gmv_fen={"2026-12": 900_000})

    assert targets_of(plan, "2026-12")["gmvFen"] == 900_000
    assert "gmvFen" not in targets_of(plan, "2027-01")
