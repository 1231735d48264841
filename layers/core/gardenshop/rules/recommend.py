"""Which products a member will want at her next visit, by what was learnt from the shop's own orders.

Two small models, one for products she has bought, one for products new to her, give log odds on one scale,
so that one list holds both. What they weigh is in `habits`, how they are taught in `lookback`. The prior is
what other shops taught, for a shop that has little to look back on. What was tried: ``layers/README.md``.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import mul
from typing import Any, Generic, NamedTuple, TypeVar

from gardenshop.rules.habits import Pull, Shopper, bought_features, new_features, shopper, suggested
from gardenshop.rules.visits import Figure, Visit, day_number, visits_of

R = TypeVar("R")
T = TypeVar("T")

_CONSIDERED = 100
"""Of the products she has bought, the most usual, unless more are asked for."""

PRIOR = {
    "bought": (
        0.073, 0.259, 0.15, -0.018, 0.524, 0.357, 0.221, -0.15, 0.299, -0.058, 0.151, -0.002,
        0.034, -0.303, -0.105, 0.029, 0.241, -0.142, -0.083, 0.301, 0.068, -0.262, 0.2, 0.291,
        0.465, 0.165, 0.026, -0.082,
    ),
    "new": (
        -0.407, 0.206, 0.606, -0.204, 0.043, -0.39, -0.069, 0.444, -0.1, -0.077, 0.026, 0.538,
        0.164, 1.065,
    ),
}  # fmt: skip
"""In the order of `BOUGHT` and `NEW`."""


class Known(NamedTuple):
    """Everything a recommendation reads beside the member's own history; *weights* by model."""

    products: Mapping[str, Figure]
    near: Mapping[str, Mapping[str, float]]
    factors: Mapping[str, Sequence[float]]
    popular: Sequence[str]
    weights: Mapping[str, Sequence[float]] = PRIOR


NOTHING_KNOWN = Known({}, {}, {}, ())
"""Before the first night."""


class Outlook(NamedTuple):
    """What a member may want: the log odds of each product worth a thought, and what they come from."""

    odds: dict[str, float]
    who: Shopper
    pulls: dict[str, Pull]


def recommend(
    user_history: Sequence[Mapping[str, Any]], prepared: Mapping[str, Any], k: int, now: str
) -> list[str]:
    """Return the *k* products likeliest in the basket of a member with *user_history* on the day *now*."""
    figures_read = Lazily(prepared["products"], Figure._make)
    near, factors = prepared["near"], prepared["factors"]
    shop = Known(figures_read, near, factors, prepared["popular"], prepared["weights"])
    odds = outlook(user_history, shop, now, k).odds
    best = sorted(odds, key=odds.__getitem__, reverse=True)
    if len(best) < k:
        best += [product for product in prepared["products"] if product not in odds]
    return best[:k]


def outlook(user_history: Sequence[Mapping[str, Any]], shop: Known, now: str, k: int = 0) -> Outlook:
    """Weigh what a member with *user_history* may want on the day *now*, at least *k* of what she has had."""
    return outlook_of(visits_of(user_history), shop, day_number(now), k)


def outlook_of(visits: Sequence[Visit], shop: Known, now: int, k: int = 0) -> Outlook:
    """Weigh what the member who made these *visits* may want on the day of number *now*."""
    who = shopper(visits, now, shop.products)
    pulls = suggested(who, shop.near, shop.factors, shop.popular)
    bought, new = shop.weights["bought"], shop.weights["new"]
    odds = {product: _weigh(row, bought) for product, row in bought_rows(who, shop, k).items()}
    odds.update((product, _weigh(row, new)) for product, row in new_rows(who, shop, pulls).items())
    return Outlook(odds, who, pulls)


class Lazily(dict[str, T], Generic[R, T]):
    """A mapping of *rows* as *read* understands them, each when it is first asked for."""

    def __init__(self, rows: Mapping[str, R], read: Callable[[R], T]) -> None:
        super().__init__()
        self._rows = rows
        self._read = read

    def __missing__(self, key: str) -> T:
        value = self[key] = self._read(self._rows[key])
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._rows


def bought_rows(who: Shopper, shop: Known, k: int = 0) -> dict[str, list[float]]:
    usual = sorted(who.habits, key=lambda product: -who.habits[product].slow)[: max(k, _CONSIDERED)]
    return {product: bought_features(who, product, shop.products[product]) for product in usual}


def new_rows(who: Shopper, shop: Known, pulls: Mapping[str, Pull]) -> dict[str, list[float]]:
    return {product: new_features(who, pull, shop.products[product]) for product, pull in pulls.items()}


def _weigh(row: Sequence[float], weights: Sequence[float]) -> float:
    return sum(map(mul, weights, row), 0.0)
