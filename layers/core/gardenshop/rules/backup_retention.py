"""Which backups are kept: the newest of each of the last days, weeks and months that have one."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple


class Keep(NamedTuple):
    """How many days, ISO weeks and months keep their newest backup."""

    daily: int = 7
    weekly: int = 5
    monthly: int = 12


class Held(NamedTuple):
    """A backup: its id, which begins with its day, and whether it is whole and sound."""

    backup_id: str
    good: bool


_PERIODS: Sequence[Callable[[str], str]] = (
    lambda backup_id: backup_id[:10],
    lambda backup_id: "{}-{:02d}".format(*date.fromisoformat(backup_id[:10]).isocalendar()),
    lambda backup_id: backup_id[:7],
)


def to_delete(backups: Iterable[Held], keep: Keep) -> list[str]:
    """Return the ids of *backups* that need not be kept, the oldest first.

    The newest good one always stays, and so does what is newer than it: it may still be written. While
    none is good, nothing goes.
    """
    found = sorted(backups, reverse=True)
    good = [each.backup_id for each in found if each.good]
    if not good:
        return []
    kept = {good[0]}.union(*(_newest(good, of, number) for of, number in zip(_PERIODS, keep, strict=True)))
    return sorted(each.backup_id for each in found if each.backup_id < good[0] and each.backup_id not in kept)


def _newest(backup_ids: Sequence[str], period_of: Callable[[str], str], number: int) -> set[str]:
    """Return the newest of each of the newest *number* periods; *backup_ids* are the newest first."""
    newest: dict[str, str] = {}
    for backup_id in backup_ids:
        newest.setdefault(period_of(backup_id), backup_id)
    return set(list(newest.values())[:number])
