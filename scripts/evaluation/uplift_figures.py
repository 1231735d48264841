"""The measures of an experiment's variants, their differences, and how far chance in members moves both."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from evaluation.uplift_members import Member

DRAWS = 400
_TAIL = 0.025

Ratio = Callable[[Member], tuple[float, int]]
"""What a member adds above and below the line."""

MONEY = {"average order", "paid a member", "paid, by her past"}
"""Measures in fen; the others are rates."""

MEASURES: Mapping[str, Ratio] = {
    "click rate": lambda member: (member.clicks, member.exposures),
    "conversion": lambda member: (int(member.orders > 0), 1),
    "through the list": lambda member: (member.through, 1),
    "average order": lambda member: (member.paid_fen, member.orders),
    "paid a member": lambda member: (member.paid_fen, 1),
    "paid, by her past": lambda member: (member.adjusted_fen, 1),
    "again in 30 days": lambda member: (member.again, member.followed),
}


class Estimate(NamedTuple):
    """A value and its 95 % interval; None where there is nothing to divide by."""

    value: float | None
    low: float | None
    high: float | None


class Outcome(NamedTuple):
    """What became of one variant: each measure, and its difference to the control's unless it is that."""

    variant: str
    members: int
    exposures: int
    measures: dict[str, Estimate]
    differences: dict[str, Estimate]


def outcomes(members: Sequence[Member], control: str, *, seed: int = 1) -> list[Outcome]:
    """Return the outcome of each variant, the *control* first. Members are drawn anew, not their events."""
    names = sorted({member.variant for member in members}, key=lambda name: (name != control, name))
    dice = Random(seed)
    groups = {name: [member for member in members if member.variant == name] for name in names}
    drawn = {name: _draws(group, dice) for name, group in groups.items()}
    found = []
    for name, group in groups.items():
        values, base = _values(group), _values(groups[control])
        measures = {each: _estimate(values[each], [draw[each] for draw in drawn[name]]) for each in MEASURES}
        differences = {
            each: _estimate(
                _less(values[each], base[each]),
                [
                    _less(draw[each], other[each])
                    for draw, other in zip(drawn[name], drawn[control], strict=True)
                ],
            )
            for each in (MEASURES if name != control else ())
        }
        shown = sum(member.exposures for member in group)
        found.append(Outcome(name, len(group), shown, measures, differences))
    return found


_Values = dict[str, float | None]


def _draws(group: Sequence[Member], dice: Random) -> list[_Values]:
    return [_values(dice.choices(group, k=len(group))) for _ in range(DRAWS)]


def _values(group: Sequence[Member]) -> _Values:
    found: _Values = {}
    for name, ratio in MEASURES.items():
        above, below = (sum(part) for part in zip(*map(ratio, group), strict=True))
        found[name] = above / below if below else None
    return found


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _estimate(value: float | None, draws: Sequence[float | None]) -> Estimate:
    known = sorted(draw for draw in draws if draw is not None)
    if value is None or not known:
        return Estimate(value, None, None)
    tail = int(_TAIL * len(known))
    return Estimate(value, known[tail], known[-1 - tail])
