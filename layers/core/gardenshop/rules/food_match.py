"""What a member says she ate, such as 番茄炒蛋一盘、米饭一碗, as grams of foods, each with a confidence.

A text is taken apart at its punctuation; each piece names foods and may say how much. Foods are found by
name, alias and the common words of ``food_words.json``, the longest first; a dish of several is shared
equally among them, but for a little seasoning. Grams are of the food as it is sold, as its carbon factor is:
a bowl of rice is less than half a bowl of grain. Household measures are our own rough averages, and what is
rough lowers the confidence: the share of the words that were understood, times how exactly the amount is
known.

A piece that names meat or fish is not matched at all: the meal is then no plant meal.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

MOST_GRAMS = 5_000
"""The most of one food in a meal; more is taken for this much."""

_FULL, _LEAST = 10_000, 4_000
_EXACT, _OF_FOOD, _ROUGH, _UNSAID, _SHARED = 10_000, 9_000, 7_000, 5_000, 8_000
_BREAKS = re.compile(r"[、，,。．；;：:！!/+＋()（）\s]+|和|跟|以及|外加")
_DIGITS = {each: value for value, each in enumerate("零一二三四五六七八九")} | {"两": 2, "几": 3}
_TENS = {"十": 10, "百": 100}


class Named(NamedTuple):
    """A food that can be found in a text."""

    id: str
    name: str
    aliases: tuple[str, ...]
    category: str


class Part(NamedTuple):
    """Some grams of a food, and what was *said* of it."""

    food_id: str
    grams: int
    confidence_bp: int
    said: str


class Reading(NamedTuple):
    """A text as it was understood: what was eaten, what is not known, and what is meat."""

    parts: tuple[Part, ...]
    unknown: tuple[str, ...] = ()
    meat: tuple[str, ...] = ()


class _Amount(NamedTuple):
    number: Fraction
    size: str
    unit: str


class _Found(NamedTuple):
    food: Named
    kept_bp: int


def read(text: str, foods: Sequence[Named]) -> Reading:
    """Return what *text* says of *foods*."""
    lexicon = _lexicon(foods)
    parts: list[Part] = []
    unknown: list[str] = []
    meat: list[str] = []
    for piece in _pieces(_plain(text)):
        words, amount = _amount_in(piece)
        found, rest = _foods_in(words, lexicon)
        if _pattern("meat").search(_pattern("not_meat").sub(" ", rest)):
            meat.append(piece)
            continue
        named_bp = _understood(words, rest)
        if not found or named_bp < _LEAST:
            unknown.append(piece)
            continue
        parts += _shares(found, amount, rest, named_bp, piece)
    return Reading(tuple(parts), tuple(unknown), tuple(meat))


def grams_of(amount: str, food: Named) -> tuple[int, int] | None:
    """Return the grams of *food* in an *amount* such as 半块, and how sure they are; None if it is none."""
    words, found = _amount_in(_plain(amount))
    if found is None or words:
        return None
    grams, certain_bp = _weighed(found, food)
    return _bounded(grams), certain_bp


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text.replace("½", "半"))


def _pieces(text: str) -> list[str]:
    """Take *text* apart; a piece that is only an amount belongs to the food before it."""
    pieces: list[str] = []
    for piece in filter(None, _BREAKS.split(text)):
        if pieces and _amount_in(piece)[1] and not _amount_in(piece)[0] and not _amount_in(pieces[-1])[1]:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _amount_in(piece: str) -> tuple[str, _Amount | None]:
    """Return the words of *piece* without noise, and the amount among them."""
    match = _amounts().search(piece)
    if match is None:
        return _pattern("noise").sub("", piece), None
    count = _number(match["count"]) + (Fraction(1, 2) if match["half"] else 0)
    words = piece[: match.start()] + piece[match.end() :]
    return _pattern("noise").sub("", words), _Amount(count, match["size"] or "", match["unit"])


def _foods_in(words: str, lexicon: Mapping[str, _Found]) -> tuple[list[_Found], str]:
    """Return the foods that *words* name, each once, and what is left of the words."""
    found: dict[str, _Found] = {}
    rest, at = "", 0
    while at < len(words):
        term = next((words[at : at + n] for n in _lengths(lexicon) if words[at : at + n] in lexicon), "")
        if term:
            found.setdefault(lexicon[term].food.id, lexicon[term])
        rest += " " if term else words[at]
        at += len(term) or 1
    return list(found.values()), rest


def _shares(
    found: Sequence[_Found], amount: _Amount | None, rest: str, named_bp: int, said: str
) -> Iterator[Part]:
    """Share an amount among the foods of a dish; seasoning beside them is a pinch, whatever the amount."""
    pinches: Mapping[str, int] = _words()["companions"]
    main = [each for each in found if each.food.category not in pinches] or list(found)
    diluted = next((bp for word, bp in _words()["dilution"].items() if word in rest), _FULL)
    shared_bp = _FULL if len(main) == 1 else _SHARED
    for each in found:
        if each not in main:
            yield Part(each.food.id, pinches[each.food.category], _product(named_bp, _UNSAID), said)
            continue
        grams, certain_bp = _weighed(amount or _Amount(Fraction(1), "", "份"), each.food)
        kept_bp = each.kept_bp if each.kept_bp < _FULL else diluted
        certain_bp = certain_bp if amount else _UNSAID
        part = _bounded(grams * kept_bp / _FULL / len(main))
        yield Part(each.food.id, part, _product(named_bp, certain_bp, shared_bp), said)


def _weighed(amount: _Amount, food: Named) -> tuple[Fraction, int]:
    """Return the grams of *food* in *amount*, and how certain they are."""
    own: Mapping[str, int] = _words()["measures"].get(food.name, {})
    grams = own.get(amount.unit, _words()["units"][amount.unit])
    if amount.unit in _words()["exact"].split():
        return amount.number * grams, _EXACT
    size = _words()["sizes"].get(amount.size, 100)
    return amount.number * grams * size / 100, _OF_FOOD if amount.unit in own else _ROUGH


def _understood(words: str, rest: str) -> int:
    """Return the share of *words* that are foods, or ways to cook them, in basis points."""
    strange = len(_pattern("cooking").sub("", _pattern("not_meat").sub("", rest)).replace(" ", ""))
    return _FULL * (len(words) - strange) // max(len(words), 1)


def _number(text: str) -> Fraction:
    """Return what a number says, in digits or in Chinese: 1.5, 半, 十二, 一百五十, 三个半 without its 半."""
    if text[0].isascii():
        return Fraction(text)
    total, last = Fraction(0), Fraction(0)
    for each in text:
        if each == "半":
            total += Fraction(1, 2)
        elif each in _TENS:
            total, last = total + (last or 1) * _TENS[each], Fraction(0)
        else:
            last = Fraction(_DIGITS[each])
    return total + last


def _bounded(grams: Fraction) -> int:
    return min(max(round(grams), 1), MOST_GRAMS)


def _product(*shares_bp: int) -> int:
    product = _FULL
    for each in shares_bp:
        product = product * each // _FULL
    return product


def _lexicon(foods: Sequence[Named]) -> dict[str, _Found]:
    """Return the foods by every word for them; a food's own name goes before an alias of another."""
    by_name = {food.name: food for food in foods}
    lexicon = {
        word: _Found(by_name[name], kept_bp)
        for word, (name, kept_bp) in _words()["words"].items()
        if name in by_name
    }
    lexicon |= {alias: _Found(food, _FULL) for food in foods for alias in food.aliases}
    return lexicon | {food.name: _Found(food, _FULL) for food in foods}


def _lengths(lexicon: Mapping[str, _Found]) -> range:
    return range(max(map(len, lexicon), default=0), 0, -1)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    words = sorted(_words()[name].split(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


@cache
def _amounts() -> re.Pattern[str]:
    units = "|".join(sorted(_words()["units"], key=len, reverse=True))
    number = r"[0-9]{1,5}(?:\.[0-9]{1,2})?|[零一二两三四五六七八九十百半几]{1,6}"
    return re.compile(rf"(?P<count>{number})(?P<size>[大小]?)(?P<unit>{units})(?P<half>半?)", re.IGNORECASE)


@cache
def _words() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("food_words.json").read_text("utf-8"))
    return data
