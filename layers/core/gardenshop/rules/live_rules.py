"""Which of the stored versions of a rule counts.

While one version takes another's place both say that they are live, and the newer counts: it became live in
the one write that decides it.
"""

from collections.abc import Iterable, Mapping
from typing import Any


def newest(documents: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return of the live `business_rules` *documents* the one that counts for each rule, by its id."""
    return {each["ruleId"]: each for each in sorted(documents, key=lambda each: each["version"])}


def bodies(documents: Iterable[Mapping[str, Any]], category: str) -> dict[str, Mapping[str, Any]]:
    """Return the bodies of the live *documents* of *category* by name; their ids are ``category:name``."""
    named = newest(each for each in documents if each["ruleId"].startswith(f"{category}:"))
    return {rule_id.partition(":")[2]: each["body"] for rule_id, each in named.items()}
