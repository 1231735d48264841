"""scripts/data.py signin: a code for who may look at the dashboard, and for nobody else."""

import json
from typing import Any

import pytest

from dataio.cli import run
from dataio.cloudapi import CloudApi
from functions.builders import user
from gardenshop.cloud.clock import now_ms
from gardenshop.cloud.database import Database, find, insert
from gardenshop.flows import board_access
from harness import A, B, user_id

COLLECTIONS = ("users", "data_dashboard")


@pytest.fixture(autouse=True, scope="module")
def _members(api: CloudApi) -> None:
    """A is an operator, B is not."""
    api.run([insert("users", user(A, roles=["operator"])), insert("users", user(B))])


def signin(user_id: str) -> int:
    return run(["signin", user_id, "--json"], description="")


def test_an_operator_gets_a_code_that_lets_him_in(api: CloudApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert signin(user_id(A)) == 0

    code = json.loads(capsys.readouterr().out)["code"]
    session = board_access.enter(Database(api), code, now_ms())
    assert session.user_id == user_id(A)


@pytest.mark.parametrize("member", [user_id(B), "nobody"], ids=["member", "nobody"])
def test_nobody_else_gets_one(api: CloudApi, capsys: pytest.CaptureFixture[str], member: str) -> None:
    before: Any = api.run([find("data_dashboard", {})])

    assert signin(member) == 1

    assert json.loads(capsys.readouterr().out) == {"code": None}
    assert api.run([find("data_dashboard", {})]) == before


def test_a_person_is_told_where_the_code_goes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["signin", user_id(A)], description="") == 0
    assert "/dashboard" in capsys.readouterr().out

    assert run(["signin", user_id(B)], description="") == 1
    assert "no such operator" in capsys.readouterr().out
