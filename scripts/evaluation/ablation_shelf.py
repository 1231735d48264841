"""What the shop knows of a made-up world, and what its ranking makes of that."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from evaluation.ablation_world import Visit, World
from gardenshop.rules.features import Candidate, Member, Place
from gardenshop.rules.lookback import Past
from gardenshop.rules.ranking import rank, values
from gardenshop.rules.recommend import Known, outlook
from gardenshop.rules.taste import signs
from gardenshop.rules.visits import Figure
from gardenshop.rules.worth import Look

_EPOCH = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000
_SALES_DAYS = 30


class Shelf:
    """The shop of *world*, which learnt in the night before *day* and has learnt nothing since."""

    def __init__(self, world: World, day: int) -> None:
        self._world = world
        self._titles = {ware.product_id: ware.product_id for ware in world.wares}
        self._orders = defaultdict[str, list[dict[str, Any]]](list)
        for visit in world.past:
            self._orders[visit.patron.user_id].append(_order(visit))
        past = Past()
        past.add(_order(visit) for visit in world.past if visit.day < day)
        self._known = _known(past.prepared([*_catalogue(world)]))
        self._buyers = past.buyers(
            {each.patron.user_id: each.patron.constitution for each in world.past if each.patron.known}
        )
        self._candidates = cache(self._candidates_for)
        self._members = cache(self._member)

    def rank(
        self, visit: Visit, weights: Mapping[str, int], k: int, *, variety_bp: int, left_out: Collection[str]
    ) -> list[str]:
        """Return what is shown beside the first product of *visit*, best first."""
        place = self._place(visit)._replace(left_out=left_out)
        items = rank(*self._asked(visit), weights, k, place=place, variety_bp=variety_bp)
        return [item.product_id for item in items]

    def look(self, visit: Visit) -> Look:
        """Return *visit* as something to learn from."""
        return Look(values(*self._asked(visit), self._place(visit)), visit.rest)

    def had(self, visit: Visit) -> set[str]:
        """Return all that was bought before *visit*."""
        return {
            item["product_id"]
            for order in self._before(visit.patron.user_id, visit.day)
            for item in order["items"]
        }

    def _asked(self, visit: Visit) -> tuple[Sequence[Candidate], Member, int]:
        segment = visit.patron.constitution if visit.patron.known else ""
        member = self._members(visit.patron.user_id, visit.day)
        types = [visit.patron.constitution] if visit.patron.known else []
        return self._candidates(visit.day, segment), member._replace(types=types), _instant(visit.day)

    def _place(self, visit: Visit) -> Place:
        return Place({visit.first: visit.first}, {visit.first: self._known.near.get(visit.first, {})})

    def _candidates_for(self, day: int, segment: str) -> Sequence[Candidate]:
        sold = _sold(self._world, day)
        return [
            Candidate(
                ware.product_id,
                ware.product_id,
                ware.categories,
                suits=ware.suits,
                avoid=ware.avoid,
                terms=ware.terms,
                endorsers=ware.endorsers,
                sales=sold[ware.product_id],
                buyers=self._buyers.get(ware.product_id, Counter())[segment],
                on_at=_instant(ware.on),
            )
            for ware in self._world.wares
            if ware.on <= day
        ]

    def _member(self, user_id: str, day: int) -> Member:
        seen = outlook(self._before(user_id, day), self._known, _date(day))
        return Member(signs=signs(seen, self._known, self._titles))

    def _before(self, user_id: str, day: int) -> list[dict[str, Any]]:
        return [order for order in self._orders[user_id] if order["date"] < _date(day)]


def _order(visit: Visit) -> dict[str, Any]:
    items = [
        {"product_id": product, "quantity": 1, "paid_cents": 100} for product in (visit.first, *visit.rest)
    ]
    return {"user_id": visit.patron.user_id, "date": _date(visit.day), "items": items}


def _catalogue(world: World) -> Iterator[dict[str, Any]]:
    for ware in world.wares:
        top, kind = ware.categories
        goods = {"category": top, "type": kind, "brand": "", "list_price_cents": 100}
        yield {"product_id": ware.product_id, **goods}


def _known(prepared: Mapping[str, Any]) -> Known:
    products = {product: Figure._make(row) for product, row in prepared["products"].items()}
    near, factors = prepared["near"], prepared["factors"]
    return Known(products, near, factors, prepared["popular"], prepared["weights"])


def _sold(world: World, day: int) -> Counter[str]:
    return Counter(
        product
        for visit in world.past
        if day - _SALES_DAYS <= visit.day < day
        for product in (visit.first, *visit.rest)
    )


def _date(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _instant(day: int) -> int:
    return (day - _EPOCH) * _DAY_MS
