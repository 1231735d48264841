"""The goods of a basket as price rules see them, and which of them something applies to."""

from collections.abc import Iterable
from typing import NamedTuple

from gardenshop.models.vocabulary import Scope


class PriceLine(NamedTuple):
    """What is bought: *quantity* units of one SKU at *unit_fen* of *weight_g* each."""

    line_id: str
    quantity: int
    unit_fen: int
    weight_g: int
    sku_id: str = ""
    product_id: str = ""
    title: str = ""
    categories: tuple[str, ...] = ()

    @property
    def list_fen(self) -> int:
        """The price of all units before any discount."""
        return self.quantity * self.unit_fen


def covers(scope: Scope, line: PriceLine) -> bool:
    """Say whether *scope* names the goods of *line*, or names none and does not exclude them."""
    if line.product_id in scope.excluded_product_ids:
        return False
    if not (scope.product_ids or scope.sku_ids or scope.categories):
        return True
    return (
        line.product_id in scope.product_ids
        or line.sku_id in scope.sku_ids
        or any(category in scope.categories for category in line.categories)
    )


def covered(scope: Scope, lines: Iterable[PriceLine]) -> list[PriceLine]:
    """Return the *lines* that *scope* covers."""
    return [line for line in lines if covers(scope, line)]


def list_total(lines: Iterable[PriceLine]) -> int:
    """Return what *lines* cost before any discount.

    Thresholds are compared with this, so that one discount never costs another.
    """
    return sum(line.list_fen for line in lines)
