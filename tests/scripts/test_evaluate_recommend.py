"""The judging of recommendations: what is read, the arithmetic of the scores, the table, JSON and picture."""

import csv
import gzip
import io
import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

import bootstrap
import evaluate
from evaluation.recommend_judging import Ahead, Result, ahead, judge
from evaluation.recommend_report import picture, show
from evaluation.recommend_rivals import OURS, RIVALS, Rival, popular, recommend_habit
from evaluation.recommend_scores import Gain, Score, Scored, lead, score, summary
from evaluation.recommend_shop import Case, Unusable, read_shop

Run = Callable[..., int]
DATA = "EVALUATION_DATA"

CATALOGUE: list[dict[str, Any]] = [
    {"product_id": each, "department": "food", "category": "soy", "type": each.split("-")[0], "brand": "",
     "size": "", "list_price_cents": 100}
    for each in ("tofu-firm", "tofu-soft", "tea-green")
]  # fmt: skip
ORDERS: list[dict[str, Any]] = [
    {"user_id": "u1", "date": day, "product_id": product, "quantity": 1, "paid_cents": 90}
    for day, product in (
        ("2026-01-01", "tofu-firm"),
        ("2026-01-08", "tofu-firm"),
        ("2026-01-08", "tofu-soft"),
        ("2026-02-02", "tofu-firm"),
        ("2026-02-02", "tea-green"),
    )
]
CASES: list[dict[str, Any]] = [
    {"case_id": "c1", "user_id": "u1", "cutoff": "2026-02-01", "target_date": "2026-02-02"}
]
TARGETS: list[dict[str, Any]] = [
    {"case_id": "c1", "product_id": "tofu-firm"},
    {"case_id": "c1", "product_id": "tea-green"},
]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A shop with one member and one case."""
    tables = {"catalogue": CATALOGUE, "orders": ORDERS, "cases": CASES, "targets": TARGETS}
    for name, rows in tables.items():
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return tmp_path


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the script with arguments, in the environment that runs the tests."""

    def start(*arguments: str) -> int:
        monkeypatch.setattr(bootstrap, "enter", lambda: None)
        monkeypatch.setattr(sys, "argv", ["evaluate.py", *arguments])
        return evaluate.main()

    return start


def test_a_hit_on_top_is_worth_more_than_one_below() -> None:
    assert score(["a", "x", "y"], {"a"}) == Score(1.0, 1.0, 1.0)
    assert score(["x", "a", "y"], {"a"}) == Score(1 / math.log2(3), 1.0, 1.0)


def test_the_best_list_is_as_long_as_what_was_bought() -> None:
    assert score(["a", "b", "x"], {"a", "b"}) == Score(1.0, 1.0, 1.0)
    assert score(["x", "y", "z"], {"a", "b"}) == Score(0.0, 0.0, 0.0)


def test_only_the_first_k_count() -> None:
    assert score(["x", "a"], {"a"}, k=1) == Score(0.0, 0.0, 0.0)


def test_the_mean_is_over_cases_and_the_interval_over_members() -> None:
    good, bad = Score(1.0, 1.0, 1.0), Score(0.0, 0.0, 0.0)

    alike = summary([("u1", good), ("u1", bad), ("u2", good), ("u2", bad)])
    unlike = summary([("u1", good), ("u1", good), ("u2", bad), ("u2", bad)])

    assert alike.mean == unlike.mean == Score(0.5, 0.5, 0.5)
    assert (alike.ndcg_within, unlike.ndcg_within) == (0.0, 0.5)


def test_a_lead_is_of_the_same_members_so_what_they_have_in_common_does_not_widen_it() -> None:
    theirs = [(f"u{place}", Score(place / 10, place / 10, float(place > 5))) for place in range(10)]
    ours = [(who, Score(each.ndcg + 0.25, each.recall, each.hit)) for who, each in theirs]

    found = lead(ours, theirs)

    assert [round(end, 9) for end in found.ndcg] == [0.25, 0.25, 0.25]
    assert found.recall == found.hit == Gain(0.0, 0.0, 0.0)


def test_a_lead_that_differs_by_member_has_an_interval_and_a_sign() -> None:
    nothing = Score(0.0, 0.0, 0.0)
    theirs = [(f"u{place}", nothing) for place in range(40)]
    ours = [(who, Score(float(place % 2), 0.0, 0.0)) for place, (who, _) in enumerate(theirs)]

    found, turned = lead(ours, theirs), lead(theirs, ours)

    assert found.ndcg.value == 0.5
    assert 0.3 < found.ndcg.low < 0.5 < found.ndcg.high < 0.7
    assert turned.ndcg == Gain(-0.5, -found.ndcg.high, -found.ndcg.low)


def test_scores_of_other_cases_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        lead([("u1", Score(0.0, 0.0, 0.0))], [])


def test_the_best_rival_is_another_for_another_measure() -> None:
    def result(rival: str, ndcg: float, recall: float) -> Result:
        scores: list[Scored] = [("u1", Score(ndcg, recall, 1.0)), ("u2", Score(ndcg, recall, 1.0))]
        return Result(rival, "next", summary(scores), 0.0, 0.0, 0, scores)

    found = ahead([result("one", 0.5, 0.25), result("two", 0.25, 0.5), result(OURS, 0.75, 0.5)])

    assert found == [
        Ahead("next", "ndcg", "one", Gain(0.25, 0.25, 0.25)),
        Ahead("next", "recall", "two", Gain(0.0, 0.0, 0.0)),
        Ahead("next", "hit", "one", Gain(0.0, 0.0, 0.0)),
    ]
    assert ahead([result(OURS, 1.0, 1.0)]) == []


