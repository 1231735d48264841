"""The plan's claims: who is asked, what counts, how sure the figure is, and what is said of it."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import bootstrap
import evaluate
from evaluation import claims as command
from evaluation.claims_figures import Claim, Past, claims, interval
from gardenshop.cloud.clock import DAY

NOW = 1_795_406_400_000
Run = Callable[..., int]


def came(user_id: str, days: float = 0) -> dict[str, Any]:
    return {"_id": user_id, "createdAt": NOW + round(days * DAY)}


def order(user_id: str, days: float, *products: str, **changes: Any) -> dict[str, Any]:
    lines = [{"productId": each} for each in products]
    fields = {"userId": user_id, "status": "completed", "createdAt": NOW + round(days * DAY), "lines": lines}
    return {"_id": f"{user_id}:{days}", **fields, **changes}


def shown(user_id: str, days: float, product: str) -> dict[str, Any]:
    at = NOW + round(days * DAY)
    return {"_id": f"{user_id}:{days}", "userId": user_id, "type": "exposure", "productId": product, "at": at}


def figures(**past: list[dict[str, Any]]) -> dict[str, tuple[int, float | None]]:
    found = claims(Past(*(past.get(name, []) for name in ("users", "orders", "meals", "events"))))
    return {each.name: (each.n, each.value) for each in found}


LATE = order("nobody", 400, status="cancelled")
"""So long goes what is known."""


@pytest.mark.parametrize(
    ("days", "stayed"), [(29.9, 0.0), (30, 1.0), (59.9, 1.0), (60, 0.0)], ids=["29", "30", "59", "60"]
)
def test_she_stayed_who_did_something_in_her_second_month(days: float, stayed: float) -> None:
    users = [came("u1")]
    meal = {"_id": "m", "userId": "u1", "source": "member", "createdAt": NOW + round(days * DAY)}
    event = {**shown("u1", days, "tofu"), "type": "search"}

    for acts in ({"orders": [order("u1", days, "tofu"), LATE]}, {"meals": [meal]}, {"events": [event]}):
        assert figures(**{"users": users, "orders": [LATE], **acts})["retention"] == (1, stayed)


def test_what_the_shop_writes_down_is_nothing_she_did() -> None:
    meal = {"_id": "m", "userId": "u1", "source": "shop", "createdAt": NOW + 40 * DAY}

    assert figures(users=[came("u1")], orders=[LATE], meals=[meal])["retention"] == (1, 0.0)


def test_a_month_that_is_not_over_asks_nobody() -> None:
    assert figures(users=[came("u1"), came("u2", -30)], orders=[order("x", 59, "tofu")])["retention"] == (
        1,
        0.0,
    )


@pytest.mark.parametrize(
    ("others", "found"),
    [([90], (1, 1.0)), ([91], (1, 0.0)), ([], (1, 0.0)), ([1, 2], (1, 1.0))],
    ids=str,
)
def test_she_bought_again_within_ninety_days(others: list[float], found: tuple[int, float]) -> None:
    orders = [order("u1", 0, "tofu"), *(order("u1", days, "tofu") for days in others), LATE]

    assert figures(orders=orders)["repurchase"] == found


def test_orders_that_came_to_nothing_and_first_orders_of_late_do_not_count() -> None:
    orders = [
        order("u1", 0, "tofu"),
        order("u1", 9, "tofu", status="refunded"),
        order("u2", 311, "tofu"),
        LATE,
    ]

    assert figures(orders=orders)["repurchase"] == (1, 0.0)


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([shown("u1", 3, "tofu")], (1, 1.0)),
        ([shown("u1", 3, "tea")], (1, 0.0)),
        ([shown("u1", 2.9, "tofu")], (0, None)),
        ([shown("u1", 10.1, "tofu")], (0, None)),
        ([shown("u2", 3, "tofu")], (0, None)),
        ([{**shown("u1", 3, "tofu"), "type": "view"}], (0, None)),
    ],
    ids=["bought", "not bought", "long ago", "afterwards", "another's", "not a list"],
)
def test_a_list_was_right_for_who_bought_of_it_within_a_week(
    events: list[dict[str, Any]], found: tuple[int, float | None]
) -> None:
    assert figures(orders=[order("u1", 10, "tofu")], events=events)["recommendation"] == found


def test_a_member_is_asked_once_and_a_gift_is_not_bought() -> None:
    gift = order("u1", 3)
    gift["lines"] = [{"productId": "tofu", "gift": True}]
    orders = [gift, order("u1", 4, "tofu"), order("u1", 5, "tea")]

    assert figures(orders=[gift], events=[shown("u1", 2, "tofu")])["recommendation"] == (1, 0.0)
    assert figures(orders=orders, events=[shown("u1", 2, "tofu")])["recommendation"] == (1, 1.0)


def test_the_interval_is_wilsons() -> None:
    assert interval(10, 100) == pytest.approx((0.0552, 0.1744), abs=0.0001)
    assert interval(0, 10) == pytest.approx((0.0, 0.2775), abs=0.0001)
    assert interval(10, 10) == pytest.approx((0.7225, 1.0), abs=0.0001)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.7, 0.8, "reached"), (0.6, 0.69, "not reached"), (0.6, 0.7, "open"), (None, None, "not known")],
)
def test_the_verdict_says_no_more_than_the_interval(
    low: float | None, high: float | None, verdict: str
) -> None:
    assert Claim("retention", "", 0.3, 0.7, 9, 0.65, low, high).verdict == verdict
    assert Claim("recommendation", "", None, None, 9, 0.65, low, high).verdict == "no goal"


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the script with arguments, in the environment that runs the tests."""

    def start(*arguments: str) -> int:
        monkeypatch.setattr(bootstrap, "enter", lambda: None)
        monkeypatch.setattr(sys, "argv", ["evaluate.py", "claims", *arguments])
        return evaluate.main()

    return start


def test_an_export_is_read_and_one_that_lacks_a_file_is_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = {
        "users": [came("u1")],
        "orders": [order("u1", 0, "tofu"), order("u1", 40, "tofu"), LATE],
        "meals": [],
        "user_events": [shown("u1", -1, "tofu")],
    }
    for name, rows in stored.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")

    assert run(str(tmp_path), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["name"], each["n"], each["value"], each["verdict"]) for each in told] == [
        ("recommendation", 1, 1.0, "no goal"),
        ("retention", 1, 1.0, "open"),
        ("repurchase", 1, 1.0, "open"),
    ]
    (tmp_path / "meals.jsonl").unlink()
    assert run(str(tmp_path)) == 2
    assert "meals.jsonl is missing" in capsys.readouterr().err


def test_the_table_shows_plan_figure_interval_and_how_many() -> None:
    console = Console(file=io.StringIO(), width=160)

    command.show(
        claims(Past([came("u1")], [order("u1", 40, "tofu"), LATE], [], [])), as_json=False, console=console
    )

    text = console.file.getvalue()  # type: ignore[attr-defined]  # A StringIO.
    assert "30% → 70%" in text
    assert "100.0% [20.7%, 100.0%]" in text
    assert "no goal" in text
