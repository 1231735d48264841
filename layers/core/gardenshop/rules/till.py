"""The till of the price pipeline: what is left of each line, and the steps that took the rest."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from gardenshop.models.promotion import Promotion, UserCoupon
from gardenshop.rules.coupons import Verdict, judge
from gardenshop.rules.goods import PriceLine
from gardenshop.rules.money import spread, yuan
from gardenshop.rules.policies.freight import FreightPolicy
from gardenshop.rules.promotions import Shopper, can_afford, line_off, order_off, participants

StepName = Literal["list", "line_promotion", "order_promotion", "coupon", "points", "freight"]
Shares = Mapping[str, int]

_NOBODY: Shares = MappingProxyType({})
_NAMED = 3
_LONGEST_TITLE = 12


class GiftGoods(NamedTuple):
    """A SKU that a promotion can give, and how many units of it are there to be given."""

    title: str
    unit_fen: int
    available: int


class Gift(NamedTuple):
    """Units that come with the order for nothing."""

    promotion_id: str
    sku_id: str
    quantity: int


class Offers(NamedTuple):
    """What may make a basket cheaper for *shopper*; *gifts* are the SKUs that promotions can give, by id."""

    shopper: Shopper
    promotions: Sequence[Promotion] = ()
    gifts: Mapping[str, GiftGoods] = {}
    coupon: UserCoupon | None = None
    points: int = 0


class Step(NamedTuple):
    """One step of the pipeline in words and in fen, with the share of each line that takes part."""

    step: StepName
    text: str
    amount_fen: int
    ref: str | None = None
    shares: Shares = _NOBODY


class LinePrice(NamedTuple):
    """The parts of one line's price. `paid_fen` is what its goods cost the member, without freight."""

    line_id: str
    list_fen: int
    promo_fen: int = 0
    coupon_fen: int = 0
    points_fen: int = 0
    freight_fen: int = 0
    promotion_ids: tuple[str, ...] = ()

    @property
    def paid_fen(self) -> int:
        """What is left of the list price."""
        return self.list_fen - self.promo_fen - self.coupon_fen - self.points_fen


class Price(NamedTuple):
    """A priced basket: Σ lines' paid + freight = payable. `uses` are the promotions taken and their worth."""

    lines: tuple[LinePrice, ...]
    goods_fen: int
    promo_fen: int
    coupon_fen: int
    points_fen: int
    freight_fen: int
    trace: tuple[Step, ...] = ()
    gifts: tuple[Gift, ...] = ()
    uses: tuple[tuple[Promotion, int], ...] = ()
    coupon: Verdict | None = None

    @property
    def goods_left_fen(self) -> int:
        """What the goods cost before points pay for some of it."""
        return self.goods_fen - self.promo_fen - self.coupon_fen

    @property
    def payable_fen(self) -> int:
        """What the member pays."""
        return self.goods_left_fen - self.points_fen + self.freight_fen


