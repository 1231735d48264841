"""Orders that were really bought: priced, paid at WeChat, shipped and refunded as people and WeChat would."""

from typing import Any

from functions.builders import FREIGHT, Document, assert_lawful, line, place_order, rule, stock_up, user
from functions.conftest import WeChat
from harness import A, Shop

TOFU, TEA = "tofu-500g", "tea-500g"
SHIP_TOKEN = "parcel-0001"


def furnish(shop: Shop, **product: Any) -> None:
    """A shop with ten tofu and ten tea of ¥12.00, and its customer."""
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user())
    stock_up(shop, "tofu", **product)
    stock_up(shop, "tea")


def buy(
    shop: Shop, wechat: WeChat, lines: list[Document] | None = None, *, token: str = "token-0001", **wish: Any
) -> Document:
    """Buy three tofu and one tea, or *lines*, and let the outbox do its work; return the paid order."""
    order = place_order(shop, lines=lines or [line(TOFU, 3), line(TEA)], token=token, **wish)
    return pay(shop, wechat, order["_id"])


def pay(shop: Shop, wechat: WeChat, order_no: str) -> Document:
    """Pay an order as the mini-program and WeChat do."""
    attempt = shop.ok("order_pay", {"orderNo": order_no}, openid=A)["attemptNo"]
    assert shop.call("pay_notify", wechat.pay(attempt))["statusCode"] == 204
    assert_lawful(shop)
    return shop.one("orders", order_no)


def parcel(*lines: Document, number: str = "SF1001") -> Document:
    """A parcel of *lines*, or of all that is left."""
    return {"carrier": "顺丰速运", "trackingNo": number, **({"lines": list(lines)} if lines else {})}


def part(line_id: str, quantity: int = 1) -> Document:
    return {"lineId": line_id, "quantity": quantity}


def ship(shop: Shop, order_no: str, *parcels: Document, token: str = SHIP_TOKEN) -> Document:
    event = {"orderNo": order_no, "clientToken": token, "parcels": list(parcels) or [parcel()]}
    return shop.ok("admin_order_ship", event)


def apply(shop: Shop, order_no: str, *lines: Document, token: str = "return-0001", **wish: Any) -> Document:
    """Ask for *lines*, or all that is left, to be refunded; return the after-sale."""
    event: Document = {"orderNo": order_no, "clientToken": token, **wish}
    if lines:
        event["lines"] = list(lines)
    sale: Document = shop.ok("refund_apply", event, openid=A)["afterSale"]
    return sale


def decide(shop: Shop, sale: Document, action: str, **wish: Any) -> Document:
    """Let the operator decide on *sale*; return it."""
    number = sale["afterSaleNo"]
    event = {
        "orderNo": number.rpartition("-")[0],
        "afterSaleNo": number,
        "action": action,
        "note": "核实无误",
    }
    decided: Document = shop.ok("admin_refund_decide", {**event, **wish})["afterSale"]
    return decided


def settle(shop: Shop, wechat: WeChat, status: Any = "SUCCESS") -> None:
    """Let the outbox send what is due, WeChat end every refund, and its notices arrive."""
    assert_lawful(shop)
    for refund in wechat.standin.ledger.refunds():
        if refund["status"] == "PROCESSING":
            notice = wechat.settle_refund(refund["out_refund_no"], status)
            assert shop.call("pay_notify", notice)["statusCode"] == 204
    assert_lawful(shop)


def stock(shop: Shop, sku_id: str = TOFU) -> tuple[int, int, int, int]:
    """Return onHand, available, reserved and damaged."""
    stored = shop.one("inventory", sku_id)
    return stored["onHand"], stored["available"], stored["reserved"], stored.get("damaged", 0)


def books(shop: Shop) -> dict[str, Document]:
    """Return the member's counters by book."""
    points = shop.documents("users", {"openid": A})[0]["points"]
    return {name: points[name] for name in ("garden", "shop")}
