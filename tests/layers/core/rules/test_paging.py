"""Pages follow one another without a gap and without an item twice, however many share a value."""

from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gardenshop.cloud.database import find, insert
from gardenshop.rules.paging import CursorText, Order, after, cursor_of
from localcloud.adapter import EngineAdapter
from localcloud.engine import Engine

ENV = "test-env"
CURSOR: TypeAdapter[str] = TypeAdapter(CursorText)
values = st.lists(st.integers(-3, 3), max_size=12)


@given(values, st.integers(1, 5), st.sampled_from([1, -1]))
def test_all_pages_together_are_the_sorted_list(numbers: list[int], size: int, direction: int) -> None:
    order = Order("n", direction)
    documents = [{"_id": f"d-{i % 7}.{i}", "n": n} for i, n in enumerate(numbers)]
    with closing(Engine(None)) as engine:
        engine.create_collection(ENV, "t")
        adapter = EngineAdapter(engine, ENV)
        adapter.run([insert("t", document) for document in documents])
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            (page,) = adapter.run([find("t", after(order, cursor), sort=order.keys, limit=size)])
            found += page
            if len(page) < size:
                break
            cursor = CURSOR.validate_python(cursor_of(order, page[-1]))

    expected = sorted(documents, key=lambda each: (each["n"], each["_id"]), reverse=direction < 0)
    assert found == expected


def test_without_a_cursor_everything_comes() -> None:
    assert after(Order("n", 1), None) == {}


def test_a_key_may_hold_what_ids_hold() -> None:
    order = Order("createdAt", -1)
    cursor = cursor_of(order, {"_id": "u1:L-1.x_y", "createdAt": 1_795_500_000_000})

    assert CURSOR.validate_python(cursor) == "1795500000000~u1:L-1.x_y"
    assert after(order, cursor) == {
        "$or": [
            {"createdAt": {"$lt": 1_795_500_000_000}},
            {"createdAt": 1_795_500_000_000, "_id": {"$lt": "u1:L-1.x_y"}},
        ]
    }


@pytest.mark.parametrize(
    "text",
    ["", "~", "1~", "~a", "x~a", "1~a b", "1~$ne", "1~a\n", "１~a", "99999999999999999~a", "1~" + "a" * 161],
)
def test_a_forged_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        CURSOR.validate_python(text)
