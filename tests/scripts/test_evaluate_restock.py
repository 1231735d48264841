"""The restock evaluation: shelf, figures, and the policy on demand whose best answer is known."""

import csv
import gzip
import json
import os
import xml.etree.ElementTree as ET
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from evaluation import restock, restock_plot
from evaluation.restock_figures import Figures, Interval, cover_at, figures, interval
from evaluation.restock_policies import averaged, fixed, learnt
from evaluation.restock_series import Product, Window, read
from evaluation.restock_shelf import Result, replay
from gardenshop.rules.restock import decide

MONDAY = date(2026, 1, 5)
DATA = "EVALUATION_DATA"


def window(*products: Product, counts_from: int = 200) -> Window:
    return Window(MONDAY, counts_from, products)


def product(demand: Sequence[int], *, lead: int = 2, events: Mapping[int, str] | None = None) -> Product:
    return Product("p", 10.0, lead, tuple(demand), dict(events or {}))


def poisson(mean: float, days: int, *, seed: int) -> list[int]:
    chance = Random(seed)
    return [sum(chance.random() < mean / 200 for _ in range(200)) for _ in range(days)]


def always(units: int) -> Any:
    return lambda _: units


def up_to(level: int) -> Any:
    return lambda state: max(0, level - state["on_hand"] - state["on_order"])


def profit(series: Iterable[Product], make: Any, *, life: int | None = None) -> float:
    shop = window(*series)
    return figures([replay(shop, each, make(), life) for each in shop.products]).profit


def test_what_is_ordered_arrives_after_the_lead_time_and_the_rest_is_lost() -> None:
    shop = window(product([0] * 28 + [1] * 3 + [5] * 3, lead=1), counts_from=28)
    # At the start (2 weeks of nothing sold) one unit is there; three a day come from the second day on.
    result = replay(shop, shop.products[0], lambda state: 3 if state["today"] >= 28 else 0)

    assert result == Result(price=10.0, days=6, demand=18, sold=1 + 0 + 1 + 5 + 3 + 3, kept=0 + 0 + 2 + 0)


def test_a_policy_sees_sales_and_empty_shelves_never_lost_demand() -> None:
    seen: dict[str, Any] = {}
    shop = window(product([0] * 28 + [4, 0], lead=1), counts_from=28)
    replay(shop, shop.products[0], lambda state: seen.update(state) or 0)

    assert seen["sales"][-2:] == [1, 0]
    assert seen["stockout"][-3:] == [False, True, True]
    assert (seen["today"], seen["date"], seen["weekday"]) == (29, "2026-02-03", 1)


def test_units_past_their_life_are_thrown_away_the_oldest_sold_first() -> None:
    shop = window(product([0] * 30 + [1, 0, 0], lead=0), counts_from=30)
    result = replay(shop, shop.products[0], lambda state: 2 if state["today"] == 29 else 0, life=2)

    assert (result.sold, result.wasted, result.kept) == (1, 1, 1)


def test_figures_add_up() -> None:
    results = [Result(10.0, 10, demand=10, sold=8, wasted=2, kept=30), Result(20.0, 10, demand=10, sold=10)]

    found = figures(results)
    assert (found.fill, found.cover, found.waste) == (0.9, 1.5, 0.1)
    assert found.profit == pytest.approx((10 * (0.3 * 8 - 0.7 * 2 - 0.001 * 30) + 20 * 3) / 90)


def test_cover_is_read_between_the_points_and_not_beyond_them() -> None:
    points = [Figures(0.98, 9, 0, 0), Figures(0.9, 5, 0, 0)]
    assert cover_at(0.95, points) == pytest.approx(7.5)
    assert cover_at(0.99, points) is None


def test_an_interval_is_the_same_with_the_same_seed_and_holds_the_value() -> None:
    def value(chosen: Sequence[int]) -> float:
        return sum(chosen) / len(chosen)

    found = interval(value, 50, seed=3)
    assert found == interval(value, 50, seed=3)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 24.5 < found.high
    assert interval(lambda _: None, 5, seed=1) == Interval(None, None, None)


def test_learning_each_day_once_decides_as_learning_all_again() -> None:
    chance = Random(4)
    events = dict.fromkeys(range(205, 212), "A")
    shop = window(product([chance.randrange(6) for _ in range(240)], events=events))

    assert replay(shop, shop.products[0], learnt(None), 7) == replay(shop, shop.products[0], decide, 7)


