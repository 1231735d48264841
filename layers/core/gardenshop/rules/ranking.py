"""Which products to show a member, best first, each with the reasons that really put it there.

Hard filters (stock, diet flags, allergens, what her constitution limits), then a weighted sum of features in
0-1 (what her own past says is one of them, from `taste`), then variety by maximal marginal relevance
(Carbonell & Goldstein 1998). A feature that is not worth anything for a product gives neither score
nor reason, so with no history and no constitution the order falls back by itself on season, endorsement,
popularity and freshness; `ANYONE` is the non-personalised choice that PIPL art. 24 asks for. Neither price
nor margin is a feature.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import takewhile
from typing import Any, Literal, NamedTuple

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.diet import conflicts
from gardenshop.rules.fit import Fit, fit
from gardenshop.rules.prepared import buyers_of
from gardenshop.rules.solar_terms import Position, position
from gardenshop.rules.taste import Sign

Feature = Literal["history", "copurchase", "constitution", "term", "endorsement", "popularity", "freshness"]

DEFAULT_WEIGHTS: dict[str, int] = {
    "history": 7000, "copurchase": 600, "constitution": 700, "term": 600, "endorsement": 300,
    "popularity": 500, "freshness": 300,
}  # fmt: skip
"""Basis points; only their proportions matter. `history` spans eight log odds: 600 stand for doubled odds."""

_DAY_MS = 86_400_000
_NEXT_TERM_DAYS, _FRESH_DAYS = 3, 30
_MAX_REASONS = 3
_ENOUGH_BUYERS = 5


class Member(NamedTuple):
    """What is known about the one who looks, as far as she agreed to its use."""

    types: Sequence[Constitution] = ()
    avoided: Collection[str] = ()
    allergic_to: Collection[str] = ()
    signs: Mapping[str, Sign] = {}
    """What her own past says for products."""


class Candidate(NamedTuple):
    """A product as far as it matters here."""

    product_id: str
    title: str
    categories: Sequence[str]
    suits: Collection[str] = ()
    avoid: Collection[str] = ()
    fit_source: str = ""
    terms: Collection[str] = ()
    contains: Collection[str] = ()
    allergens: Collection[str] = ()
    endorsers: Sequence[str] = ()
    sales: int = 0
    """Units sold in the last 30 days."""
    buyers: int = 0
    """Members of the segment at hand who bought it lately."""
    on_at: int = 0
    in_stock: bool = True


class Reason(NamedTuple):
    """One reason in Chinese and the feature it comes from."""

    feature: str
    text: str


class Item(NamedTuple):
    """A recommended product, its score of 10,000, and the strongest reasons first."""

    product_id: str
    score_bp: int
    reasons: tuple[Reason, ...]


class Place(NamedTuple):
    """Where a list stands: beside the products *anchors*, id to title, and without those and *left_out*.

    ``copurchase[anchor][product]`` says how much the two are bought together.
    """

    anchors: Mapping[str, str] = {}
    copurchase: Mapping[str, Mapping[str, float]] = {}
    left_out: Collection[str] = ()


class _View(NamedTuple):
    """What all features of one ranking look at."""

    member: Member
    now: int
    where: Position
    links: Mapping[str, tuple[float, str]]
    """Of each product, the strongest link to an anchor, and its title."""
    top_link: float
    top_sales: int
    top_buyers: int


_Value = tuple[float, str]
_NOTHING = 0.0, ""
_VARIETY = Reason("variety", "换换口味")

ANYONE, NOWHERE = Member(), Place()


def candidate(product: Mapping[str, Any], now: int, *, in_stock: bool, segment: str = "") -> Candidate:
    """Return the candidate that a stored product (its plain document) is at *now* for one of *segment*."""
    named = product.get("fit") or {}
    badges = product.get("certifications", ())
    return Candidate(
        product["_id"],
        product["title"],
        product["categoryPath"],
        suits=named.get("suits", ()),
        avoid=named.get("avoid", ()),
        fit_source=named.get("source", ""),
        terms=product.get("terms", ()),
        contains=product.get("contains", ()),
        allergens=product.get("allergens", ()),
        endorsers=[badge["name"] for badge in badges if badge.get("until", now) >= now],
        sales=product.get("sales30D", 0),
        buyers=buyers_of(product, segment),
        on_at=product.get("onAt", 0),
        in_stock=in_stock and product["status"] == "on_sale",
    )


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
    view = _view(candidates, member, now, place)
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
    view, allowed = _view(candidates, member, now, place), _allowed(candidates, member, place)
    return {each.product_id: {key: of(each, view)[0] for key, of in _FEATURES.items()} for each in allowed}


def is_allowed(candidate: Candidate, member: Member) -> bool:
    """Say whether *candidate* passes the hard filters for *member*."""
    return candidate.in_stock and _fit(candidate, member).verdict != "not_advised"


def _allowed(candidates: Sequence[Candidate], member: Member, place: Place) -> list[Candidate]:
    hidden = {*place.anchors, *place.left_out}
    return [each for each in candidates if each.product_id not in hidden and is_allowed(each, member)]


def _view(candidates: Sequence[Candidate], member: Member, now: int, place: Place) -> _View:
    links: dict[str, tuple[float, str]] = {}
    for anchor, title in place.anchors.items():
        for product, share in place.copurchase.get(anchor, {}).items():
            links[product] = max(links.get(product, (0.0, "")), (share, title))
    return _View(
        member,
        now,
        position(now),
        links,
        max((share for share, _ in links.values()), default=0.0),
        max((each.sales for each in candidates), default=0),
        max((each.buyers for each in candidates), default=0),
    )


def _fit(candidate: Candidate, member: Member) -> Fit:
    clashes = conflicts(
        candidate.contains, candidate.allergens, avoided=member.avoided, allergic_to=member.allergic_to
    )
    return fit(
        member.types,
        suits=candidate.suits,
        avoid=candidate.avoid,
        source=candidate.fit_source,
        allergens=candidate.allergens,
        conflicts=clashes,
    )


def _item(candidate: Candidate, view: _View, weights: Mapping[str, int]) -> Item:
    parts = [(weights.get(name, 0), name, *feature(candidate, view)) for name, feature in _FEATURES.items()]
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


def _history(candidate: Candidate, view: _View) -> _Value:
    return view.member.signs.get(candidate.product_id, _NOTHING)


def _copurchase(candidate: Candidate, view: _View) -> _Value:
    share, title = view.links.get(candidate.product_id, _NOTHING)
    return (share / view.top_link, f"常和{title}一起买") if share > 0 else _NOTHING


def _constitution(candidate: Candidate, view: _View) -> _Value:
    found = _fit(candidate, view.member)
    return (1.0, found.reasons[0]) if found.verdict == "suits" else _NOTHING


def _term(candidate: Candidate, view: _View) -> _Value:
    if view.where.current.term.key in candidate.terms:
        return 1.0, f"{view.where.current.term.name}时令"
    if view.where.days_to_next <= _NEXT_TERM_DAYS and view.where.next.term.key in candidate.terms:
        return 0.5, f"{view.where.next.term.name}将至，正好备下"
    return _NOTHING


def _endorsement(candidate: Candidate, _: _View) -> _Value:
    if not candidate.endorsers:
        return _NOTHING
    names = "、".join(candidate.endorsers[:2])
    return 1 - 0.5 ** len(candidate.endorsers), f"践行者{names}认证"


def _popularity(candidate: Candidate, view: _View) -> _Value:
    """Count members of her segment where enough of them bought anything, else what everybody bought."""
    if view.top_buyers >= _ENOUGH_BUYERS:
        value = math.log1p(candidate.buyers) / math.log1p(view.top_buyers)
        return (value, "和您同体质的会员常买") if candidate.buyers else _NOTHING
    if candidate.sales <= 0:
        return _NOTHING
    return math.log1p(candidate.sales) / math.log1p(view.top_sales), f"近30天售出{candidate.sales}件"


def _freshness(candidate: Candidate, view: _View) -> _Value:
    age = (view.now - candidate.on_at) / _DAY_MS
    return (1 - age / _FRESH_DAYS, "新上架") if 0 <= age < _FRESH_DAYS else _NOTHING


_FEATURES: dict[Feature, Callable[[Candidate, _View], _Value]] = {
    "history": _history,
    "copurchase": _copurchase,
    "constitution": _constitution,
    "term": _term,
    "endorsement": _endorsement,
    "popularity": _popularity,
    "freshness": _freshness,
}
