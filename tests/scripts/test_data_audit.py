"""scripts/data.py audit: what operators did, and whether anybody has touched the trail since."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dataio import auditing
from dataio.cli import run
from functions.builders import user
from harness import ENV, A, Shop, open_shop, user_id
from localcloud.adapter import EngineAdapter

AWARD = {"userId": user_id(A), "book": "garden", "points": 5, "reason": "感谢反馈"}
OPERATOR = "openid-operator"


@pytest.fixture(name="shop")
def _shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Five awards: two by the console, three by the operator."""
    for name in ("TCB_ENV", "TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setattr(auditing, "PAGE", 2)
    with open_shop() as shop:
        monkeypatch.setattr("dataio.cli.CloudApi", lambda _: EngineAdapter(shop.engine, ENV))
        shop.add("users", user())
        shop.add("users", user(OPERATOR, roles=["operator"]))
        for number in range(5):
            event = {**AWARD, "clientToken": f"award-000{number}"}
            shop.ok("points_award", event, openid=OPERATOR if number > 1 else "")
        yield shop


def write(shop: Shop, command: str, statement: dict[str, Any]) -> None:
    """Do with the rows what no function does."""
    name = {"update": "updates", "delete": "deletes", "insert": "documents"}[command]
    shop.adapter.inner.run([{command: "audit_logs", name: [statement]}])


def told(capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> dict[str, Any]:
    assert run(["audit", "--json", *options], description="") == code
    facts: dict[str, Any] = json.loads(capsys.readouterr().out)
    return facts


def test_the_trail_is_told_in_its_order(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    facts = told(capsys)

    assert [row["seq"] for row in facts["rows"]] == [1, 2, 3, 4, 5]
    assert (facts["total"], facts["head"]["seq"], "flaws" in facts) == (5, 5, False)
    assert facts["head"]["hash"] == shop.one("audit_logs", "award:award-0004")["hash"]


@pytest.mark.usefixtures("shop")
def test_some_of_the_trail_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["seq"] for row in told(capsys, "--actor", user_id(OPERATOR))["rows"]] == [3, 4, 5]
    assert told(capsys, "--target", "nobody")["rows"] == []
    assert told(capsys, "--since", "2099-01-01")["rows"] == []
    assert len(told(capsys, "--since", "2020-01-01", "--target", user_id(A))["rows"]) == 5


@pytest.mark.usefixtures("shop")
def test_what_nobody_touched_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--verify")["flaws"] == []
    assert run(["audit", "--verify"], description="") == 0
    assert "5 of 5 rows. Head 5:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "statement", "problem"),
    [
        (
            "update",
            {"q": {"seq": 3}, "u": {"$set": {"diff.points": 99}}},
            (3, "award:award-0002", "is not as it was written"),
        ),
        (
            "delete",
            {"q": {"seq": 3}, "limit": 1},
            (4, "award:award-0003", "follows 2: rows between are missing"),
        ),
        ("insert", {"_id": "new", "at": 1}, (0, "new", "is not part of the chain")),
        (
            "insert",
            {"_id": "new", "seq": 6, "hash": "0"},
            (6, "new", "does not follow the row before it"),
        ),
        (
            "update",
            {"q": {"seq": 2}, "u": {"$set": {"seq": 9}}},
            (3, "award:award-0002", "follows 1: rows between are missing"),
        ),
    ],
    ids=["edited", "removed", "added", "added at the end", "reordered"],
)
def test_what_was_done_to_a_row_is_found(
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
    command: str,
    statement: dict[str, Any],
    problem: tuple[int, str, str],
) -> None:
    write(shop, command, statement)

    flaws = told(capsys, "--verify", "--target", "nobody", code=1)["flaws"]

    seq, key, text = problem
    assert flaws[0] == {"seq": seq, "key": key, "problem": text}


def test_an_end_cut_off_is_found_by_the_head_that_was_noted(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    head = shop.one("audit_logs", "award:award-0004")["hash"]
    assert run(["audit", "--head", f"5:{head}"], description="") == 0

    write(shop, "delete", {"q": {"seq": 5}, "limit": 1})

    assert run(["audit", "--verify"], description="") == 0
    assert run(["audit", "--head", f"5:{head}"], description="") == 1
    assert "is missing: the chain ends at 4" in capsys.readouterr().out
