"""What is left of a play, for the laws to look at."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

from simulation.world import World

NEVER_PAID = frozenset({"creating", "create_failed", "pending_payment", "cancelled"})


class Evidence:
    """What is left of a play: the stored documents, each collection read once; the till; what was told."""

    def __init__(self, world: World) -> None:
        self.till, self.told = world.till, world.told
        self.read = cache(world.read)


Law = Callable[[Evidence], Iterator[str]]


def points_by_cause(seen: Evidence, kind: str) -> Counter[tuple[str, str]]:
    """Return the points of the final rows of *kind*, by what they are for and by book."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in seen.read("points_ledger"):
        if (row["kind"], row["state"]) == (kind, "final"):
            sums[row["ref"]["id"], row["book"]] += row["delta"]
    return sums
