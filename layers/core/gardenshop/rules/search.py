"""How a product is found by words: keys made of CJK bigrams and Latin words.

The database has no text index that the platform promises, so a product stores its keys and a query asks for
documents that hold all of the query's keys. Bigrams are the usual answer for Chinese without a dictionary.
"""

import re
import unicodedata
from collections.abc import Iterable

MAX_KEYS = 120
"""The most keys a product stores; a title, a category path and a few words need fewer."""

MAX_QUERY_KEYS = 12
"""The most keys of a query that are asked for; more only cost and hardly narrow."""

_WORDS = re.compile(r"[a-z0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]+")


def _tokens(text: str) -> Iterable[str]:
    for word in _WORDS.findall(unicodedata.normalize("NFKC", text).lower()):
        if word[0].isascii():
            yield word
        else:
            yield from (word[i : i + 2] for i in range(len(word) - 1))


def search_keys(*texts: str) -> list[str]:
    """Return the keys under which something described by *texts* is found, in order, each once.

    A single Chinese character is a key of its own, so that one-character queries find something.
    """
    keys: dict[str, None] = {}
    for text in texts:
        keys.update(dict.fromkeys(_tokens(text)))
    for text in texts:
        for word in _WORDS.findall(unicodedata.normalize("NFKC", text).lower()):
            if not word[0].isascii():
                keys.update(dict.fromkeys(word))
    return list(keys)[:MAX_KEYS]


def query_keys(text: str) -> list[str]:
    """Return the keys that all must be present in what the query *text* finds; none when it says nothing."""
    keys: dict[str, None] = {}
    for word in _WORDS.findall(unicodedata.normalize("NFKC", text).lower()):
        keys.update(dict.fromkeys([word] if word[0].isascii() or len(word) == 1 else _tokens(word)))
    return list(keys)[:MAX_QUERY_KEYS]
