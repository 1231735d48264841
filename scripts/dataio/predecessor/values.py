"""Values of old records in the units, codes and words of this shop."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, get_args

from dataio.predecessor.source import Refused, Source
from gardenshop.models.vocabulary import Constitution, SolarTerm
from gardenshop.rules.wording import find_claims

EXPORTED_ON = "2025-10-14"
"""The only date that the old records carry; it stands for the time of all of them."""

_UTC8 = timezone(timedelta(hours=8))

CONSTITUTIONS: Mapping[str, str] = dict(
    zip(
        ("平和", "气虚", "阳虚", "阴虚", "痰湿", "湿热", "血瘀", "气郁", "特禀"),
        get_args(Constitution),
        strict=True,
    )
)
_TERM_NAMES = (
    "小寒大寒立春雨水惊蛰春分清明谷雨立夏小满芒种夏至小暑大暑立秋处暑白露秋分寒露霜降立冬小雪大雪冬至"
)
TERMS: Mapping[str, str] = {
    _TERM_NAMES[2 * position : 2 * position + 2]: key for position, key in enumerate(get_args(SolarTerm))
}
SEASONS: Mapping[str, tuple[str, ...]] = {
    "spring": ("lichun", "yushui", "jingzhe", "chunfen", "qingming", "guyu"),
    "summer": ("lixia", "xiaoman", "mangzhong", "xiazhi", "xiaoshu", "dashu"),
    "autumn": ("liqiu", "chushu", "bailu", "qiufen", "hanlu", "shuangjiang"),
    "winter": ("lidong", "xiaoxue", "daxue", "dongzhi", "xiaohan", "dahan"),
    "all": (),
}

_DOUBTFUL = re.compile(
    "低GI|控糖|清火|养阴|润燥|秋燥|补人|解暑|消暑|暖胃|温补|阳气|血脂|血压|营养价值极高|超级食物",
    re.IGNORECASE,
)
"""Claims of an effect, or of excellence, in the old texts beyond the words that no text may use."""

_MG_IN_100_G = 100_000

_CLAUSE = re.compile(r"[^，。；！？、,;!?]+[，。；！？、,;!?]*")


def instant(day: str) -> int:
    """Return the first millisecond of *day* in UTC+8."""
    try:
        return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=_UTC8).timestamp() * 1000)
    except ValueError:
        raise Refused(f"{day} is not a day") from None


def moment(text: str) -> int:
    """Return the instant of *text*, a day with or without a time of it in UTC+8."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=_UTC8).timestamp() * 1000)
    except ValueError:
        raise Refused(f"{text} is not a time") from None


EXPORTED_AT = instant(EXPORTED_ON)


def stamps() -> dict[str, Any]:
    """Return the fields of time that every imported document gets."""
    return {"schemaVersion": 1, "createdAt": EXPORTED_AT, "updatedAt": EXPORTED_AT}


def whole(value: Decimal, factor: int, field: str, notes: list[str]) -> int:
    """Return *value* × *factor* as an integer, rounded half up with a note; refuses what is negative."""
    exact = value * factor
    if exact < 0:
        raise Refused(f"{field} is negative")
    rounded = int(exact.to_integral_value(ROUND_HALF_UP))
    if rounded != exact:
        notes.append(f"{field} {value} rounded to {rounded}/{factor}")
    return rounded


def name_key(name: str) -> str:
    """Return *name* as it is compared: one Unicode form, lower case, no white space."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def key_of(name: str, name_en: str) -> str:
    """Return the key of something that has only names: readable, stable and unique."""
    slug = re.sub(r"[^a-z0-9]+", "-", name_en.lower()).strip("-")
    digest = hashlib.sha256(name_key(name).encode()).hexdigest()[:6]
    return f"{slug}-{digest}" if slug else digest


def coded(code: str, table: Mapping[str, str], field: str, notes: list[str]) -> str:
    """Return *code* in the shop's words, or as it is, with a note, when *table* lacks it."""
    if code not in table:
        notes.append(f"{field} “{code}” is new and kept as it is")
    return table.get(code, code)


def codes(names: list[str], table: Mapping[str, str], field: str, notes: list[str]) -> list[str]:
    """Return the codes of *names*; what *table* lacks is left out with a note."""
    notes += [f"{field} “{name}” is unknown and left out" for name in names if name not in table]
    return [table[name] for name in dict.fromkeys(names) if name in table]


def claims(text: str) -> list[str]:
    """Return the words in *text* that claim an effect."""
    return [claim.word for claim in find_claims(text)] + _DOUBTFUL.findall(text)


def clean(text: str, field: str, notes: list[str]) -> str:
    """Return *text* with Chinese commas and without the clauses that claim an effect, which a note names."""
    found = [(clause, claims(clause)) for clause in _CLAUSE.findall(text)]
    words = list(dict.fromkeys(word for _, said in found for word in said))
    if words:
        notes.append(f"{field}: taken out what says {'、'.join(words)}")
    kept = "".join(clause for clause, said in found if not said)
    return kept.rstrip("，；、,;").replace(",", "，")


def cleaned(texts: list[str], field: str, notes: list[str]) -> list[str]:
    """Return *texts* without those that claim an effect, in part or whole."""
    return [kept for kept in (clean(text, field, notes) for text in texts) if kept]


def nutrition(source: Source) -> dict[str, int] | None:
    """Return the nutrients of 100 g: kcal, and milligrams; none when they weigh more than the food."""
    if not source:
        return None
    notes = source.notes
    parts = {
        f"{name}Mg": whole(source.number(name), 1000, f"nutrition.{name}", notes)
        for name in ("protein", "carbs", "fat")
    }
    energy = whole(source.number("calories"), 1, "nutrition.calories", notes)
    if sum(parts.values()) > _MG_IN_100_G:
        notes.append("nutrition left out: its parts weigh more than 100 g")
        return None
    return {"energyKcal": energy, **parts}
