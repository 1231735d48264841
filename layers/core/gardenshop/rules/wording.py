"""Words that a text about food must not use, or that a person should look at first.

The words are in ``wording.json``, by the article that each kind of claim breaks. Level "block": words that
the article names or that plainly say what it forbids. Level "review": our own cautious reading, words with
an honest use as well. A word that its clause denies, as disclaimers do (不能代替治疗), is no claim.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

Kind = Literal["disease", "medical", "function", "absolute"]
Level = Literal["block", "review"]

_LEVELS: tuple[Level, ...] = ("review", "block")


def _words() -> dict[str, tuple[Kind, Level]]:
    """Return ``wording.json`` by word; what blocks comes last, and so before what is only doubtful."""
    text = Path(__file__).with_name("wording.json").read_text(encoding="utf-8")
    kinds: dict[Kind, dict[str, str]] = json.loads(text)
    return {
        word: (kind, level)
        for level in _LEVELS
        for kind, listed in kinds.items()
        for word in listed[level].split()
    }


_WORDS = _words()
_DENIED = re.compile(
    r"(?:不构成|不作为|不是|并非|不能?可?(?:代替|替代)|不用于|不涉及|不具有|不具备)[^。；;！？!?，,\n]{0,12}$"
)
_ANY = re.compile("|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True)))


class Claim(NamedTuple):
    """A word at an offset of the text, what kind of claim it makes, and whether it blocks the text."""

    word: str
    offset: int
    kind: Kind
    level: Level


def find_claims(text: str) -> list[Claim]:
    """Return the claims in *text*, in their order; of overlapping words the longest."""
    return list(_claims(text))


def blocking(text: str) -> list[str]:
    """Return the words for which *text* may not be shown."""
    return [claim.word for claim in _claims(text) if claim.level == "block"]


def _claims(text: str) -> Iterator[Claim]:
    for match in _ANY.finditer(text):
        if not _DENIED.search(text, 0, match.start()):
            yield Claim(match.group(), match.start(), *_WORDS[match.group()])