def test_on_steady_demand_the_policy_earns_what_the_best_fixed_level_earns() -> None:
    series = [product(poisson(4, 400, seed=seed)) for seed in range(6)]
    best = max(profit(series, lambda n=level: up_to(n)) for level in range(10, 40, 2))

    assert profit(series, lambda: learnt(None)) > best - 0.01


def test_on_steady_demand_of_what_spoils_it_comes_near_the_best_fixed_level() -> None:
    series = [product(poisson(1.5, 400, seed=seed)) for seed in range(6)]
    best = max(profit(series, lambda n=level: up_to(n), life=4) for level in range(14))

    assert profit(series, lambda: learnt(None), life=4) > best - 0.07


def test_it_follows_a_rhythm_and_events_that_an_average_cannot() -> None:
    days = 400
    events = {day: "A" for day in range(days) if day // 7 % 5 == 0}
    series = [
        product(
            [units * (3 if day in events else 1) * (day % 7 > 4 or 1) for day, units in enumerate(demand)],
            events=events,
        )
        for demand in (poisson(3, days, seed=seed) for seed in range(6))
    ]

    assert profit(series, lambda: learnt(None)) > profit(series, lambda: averaged(1.645)) + 0.02
    assert profit(series, lambda: averaged(1.645)) > profit(series, lambda: fixed(2))


def test_the_plot_is_well_formed_and_names_its_lines() -> None:
    points = [Figures(fill, 30 * fill, 0, 0) for fill in (0.5, 0.9, 0.97)]
    drawn = ET.fromstring(restock_plot.svg("A & B", {"ours <": points}))

    assert {"A & B", "ours <"} <= {element.text for element in drawn.iter()}


def write(folder: Path, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with gzip.open(folder / name, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two products over 70 days, the last 21 of which count."""
    window_file = {"start": "2026-01-05", "days": 70, "eval_start": "2026-02-23"}
    (tmp_path / "window.json").write_text(json.dumps(window_file), "utf-8")
    columns = ("product_id", "list_price_cents", "lead_time_days")
    write(tmp_path, "products.csv.gz", columns, [("a", 250, 3), ("b", 100, 1)])
    days = [date.fromordinal(MONDAY.toordinal() + number).isoformat() for number in range(70)]
    sold = [(name, day, 2) for name in "ab" for day in days]
    write(tmp_path, "demand.csv.gz", ("product_id", "date", "units"), sold)
    write(tmp_path, "promos.csv.gz", ("product_id", "week_start", "flyer"), [("a", days[7], "D")])
    return tmp_path


def evaluate(*arguments: str) -> int:
    parser = ArgumentParser()
    restock.add_parser(parser.add_subparsers())
    options = parser.parse_args(["restock", *arguments])
    return int(options.run(options))


def test_a_folder_is_read(folder: Path) -> None:
    first, second = read(folder).products
    assert first == Product("a", 2.5, 3, (2,) * 70, dict.fromkeys(range(7, 14), "D"))
    assert (second.price, second.lead_days, second.events) == (1.0, 1, {})
    assert read(folder, limit=1).products == (first,)


def test_the_figures_of_all_policies_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(str(folder), "--json") == 0

    shown = json.loads(capsys.readouterr().out)
    assert [(row["policy"], row["shelfLife"]) for row in shown] == [
        (name, life) for life in (None, 7) for name in ("learnt", "(R,S) average", "fixed point")
    ]
    assert shown[0]["fill"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_the_frontier_is_shown_and_drawn(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = folder / "plot.svg"
    assert evaluate(str(folder), "--frontier", "--plot", str(plot), "--limit", "1") == 0

    assert "best profit" in capsys.readouterr().out
    assert plot.read_text("utf-8").count("<polyline") == 3


def test_where_there_is_nothing_to_replay_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(str(tmp_path)) == 2
    assert "no window.json" in capsys.readouterr().err


@pytest.mark.skipif(DATA not in os.environ, reason=f"{DATA} names no folder of histories")
def test_on_real_groceries_it_earns_more_than_an_average() -> None:
    shop = read(Path(os.environ[DATA]) / "cj/dev/restock", limit=40)
    ours = figures([replay(shop, each, learnt(None)) for each in shop.products])
    theirs = figures([replay(shop, each, averaged(1.645)) for each in shop.products])

    assert ours.profit > theirs.profit
