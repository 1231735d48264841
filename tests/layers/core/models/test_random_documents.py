"""Random documents of every model: valid ones survive it, and what is almost valid does not.

They are drawn, in their stored form, from the models themselves.
"""

import json
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError
from pydantic.fields import FieldInfo

from gardenshop.models.base import Model, dump
from gardenshop.models.registry import COLLECTIONS, model_of

MANY = 2
"""Lists and dicts get at most this many entries; their upper bounds are the schema's to state."""

Path = tuple[Any, ...]

some = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # Shrinking a whole order takes minutes and says no more than the path does.
)
every_collection = pytest.mark.parametrize("collection", COLLECTIONS)


@every_collection
@some
@given(data=st.data())
def test_a_valid_document_survives_the_round_trip(collection: str, data: st.DataObject) -> None:
    model = model_of(collection)
    document = data.draw(documents(model))

    stored = dump(model.model_validate(document))

    scalars = {name: value for name, value in document.items() if not isinstance(value, dict | list)}
    assert scalars.items() <= stored.items()
    assert dump(model.model_validate(stored)) == stored
    assert json.loads(json.dumps(stored)) == stored


@every_collection
@some
@given(data=st.data())
def test_numbers_are_integers_and_nothing_that_looks_like_one(collection: str, data: st.DataObject) -> None:
    model = model_of(collection)
    document = data.draw(documents(model))
    path = data.draw(st.sampled_from(list(numbers(document))))

    for impostor in (True, 1.0, "1", float("nan")):
        with pytest.raises(ValidationError):
            model.model_validate(replaced(document, path, impostor))


@every_collection
@some
@given(data=st.data())
def test_unknown_fields_are_refused(collection: str, data: st.DataObject) -> None:
    model = model_of(collection)
    document = data.draw(documents(model))

    with pytest.raises(ValidationError, match="extra_forbidden"):
        model.model_validate({**document, "$where": "1"})


def documents(model: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    """Return documents of *model*; optional fields are sometimes absent."""
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for field in model.model_fields.values():
        assert field.alias
        place = required if field.is_required() else optional
        place[field.alias] = _values(field.annotation, field.metadata)
    mend = _MEND.get(model.__name__, dict)
    return st.fixed_dictionaries(required, optional=optional).map(mend)


def numbers(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield where in a stored document its numbers are."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from numbers(item, (*path, position))
    elif type(value) is int:
        yield path


def replaced(document: Any, path: Path, value: Any) -> Any:
    """Return *document* with another *value* at *path*."""
    if not path:
        return value
    head, *tail = path
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[head] = replaced(document[head], tuple(tail), value)
    return copy


def _values(annotation: Any, metadata: list[Any]) -> st.SearchStrategy[Any]:  # noqa: PLR0911  # One return a kind.
    bounds = {
        name: value
        for constraint in metadata
        for name in ("ge", "le", "min_length", "max_length", "pattern")
        if (value := getattr(constraint, name, None)) is not None
    }
    origin = get_origin(annotation)
    if annotation is JsonValue:
        return st.booleans() | st.text(max_size=5)
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return st.integers(bounds.get("ge"), bounds.get("le"))
    if annotation is str:
        return _texts(bounds)
    if origin is Literal:
        return st.sampled_from(get_args(annotation))
    if origin is tuple:
        return st.lists(_of(get_args(annotation)[0]), min_size=bounds.get("min_length", 0), max_size=MANY)
    if origin is dict:
        return st.dictionaries(*map(_of, get_args(annotation)), max_size=MANY)
    if origin in {Union, UnionType}:
        return _of(next(part for part in get_args(annotation) if part is not type(None)))
    return st.deferred(lambda: documents(annotation))


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    info = FieldInfo.from_annotation(annotation)
    return _values(info.annotation, info.metadata)


def _texts(bounds: dict[str, Any]) -> st.SearchStrategy[str]:
    low, high = bounds.get("min_length", 0), bounds.get("max_length", 40)
    if "pattern" not in bounds:
        return st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=low, max_size=min(high, 12))
    pattern = bounds["pattern"].removeprefix("^").removesuffix("$")
    texts = st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    return texts.filter(lambda text: low <= len(text) <= high)


def _product(document: dict[str, Any]) -> dict[str, Any]:
    first, *others = {sku["skuId"]: sku for sku in document["skus"]}.values()
    skus = [{**first, "retired": False}, *others]
    sold = [sku["priceFen"] for sku in skus if not sku.get("retired")]
    return {**document, "skus": skus, "minPriceFen": min(sold)}


def _inventory(document: dict[str, Any]) -> dict[str, Any]:
    counts = _small(document, "available", "reserved", "damaged")
    return {**document, **counts, "onHand": sum(counts.values())}


def _line(document: dict[str, Any]) -> dict[str, Any]:
    parts = _small(document, "promoFen", "couponFen", "pointsFen", "paidFen")
    return {
        **document,
        **parts,
        **_small(document, "freightFen", "pointsUsed"),
        "listFen": sum(parts.values()),
    }


def _order(document: dict[str, Any]) -> dict[str, Any]:
    def total(name: str) -> int:
        return sum(line.get(name, 0) for line in document["lines"])

    sums = {name: total(name) for name in ("promoFen", "couponFen", "pointsFen", "pointsUsed", "freightFen")}
    payable = total("paidFen") + total("freightFen")
    totals = {"goodsFen": total("listFen"), **sums, "payableFen": payable, "paidFen": 0}
    return {**document, "totals": totals}


def _small(document: dict[str, Any], *names: str) -> dict[str, int]:
    return {name: document[name] % 1000 for name in names if name in document}


_MEND = {"Product": _product, "Inventory": _inventory, "OrderLine": _line, "Order": _order}
"""What a document needs beyond its fields' own types: the sums that its validator checks."""
