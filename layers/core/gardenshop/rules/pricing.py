"""The price pipeline: one pure function for preview and checkout alike.

list price → line promotions → order promotions → one coupon → points → freight → payable. Every reduction
is a `Discount` with the lines it may touch; it is capped by what is left on them and spread over
them by largest remainder, so that Σ parts = whole to the fen and payable ≥ 0 whatever is given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from gardenshop.rules.money import spread
from gardenshop.rules.policy import FreightPolicy, FreightRegion

Stage = Literal["promo", "coupon", "points"]
STAGES: tuple[Stage, ...] = ("promo", "coupon", "points")


class PriceLine(NamedTuple):
    """What is bought: *quantity* units at *unit_fen* of *weight_g* each."""

    line_id: str
    quantity: int
    unit_fen: int
    weight_g: int


class Discount(NamedTuple):
    """A reduction by at most *amount_fen* of the lines *line_ids*, at one stage of the pipeline."""

    stage: Stage
    label: str
    amount_fen: int
    line_ids: frozenset[str]


@dataclass(frozen=True)
class LinePrice:
    """The parts of one line's price. `paid_fen` is what its goods cost the member, without freight."""

    line_id: str
    list_fen: int
    promo_fen: int = 0
    coupon_fen: int = 0
    points_fen: int = 0
    freight_fen: int = 0

    @property
    def paid_fen(self) -> int:
        """What is left of the list price."""
        return self.list_fen - self.promo_fen - self.coupon_fen - self.points_fen


@dataclass(frozen=True)
class Price:
    """A priced basket: Σ lines' paid + freight = payable."""

    lines: tuple[LinePrice, ...]
    goods_fen: int
    promo_fen: int
    coupon_fen: int
    points_fen: int
    freight_fen: int
    trace: tuple[str, ...] = field(default=())

    @property
    def payable_fen(self) -> int:
        """What the member pays."""
        return self.goods_fen - self.promo_fen - self.coupon_fen - self.points_fen + self.freight_fen


def yuan(fen: int) -> str:
    """Return *fen* as people write money: ``12.30``."""
    return f"{fen // 100}.{fen % 100:02d}"


def price(
    lines: Sequence[PriceLine],
    *,
    freight: FreightPolicy,
    province: str,
    discounts: Iterable[Discount] = (),
) -> Price:
    """Price *lines* for delivery to *province* (empty when not known yet)."""
    priced = [LinePrice(line.line_id, line.quantity * line.unit_fen) for line in lines]
    trace = [f"商品合计 ¥{yuan(sum(line.list_fen for line in priced))}"]
    for discount in sorted(discounts, key=lambda each: STAGES.index(each.stage)):
        priced, taken = _reduce(priced, discount)
        trace.append(f"{discount.label}：−¥{yuan(taken)}")
    freight_fen = freight_of(lines, freight, province, sum(line.paid_fen for line in priced))
    trace.append(_freight_line(freight, freight_fen))
    shares = spread(freight_fen, [line.weight_g * line.quantity for line in lines])
    final = tuple(replace(line, freight_fen=share) for line, share in zip(priced, shares, strict=True))
    return Price(
        lines=final,
        goods_fen=sum(line.list_fen for line in final),
        promo_fen=sum(line.promo_fen for line in final),
        coupon_fen=sum(line.coupon_fen for line in final),
        points_fen=sum(line.points_fen for line in final),
        freight_fen=freight_fen,
        trace=tuple(trace),
    )


def _reduce(lines: list[LinePrice], discount: Discount) -> tuple[list[LinePrice], int]:
    """Take *discount* off its lines, never more than is left on them; return them and what was taken."""
    left = [line.paid_fen if line.line_id in discount.line_ids else 0 for line in lines]
    taken = min(discount.amount_fen, sum(left))
    name = f"{discount.stage}_fen"
    parts = spread(taken, left)
    reduced = [
        replace(line, **{name: getattr(line, name) + part}) for line, part in zip(lines, parts, strict=True)
    ]
    return reduced, taken


def delivers_to(freight: FreightPolicy, province: str) -> bool:
    """Say whether the shop delivers to *province*; one not known yet is not refused."""
    return province not in freight.no_delivery


def freight_of(lines: Sequence[PriceLine], freight: FreightPolicy, province: str, goods_fen: int) -> int:
    """Return the freight of *lines* whose goods cost *goods_fen* after discounts."""
    if not lines or goods_fen >= freight.free_from_fen:
        return 0
    tariff = _tariff(freight, province)
    weight = sum(line.weight_g * line.quantity for line in lines)
    steps = -(-max(weight - tariff.first_g, 0) // tariff.next_g)
    return tariff.first_fen + steps * tariff.next_fen


def _tariff(freight: FreightPolicy, province: str) -> FreightRegion:
    for each in freight.regions:
        if province in each.provinces:
            return each
    return freight.default


def _freight_line(freight: FreightPolicy, freight_fen: int) -> str:
    if freight_fen:
        return f"运费 ¥{yuan(freight_fen)}（满 ¥{yuan(freight.free_from_fen)} 免运费）"
    return f"免运费（满 ¥{yuan(freight.free_from_fen)}）"
