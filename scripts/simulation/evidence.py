"""What is left of a play, for the laws to look at."""

from collections.abc import Callable, Iterator
from functools import cache

from simulation.world import World


class Evidence:
    """What is left of a play: the stored documents, each collection read once; the till; what was told."""

    def __init__(self, world: World) -> None:
        self.till, self.told = world.till, world.told
        self.read = cache(world.read)


Law = Callable[[Evidence], Iterator[str]]
