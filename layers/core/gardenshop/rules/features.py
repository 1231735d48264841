"""What speaks for a product: features in 0-1, each with its reason in Chinese.

What her own past says is one of them, from `taste`. A feature that is not worth anything for a product gives
neither score nor reason, so with no history and no constitution the order falls back by itself on season,
endorsement, popularity and freshness; `ANYONE` is the non-personalised choice that PIPL art. 24 asks for.
Neither price nor margin is a feature.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.diet import conflicts
from gardenshop.rules.fit import Fit, fit
from gardenshop.rules.prepared import buyers_of
from gardenshop.rules.solar_terms import Position, position
from gardenshop.rules.taste import Sign

Feature = Literal["history", "copurchase", "constitution", "term", "endorsement", "popularity", "freshness"]

_DAY_MS = 86_400_000
_NEXT_TERM_DAYS, _FRESH_DAYS = 3, 30
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


class Place(NamedTuple):
    """Where a list stands: beside the products *anchors*, id to title, and without those and *left_out*.

    ``copurchase[anchor][product]`` says how much the two are bought together.
    """

    anchors: Mapping[str, str] = {}
    copurchase: Mapping[str, Mapping[str, float]] = {}
    left_out: Collection[str] = ()


class View(NamedTuple):
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


def view_of(candidates: Sequence[Candidate], member: Member, now: int, place: Place) -> View:
    """Return what the features of a ranking of *candidates* for *member* in *place* look at."""
    links: dict[str, tuple[float, str]] = {}
    for anchor, title in place.anchors.items():
        for product, share in place.copurchase.get(anchor, {}).items():
            links[product] = max(links.get(product, (0.0, "")), (share, title))
    return View(
        member,
        now,
        position(now),
        links,
        max((share for share, _ in links.values()), default=0.0),
        max((each.sales for each in candidates), default=0),
        max((each.buyers for each in candidates), default=0),
    )


def fit_for(candidate: Candidate, member: Member) -> Fit:
    """Say how *candidate* suits *member*."""
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


def _history(candidate: Candidate, view: View) -> _Value:
    return view.member.signs.get(candidate.product_id, _NOTHING)


def _copurchase(candidate: Candidate, view: View) -> _Value:
    share, title = view.links.get(candidate.product_id, _NOTHING)
    return (share / view.top_link, f"常和{title}一起买") if share > 0 else _NOTHING


def _constitution(candidate: Candidate, view: View) -> _Value:
    found = fit_for(candidate, view.member)
    return (1.0, found.reasons[0]) if found.verdict == "suits" else _NOTHING


def _term(candidate: Candidate, view: View) -> _Value:
    if view.where.current.term.key in candidate.terms:
        return 1.0, f"{view.where.current.term.name}时令"
    if view.where.days_to_next <= _NEXT_TERM_DAYS and view.where.next.term.key in candidate.terms:
        return 0.5, f"{view.where.next.term.name}将至，正好备下"
    return _NOTHING


def _endorsement(candidate: Candidate, _: View) -> _Value:
    if not candidate.endorsers:
        return _NOTHING
    names = "、".join(candidate.endorsers[:2])
    return 1 - 0.5 ** len(candidate.endorsers), f"践行者{names}认证"


def _popularity(candidate: Candidate, view: View) -> _Value:
    """Count members of her segment where enough of them bought anything, else what everybody bought."""
    if view.top_buyers >= _ENOUGH_BUYERS:
        value = math.log1p(candidate.buyers) / math.log1p(view.top_buyers)
        return (value, "和您同体质的会员常买") if candidate.buyers else _NOTHING
    if candidate.sales <= 0:
        return _NOTHING
    return math.log1p(candidate.sales) / math.log1p(view.top_sales), f"近30天售出{candidate.sales}件"


def _freshness(candidate: Candidate, view: View) -> _Value:
    age = (view.now - candidate.on_at) / _DAY_MS
    return (1 - age / _FRESH_DAYS, "新上架") if 0 <= age < _FRESH_DAYS else _NOTHING


FEATURES: dict[Feature, Callable[[Candidate, View], _Value]] = {
    "history": _history,
    "copurchase": _copurchase,
    "constitution": _constitution,
    "term": _term,
    "endorsement": _endorsement,
    "popularity": _popularity,
    "freshness": _freshness,
}