class Till:
    """The lines of a basket while they are priced."""

    def __init__(self, lines: Sequence[PriceLine], offers: Offers) -> None:
        self.lines = sorted(lines, key=lambda line: (line.sku_id, line.line_id))
        self.offers = offers
        self.left = {line.line_id: line.list_fen for line in lines}
        self.barred: frozenset[str] = frozenset()
        self.freight_fen = 0
        self._titles = {line.line_id: line.title for line in self.lines}
        self._steps = [Step("list", f"商品合计 ¥{yuan(sum(self.left.values()))}", sum(self.left.values()))]
        self._gifts: list[Gift] = []
        self._uses: list[tuple[Promotion, int]] = []
        self._freight_note = ""

    def take_line_group(self, group: Sequence[Promotion]) -> None:
        """Give every line its best promotion of *group*; one that its budget does not allow stands back."""
        within = {each.id: participants(each, self.lines) for each in group}
        chosen = self._line_shares(group, within)
        beyond = [each for each in group if not can_afford(each, sum(chosen[each.id].values()))]
        if beyond:
            self.take_line_group([each for each in group if each not in beyond])
            return
        for promotion in group:
            self._take("line_promotion", promotion, chosen[promotion.id])

    def _line_shares(
        self, group: Sequence[Promotion], within: Mapping[str, list[PriceLine]]
    ) -> dict[str, dict[str, int]]:
        """Return what each promotion of *group* takes off the lines for which it is the one."""
        shares: dict[str, dict[str, int]] = {each.id: {} for each in group}
        for line in self.lines:
            left = self.left[line.line_id]
            candidates = [
                (-promotion.priority, -off, promotion.id)
                for promotion in group
                if line in within[promotion.id]
                and (off := line_off(promotion, line, left, within[promotion.id]))
            ]
            if candidates:
                _, off, promotion_id = min(candidates)
                shares[promotion_id][line.line_id] = -off
        return shares

    def take_order_group(self, group: Sequence[Promotion]) -> None:
        """Give the order its best promotion of *group*."""
        candidates = []
        for promotion in group:
            within = participants(promotion, self.lines)
            worth = self._worth(promotion, within) if within else 0
            if worth and can_afford(promotion, worth):
                candidates.append((-promotion.priority, -worth, promotion.id, promotion, within))
        if not candidates:
            return
        _, worth, _, promotion, within = min(candidates)
        if promotion.kind == "gift":
            self._give(promotion, -worth)
        else:
            self._take("order_promotion", promotion, self._spread(-worth, within))

    def _worth(self, promotion: Promotion, within: Sequence[PriceLine]) -> int:
        """Return what *promotion* saves on *within*; a gift its price, or nothing when it is gone."""
        if promotion.kind != "gift":
            return order_off(promotion, sum(self.left[line.line_id] for line in within), within)
        goods = self.offers.gifts.get(promotion.benefit.gift_sku_id or "")
        units = promotion.benefit.gift_quantity or 1
        given = sum(gift.quantity for gift in self._gifts if gift.sku_id == promotion.benefit.gift_sku_id)
        return goods.unit_fen * units if goods and goods.available >= given + units else 0

    def _give(self, promotion: Promotion, worth: int) -> None:
        sku_id, units = promotion.benefit.gift_sku_id or "", promotion.benefit.gift_quantity or 1
        title = self.offers.gifts[sku_id].title[:_LONGEST_TITLE]
        self._gifts.append(Gift(promotion.id, sku_id, units))
        self._uses.append((promotion, worth))
        self._steps.append(Step("order_promotion", f"{promotion.name}：赠 {title} ×{units}", 0, promotion.id))

    def _take(self, step: StepName, promotion: Promotion, shares: Shares) -> None:
        if not shares:
            return
        self._uses.append((promotion, sum(shares.values())))
        if not promotion.stackable:
            self.barred |= shares.keys()
        self._subtract(step, promotion.name, shares, promotion.id)

    def _subtract(self, step: StepName, name: str, shares: Shares, ref: str | None = None) -> None:
        for line_id, part in shares.items():
            self.left[line_id] -= part
        amount = sum(shares.values())
        self._steps.append(Step(step, f"{name}：−¥{yuan(amount)}{self._named(shares)}", amount, ref, shares))

    def _named(self, shares: Shares) -> str:
        """Say which goods take part and with how much."""
        titles = [
            f"{self._titles[line_id][:_LONGEST_TITLE]}（分摊 ¥{yuan(part)}）"
            for line_id, part in shares.items()
        ]
        more = f"等 {len(titles)} 种" if len(titles) > _NAMED else ""
        return f"，参与商品 {'、'.join(titles[:_NAMED])}{more}"

    def _spread(self, amount: int, lines: Sequence[PriceLine]) -> dict[str, int]:
        parts = spread(amount, [self.left[line.line_id] for line in lines])
        return {line.line_id: part for line, part in zip(lines, parts, strict=True) if part}

    def set_freight(self, policy: FreightPolicy, freight_fen: int) -> None:
        """Say what the delivery costs before anybody waives it."""
        self.freight_fen = freight_fen
        threshold = f"满 ¥{yuan(policy.free_from_fen)}"
        self._freight_note = f"（{threshold} 免运费）" if freight_fen else f"（{threshold}）"

    def waive_freight(self, group: Sequence[Promotion]) -> None:
        """Let the first promotion of *group* whose condition the goods meet pay the freight."""
        for promotion in group:
            can = can_afford(promotion, self.freight_fen) and participants(promotion, self.lines)
            if self.freight_fen and can:
                self._uses.append((promotion, self.freight_fen))
                self.freight_fen, self._freight_note = 0, f"（{promotion.name}）"

    def judge(self, coupon: UserCoupon) -> Verdict:
        """Say what *coupon* is worth now, or why it is of no use."""
        return judge(
            coupon,
            self.lines,
            left=self.left,
            barred=self.barred,
            freight_fen=self.freight_fen,
            now=self.offers.shopper.now,
        )

    def take_coupon(self, coupon: UserCoupon) -> Verdict:
        """Use *coupon*, if it can be used."""
        verdict = self.judge(coupon)
        if verdict.lines:
            shares = self._spread(verdict.off_fen, verdict.lines)
            self._subtract("coupon", coupon.terms.name, shares, coupon.id)
        elif verdict.off_fen:
            self.freight_fen -= verdict.off_fen
            self._freight_note = f"（{coupon.terms.name}已抵 ¥{yuan(verdict.off_fen)}）"
        return verdict

    def take_points(self, points: int) -> None:
        """Pay with *points*, a fen each, as far as there is something left to pay."""
        taken = min(points, sum(self.left.values()))
        if taken:
            self._subtract("points", f"{taken} 积分", self._spread(taken, self.lines))

    def price(self, lines: Sequence[PriceLine], verdict: Verdict | None) -> Price:
        """Add everything up, in the order of *lines*."""
        weights = [line.weight_g * line.quantity for line in self.lines]
        shares = spread(self.freight_fen, weights)
        freight = {line.line_id: share for line, share in zip(self.lines, shares, strict=True)}
        parts = tuple(self._line(line, freight[line.line_id]) for line in lines)
        words = f"运费 ¥{yuan(self.freight_fen)}" if self.freight_fen else "免运费"
        last = Step("freight", f"{words}{self._freight_note}", self.freight_fen)
        return Price(
            lines=parts,
            goods_fen=sum(line.list_fen for line in parts),
            promo_fen=sum(line.promo_fen for line in parts),
            coupon_fen=sum(line.coupon_fen for line in parts),
            points_fen=sum(line.points_fen for line in parts),
            freight_fen=self.freight_fen,
            trace=(*self._steps, last),
            gifts=tuple(self._gifts),
            uses=tuple(self._uses),
            coupon=verdict,
        )

    def _line(self, line: PriceLine, freight_fen: int) -> LinePrice:
        taken = [step for step in self._steps if line.line_id in step.shares]

        def part(*names: StepName) -> int:
            return sum(step.shares[line.line_id] for step in taken if step.step in names)

        return LinePrice(
            line_id=line.line_id,
            list_fen=line.list_fen,
            promo_fen=part("line_promotion", "order_promotion"),
            coupon_fen=part("coupon"),
            points_fen=part("points"),
            freight_fen=freight_fen,
            promotion_ids=tuple(step.ref for step in taken if step.ref and step.step.endswith("promotion")),
        )
