"""Texts that somebody wants shown: refused for what food must not be praised with."""

from collections.abc import Iterable, Mapping

from gardenshop.cloud.errors import InvalidRequest
from gardenshop.rules.wording import blocking


def refuse_claims(texts: Mapping[str, str | Iterable[str]]) -> None:
    """Raise InvalidRequest for those of *texts*, by field, that claim what they must not."""
    found = {name: blocking(_joined(text)) for name, text in texts.items()}
    words = dict.fromkeys(word for each in found.values() for word in each)
    if words:
        raise InvalidRequest(
            f"文字里有不能用于食品的说法：{'、'.join(words)}",
            fields=[{"field": name, "problem": "claim"} for name, each in found.items() if each],
        )


def _joined(text: str | Iterable[str]) -> str:
    return text if isinstance(text, str) else "\n".join(text)
