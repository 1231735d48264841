"""Values that a warm instance may keep for a moment; what is kept is never the truth."""

from typing import Generic, TypeVar

from cachetools import TTLCache

T = TypeVar("T")

_caches: list[TTLCache[str, object]] = []


class Kept(Generic[T]):
    """One value that is forgotten *seconds* after it was set."""

    def __init__(self, *, seconds: float) -> None:
        self._cache: TTLCache[str, T] = TTLCache(maxsize=1, ttl=seconds)
        _caches.append(self._cache)  # type: ignore[arg-type]  # Only cleared, never read, through the list.

    def get(self) -> T | None:
        """Return the value, or None when there is none or its time is over."""
        return self._cache.get("value")

    def set(self, value: T) -> None:
        """Keep *value* from now on."""
        self._cache["value"] = value


def forget_all() -> None:
    """Forget everything kept, as a cold instance does; for tests."""
    for cache in _caches:
        cache.clear()
