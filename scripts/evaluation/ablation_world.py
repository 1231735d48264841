"""A shop that is made up, in which the reasons to buy are known.

Every member has a hidden constitution, which the shop knows of most of them, and favourites that she needs
again after a time of their own. A basket is drawn by softmax: the log odds of a product are the sum of the
`Effects` that apply to it. What the shop knows of a product is the same in every world; only what it does to
buyers differs.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Any, NamedTuple

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.constitution import CODES
from gardenshop.rules.solar_terms import TERMS, term_of_day

Order = dict[str, Any]

_START = date(2026, 2, 4).toordinal()
_DAYS = 182
"""What the shop has seen when it is asked; the visits after it are what it is asked about."""
_PRODUCTS, _CATEGORIES, _DISHES = 120, 12, 20
_SUITS, _AVOIDS, _ENDORSED, _LAUNCHED = 0.25, 0.05, 0.2, 0.3
"""Shares: types that a product suits, or not; products with an endorser; products newer than the shop."""
_SEASON_TERMS = 4
_KNOWN = 0.8
"""The share of members who filled in the questionnaire."""
_FAVOURITES = (6, 12)
_CYCLE_DAYS = (5, 45)
_GAP_DAYS = (3, 12)
_LINES = (2, 7)
_FRESH_DAYS = 30
_DUE, _HASTE = 0.8, 5
"""A favourite is half needed after so much of its cycle, and so quickly wholly."""


class Effects(NamedTuple):
    """The log odds that each reason adds where it applies in full."""

    habit: float = 4.0
    company: float = 1.5
    popularity: float = 1.0
    constitution: float = 1.5
    term: float = 1.5
    endorsement: float = 1.5
    freshness: float = 1.5


WORLDS: dict[str, Effects] = {
    "effects": Effects(),
    "none": Effects(constitution=0.0, term=0.0, endorsement=0.0, freshness=0.0),
}


class Ware(NamedTuple):
    """A product: what the shop knows of it, and how it appeals to everybody, which nobody knows."""

    product_id: str
    categories: tuple[str, str]
    dish: int
    suits: frozenset[str]
    avoid: frozenset[str]
    terms: frozenset[str]
    endorsers: tuple[str, ...]
    on: int
    """The day on which it came to the shop."""
    appeal: float


class Patron(NamedTuple):
    """A member: her constitution, whether the shop knows it, and how often she needs each favourite."""

    user_id: str
    constitution: Constitution
    known: bool
    cycles: Mapping[str, float]


class Visit(NamedTuple):
    """One basket of a member; *first* was in it when the rest was chosen."""

    patron: Patron
    day: int
    first: str
    rest: tuple[str, ...]


class World(NamedTuple):
    """The products, and the visits before the day *cutoff*, oldest first.

    *following* are the first visits of the members after it, *newcomers* those of as many never seen.
    """

    wares: Sequence[Ware]
    cutoff: int
    past: Sequence[Visit]
    following: Sequence[Visit]
    newcomers: Sequence[Visit]


def make(effects: Effects, *, members: int, seed: int) -> World:
    """Return the world in which *members* buy for the reasons of *effects*; the same for the same *seed*."""
    dice = Random(seed)
    wares = [_ware(place, dice) for place in range(_PRODUCTS)]
    cutoff = _START + _DAYS
    patrons = [_patron(f"u{place:04}", wares, dice) for place in range(2 * members)]
    visits = [_visits(patron, wares, effects, _START, dice) for patron in patrons[:members]]
    newcomers = [_visits(patron, wares, effects, cutoff, dice)[0] for patron in patrons[members:]]
    past = sorted((visit for mine in visits for visit in mine[:-1]), key=lambda visit: visit.day)
    return World(wares, cutoff, past, [mine[-1] for mine in visits], newcomers)


def _ware(place: int, dice: Random) -> Ware:
    category = place % _CATEGORIES
    suits = {code for code in CODES if dice.random() < _SUITS}
    begins = dice.randrange(len(TERMS))
    endorsers = ("丁兰", "苏叶")[: dice.choice((1, 2)) if dice.random() < _ENDORSED else 0]
    launched = dice.random() < _LAUNCHED
    return Ware(
        f"p{place:03}",
        (f"shelf {category % 4}", f"category {category}"),
        dice.randrange(_DISHES),
        frozenset(suits),
        frozenset(code for code in CODES if code not in suits and dice.random() < _AVOIDS),
        frozenset(TERMS[(begins + later) % len(TERMS)].key for later in range(_SEASON_TERMS)),
        endorsers,
        _START + (dice.randrange(_DAYS) if launched else -365),
        dice.gauss(0, 1),
    )


def _patron(user_id: str, wares: Sequence[Ware], dice: Random) -> Patron:
    favourites = dice.sample(wares, dice.randint(*_FAVOURITES))
    low, high = map(math.log, _CYCLE_DAYS)
    return Patron(
        user_id,
        dice.choice(CODES),
        dice.random() < _KNOWN,
        {ware.product_id: math.exp(dice.uniform(low, high)) for ware in favourites},
    )


def _visits(patron: Patron, wares: Sequence[Ware], effects: Effects, since: int, dice: Random) -> list[Visit]:
    """Return her visits from about the day *since* on, up to the first one after the cutoff."""
    lasting = {ware.product_id: _lasting(patron, ware, effects) for ware in wares}
    day, visits, last = since + dice.randrange(_GAP_DAYS[1]), list[Visit](), dict[str, int]()
    while not visits or visits[-1].day < _START + _DAYS:
        there = [ware for ware in wares if ware.on <= day]
        passing = _passing(patron, there, day, effects, last)
        odds = {product: lasting[product] + each for product, each in passing.items()}
        first, *rest = _basket(there, odds, effects.company, dice)
        last.update(dict.fromkeys((first, *rest), day))
        visits.append(Visit(patron, day, first, tuple(rest)))
        day += dice.randint(*_GAP_DAYS)
    return visits


def _lasting(patron: Patron, ware: Ware, effects: Effects) -> float:
    fit = (patron.constitution in ware.suits) - (patron.constitution in ware.avoid)
    endorsed = 1 - 0.5 ** len(ware.endorsers)
    return effects.popularity * ware.appeal + effects.constitution * fit + effects.endorsement * endorsed


def _passing(
    patron: Patron, there: Sequence[Ware], day: int, effects: Effects, last: Mapping[str, int]
) -> dict[str, float]:
    """Return the log odds of a day: what is in season, what is new, what she needs."""
    term = term_of_day(date.fromordinal(day).isoformat()).key
    odds = {
        ware.product_id: effects.term * (term in ware.terms)
        + effects.freshness * max(0.0, 1 - (day - ware.on) / _FRESH_DAYS)
        for ware in there
    }
    for product, cycle in patron.cycles.items():
        since = day - last.get(product, _START - _CYCLE_DAYS[1])
        if product in odds:
            odds[product] += effects.habit / (1 + math.exp(-_HASTE * (since / cycle - _DUE)))
    return odds


def _basket(there: Sequence[Ware], odds: Mapping[str, float], company: float, dice: Random) -> list[str]:
    """Draw products by Gumbel's trick: the first one, then more, sooner of the same dish."""
    keys = {product: each - math.log(dice.expovariate(1.0)) for product, each in odds.items()}
    first = max(there, key=lambda ware: keys[ware.product_id])
    rest = [ware for ware in there if ware is not first]
    rest.sort(key=lambda ware: keys[ware.product_id] + company * (ware.dish == first.dish), reverse=True)
    return [ware.product_id for ware in (first, *rest[: dice.randint(*_LINES)])]
