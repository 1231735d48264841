"""The back-test on a shop's own past: what the ledger tells, and the policy beside people on it."""

import json
import xml.etree.ElementTree as ET
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluation import backtest
from evaluation.backtest_history import History, history
from evaluation.restock_shelf import Result
from functions.builders import Document, document, inventory, product, promotion, sku
from gardenshop.cloud.clock import start_of
from harness import ENV, open_shop
from localcloud.adapter import EngineAdapter

FIRST = date(2026, 8, 3)
"""A Monday."""

Shop = dict[str, list[Document]]
NONE: Shop = {"products": [], "promotions": [], "inventory": [], "stock_ledger": []}


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def entry(sku_id: str, number: int, reason: str, **deltas: int) -> Document:
    """Return a row of the ledger of a day."""
    row = {"skuId": sku_id, "reason": reason, "ref": str(number), "actor": "platform", "day": day(number)}
    return document("stock_ledger", id=f"{sku_id}:{reason}:{number}", deltas=deltas, **row)


def selling(name: str, days: int, *, every: int, units: int, daily: int = 4) -> Shop:
    """Return a shop of one SKU that is asked for *daily*, and gets *units* every so many days."""
    sku_id, held, rows = f"{name}-500g", 0, list[Document]()
    for number in range(days):
        if number % every == 0:
            rows.append(entry(sku_id, number, "receive", onHand=units, available=units))
            held += units
        if sold := min(held, daily):
            rows.append(entry(sku_id, number, "commit", onHand=-sold, available=-sold))
            held -= sold
    supplier = {"supplierId": "s", "name": "s", "costFen": 700}
    reorder = {"leadDays": 2, "packMultiple": 5}
    return {
        "products": [product(name, skus=[sku(sku_id, priceFen=1000)])],
        "promotions": [],
        "inventory": [inventory(sku_id, held, supplier=supplier, reorder=reorder)],
        "stock_ledger": rows,
    }


def past(*shops: Shop, counts_from: date | None = None) -> History:
    found = history(lambda name: [each for shop in shops for each in shop[name]], counts_from=counts_from)
    assert found is not None
    return found


