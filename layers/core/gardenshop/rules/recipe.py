"""What to buy for a dish: what it takes, less what is at home, in packs that can be had.

The packs of an ingredient stand in the order in which their goods serve for it best: of the first good that
can be had in one kind of pack, the cheapest is taken. An ingredient that cannot be had, or that the member
does not eat, is replaced gram for gram by the first of its substitutes that can; what she does not eat is
never bought, at home or not. Two needs never count on the same units, and what is at home serves the dish's
own needs before it stands in for others.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

Reason = Literal["not_eaten", "not_sold", "out_of_stock"]


class Need(NamedTuple):
    """Some grams of an ingredient; `ingredient_id` is empty while the food is not known."""

    ingredient_id: str
    name: str
    grams: int


class Pack(NamedTuple):
    """A SKU that holds *grams* of an ingredient and of which *most* units may be bought."""

    sku_id: str
    product_id: str
    grams: int
    price_fen: int
    most: int


class Food(NamedTuple):
    """An ingredient: whether the member eats it, the packs she may eat, best first, and its substitutes."""

    name: str
    eaten: bool
    packs: tuple[Pack, ...]
    substitutes: tuple[str, ...] = ()


class Bought(NamedTuple):
    """So many units of a pack for *grams* of a need, as the ingredient *ingredient_id*."""

    need: Need
    ingredient_id: str
    grams: int
    pack: Pack
    quantity: int


class Home(NamedTuple):
    """Grams at home that serve a need, as the ingredient *ingredient_id*."""

    need: Need
    ingredient_id: str
    grams: int


class Missing(NamedTuple):
    """Grams of a need that cannot be had, and why."""

    need: Need
    grams: int
    reason: Reason


class Shopping(NamedTuple):
    """What serves each need; grams bought for, at home and missing add up to the need's."""

    bought: tuple[Bought, ...]
    home: tuple[Home, ...]
    missing: tuple[Missing, ...]


def scaled(grams: int, servings: int, recipe_servings: int) -> int:
    """Return *grams* of a recipe for *servings*, rounded up; at least 1, the least of an unstated amount."""
    return max(1, -(-grams * servings // recipe_servings))


def joined(needs: Iterable[Need]) -> list[Need]:
    """Return *needs* with those of one ingredient added up, where the first stood."""
    found: dict[str, Need] = {}
    for need in needs:
        key = need.ingredient_id or f"?{need.name}"
        found[key] = need._replace(grams=need.grams + (found[key].grams if key in found else 0))
    return list(found.values())


def shopping(needs: Iterable[Need], foods: Mapping[str, Food], pantry: Mapping[str, int]) -> Shopping:
    """Return what to buy for *needs*, given all *foods* they and their substitutes name."""
    return _Trip(foods, pantry).plan(joined(needs))


class _Trip:
    """One planning: what is left at home and on the shelves while needs are served one by one."""

    def __init__(self, foods: Mapping[str, Food], pantry: Mapping[str, int]) -> None:
        self._foods = foods
        self._pantry = dict(pantry)
        self._taken: dict[str, int] = {}
        self._home: list[Home] = []
        self._bought: list[Bought] = []
        self._missing: list[Missing] = []

    def plan(self, needs: Sequence[Need]) -> Shopping:
        """Serve every need from home first, then each from the shop."""
        open_needs = [(need, self._from_home(need, need.ingredient_id, need.grams)) for need in needs]
        for need, grams in open_needs:
            if grams:
                self._serve(need, grams)
        return Shopping(tuple(self._bought), tuple(self._home), tuple(self._missing))

    def _from_home(self, need: Need, ingredient_id: str, grams: int) -> int:
        """Take what is at home for *need* and return the grams it still takes."""
        food = self._foods.get(ingredient_id)
        used = min(grams, self._pantry.get(ingredient_id, 0)) if food and food.eaten else 0
        if used:
            self._pantry[ingredient_id] -= used
            self._home.append(Home(need, ingredient_id, used))
        return grams - used

    def _serve(self, need: Need, grams: int) -> None:
        if self._buy(need, need.ingredient_id, grams):
            return
        own = self._foods.get(need.ingredient_id)
        for ingredient_id in own.substitutes if own else ():
            grams = self._from_home(need, ingredient_id, grams)
            if not grams or self._buy(need, ingredient_id, grams):
                return
        self._missing.append(Missing(need, grams, _reason(own)))

    def _buy(self, need: Need, ingredient_id: str, grams: int) -> bool:
        """Buy *grams* in packs of the best good that has enough; say whether there was one."""
        food = self._foods.get(ingredient_id)
        if food is None or not food.eaten:
            return False
        for _, packs in groupby(food.packs, key=lambda pack: pack.product_id):
            options = [(pack, -(-grams // pack.grams)) for pack in packs]
            had = [each for each in options if self._taken.get(each[0].sku_id, 0) + each[1] <= each[0].most]
            if had:
                pack, quantity = min(had, key=lambda each: (each[0].price_fen * each[1], each[0].sku_id))
                self._taken[pack.sku_id] = self._taken.get(pack.sku_id, 0) + quantity
                self._bought.append(Bought(need, ingredient_id, grams, pack, quantity))
                return True
        return False


def _reason(food: Food | None) -> Reason:
    if food is None:
        return "not_sold"
    if not food.eaten:
        return "not_eaten"
    return "out_of_stock" if food.packs else "not_sold"
