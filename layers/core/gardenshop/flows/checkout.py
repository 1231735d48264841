"""What preview and checkout share: the request's basket and address, its price, its problems."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from gardenshop.cloud.entry import Context, Request
from gardenshop.cloud.errors import NotFound
from gardenshop.flows.basket import Basket, Item, basket_of, deliverable, price_lines
from gardenshop.flows.share_links import Led, origin_of
from gardenshop.models.base import Key, Points, Quantity, SkuId
from gardenshop.models.promotion import UserCoupon
from gardenshop.rules.basket import PROBLEMS, Problem
from gardenshop.rules.points import redeemable
from gardenshop.rules.pricing import price
from gardenshop.rules.till import Offers, Price

MAX_LINES = 100


class WantedLine(Request):
    """Some units of one SKU, bought without passing through the cart; `origin` is what led to it."""

    sku_id: SkuId
    quantity: Quantity
    origin: Led | None = None


class Wanted(Request):
    """What to buy: `lines`, or the selected lines of the cart when left out; where to; with which coupon.

    Each of `points`, the shop's, pays for a fen of the goods.
    """

    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=MAX_LINES)] | None = None
    address_id: Key | None = None
    user_coupon_id: Key | None = None
    points: Points = 0

    def plain_lines(self, ctx: Context) -> list[dict[str, Any]] | None:
        """Return the lines as a basket reads them, those of one SKU together; the last origin counts."""
        if self.lines is None:
            return None
        units: dict[str, int] = {}
        origins: dict[str, dict[str, Any]] = {}
        for line in self.lines:
            units[line.sku_id] = units.get(line.sku_id, 0) + line.quantity
            if line.origin:
                origins[line.sku_id] = {"from": origin_of(line.origin, ctx)}
        return [
            {"skuId": sku_id, "quantity": quantity, **origins.get(sku_id, {})}
            for sku_id, quantity in units.items()
        ]


class Quote(NamedTuple):
    """A priced basket on its way to *address*."""

    basket: Basket
    address: Mapping[str, Any] | None
    items: list[Item]
    price: Price
    problems: dict[Problem, list[str]]
    coupon: UserCoupon | None
    coupon_problem: str | None
    points_cap: int
    points_problem: str | None

    @property
    def ready(self) -> bool:
        """Whether it can be ordered as it is."""
        return (
            bool(self.items)
            and self.address is not None
            and self.coupon_problem is None
            and self.points_problem is None
            and not any(self.problems.values())
        )

    @property
    def province(self) -> str:
        """Where it goes to; empty when not known yet."""
        return self.address["province"] if self.address else ""


def quote_of(replies: Sequence[list[dict[str, Any]]], wanted: Wanted, ctx: Context) -> Quote:
    """Price what *wanted* asks for from the *replies* to `basket.read_commands`.

    Raises NotFound when the address is not the caller's, or the coupon not hers to use.
    """
    basket = basket_of(replies, wanted.plain_lines(ctx), now=ctx.now)
    address = basket.address(wanted.address_id)
    if wanted.address_id is not None and address is None:
        raise NotFound("没有找到该收货地址")
    items = basket.to_buy()
    problems: dict[Problem, list[str]] = {problem: [] for problem in PROBLEMS}
    for item in basket.items:
        if item.selected and item.problem:
            problems[item.problem].append(item.sku_id)
    province = address["province"] if address else ""
    if not deliverable(items, basket.policy, province):
        problems["no_delivery"] = [item.sku_id for item in items]
    coupon = basket.coupon(wanted.user_coupon_id)
    if wanted.user_coupon_id is not None and coupon is None:
        raise NotFound("没有找到可用的这张优惠券")
    offers = basket.offers(items)._replace(coupon=coupon)
    priced = _priced(basket, items, province, offers)
    cap = redeemable(basket.spendable_points, priced.goods_left_fen, basket.policy.points)
    if wanted.points and cap:
        priced = _priced(basket, items, province, offers._replace(points=min(wanted.points, cap)))
    why = priced.coupon.why if priced.coupon else ""
    return Quote(
        basket=basket,
        address=address,
        items=items,
        price=priced,
        problems=problems,
        coupon=coupon,
        coupon_problem=why or None,
        points_cap=cap,
        points_problem=_points_problem(basket, wanted.points, cap),
    )


def _priced(basket: Basket, items: list[Item], province: str, offers: Offers) -> Price:
    return price(price_lines(items), freight=basket.policy.freight, province=province, offers=offers)


def _points_problem(basket: Basket, asked: int, cap: int) -> str | None:
    if asked <= cap:
        return None
    if ((basket.user.get("points") or {}).get("shop") or {}).get("debt"):
        return "有积分待偿还，暂不能使用"
    if asked > basket.spendable_points:
        return f"积分不足，可用 {basket.spendable_points} 积分"
    return f"本单最多可用 {cap} 积分"


def totals_of(price: Price) -> dict[str, int]:
    """Return the totals, as stored, of an order at *price*: nothing is paid yet."""
    return {
        "goodsFen": price.goods_fen,
        "promoFen": price.promo_fen,
        "couponFen": price.coupon_fen,
        "pointsFen": price.points_fen,
        "pointsUsed": price.points_fen,
        "freightFen": price.freight_fen,
        "payableFen": price.payable_fen,
        "paidFen": 0,
    }