def test_what_people_did_is_read_from_the_ledger() -> None:
    (only,) = past(selling("tofu", 80, every=10, units=50)).pasts

    # Ten days take 40 of each 50: the 40 left over when counting begins grow by ten every ten days.
    kept = sum(40 + 10 * (number // 10) + 46 - 4 * (number % 10) for number in range(40))
    assert only.people == Result(10.0, 40, demand=160, sold=160, kept=kept)
    assert only.product.demand == (4,) * 80
    assert (only.product.lead_days, only.unit_cost, only.pack) == (2, 7.0, 5)


def test_what_lacked_is_estimated_by_the_days_before() -> None:
    (only,) = past(selling("tofu", 80, every=10, units=32)).pasts

    assert only.people.sold == 32 * 4
    assert only.people.demand == pytest.approx(160, rel=0.1)
    assert only.people.kept == 4 * (28 + 24 + 20 + 16 + 12 + 8 + 4)


def test_what_was_thrown_away_is_waste_and_rows_that_never_happened_are_nothing() -> None:
    shop = selling("tofu", 80, every=10, units=50)
    rows = [
        entry("tofu-500g", 60, "damage", available=-3, damaged=3),
        entry("tofu-500g", 61, "damage", onHand=-2, available=-2),
        {**entry("tofu-500g", 62, "receive", onHand=900, available=900), "state": "refused"},
    ]
    (before,) = past(shop).pasts
    (only,) = past({**shop, "stock_ledger": [*shop["stock_ledger"], *rows]}).pasts

    assert only.people.wasted == 5
    assert only.people.kept == before.people.kept - 2 * 19


def test_promotions_are_the_events_of_the_past() -> None:
    shop = selling("tofu", 80, every=10, units=50)
    when: Any = {"startAt": start_of(day(60)), "endAt": start_of(day(62))}
    shop["promotions"].append(promotion(scope={"productIds": ["tofu"]}, **when))

    (only,) = past(shop).pasts

    assert only.product.events == {60: "amount_off", 61: "amount_off"}


def test_what_came_too_late_is_left_out_and_counted() -> None:
    late = selling("rice", 80, every=10, units=50)
    late["stock_ledger"] = [row for row in late["stock_ledger"] if row["day"] > day(20)]

    found = past(selling("tofu", 80, every=10, units=50), late)

    assert ([each.product.product_id for each in found.pasts], found.late) == (["tofu-500g"], 1)


@pytest.mark.parametrize("days", [1, 55])
def test_a_short_past_says_nothing(days: int) -> None:
    shop = selling("tofu", days, every=10, units=50)
    assert history(shop.__getitem__) is None
    assert history(NONE.__getitem__) is None


def test_the_days_that_count_may_be_named() -> None:
    shop = selling("tofu", 80, every=10, units=50)
    assert past(shop, counts_from=FIRST + timedelta(days=70)).window.counts_from == 70
    assert history(shop.__getitem__, counts_from=FIRST + timedelta(days=27)) is None


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Tofu that often lacks, a document a line; and rice of which there is too much."""
    shops = [selling("tofu", 100, every=10, units=30), selling("rice", 100, every=50, units=400)]
    for name in NONE:
        lines = [json.dumps(each) for shop in shops for each in shop[name]]
        (tmp_path / f"{name}.json").write_text("\n".join(lines), "utf-8")
    return tmp_path


@pytest.fixture(name="evaluate")
def _evaluate(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the command and return its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        parser = ArgumentParser()
        backtest.add_parser(parser.add_subparsers())
        options = parser.parse_args(["backtest", *arguments])
        code = int(options.run(options))
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def test_the_policy_keeps_less_and_lacks_less(folder: Path, evaluate: Any) -> None:
    code, printed = evaluate(str(folder), "--json")
    shown = json.loads(printed)

    assert (code, shown["countsFrom"], shown["skus"], shown["late"]) == (0, day(50), 2, 0)
    assert shown["people"]["fill"]["value"] < 0.9
    assert shown["policy"]["fill"]["value"] > 0.98
    assert shown["difference"]["lost units"]["value"] < -20
    assert shown["difference"]["money bound"]["value"] < 0
    gap = shown["policy"]["cover"]["value"] - shown["people"]["cover"]["value"]
    assert shown["difference"]["cover"]["value"] == pytest.approx(gap)


def test_it_is_shown_to_people_and_drawn(folder: Path, evaluate: Any) -> None:
    code, printed = evaluate(str(folder), "--plot", str(folder / "plot.svg"))

    assert code == 0
    assert "2 SKUs from 2026-09-22 on; 0 came too late to count." in printed
    assert {"people", "policy"} <= {each.text for each in ET.parse(folder / "plot.svg").iter()}


def test_an_array_and_a_cloud_are_read_as_well(
    folder: Path, evaluate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, by_lines = evaluate(str(folder), "--json")
    monkeypatch.setattr(backtest, "_PAGE", 7)
    for name in ("TCB_ENV", "TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY"):
        monkeypatch.setenv(name, "x")
    with open_shop() as shop:
        for name in NONE:
            lines = (folder / f"{name}.json").read_text("utf-8").splitlines()
            for line in lines:
                shop.add(name, json.loads(line))
            (folder / f"{name}.json").write_text(f"[{','.join(lines)}]", "utf-8")
        monkeypatch.setattr(backtest, "CloudApi", lambda _: EngineAdapter(shop.engine, ENV))
        _, by_cloud = evaluate("--json")
    _, by_array = evaluate(str(folder), "--json")

    assert by_array == by_lines
    assert json.loads(by_cloud)["people"]["fill"] == json.loads(by_lines)["people"]["fill"]


def test_where_there_is_no_past_it_says_so(tmp_path: Path, evaluate: Any) -> None:
    assert evaluate(str(tmp_path))[0] == 2
    for name in NONE:
        (tmp_path / f"{name}.json").write_text("", "utf-8")
    code, printed = evaluate(str(tmp_path))
    assert (code, "too short" in printed) == (2, True)
