"""The cart as its owner sees it: every line priced now, with what stands in its way and how it suits her."""

from collections.abc import Mapping
from typing import Any

from gardenshop.cloud.entry import Context, Response
from gardenshop.flows.basket import Basket, Item, basket_of, price_lines, read_commands
from gardenshop.flows.fit_view import FitView, fit_view
from gardenshop.flows.promotions import GiftView, gift_views
from gardenshop.rules.basket import PROBLEMS, Problem
from gardenshop.rules.pricing import price


class CartLine(Response):
    """One line of the cart. `price_fen` is of one unit, now; `problem` says why it cannot be bought."""

    sku_id: str
    product_id: str | None
    title: str
    spec: str
    cover: str | None
    quantity: int
    selected: bool
    price_fen: int
    total_fen: int
    available: int
    fit: FitView
    problem: Problem | None = None


class CartView(Response):
    """A whole cart. The totals are of the selected lines that can be bought, less promotions."""

    lines: list[CartLine]
    gifts: list[GiftView]
    problems: dict[Problem, list[str]]
    selected_count: int
    goods_fen: int
    promo_fen: int
    freight_fen: int
    payable_fen: int
    free_freight_gap_fen: int
    trace: list[str]
    version: int


def read_cart(ctx: Context) -> CartView:
    """Read and price the caller's cart in one round trip."""
    replies = ctx.db.read(*read_commands(ctx.user_id, None, now=ctx.now))
    return view_of(basket_of(replies, None, now=ctx.now))


def view_of(basket: Basket) -> CartView:
    """Show *basket*."""
    chosen = basket.to_buy()
    address = basket.address(None)
    total = price(
        price_lines(chosen),
        freight=basket.policy.freight,
        province=address["province"] if address else "",
        offers=basket.offers(chosen),
    )
    gap = basket.policy.freight.free_from_fen - total.goods_fen
    return CartView(
        lines=[line_view(item, basket.profile) for item in basket.items],
        gifts=gift_views(total.gifts, basket.campaigns),
        problems=problem_groups(basket.items),
        selected_count=sum(item.quantity for item in chosen),
        goods_fen=total.goods_fen,
        promo_fen=total.promo_fen,
        freight_fen=total.freight_fen,
        payable_fen=total.payable_fen,
        free_freight_gap_fen=max(gap, 0) if chosen else 0,
        trace=[step.text for step in total.trace],
        version=basket.cart_version,
    )


def line_view(item: Item, profile: Mapping[str, Any]) -> CartLine:
    """Show one line for the member with *profile*."""
    product, sku = item.product or {}, item.sku or {}
    return CartLine(
        sku_id=item.sku_id,
        product_id=product.get("_id"),
        title=product.get("title", "商品已下架"),
        spec=sku.get("spec", ""),
        cover=(product.get("media") or {}).get("cover"),
        quantity=item.quantity,
        selected=item.selected,
        price_fen=item.unit_fen,
        total_fen=item.total_fen,
        available=item.available,
        fit=fit_view(product, profile),
        problem=item.problem,
    )


def problem_groups(items: tuple[Item, ...]) -> dict[Problem, list[str]]:
    """Return the SKUs of *items* that cannot be bought, by what stands in the way."""
    groups: dict[Problem, list[str]] = {problem: [] for problem in PROBLEMS}
    for item in items:
        if item.problem:
            groups[item.problem].append(item.sku_id)
    return groups
