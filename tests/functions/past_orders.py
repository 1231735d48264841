"""A shop with a past: orders that were completed long ago, and what members bought in them."""

from typing import Any

from functions.builders import NOW, Document, document, stock_up
from gardenshop.cloud.clock import DAY
from harness import A, B, Shop, user_id

C = "openid-member-c"
GOODS = {"rice": ["粮油", "米"], "millet": ["粮油", "小米"], "tea": ["茶饮", "茶"], "jam": ["早餐", "果酱"]}


HEALTH = {"purpose": "health_data", "version": "v1", "grantedAt": NOW - DAY}


def assessed(openid: str, code: str, **changes: Any) -> Document:
    """Return the profile of a member of one constitution type."""
    results = [{"code": code, "score": 60, "verdict": "yes"}]
    found = {"primary": code, "results": results, "standard": "GB/T 46939—2025", "at": NOW}
    return document("user_profiles_extended", id=user_id(openid), constitution=found, **changes)


def past_order(days_ago: int, *lines: Document, openid: str = A, **changes: Any) -> Document:
    """Return a completed order of *lines*, *days_ago* at noon."""
    numbered = [{**each, "lineId": f"L{place}"} for place, each in enumerate(lines, start=1)]
    total = sum(each["paidFen"] for each in lines)
    fields: Document = {
        "userId": user_id(openid),
        "clientToken": f"past-{days_ago:04}",
        "status": "completed",
        "lines": numbered,
        "totals": {"goodsFen": total, "payableFen": total, "paidFen": total},
        "rulesVersion": "rules1",
        "createdAt": NOW - days_ago * DAY,
        **changes,
    }
    return document("orders", id=f"past-{user_id(openid)[:8]}-{days_ago:04}", **fields)


def bought(product_id: str, quantity: int = 1, **changes: Any) -> Document:
    """Return the line of some units at ¥10.00."""
    paid = 1000 * quantity
    snapshot = {"title": product_id, "spec": "500g", "priceFen": 1000, "weightG": 500}
    fields = {"skuId": f"{product_id}-500g", "productId": product_id, "quantity": quantity}
    return {**fields, "listFen": paid, "paidFen": paid, "snapshot": snapshot, **changes}


def furnish(shop: Shop) -> None:
    """Four products; A buys rice every eighth day and had millet once, two others buy rice with tea."""
    for product_id, path in GOODS.items():
        stock_up(shop, product_id, title=path[-1], categoryPath=path)
    for days_ago in range(2, 80, 8):
        hers = [bought("rice"), *([bought("millet")] if days_ago == 42 else [])]
        shop.add("orders", past_order(days_ago, *hers))
        for openid in (B, C):
            shop.add("orders", past_order(days_ago + 1, bought("rice"), bought("tea"), openid=openid))
