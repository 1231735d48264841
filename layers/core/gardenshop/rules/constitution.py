"""Questionnaires on constitution (体质) and their scoring, in exact integers.

Three forms share one rule: ``gbt46939`` is GB/T 46939—2025 (27 items, in force since 2026-04-01), ``t157``
is ZYYXH/T157—2009 (60 items), ``elder33`` the form of the public health service for people of 65 and more.
Item maps and reverse items are theirs; every sentence in ``constitution_items.json`` is our own paraphrase.

An item is worth 1-5, a reversed one 6 minus that; n answered items with the sum *raw* convert to
``(raw - n) / 4n`` of 100. The eight biased types: from 40 "yes", from 30 "tendency". Balanced (平和): from 60
and every biased type below 30 "yes", below 40 "tendency" (the standards say 基本是). Several types may hold
at once, and none may hold at all. The sums that ``elder33`` prints (11 and 9 of four items, 17 of five) are
these same limits.

A result is a reference for food and habits, never a medical finding.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from gardenshop.models.vocabulary import Constitution

Form = Literal["gbt46939", "t157", "elder33"]
Sex = Literal["female", "male"]
Verdict = Literal["yes", "tendency", "no"]
Caution = Literal["straight_line", "sex_not_given"]

CODES: tuple[Constitution, ...] = get_args(Constitution)
NAMES: dict[Constitution, str] = dict(
    zip(
        CODES,
        ("平和质", "气虚质", "阳虚质", "阴虚质", "痰湿质", "湿热质", "血瘀质", "气郁质", "特禀质"),
        strict=True,
    )
)
DISCLAIMER = "结果仅供了解自己的饮食与生活习惯时参考，不能代替医生的判断；孕期和未成年人不适用。"
CAUTIONS: dict[Caution, str] = {
    "straight_line": "所有题目选了同一个答案，结果可能说明不了什么，建议静下来再答一次。",
    "sex_not_given": "没有填写性别，与性别有关的一题没有计入，湿热质的得分与标准算法略有不同。",
}

ELDER_AGE = 65
"""From which age on ``elder33`` is meant."""

_TENDENCY, _BIASED, _BALANCED = 30, 40, 60


class AnswersError(ValueError):
    """The answers do not fit the form: item ids *missing*, *unknown* or *outside* of 1-5."""

    def __init__(self, missing: tuple[str, ...], unknown: tuple[str, ...], outside: tuple[str, ...]) -> None:
        super().__init__(f"missing {missing}, unknown {unknown}, outside of 1-5 {outside}")
        self.missing, self.unknown, self.outside = missing, unknown, outside

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Each wrong item and what is wrong with it."""
        kinds = {"missing": self.missing, "unknown": self.unknown, "outside": self.outside}
        return [(item, kind) for kind, items in kinds.items() for item in items]


class Question(NamedTuple):
    """One item as it is shown; the answer is the position of an option, from 1."""

    id: str
    text: str
    options: tuple[str, ...]


class TypeScore(NamedTuple):
    """The sum *raw* of *items* answers of one type, and what it means."""

    code: Constitution
    raw: int
    items: int
    verdict: Verdict

    @property
    def hundredths(self) -> int:
        """The converted score in hundredths of a point, 0-10,000, rounded half up."""
        span = 4 * self.items
        return ((self.raw - self.items) * 20_000 + span) // (2 * span)

    @property
    def score(self) -> int:
        """The converted score in whole points; rounding it never crosses a limit of the forms here."""
        span = 4 * self.items
        return ((self.raw - self.items) * 200 + span) // (2 * span)


class Outcome(NamedTuple):
    """What a filled-in form says: nine scores in the order of `CODES`, and cautions."""

    form: Form
    standard: str
    version: int
    """The version of our wording of this form."""
    scores: tuple[TypeScore, ...]
    cautions: tuple[Caution, ...]

    @property
    def balanced(self) -> Verdict:
        """The verdict on 平和质, where "tendency" reads 基本是."""
        return self.scores[0].verdict

    @property
    def confirmed(self) -> tuple[Constitution, ...]:
        """The biased types that hold, highest score first."""
        return self._biased("yes")

    @property
    def tendencies(self) -> tuple[Constitution, ...]:
        """The biased types that the answers lean to, highest score first."""
        return self._biased("tendency")

    @property
    def primary(self) -> Constitution | None:
        """The one type to speak of first, if any: a convention of this product, no standard names one."""
        if self.balanced != "no":
            return "balanced"
        return next(iter(self.confirmed + self.tendencies), None)

    @property
    def summary(self) -> str:
        """The result in Chinese, without `DISCLAIMER` and `CAUTIONS`."""
        leaning = "、".join(NAMES[code] for code in self.tendencies)
        if self.balanced == "yes":
            return f"参考{self.standard}，您的作答符合平和质的特征。"
        if self.balanced == "tendency":
            return f"参考{self.standard}，您的作答基本符合平和质的特征，有{leaning}的倾向。"
        if self.confirmed:
            holding = "、".join(NAMES[code] for code in self.confirmed)
            also = f"，有{leaning}的倾向" if leaning else ""
            return f"参考{self.standard}，您的作答符合{holding}的特征{also}。"
        if leaning:
            return f"参考{self.standard}，您的作答有{leaning}的倾向。"
        return (
            f"参考{self.standard}，您的作答未见明显偏颇，精力等方面又还没到平和质的分数，"
            "所以没有归入哪一类。这很常见，过一段时间可以再答一次。"
        )

    def _biased(self, verdict: Verdict) -> tuple[Constitution, ...]:
        found = (score for score in self.scores[1:] if score.verdict == verdict)
        return tuple(score.code for score in sorted(found, key=lambda score: -score.hundredths))


