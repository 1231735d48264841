"""Keyset paging: a page begins after the last item of the one before, never at an offset.

A cursor is ``<value>~<id>`` of that item, in the order of one integer field with ties by a unique one.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import Field

CursorText = Annotated[str, Field(max_length=200, pattern=r"^-?[0-9]{1,16}~[A-Za-z0-9_:.\-]{1,160}$")]


class Order(NamedTuple):
    """The field that a list is sorted by; *direction* is 1 or −1, and *tie* is the field that is unique."""

    field: str
    direction: int
    tie: str = "_id"

    @property
    def keys(self) -> dict[str, int]:
        """The sort keys."""
        return {self.field: self.direction, self.tie: self.direction}


def after(order: Order, cursor: str | None) -> dict[str, Any]:
    """Return the filter of what comes after *cursor*; everything when there is none."""
    if cursor is None:
        return {}
    value, key = cursor.split("~", 1)
    beyond = "$gt" if order.direction > 0 else "$lt"
    return {"$or": [{order.field: {beyond: int(value)}}, {order.field: int(value), order.tie: {beyond: key}}]}


def cursor_of(order: Order, document: Mapping[str, Any]) -> str:
    """Return the cursor that continues after *document*."""
    return f"{int(document.get(order.field, 0))}~{document[order.tie]}"
