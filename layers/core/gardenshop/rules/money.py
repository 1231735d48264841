"""Exact arithmetic of amounts: the parts of a whole always add up to it."""

from collections.abc import Sequence

FULL_BP = 10_000
"""The whole, in basis points."""


def yuan(fen: int) -> str:
    """Return *fen* as people write money: ``12.30``."""
    return f"{fen // 100}.{fen % 100:02d}"


def off_by(pay_bp: int, fen: int) -> int:
    """Return what comes off *fen* when *pay_bp* of it remain to be paid, rounded down."""
    return fen * (FULL_BP - pay_bp) // FULL_BP


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Split *amount* in proportion to *weights* by largest remainder; the parts sum to *amount*.

    Ties go to the earlier part. Weights are not negative; when all are 0 they count as equal.
    Raises ValueError when there is something to split and nobody to take it.
    """
    if not weights:
        if amount:
            raise ValueError("an amount needs at least one part")
        return []
    base = list(weights) if any(weights) else [1] * len(weights)
    total = sum(base)
    parts = [amount * weight // total for weight in base]
    by_remainder = sorted(range(len(base)), key=lambda i: (-(amount * base[i] % total), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def cumulative_share(amount: int, *, done: int, more: int, whole: int) -> int:
    """Return what *more* units take of *amount* when *done* of *whole* have taken theirs.

    ``floor(amount·(done+more)/whole) − floor(amount·done/whole)``: whatever the steps, all units
    together take exactly *amount*.
    """
    return amount * (done + more) // whole - amount * done // whole