def questions(form: Form = "gbt46939", sex: Sex | None = None) -> tuple[Question, ...]:
    """Return the items of *form* for *sex*; who does not tell is spared the item that needs it."""
    usual = _file()["options"]
    return tuple(
        Question(item["id"], item["text"], tuple(item.get("options", usual))) for item in _items(form, sex)
    )


def standard(form: Form) -> str:
    """Return the standard that *form* follows, as it is stored with every result."""
    text: str = _file()["forms"][form]["standard"]
    return text


def is_elder(birth_year: int | None, day: str) -> bool:
    """Say whether one born in *birth_year* is, in the year of *day*, as old as ``elder33`` is meant for."""
    return birth_year is not None and int(day[:4]) - birth_year >= ELDER_AGE


def unanswered(
    answers: Mapping[str, int], sex: Sex | None = None, form: Form = "gbt46939"
) -> tuple[str, ...]:
    """Return the ids of the items still to answer, in their order."""
    return tuple(item["id"] for item in _items(form, sex) if item["id"] not in answers)


def check(answers: Mapping[str, int], sex: Sex | None = None, form: Form = "gbt46939") -> None:
    """Raise `AnswersError` when *answers*, complete or not, hold an unknown item or value."""
    _refuse((), answers, sex, form)


def score(answers: Mapping[str, int], sex: Sex | None = None, form: Form = "gbt46939") -> Outcome:
    """Score a complete form; raise `AnswersError` otherwise."""
    _refuse(unanswered(answers, sex, form), answers, sex, form)
    sums = {code: [0, 0] for code in CODES}
    for item in _items(form, sex):
        for scale in item["counts"]:
            code = scale.removeprefix("-")
            sums[code][0] += answers[item["id"]] if code == scale else 6 - answers[item["id"]]
            sums[code][1] += 1
    raws = {code: (raw, items) for code, (raw, items) in sums.items()}
    biased = tuple(_biased_score(code, *raws[code]) for code in CODES[1:])
    found = _file()["forms"][form]
    scores = (_balanced_score(*raws["balanced"], biased), *biased)
    return Outcome(form, found["standard"], found["version"], scores, _cautions(answers, sex, form))


def _refuse(missing: tuple[str, ...], answers: Mapping[str, int], sex: Sex | None, form: Form) -> None:
    known = {item["id"] for item in _items(form, sex)}
    unknown = tuple(item for item in answers if item not in known)
    outside = tuple(item for item, answer in answers.items() if not 1 <= answer <= len(_file()["options"]))
    if missing or unknown or outside:
        raise AnswersError(missing, unknown, outside)


def _reaches(points: int, raw: int, items: int) -> bool:
    """Say whether the converted score is at least *points*, without leaving the integers."""
    return 100 * (raw - items) >= points * 4 * items


def _biased_score(code: Constitution, raw: int, items: int) -> TypeScore:
    if _reaches(_BIASED, raw, items):
        return TypeScore(code, raw, items, "yes")
    return TypeScore(code, raw, items, "tendency" if _reaches(_TENDENCY, raw, items) else "no")


def _balanced_score(raw: int, items: int, biased: tuple[TypeScore, ...]) -> TypeScore:
    verdicts = {score.verdict for score in biased}
    if not _reaches(_BALANCED, raw, items) or "yes" in verdicts:
        return TypeScore("balanced", raw, items, "no")
    return TypeScore("balanced", raw, items, "tendency" if "tendency" in verdicts else "yes")


def _cautions(answers: Mapping[str, int], sex: Sex | None, form: Form) -> tuple[Caution, ...]:
    sexed = any("sex" in item for item in _file()["forms"][form]["items"])
    found: list[tuple[Caution, bool]] = [
        ("straight_line", len(set(answers.values())) == 1),
        ("sex_not_given", sex is None and sexed),
    ]
    return tuple(caution for caution, holds in found if holds)


def _items(form: Form, sex: Sex | None) -> list[dict[str, Any]]:
    return [item for item in _file()["forms"][form]["items"] if item.get("sex", sex) == sex]


@cache
def _file() -> dict[str, Any]:
    """Return ``constitution_items.json``; a leading minus in ``counts`` marks a reversed item."""
    text = Path(__file__).with_name("constitution_items.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
