"""Coupons: what a copy is worth for some goods, or why it cannot be used; when and what may be claimed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gardenshop.models.promotion import Coupon, CouponTerms, UserCoupon, Validity
from gardenshop.rules.goods import PriceLine, covered, list_total
from gardenshop.rules.money import off_by, yuan
from gardenshop.rules.promotions import RUNNING, Shopper, is_meant_for

DAY_MS = 86_400_000


class Verdict(NamedTuple):
    """What a coupon takes off *lines* (a freight coupon: off the freight), or *why* it does not."""

    off_fen: int = 0
    lines: tuple[PriceLine, ...] = ()
    why: str = ""


def is_in_time(coupon: UserCoupon, now: int) -> bool:
    """Say whether *coupon* may be used at *now*."""
    return coupon.since <= now < coupon.until


def judge(
    coupon: UserCoupon,
    lines: Sequence[PriceLine],
    *,
    left: Mapping[str, int],
    barred: frozenset[str],
    freight_fen: int,
    now: int,
) -> Verdict:
    """Say what *coupon* is worth for *lines*, of which *left* fen are left, or why it is of no use.

    *barred* are the lines that a promotion which no coupon may join made cheaper.
    """
    if coupon.state != "available":
        return Verdict(why="该券不可用")
    if not is_in_time(coupon, now):
        return Verdict(why="未到使用时间" if now < coupon.since else "已过期")
    terms = coupon.terms
    within = covered(terms.scope, lines)
    usable = [line for line in within if line.line_id not in barred]
    if not usable:
        return Verdict(why="适用商品已参加不可叠加的活动" if within else "没有适用的商品")
    short = terms.min_fen - list_total(usable)
    if short > 0:
        return Verdict(why=f"还差 ¥{yuan(short)}")
    if terms.kind == "freight":
        off = freight_fen if terms.value_fen is None else min(terms.value_fen, freight_fen)
        return Verdict(off) if off else Verdict(why="本单免运费")
    off = _off(terms, sum(left[line.line_id] for line in usable))
    return Verdict(off, tuple(usable)) if off else Verdict(why="没有可抵扣的金额")


def _off(terms: CouponTerms, left_fen: int) -> int:
    """Return what *terms* take off goods of which *left_fen* is left, never more than that."""
    if terms.kind == "percent":
        off = 0 if terms.pay_bp is None else off_by(terms.pay_bp, left_fen)
        return off if terms.cap_fen is None else min(off, terms.cap_fen)
    return min(terms.value_fen or 0, left_fen)


def ranked(verdicts: Iterable[tuple[UserCoupon, Verdict]]) -> list[tuple[UserCoupon, Verdict]]:
    """Return the coupons that take something off, the best first.

    Of equals that one comes first which lapses first, then the lower id.
    """
    usable = [(coupon, verdict) for coupon, verdict in verdicts if verdict.off_fen]
    return sorted(usable, key=lambda each: (-each[1].off_fen, each[0].until, each[0].id))


def why_not_open(template: Coupon, now: int) -> str:
    """Say why no copy of *template* is given at *now*; empty when copies are."""
    if template.state not in RUNNING:
        return "领取已结束" if template.state == "ended" else "暂停领取"
    if now < template.start_at:
        return "尚未开始领取"
    return "" if now < template.end_at else "领取已结束"


def why_not_hers(template: Coupon, shopper: Shopper) -> str:
    """Say why *shopper* cannot have a copy of *template* now; empty when she can, if there is one left."""
    return why_not_open(template, shopper.now) or (
        "" if is_meant_for(template.target, shopper) else "不在领取范围内"
    )


def period(validity: Validity, *, claimed_at: int, end_at: int) -> tuple[int, int]:
    """Return from when until when a copy claimed at *claimed_at* can be used.

    The template's *end_at* counts where its validity says no end.
    """
    since = max(claimed_at, validity.start or 0)
    if validity.days is not None:
        return since, since + validity.days * DAY_MS
    return since, validity.end or end_at


def free_slot(template: Coupon, copies: Mapping[int, str]) -> int | None:
    """Return the number of the next copy, or None when the member has had all she may have.

    *copies* are the states of her copies by number. The number of a void copy is not used again.
    """
    if sum(state != "void" for state in copies.values()) >= template.per_user:
        return None
    return next(number for number in range(len(copies) + 1) if number not in copies)
