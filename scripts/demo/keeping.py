"""The shop is kept: goods arrive, a price is corrected, and the trail of it all is whole."""

from demo import notes
from demo.cast import OPERATOR
from demo.stage import Stage
from gardenshop.rules.audit_chain import Chain

SKU, PRODUCT = "daylily-250g", "daylily"


def keep(stage: Stage) -> None:
    """The operator receives stock and corrects a price; both are in the trail, which nobody has touched."""
    before = stage.one("inventory", SKU)
    receipt = {"action": "receive", "skuId": SKU, "supplierOrderNo": "PO-DEMO-1", "quantity": 24, "bad": 1}
    stage.call(
        "到货入库，一件破损 · Goods arrive, one damaged",
        OPERATOR,
        "admin_stock_adjust",
        {**receipt, "clientToken": "demo-stock-1"},
        note=notes.stock,
    )
    after = stage.one("inventory", SKU)
    stage.expect("23 more can be sold", holds=after["available"] - before["available"] == 23)  # noqa: PLR2004
    product = stage.one("products", PRODUCT)
    price = {"skuId": SKU, "priceFen": product["minPriceFen"] - 100}
    correction = {"action": "price", "productId": PRODUCT, "prices": [price]}
    correction |= {"expectedVersion": product.get("version", 0), "clientToken": "demo-price-1"}
    stage.call(
        "改价，留下历史 · A price is corrected",
        OPERATOR,
        "admin_product_save",
        correction,
        note=lambda _: trail(stage),
    )
    history = stage.one("products", PRODUCT)["priceHistory"]
    stage.expect("the price has its history", holds=history[-1]["fromFen"] - history[-1]["toFen"] == 100)  # noqa: PLR2004


def trail(stage: Stage) -> str:
    """Check the chain of what all operators did. Raises Surprise when somebody has touched it."""
    chain = Chain()
    rows = sorted(stage.documents("audit_logs"), key=lambda row: int(row["seq"]))
    stage.expect("the trail is whole", holds=not any(chain.add(row) for row in rows))
    return f"审计链 {len(rows)} 条，环环相扣 · {len(rows)} rows of the trail, each sealed with the one before"
