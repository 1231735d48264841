"""The budgets: arithmetic, table, JSON and exit code. What they measure on this machine is not asserted."""

import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

import bench
import bootstrap
import budgets
from budgets import Row, keeping, night, pricing, recommending, restocking, rush
from budgets.cold import CASES, Start, memory_rows, paired_ratio, time_rows
from budgets.measure import KINDS
from budgets.rows import show
from budgets.weight import size_mb

COLD = Row("cold start: cart_add", 1.5, 1.9, "×")
SLOW = Row("cold start: checkout", 1.9512, 1.9, "×")
SERVED = Row("point reads", 40.0, 40, "%", at_least=True)
TOLD = Row("cold start: order_pay", 2.4, None, "×")

Run = Callable[..., int]
Asked = tuple[list[str], int, int]
"""Kinds, runs and SKUs."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the script with arguments, in the environment that runs the tests."""

    def start(*arguments: str) -> int:
        monkeypatch.setattr(bootstrap, "enter", lambda: None)
        monkeypatch.setattr(sys, "argv", ["bench.py", *arguments])
        return bench.main()

    return start


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """Let nothing be measured; the list is what was asked for."""
    asked: list[Asked] = []

    def measure(kinds: Sequence[str], *, runs: int, skus: int) -> list[Row]:
        asked.append((list(kinds), runs, skus))
        return [COLD, SLOW] if "cold" in kinds else [SERVED, TOLD]

    monkeypatch.setattr(budgets, "measure", measure)
    return asked


@pytest.mark.parametrize(
    ("value", "at_least", "ok"),
    [(40.0, False, True), (40.1, False, False), (40.0, True, True), (39.9, True, False)],
)
def test_a_budget_holds_up_to_its_edge(value: float, at_least: bool, ok: bool) -> None:  # noqa: FBT001
    assert Row("x", value, 40, "%", at_least=at_least).ok is ok


def test_what_has_no_budget_is_only_told() -> None:
    assert TOLD.ok
    assert TOLD.limit == ""


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    assert paired_ratio([150.0, 900.0, 160.0], [100.0, 300.0, 100.0]) == 1.6


def test_the_memory_told_is_that_of_the_largest_function() -> None:
    starts = [Start(CASES[0], 1.5, 33.0), Start(CASES[1], 1.6, 50.0)]
    assert memory_rows(starts) == [Row("memory: profile_update, the largest", 50.0, 64, "MB")]
    assert time_rows(starts)[0] == Row("cold start: login", 1.5, 1.9, "×")


def test_every_member_function_is_started_cold() -> None:
    folder = bootstrap.ROOT / "functions"
    served = {
        path.parent.name for path in folder.glob("*/index.py") if "caller=MEMBER" in path.read_text("utf-8")
    }
    assert {case.function for case in CASES if case.budget} == served


def test_the_table_shows_each_value_beside_its_budget() -> None:
    text = io.StringIO()
    show([COLD, SLOW, SERVED, TOLD], as_json=False, console=Console(file=text, width=100))
    lines = [line.split("│")[1:-1] for line in text.getvalue().splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["cold start: cart_add", "1.5 ×", "≤ 1.9 ×", "ok"],
        ["cold start: checkout", "1.95 ×", "≤ 1.9 ×", "broken"],
        ["point reads", "40 %", "≥ 40 %", "ok"],
        ["cold start: order_pay", "2.4 ×", "", ""],
    ]


def test_programs_get_every_value_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    show([SERVED, TOLD], as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"what": "point reads", "measured": 40.0, "unit": "%", "budget": 40, "bound": "at least", "ok": True},
        {
            "what": "cold start: order_pay",
            "measured": 2.4,
            "unit": "×",
            "budget": None,
            "bound": None,
            "ok": True,
        },
    ]


def test_a_broken_budget_is_the_exit_code(run: Run, measured: list[Asked]) -> None:
    assert run("cold", "--runs", "3", "--json") == 1
    assert run("restock", "--skus", "9000", "--json") == 0
    assert measured == [(["cold"], 3, 4000), (["restock"], 7, 9000)]


