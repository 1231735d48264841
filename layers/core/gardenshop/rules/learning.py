"""Learning: how a quiz is marked, which days in a row somebody learned, and the quote of her day.

Lessons, quotes and progress are plain stored documents here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

_FULL_BP = 10_000

Document = Mapping[str, Any]


class Marked(NamedTuple):
    """Which answers of a quiz are right, their share, and whether that is enough."""

    right: tuple[bool, ...]
    score_bp: int
    passed: bool


def mark(quiz: Sequence[Document], answers: Sequence[int], pass_bp: int) -> Marked:
    """Mark *answers*, one for each question of *quiz*; a lesson without a quiz is passed by reading it."""
    right = tuple(question["answer"] == each for question, each in zip(quiz, answers, strict=True))
    score_bp = _FULL_BP * sum(right) // len(right) if right else _FULL_BP
    return Marked(right, score_bp, score_bp >= pass_bp)


def day_before(day: str) -> str:
    """Return the day before *day*."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def streak(learning: Document, day: str) -> int:
    """Return the days in a row that somebody has learned as of *day*: it ends with a day left out."""
    lasts = learning.get("lastDay") in {day, day_before(day)}
    return int(learning.get("streak", 0)) if lasts else 0


def quote_of_day(quotes: Sequence[dict[str, Any]], user_id: str, day: str) -> dict[str, Any] | None:
    """Return the one of *quotes* that *user_id* meets on *day*, the same whenever she asks.

    Another quote that comes or goes meanwhile changes it only by being the one.
    """

    def rank(quote: Document) -> str:
        return hashlib.sha256(f"{user_id}\n{day}\n{quote['_id']}".encode()).hexdigest()

    return min(quotes, key=rank, default=None)
