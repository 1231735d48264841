"""The visits of the last weeks as the ranking would have met them: what it would have seen, what was bought.

The first product of a visit stands for the page or the cart that a list is beside, the others for what it
should have shown; a visit of one product is one to the front page.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.features import NOWHERE, Candidate, Member, Place, candidate
from gardenshop.rules.lookback import Lately
from gardenshop.rules.ranking import values
from gardenshop.rules.recommend import outlook_of
from gardenshop.rules.taste import signs
from gardenshop.rules.worth import Look

_EPOCH = 719_163
"""The number of 1970-01-01 among days."""
_DAY_MS, _NOON_MS = 86_400_000, 4 * 3_600_000
"""A day, and its noon in UTC+8."""


def looks(
    lately: Lately,
    products: Sequence[Mapping[str, Any]],
    types: Mapping[str, Sequence[Constitution]],
    segments: Mapping[str, str],
) -> Iterator[Look]:
    """Yield the visits of *lately* to the shelf of *products*.

    *types* and *segments* are by member, of those who agreed to their use.
    """
    titles = {product["_id"]: product["title"] for product in products}
    for member, visits, place in lately.visits:
        visit, hers = visits[place], types.get(member, ())
        seen = outlook_of(visits[:place], lately.known, visit.day)
        who = Member(hers, signs=signs(seen, lately.known, titles))
        first, *rest = [product for product, *_ in visit.lines]
        at = (visit.day - _EPOCH) * _DAY_MS + _NOON_MS
        segment = segments.get(member, "")
        shelf = [_as_it_was(each, at, lately, segment) for each in products if each.get("onAt", 0) <= at]
        where = _beside(first, lately) if rest else NOWHERE
        yield Look(values(shelf, who, at, where), rest or [first])


def _as_it_was(product: Mapping[str, Any], at: int, lately: Lately, segment: str) -> Candidate:
    key = product["_id"]
    buyers = lately.buyers.get(key, {}).get(segment, 0)
    return candidate(product, at, in_stock=True)._replace(sales=lately.sold.get(key, 0), buyers=buyers)


def _beside(product: str, lately: Lately) -> Place:
    return Place({product: product}, {product: lately.known.near.get(product, {})})
