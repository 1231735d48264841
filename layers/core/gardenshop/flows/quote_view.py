"""How a quote is shown: its lines and totals, and which coupons and points may pay for them."""

from gardenshop.cloud.entry import Response
from gardenshop.flows.basket import Item, line_id, price_lines
from gardenshop.flows.checkout import Quote, totals_of
from gardenshop.flows.promotions import GiftView, gift_views
from gardenshop.models.promotion import UserCoupon
from gardenshop.rules.basket import Problem
from gardenshop.rules.coupons import Verdict, ranked
from gardenshop.rules.pricing import promoted
from gardenshop.rules.till import LinePrice


class QuoteLine(Response):
    """One line with every part of its price; the parts of all lines add up to the totals."""

    line_id: str
    sku_id: str
    product_id: str
    title: str
    spec: str
    quantity: int
    price_fen: int
    list_fen: int
    promo_fen: int
    coupon_fen: int
    points_fen: int
    freight_fen: int
    paid_fen: int


class CouponChoice(Response):
    """One of the member's coupons: what it takes off this basket, or `why` it cannot be used."""

    user_coupon_id: str
    name: str
    until: int
    off_fen: int
    why: str | None = None


class CouponChoices(Response):
    """Which coupons may be used, the `best` first; `problem` says why the one asked for may not."""

    best: str | None
    usable: list[CouponChoice]
    others: list[CouponChoice]
    problem: str | None


class PointsChoice(Response):
    """Shop points, a fen each: what she may spend, the most that may pay this basket, and what does.

    `problem` says why the points asked for may not.
    """

    available: int
    cap: int
    used: int
    problem: str | None


class QuoteView(Response):
    """What the selected lines cost now. `ready` says that checkout would accept exactly this."""

    ready: bool
    lines: list[QuoteLine]
    gifts: list[GiftView]
    coupons: CouponChoices
    points: PointsChoice
    problems: dict[Problem, list[str]]
    address_id: str | None
    totals: dict[str, int]
    payable_fen: int
    trace: list[str]
    rules_version: str


def view_of(quote: Quote) -> QuoteView:
    """Show *quote*."""
    return QuoteView(
        ready=quote.ready,
        lines=[_line(i, item, quote.price.lines[i]) for i, item in enumerate(quote.items)],
        gifts=gift_views(quote.price.gifts, quote.basket.campaigns),
        coupons=choices_of(quote),
        points=PointsChoice(
            available=quote.basket.spendable_points,
            cap=quote.points_cap,
            used=quote.price.points_fen,
            problem=quote.points_problem,
        ),
        problems=quote.problems,
        address_id=quote.address["addressId"] if quote.address else None,
        totals=totals_of(quote.price),
        payable_fen=quote.price.payable_fen,
        trace=[step.text for step in quote.price.trace],
        rules_version=quote.basket.policy.version,
    )


def choices_of(quote: Quote) -> CouponChoices:
    """Judge every coupon of the member for the basket of *quote*."""
    basket = quote.basket
    till = promoted(
        price_lines(quote.items),
        freight=basket.policy.freight,
        province=quote.province,
        offers=basket.offers(quote.items),
    )
    judged = [(coupon, till.judge(coupon)) for coupon in basket.coupons]
    usable = ranked(judged)
    return CouponChoices(
        best=usable[0][0].id if usable else None,
        usable=[_choice(coupon, verdict) for coupon, verdict in usable],
        others=[_choice(coupon, verdict) for coupon, verdict in judged if not verdict.off_fen],
        problem=quote.coupon_problem,
    )


def _choice(coupon: UserCoupon, verdict: Verdict) -> CouponChoice:
    return CouponChoice(
        user_coupon_id=coupon.id,
        name=coupon.terms.name,
        until=coupon.until,
        off_fen=verdict.off_fen,
        why=verdict.why or None,
    )


def _line(position: int, item: Item, part: LinePrice) -> QuoteLine:
    product, sku = item.product or {}, item.sku or {}
    return QuoteLine(
        line_id=line_id(position),
        sku_id=item.sku_id,
        product_id=product["_id"],
        title=product["title"],
        spec=sku["spec"],
        quantity=item.quantity,
        price_fen=item.unit_fen,
        list_fen=part.list_fen,
        promo_fen=part.promo_fen,
        coupon_fen=part.coupon_fen,
        points_fen=part.points_fen,
        freight_fen=part.freight_fen,
        paid_fen=part.paid_fen,
    )
