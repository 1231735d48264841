"""What is held of a member is known field by field, and what is kept of her tells of nobody."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from gardenshop.models.address import Address
from gardenshop.models.registry import COLLECTIONS, model_of
from gardenshop.rules.privacy import (
    ACCOUNT,
    COMMISSION,
    HOLDINGS,
    NOBODY,
    PRACTITIONER,
    VOUCHED,
    Holding,
    blockers,
    passed_on,
    told,
)

ALL = (ACCOUNT, *HOLDINGS, PRACTITIONER, VOUCHED, COMMISSION)
TELLING = (
    "openid", "unionid", "phone", "nickname", "avatar", "address", "remark", "note", "text", "media", "photo",
    "bio", "birth", "sex", "device", "evidence", "testimony", "story", "intro", "decision", "tracking",
    "token", "region", "reason", "allergen", "constitution", "reply",
)  # fmt: skip
"""Parts of the names of fields that may tell of a person."""

OF_NOBODY = {
    "product_reviews.text": "what she said in public, without her name",
    "product_reviews.append.text": "what she said in public, without her name",
    "product_reviews.reply": "the shop's words",
    "product_reviews.reply.text": "the shop's words",
    "orders.history": "steps of the order",
    "orders.trace.text": "a step of the price",
    "orders.afterSales.clientToken": "nothing is derived from it",
    "orders.afterSales.reason": "one of five words",
    "orders.lines.snapshot.noReasonReturn": "a property of the goods",
}
"""Fields whose names sound like it, and that are kept."""

NOT_OF_MEMBERS = {
    "ingredients", "recipes", "products", "inventory", "promotions", "coupons", "data_dashboard",
    "business_rules", "audit_logs", "plant_templates", "meat_products", "tcm_wisdom", "stock_ledger",
}  # fmt: skip


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from models_in(each)


def fields_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted stored name and the type of every field, those of values inside included."""
    for name, field in model.model_fields.items():
        alias = field.alias or name
        dotted = f"{path}.{alias}".removeprefix(".")
        yield dotted, field.annotation
        for inner in models_in(field.annotation):
            yield from fields_of(inner, dotted)


def is_telling(path: str, annotation: Any) -> bool:
    last = path.rpartition(".")[2].lower()
    return Address in list(models_in(annotation)) or any(part in last for part in TELLING)


def is_covered(holding: Holding, path: str) -> bool:
    """Say whether the field *path* is gone, or blank, once the member is erased."""
    if holding.fate == "removed" or (holding.only and path.partition(".")[0] not in holding.only):
        return True
    parts = path.split(".")
    return any(".".join(parts[: n + 1]) in holding.blank for n in range(len(parts)))


def test_every_collection_is_known_to_hold_something_of_members_or_nothing() -> None:
    assert {each.collection for each in ALL} | NOT_OF_MEMBERS == set(COLLECTIONS)
    assert {each.collection for each in ALL} & NOT_OF_MEMBERS == set()


@pytest.mark.parametrize("holding", ALL, ids=lambda each: f"{each.collection}-{each.owner}")
def test_no_field_that_may_tell_of_a_person_is_forgotten(holding: Holding) -> None:
    telling = [path for path, kind in fields_of(model_of(holding.collection)) if is_telling(path, kind)]

    left = [path for path in telling if not is_covered(holding, path)]
    assert [path for path in left if f"{holding.collection}.{path}" not in OF_NOBODY] == []


def test_every_exception_is_one() -> None:
    left = {
        f"{holding.collection}.{path}"
        for holding in ALL
        for path, kind in fields_of(model_of(holding.collection))
        if is_telling(path, kind) and not is_covered(holding, path)
    }

    assert left == set(OF_NOBODY)


@pytest.mark.parametrize("holding", ALL, ids=lambda each: f"{each.collection}-{each.owner}")
def test_what_is_named_in_the_table_is_a_field(holding: Holding) -> None:
    fields = {path for path, _ in fields_of(model_of(holding.collection))}

    assert {*holding.only, *holding.blank} <= fields


def test_she_is_an_alias_wherever_she_stands_and_blanks_reach_into_lists() -> None:
    holding = Holding(
        "orders",
        "userId",
        "kept",
        blank={"clientToken": "{_id}", "attempts.openid": "erased", "address": None},
    )
    order = {
        "_id": "n1",
        "userId": "u1",
        "clientToken": "token",
        "address": {"name": "沈素心"},
        "attempts": [{"openid": "o"}, {"openid": "o", "key": "pay:u1:7"}],
    }

    assert passed_on(order, holding, ["u1"], "x9") == {
        "_id": "n1",
        "userId": "x9",
        "clientToken": "n1",
        "attempts": [{"openid": "erased"}, {"openid": "erased", "key": "pay:x9:7"}],
    }


def test_an_id_that_holds_hers_passes_to_the_alias() -> None:
    kept = passed_on(
        {"_id": "earn:legacy:7", "n": 1}, Holding("meals", "userId", "kept"), ["u1", "legacy:7"], "x"
    )

    assert kept == {"_id": "earn:x", "n": 1}


def test_an_export_tells_nothing_of_the_machinery() -> None:
    document = {"_id": "n1", "openid": "o", "history": [{"at": 1, "actor": "u2"}], "remark": "少辣"}

    assert told(document) == {"_id": "n1", "history": [{"at": 1}], "remark": "少辣"}


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"account": {"roles": ["operator"]}}, ["staff"]),
        ({"orders": [{"status": "shipped"}]}, ["orders"]),
        ({"orders": [{"status": "completed"}]}, ["after_sales"]),
        ({"rows": [{"state": "pending"}]}, ["settling"]),
        ({"practitioners": [{"commission": {"pendingFen": 1}}]}, ["commission"]),
        ({"practitioners": [{"commission": {"settledFen": 1}}]}, ["commission"]),
        ({"practitioners": [{"commission": {}, "withdrawal": {}}]}, ["commission"]),
        ({"practitioners": [{"commission": {"paidFen": 9, "debtFen": 3}}]}, []),
    ],
)  # fmt: skip
def test_what_is_not_settled_stands_against_it(changes: dict[str, Any], reasons: list[str]) -> None:
    case: dict[str, Any] = {"account": {}, "orders": [], "rows": [], "practitioners": []}

    assert [each.reason for each in blockers(**(case | changes))] == reasons


def test_nobody_is_a_name_that_a_review_can_have() -> None:
    assert 0 < len(NOBODY) <= 40
