"""scripts/data.py restock: an order for each supplier, of what is suggested and paid for."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataio.cli import run
from dataio.supplying import write_csv
from functions.builders import NOW, inventory, rule
from gardenshop.cloud.database import Database
from gardenshop.flows import supplying
from gardenshop.flows.supplying import Line, SupplierOrder, supplier_orders
from harness import ENV, Shop, open_shop
from localcloud.adapter import EngineAdapter

NOTHING = {"low": [0], "expected": [0], "high": [0]}


@pytest.fixture(name="shop")
def _shop() -> Iterator[Shop]:
    """Goods from north and south, and salt from nobody; the rice is beyond the budget."""
    with open_shop() as shop:
        suggest(shop, "tofu-500g", 30, supplier="north")
        suggest(shop, "rice-5kg", 5, supplier="north", withinBudget=False)
        suggest(shop, "soy-1kg", 12, supplier="north", costFen=6_000, arrivesOn="2026-12-02")
        suggest(shop, "tea-500g", 8, supplier="south")
        suggest(shop, "salt-500g", 9)
        shop.add("inventory", inventory("enough-500g", 500))
        shop.add("business_rules", rule("restock", {"suppliers": {"north": {"minOrderFen": 20_000}}}))
        yield shop


def suggest(shop: Shop, sku_id: str, quantity: int, *, supplier: str = "", **changes: Any) -> None:
    suggestion = {
        "suggestionId": f"{sku_id}:2026-11-23",
        "quantity": quantity,
        "reasons": ["缺货", "补足"],
        "costFen": quantity * 100,
        "gainFen": 0,
        "returnBp": 0,
        "withinBudget": True,
        "arrivesOn": "2026-11-30",
        "projection": {"from": "2026-11-23", "stepDays": 1, "ordered": NOTHING, "unordered": NOTHING},
        "at": NOW,
        **changes,
    }
    named = {"supplier": {"supplierId": supplier, "name": f"{supplier}仓"}} if supplier else {}
    shop.add("inventory", inventory(sku_id, 1, suggestion=suggestion, **named))


def orders(shop: Shop) -> list[SupplierOrder]:
    return supplier_orders(Database(EngineAdapter(shop.engine, ENV)))


def line(sku_id: str, quantity: int, cost_fen: int, arrives_on: str = "2026-11-30") -> Line:
    return Line(sku_id, quantity, cost_fen, arrives_on, ("缺货", "补足"))


def test_suggestions_are_gathered_by_supplier(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplying, "PAGE", 2)
    soy = line("soy-1kg", 12, 6_000, "2026-12-02")

    assert orders(shop) == [
        SupplierOrder("", "", 0, [line("salt-500g", 9, 900)]),
        SupplierOrder("north", "north仓", 20_000, [soy, line("tofu-500g", 30, 3_000)], ["rice-5kg"]),
        SupplierOrder("south", "south仓", 0, [line("tea-500g", 8, 800)]),
    ]


def test_an_order_sums_up_its_lines_and_what_lacks_to_the_minimum(shop: Shop) -> None:
    _, north, south = orders(shop)

    assert (north.units, north.cost_fen, north.arrives_on) == (42, 9_000, "2026-12-02")
    assert (north.missing_fen, south.missing_fen) == (11_000, 0)
    assert SupplierOrder("n", "n", 500, [], ["rice-5kg"]).missing_fen == 0


def test_a_spreadsheet_gets_a_row_a_line(shop: Shop, tmp_path: Path) -> None:
    write_csv(tmp_path / "orders.csv", orders(shop))

    with (tmp_path / "orders.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sku_id"] for row in rows] == ["salt-500g", "soy-1kg", "tofu-500g", "tea-500g"]
    assert rows[2] == {
        "supplierId": "north",
        "supplier": "north仓",
        "sku_id": "tofu-500g",
        "quantity": "30",
        "cost_fen": "3000",
        "arrives_on": "2026-11-30",
        "reasons": "缺货；补足",
    }


@pytest.fixture(name="reached")
def _reached(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command reach the shop without a cloud in between."""
    for name in ("TCB_ENV", "TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setattr("dataio.cli.CloudApi", lambda _: EngineAdapter(shop.engine, ENV))


@pytest.mark.usefixtures("reached")
def test_the_orders_are_printed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["restock", "--json"], description="") == 0

    north = json.loads(capsys.readouterr().out)["orders"][1]
    assert {name: value for name, value in north.items() if name != "lines"} == {
        "supplierId": "north",
        "name": "north仓",
        "units": 42,
        "costFen": 9_000,
        "minOrderFen": 20_000,
        "missingFen": 11_000,
        "arrivesOn": "2026-12-02",
        "heldBack": ["rice-5kg"],
    }
    assert north["lines"][1] == {
        "skuId": "tofu-500g",
        "quantity": 30,
        "costFen": 3_000,
        "arrivesOn": "2026-11-30",
        "reasons": ["缺货", "补足"],
    }


@pytest.mark.usefixtures("reached")
def test_the_orders_are_shown_to_people(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["restock", "--csv", str(tmp_path / "orders.csv")], description="") == 0

    shown = capsys.readouterr().out
    assert "¥110.00 short of the minimum, ¥200.00" in shown
    assert "beyond the budget: rice-5kg" in shown
    assert "3 suppliers, ¥107.00." in shown
    assert (tmp_path / "orders.csv").exists()