def test_without_a_choice_everything_is_measured(run: Run, measured: list[Asked]) -> None:
    assert run("--json") == 1
    assert measured == [(list(KINDS), 7, restocking.MANY)]
    assert tuple(KINDS) == bench.KINDS


@pytest.mark.parametrize("arguments", [["warm"], ["--runs", "0"], ["--skus", "999"]])
def test_a_choice_that_is_none_is_refused(run: Run, measured: list[Asked], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        run(*arguments)
    assert refused.value.code == 2
    assert measured == []


def test_the_size_of_a_layer_counts_every_file(tmp_path: Path) -> None:
    (tmp_path / "package" / "__pycache__").mkdir(parents=True)
    (tmp_path / "package" / "module.py").write_bytes(b"x" * 1024 * 512)
    (tmp_path / "package" / "__pycache__" / "module.pyc").write_bytes(b"x" * 1024 * 1024)
    assert size_mb(tmp_path) == 1.5


def test_the_layers_are_weighed_from_end_to_end(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    if not bootstrap.layer_path("vendor").exists():
        pytest.skip("the layers are not installed: scripts/test.py does that")
    assert run("layers", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["what"], row["budget"], row["ok"]) == ("layers core and vendor, unpacked", 25, True)
    assert 5 < row["measured"] < 25


def test_a_rush_sells_what_there_is_and_keeps_the_laws() -> None:
    if not bootstrap.layer_path("vendor").exists():
        pytest.skip("the layers are not installed: scripts/test.py does that")

    found = {row.what: row for row in rush.rows(many=20, rounds=1, members=110)}

    assert found["rush: units sold of 100, in the worst round"].measured == 100
    assert found["rush: replies that were a fault of ours"].measured == 0
    assert found["rush: laws broken"].measured == 0
    assert found["rush: instances of checkout"].ok


@pytest.mark.parametrize(("least", "most", "ok"), [(100, 100, True), (99, 100, False), (100, 101, False)])
def test_neither_more_nor_fewer_units_are_sold(least: int, most: int, ok: bool) -> None:  # noqa: FBT001
    assert rush.exactly("sold", least, most, 100).ok is ok


def test_half_a_basket_is_priced_beside_a_whole_one() -> None:
    told, growth = pricing.rows(1)

    assert (told.budget, growth.unit) == (None, "×")
    assert told.measured > 0


def test_recommendations_are_timed_beside_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommending, "ORDERS", 4)
    monkeypatch.setattr(recommending, "PRODUCTS", 2_000)

    told, catalogue, history = recommending.rows(1)

    assert (told.budget, told.unit) == (None, "ms")
    assert (catalogue.budget, history.budget) == (recommending.BUDGET, recommending.HISTORY_BUDGET)
    assert all(row.measured > 0 for row in (told, catalogue, history))


def test_every_sku_of_both_stocks_is_checked_on_every_day() -> None:
    if not bootstrap.layer_path("vendor").exists():
        pytest.skip("the layers are not installed: scripts/test.py does that")
    found = restocking.rows(1, few=5, many=50)

    assert [row.what for row in found[1:]] == [
        "restock check: ticks, 50 SKUs",
        "restock check: time a SKU, 10 × SKUs",
        "restock check: memory, 10 × SKUs",
        "restock check: memory",
    ]
    assert all(row.measured > 0 for row in found)
    assert (found[1].measured, found[4].ok) == (1, True)


def test_a_preparation_is_timed_beside_one_of_half_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night, "LINES", 4_000)
    monkeypatch.setattr(night, "PRODUCTS", 300)

    told, growth, memory = night.rows()

    assert (told.budget, told.unit) == (None, "s")
    assert (growth.budget, memory.budget) == (night.BUDGET, night.MEMORY_BUDGET_MB)
    assert told.what == "preparation: 4,000 lines, 300 products"
    assert all(row.measured > 0 for row in (told, growth))
    assert memory.measured > 0 or sys.platform == "win32"


def test_the_documents_of_the_backup_are_written_whole() -> None:
    whole = keeping.cost(1200)

    assert whole.seconds > 0
    assert (
        len(keeping._Ledger(7)._page({"find": "points_ledger", "filter": {"_id": {"$gt": ""}}, "limit": 9}))
        == 7
    )
