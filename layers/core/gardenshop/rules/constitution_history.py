"""How results of the constitution questionnaire changed, type by type, in plain words.

Only results by one standard are compared: forms ask different questions. A stored score is in whole points,
and a single answer one step higher moves a type of three items by eight, so a change of less than `STEADY`
points is called none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.constitution import NAMES

STEADY = 10

Result = Mapping[str, Any]


class Change(NamedTuple):
    """One type now and before: converted scores of 0–100, the difference, and what to say of it."""

    code: Constitution
    now: int
    before: int
    text: str

    @property
    def difference(self) -> int:
        """How many points it went up."""
        return self.now - self.before


def before(result: Result, history: Sequence[Result]) -> Result | None:
    """Return the last result in *history*, oldest first, that is older than *result* and by its standard."""
    older = [each for each in history if each["standard"] == result["standard"] and each["at"] < result["at"]]
    return older[-1] if older else None


def changes(result: Result, earlier: Result) -> list[Change]:
    """Compare two stored results of one standard, in the order of the first."""
    scores = _scores(earlier["results"])
    return [
        Change(each["code"], each["score"], scores[each["code"]], _text(each, scores[each["code"]]))
        for each in result["results"]
        if each["code"] in scores
    ]


def _scores(results: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return {each["code"]: each["score"] for each in results}


def _text(each: Mapping[str, Any], earlier: int) -> str:
    name, score = NAMES[each["code"]], each["score"]
    if abs(score - earlier) < STEADY:
        return f"{name} {score} 分，和上次差不多"
    return f"{name} {score} 分，比上次{'高' if score > earlier else '低'} {abs(score - earlier)} 分"
