"""Round trips to the database, counted where the local cloud takes them in."""

from collections.abc import Callable
from typing import Any

from budgets.rows import Row
from budgets.stage import GOODS, Stage, Surprise
from dataio.cloudapi import CloudApi
from dataio.documents import Record, check, record_of, store
from dataio.sample import read
from gardenshop.cloud.clock import now_ms
from gardenshop.cloud.database import Database, get
from gardenshop.flows.garden_sync import sync_garden

IMPORTED = 100


def function_rows(stage: Stage) -> list[Row]:
    """Return what the functions of the main journey need, warm, and what feeding a garden needs."""

    def row(what: str, budget: int, action: Callable[[], object]) -> Row:
        return Row(f"round trips: {what}", _counted(stage, action), budget, "calls")

    stage.host.retire("recommend")
    told = [
        row("recommend, nothing kept", 1, lambda: stage.call("recommend")),
        row("recommend", 1, lambda: stage.call("recommend")),
        row("product_search", 1, lambda: stage.call("product_search", {"keyword": "豆腐"})),
        row("product_detail", 1, lambda: stage.call("product_detail", {"productId": "jujube"})),
        row("cart_add", 2, lambda: stage.call("cart_add", {"skuId": GOODS[2]})),
        row("cart_view", 2, lambda: stage.call("cart_view")),
        row("checkout_preview", 2, lambda: stage.call("checkout_preview")),
    ]
    wish = stage.wish(*GOODS)
    told.append(row("checkout of 5 lines", 4, lambda: stage.call("checkout", wish)))
    order = stage.order(*GOODS)
    told.append(row("pay_notify", 3, lambda: stage.pay(order)))
    feed = row("garden sync of 5 lines", 4, lambda: _feed_garden(stage.database(), order.number))
    return [*told, feed]


def import_rows(stage: Stage) -> list[Row]:
    """Return what storing new products, each with its stock, and reading them back needs."""
    records = _goods(IMPORTED)
    cloud = CloudApi(stage.access())

    def take_in() -> None:
        fates = {written.fate for written in store(cloud, records)}
        if fates != {"created"} or any(state != "as stated" for _, state in check(cloud, records)):
            raise Surprise(f"not every product was stored: {fates}")

    calls = _counted(stage, take_in)
    return [Row(f"round trips: import of {IMPORTED} products with stock", calls, 4, "calls")]


def _counted(stage: Stage, action: Callable[[], object]) -> int:
    before = stage.meter.calls
    action()
    return stage.meter.calls - before


def _feed_garden(db: Database, order_no: str) -> None:
    """Do what the outbox does for the order: read it, feed the garden, write the end."""
    order = db.one(get("orders", order_no))
    if order is None:
        raise Surprise(f"there is no order {order_no}")
    now = now_ms()
    db.write(*sync_garden(db, order, started=order["paidAt"], now=now))


def _goods(number: int) -> list[Record]:
    """Return *number* products of one SKU with their stock, made of a sample product."""
    sample = {record.collection: record.document for record in reversed(read(phone_hash_key="").records)}
    return [record for place in range(number) for record in _one_good(sample, f"bench-{place:03}")]


def _one_good(sample: dict[str, dict[str, Any]], key: str) -> list[Record]:
    product, stock, row = (sample[name] for name in ("products", "inventory", "stock_ledger"))
    sku = {**product["skus"][0], "skuId": key}
    return [
        record_of("products", {**product, "_id": key, "skus": [sku]}),
        record_of("inventory", {**stock, "_id": key, "productId": key}),
        record_of("stock_ledger", {**row, "_id": f"{key}:opening:bench", "skuId": key, "ref": "bench"}),
    ]
