"""Which products to show a member, best first, each with the reasons that really put it there.

Hard filters (stock, diet flags, allergens, what her constitution limits), then a weighted sum of `features`,
then variety by maximal marginal relevance (Carbonell & Goldstein 1998).
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from gardenshop.rules.features import FEATURES, NOWHERE, Candidate, Member, Place, View, fit_for, view_of

DEFAULT_WEIGHTS: dict[str, int] = {
    "history": 7000, "copurchase": 600, "constitution": 700, "term": 600, "endorsement": 300,
    "popularity": 500, "freshness": 300,
}  # fmt: skip
"""Basis points; only their proportions matter. `history` spans eight log odds: 600 stand for doubled odds."""

_MAX_REASONS = 3


class Reason(NamedTuple):
    """One reason in Chinese and the feature it comes from."""

    feature: str
    text: str


class Item(NamedTuple):
    """A recommended product, its score of 10,000, and the strongest reasons first."""

    product_id: str
    score_bp: int
    reasons: tuple[Reason, ...]


_VARIETY = Reason("variety", "换换口味")


def rank(
    candidates: Sequence[Candidate],
    member: Member,
    now: int,
    weights: Mapping[str, int] = DEFAULT_WEIGHTS,
    k: int = 10,
    *,
    place: Place = NOWHERE,
    variety_bp: int = 3000,
) -> list[Item]:
    """Return at most *k* of the *candidates* for *member* at *now* (UTC ms), best first.

    *variety_bp* is the weight of unlikeness to what is already chosen, against the score.
    """
    view = view_of(candidates, member, now, place)
    scored = [(_item(each, view, weights), each) for each in _allowed(candidates, member, place)]
    scored.sort(key=lambda pair: (-pair[0].score_bp, -pair[1].sales, -pair[1].on_at, pair[1].product_id))
    return _varied(scored[: max(50, 5 * k)], k, variety_bp)


def weights_of(changes: Mapping[str, int], *, together: int = 1) -> dict[str, int]:
    """Return the usual weights with *changes*; what is bought *together* may count several times."""
    weights = {**DEFAULT_WEIGHTS, **changes}
    return {**weights, "copurchase": together * weights["copurchase"]}


def values(
    candidates: Sequence[Candidate], member: Member, now: int, place: Place
) -> dict[str, dict[str, float]]:
    """Return what each feature is worth, in 0-1, for each of the *candidates* that `rank` may show."""
    view, allowed = view_of(candidates, member, now, place), _allowed(candidates, member, place)
    return {each.product_id: {key: of(each, view)[0] for key, of in FEATURES.items()} for each in allowed}


def _allowed(candidates: Sequence[Candidate], member: Member, place: Place) -> list[Candidate]:
    """Return the *candidates* that pass the hard filters for *member* at *place*."""
    hidden = {*place.anchors, *place.left_out}
    stocked = (each for each in candidates if each.in_stock and each.product_id not in hidden)
    return [each for each in stocked if fit_for(each, member).verdict != "not_advised"]


def _item(candidate: Candidate, view: View, weights: Mapping[str, int]) -> Item:
    parts = [(weights.get(name, 0), name, *feature(candidate, view)) for name, feature in FEATURES.items()]
    earned = sorted(
        ((weight * value, name, text) for weight, name, value, text in parts if weight * value > 0),
        key=lambda part: -part[0],
    )
    total = sum(weight for weight, *_ in parts) or 1
    reasons = tuple(Reason(name, text) for _, name, text in earned[:_MAX_REASONS])
    score = sum(points for points, *_ in earned)
    return Item(candidate.product_id, round(10_000 * score / total), reasons or (_VARIETY,))


def _varied(scored: Sequence[tuple[Item, Candidate]], k: int, variety_bp: int) -> list[Item]:
    """Choose *k* greedily, each time the best of score less likeness to the nearest chosen one."""
    rest, chosen = list(scored), list[Item]()
    likeness = dict.fromkeys((item.product_id for item, _ in rest), 0.0)
    while rest and len(chosen) < k:
        best = max(
            rest,
            key=lambda pair: (
                (10_000 - variety_bp) * pair[0].score_bp - variety_bp * 10_000 * likeness[pair[0].product_id]
            ),
        )
        rest.remove(best)
        chosen.append(best[0])
        for item, other in rest:
            alike = _likeness(best[1].categories, other.categories)
            likeness[item.product_id] = max(likeness[item.product_id], alike)
    return chosen


def _likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of the category path that two products have in common, from the top."""
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return len([*shared]) / max(len(one), len(other), 1)
