"""The audit chain: whatever is done to a row shows, and what is personal is not in it."""

from collections.abc import Callable
from typing import Any

import pytest

from gardenshop.rules.audit_chain import Chain, Flaw, Head, digest, masked, sealed

Rows = list[dict[str, Any]]


def chain(length: int = 5) -> Rows:
    rows: Rows = []
    head = Head()
    for number in range(length):
        row = sealed({"_id": f"row-{number}", "actor": "platform", "diff": {"points": number}}, head)
        head = Head(row["seq"], row["hash"])
        rows.append(row)
    return rows


def flaws(rows: Rows, noted: Head | None = None) -> list[Flaw]:
    read = Chain(noted)
    return [flaw for row in rows for flaw in read.add(row)] + read.end()


def problems(rows: Rows) -> list[tuple[str, str]]:
    return [(flaw.key, flaw.problem) for flaw in flaws(rows)]


def test_what_nobody_touched_is_whole() -> None:
    rows = chain()

    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert "previousHash" not in rows[0]
    assert [row["previousHash"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]
    assert flaws(rows) == []
    assert flaws([]) == []


def test_the_order_of_names_does_not_matter() -> None:
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1, "hash": "any"})


def edited(rows: Rows) -> Rows:
    return [*rows[:2], {**rows[2], "diff": {"points": 99}}, *rows[3:]]


def edited_and_hashed(rows: Rows) -> Rows:
    row = {**rows[2], "diff": {"points": 99}}
    return [*rows[:2], {**row, "hash": digest(row)}, *rows[3:]]


def removed(rows: Rows) -> Rows:
    return [*rows[:2], *rows[3:]]


def first_removed(rows: Rows) -> Rows:
    return rows[1:]


def removed_and_numbered(rows: Rows) -> Rows:
    later = [{**row, "seq": row["seq"] - 1} for row in rows[3:]]
    return [*rows[:2], *({**row, "hash": digest(row)} for row in later)]


def added(rows: Rows) -> Rows:
    return [*rows[:2], sealed({"_id": "new"}, Head(rows[1]["seq"], rows[1]["hash"])), *rows[2:]]


def added_without_a_number(rows: Rows) -> Rows:
    return [{"_id": "new", "hash": ""}, *rows]


def swapped(rows: Rows) -> Rows:
    second, third = {**rows[1], "seq": 3}, {**rows[2], "seq": 2}
    return [rows[0], third, second, *rows[3:]]


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (edited, [("row-2", "is not as it was written")]),
        (edited_and_hashed, [("row-3", "does not follow the row before it")]),
        (removed, [("row-3", "follows 2: rows between are missing")]),
        (first_removed, [("row-1", "follows 0: rows between are missing")]),
        (
            removed_and_numbered,
            [(key, "does not follow the row before it") for key in ("row-3", "row-4")],
        ),
        (added, [("row-2", "has a number that another row has")]),
        (added_without_a_number, [("new", "is not part of the chain")]),
        (
            swapped,
            [
                ("row-2", "does not follow the row before it"),
                ("row-2", "is not as it was written"),
                ("row-1", "does not follow the row before it"),
                ("row-1", "is not as it was written"),
                ("row-3", "does not follow the row before it"),
            ],
        ),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_done_to_a_row_shows(tamper: Callable[[Rows], Rows], found: list[tuple[str, str]]) -> None:
    assert problems(tamper(chain())) == found


def test_an_end_cut_off_shows_beside_a_head_that_was_noted() -> None:
    rows = chain()
    noted = Head(5, rows[-1]["hash"])

    assert flaws(rows, noted) == []
    assert flaws(rows[:3]) == []
    assert flaws(rows[:3], noted) == [Flaw(5, "", "is missing: the chain ends at 3")]
    assert flaws(chain(6), noted) == []


def test_a_chain_sealed_anew_shows_beside_a_head_that_was_noted() -> None:
    noted = Head(3, chain()[2]["hash"])
    forged: Rows = []
    for row in edited(chain()):
        said = {name: row[name] for name in ("_id", "actor", "diff")}
        forged.append(sealed(said, Head(forged[-1]["seq"], forged[-1]["hash"]) if forged else Head()))

    assert flaws(forged) == []
    assert flaws(forged, noted) == [Flaw(3, "row-2", "is not the one that was noted")]


def test_what_is_personal_is_masked_at_any_depth() -> None:
    told = {
        "points": 5,
        "openid": "o-1",
        "before": {"phone": "13800010086", "nickname": "小满", "name": "北豆腐"},
        "address": {"detail": "文三路 1 号"},
        "notes": ["请回电 13800010086", 13800010086, None],
        "orderNo": "20261123138000100860",
    }

    assert masked(told) == {
        "points": 5,
        "openid": "***",
        "before": {"phone": "***", "nickname": "***", "name": "北豆腐"},
        "address": "***",
        "notes": ["请回电 138****0086", 13800010086, None],
        "orderNo": "20261123138000100860",
    }
