"""Places for backups in memory: one that keeps, and one whose process dies between two writes."""

from collections.abc import Iterator

from faults import Killed


class Shelf:
    """A store in memory. With *lives*, the process dies when so many files have been written."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.lives: int | None = None

    def put(self, name: str, data: bytes) -> None:
        self._breathe()
        self.files[name] = data

    def get(self, name: str) -> bytes:
        try:
            return self.files[name]
        except KeyError:
            raise FileNotFoundError(name) from None

    def names(self, prefix: str = "") -> Iterator[str]:
        yield from sorted(name for name in self.files if name.startswith(prefix))

    def delete(self, name: str) -> None:
        self._breathe()
        self.files.pop(name, None)

    def _breathe(self) -> None:
        if self.lives is None:
            return
        if not self.lives:
            raise Killed
        self.lives -= 1