def test_a_folder_is_read_with_visits_by_user_and_day(folder: Path) -> None:
    shop = read_shop(folder)

    assert [(order["date"], len(order["items"])) for order in shop.orders] == [
        ("2026-01-01", 1),
        ("2026-01-08", 2),
        ("2026-02-02", 2),
    ]
    assert shop.cases == [Case("u1", "2026-02-01", "2026-02-02", frozenset({"tofu-firm", "tea-green"}))]


def test_nothing_from_the_cutoff_on_is_known_at_it(folder: Path) -> None:
    orders, mine = read_shop(folder).known("2026-02-01")

    assert [order["date"] for order in orders] == ["2026-01-01", "2026-01-08"]
    assert mine == {"u1": orders}


def test_by_type_the_units_of_its_products_add_up(folder: Path) -> None:
    shop = read_shop(folder, by_type=True)

    assert [row["product_id"] for row in shop.catalogue] == ["type tofu", "type tea"]
    assert shop.orders[1]["items"] == [{"product_id": "type tofu", "quantity": 2, "paid_cents": 180}]
    assert shop.cases[0].bought == {"type tofu", "type tea"}


def test_a_new_product_is_asked_for_beside_all_she_has_had(folder: Path) -> None:
    asked = []

    def recommend(user_history: Any, prepared: Any, k: int, now: str) -> list[str]:  # noqa: ARG001
        asked.append((len(user_history), k, now))
        return ["tofu-firm", "tofu-soft", "tea-green"]

    results = judge(
        read_shop(folder), ("next", "new"), rivals=[Rival("fixed", popular, recommend)], quiet=True
    )

    assert asked == [(2, 10, "2026-02-02"), (2, 12, "2026-02-02")]
    assert [(each.task, each.summary.cases) for each in results] == [("next", 1), ("new", 1)]
    assert results[1].summary.mean == Score(1.0, 1.0, 1.0)


def test_habit_puts_what_is_bought_often_and_lately_first(folder: Path) -> None:
    shop = read_shop(folder)
    orders, mine = shop.known("2026-02-01")

    best = recommend_habit(mine["u1"], popular(orders, shop.catalogue), 10, "2026-02-02")

    assert best == ["tofu-firm", "tofu-soft", "tea-green"]


def test_every_rival_is_judged_at_every_task(folder: Path) -> None:
    results = judge(read_shop(folder), ("next", "new"), quiet=True)

    assert [(each.rival, each.task) for each in results] == [
        (rival.name, task) for rival in RIVALS for task in ("next", "new")
    ]


def test_the_script_prints_json_and_draws(folder: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    plot = folder / "figures.svg"

    code = run("recommend", str(folder), "--tasks", "next", "--json", "--plot", str(plot))

    told = json.loads(capsys.readouterr().out)
    rows = told["results"]
    assert code == 0
    assert [(each["task"], each["measure"]) for each in told["ahead"]] == [
        ("next", measure) for measure in Score._fields
    ]
    assert [(row["rival"], row["task"], row["cases"]) for row in rows] == [
        (rival.name, "next", 1) for rival in RIVALS
    ]
    assert all(0 <= row["ndcg"] <= 1 for row in rows)
    assert len([each for each in ET.fromstring(plot.read_text("utf-8")) if each.tag.endswith("rect")]) == 3


def test_the_table_names_every_rival(folder: Path) -> None:
    results = judge(read_shop(folder), ("next",), quiet=True)
    out = io.StringIO()

    show(results, ahead(results), as_json=False, console=Console(file=out, width=140))

    assert all(rival.name in out.getvalue() for rival in RIVALS)
    assert "next, ndcg: ahead of popularity by +0.0000 [+0.0000, +0.0000]" in out.getvalue()


def test_a_picture_of_nothing_is_still_a_picture() -> None:
    assert ET.fromstring(picture([])).tag.endswith("svg")


def test_a_folder_without_a_file_is_refused(
    folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "cases.csv.gz").unlink()

    assert run("recommend", str(folder)) == 2
    assert "cases.csv.gz is missing" in capsys.readouterr().err


def test_a_file_without_a_column_is_refused(folder: Path) -> None:
    with gzip.open(folder / "targets.csv.gz", "wt", encoding="utf-8") as file:
        file.write("case_id\nc1\n")

    with pytest.raises(Unusable, match=r"targets\.csv\.gz lacks product_id"):
        read_shop(folder)


def test_an_unknown_task_is_refused(folder: Path, run: Run) -> None:
    with pytest.raises(SystemExit):
        run("recommend", str(folder), "--tasks", "old")


@pytest.mark.skipif(DATA not in os.environ, reason=f"{DATA} names no folder of real histories")
def test_on_real_orders_what_is_learnt_beats_habit_and_popularity() -> None:
    shop = read_shop(Path(os.environ[DATA]) / "cj" / "dev" / "rec", by_type=True)

    popular, habit, learnt = judge(shop, ("next",), limit=200, quiet=True)

    assert popular.summary.mean.ndcg < habit.summary.mean.ndcg < learnt.summary.mean.ndcg
