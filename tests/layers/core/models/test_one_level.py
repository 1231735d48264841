"""Commission has one level: no document can say who stands above a practitioner, or above that one."""

import re
from collections.abc import Iterator
from typing import get_args

import pytest

from gardenshop.models.base import Model
from gardenshop.models.registry import COLLECTIONS, model_of

ABOVE = re.compile(r"ancest|upline|downline|parent|invit|sponsor|superior|depth|tier_path|team|recruit")
EARNERS = {
    "users": ["referral.practitioner_id"],
    "practitioners": [],
    "orders": ["lines.practitioner_id", "lines.origin.practitioner_id"],
    "commission_ledger": ["practitioner_id"],
}
"""Every place at which a collection of the chain from buyer to payout names a practitioner."""


def fields_of(model: type[Model], path: str = "") -> Iterator[str]:
    """Yield the dotted names of the fields of *model* and of the models inside it."""
    for name, field in model.model_fields.items():
        yield f"{path}{name}"
        for inside in _models(field.annotation):
            yield from fields_of(inside, f"{path}{name}.")


def _models(annotation: object) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for each in get_args(annotation):
        yield from _models(each)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_no_field_can_hold_who_stands_above(collection: str) -> None:
    assert [name for name in fields_of(model_of(collection)) if ABOVE.search(name)] == []


@pytest.mark.parametrize("collection", EARNERS)
def test_a_sale_names_one_practitioner_and_a_practitioner_names_no_other(collection: str) -> None:
    named = [name for name in fields_of(model_of(collection)) if name.endswith("practitioner_id")]

    assert named == EARNERS[collection]


def test_a_member_was_brought_by_one_and_that_earns_nothing() -> None:
    referral = [name for name in fields_of(model_of("users")) if name.startswith("referral")]

    assert referral == ["referral", "referral.practitioner_id", "referral.at", "referral.scene"]
