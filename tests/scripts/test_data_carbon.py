"""scripts/data.py carbon: meals by the factors of now, shown in a dry run, stored as rows of their own."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dataio import carbon
from dataio.cli import run
from dataio.cloudapi import CloudApi
from functions.builders import Document, document
from gardenshop.cloud.database import find, insert, update
from harness import A, B, user_id

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

Command = Callable[..., tuple[int, Any]]
COLLECTIONS = ("meals", "daily_stats", "ingredients", "meat_products", "business_rules")
OLD, NEW = "pn2018-mean+test-1", "pn2018-mean+test-2"


def meal(token: str, openid: str = A, **changes: Any) -> Document:
    """A meal of 100 g of tofu by the first version of its factor, which counted 316 g of 923 g."""
    item = {"name": "豆腐", "ingredientId": "tofu", "grams": 100, "factorG": 3160, "carbonG": 316}
    fields: Document = {
        "userId": user_id(openid),
        "day": "2026-11-23",
        "type": "lunch",
        "items": [{**item, "protein": "soy", "earned": []}],
        "carbonG": 316,
        "baselineG": 923,
        "savedG": 607,
        "creditedG": 607,
        "points": 6,
        "baseline": "pork75",
        "factorVersion": OLD,
        "rulesVersion": "points1",
        "source": "member",
        "withMeat": False,
    }
    return document("meals", id=f"{user_id(openid)}:{token}", **fields | changes)


def purchase(version: str, **changes: Any) -> Document:
    fields = {"source": "shop", "type": "purchase", "factorVersion": version, "rulesVersion": ""}
    return {**meal("none", **fields), "_id": f"shop:o1:{version}", **changes}


@pytest.fixture(autouse=True)
def _ledger(api: CloudApi) -> None:
    """Three meals by the first version of the factor of tofu, one of them B's; there is a second version."""
    api.run([{"delete": name, "deletes": [{"q": {}, "limit": 0}]} for name in COLLECTIONS])
    named = {"name": "豆腐", "nameKey": "豆腐", "category": "豆制品"}
    factor = {"factorG": 5000, "factorSource": "新的来源", "factorVersion": "test-2"}
    meals = [meal("meal-0001"), meal("meal-0002"), meal("meal-0001", B)]
    tofu = document("ingredients", id="tofu", **named, **factor)
    api.run([insert("ingredients", tofu), *(insert("meals", each) for each in meals)])


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command with --json and return its exit code and what it printed."""

    def call(*arguments: str) -> tuple[int, Any]:
        code = run(["carbon", *arguments, "--json"], description="")
        return code, json.loads(capsys.readouterr().out)

    return call


def stored(api: CloudApi, name: str, **where: Any) -> list[Document]:
    (found,) = api.run([find(name, where, sort={"_id": 1})])
    return found


def told(states: dict[str, int], *shifts: Document, **facts: Any) -> Document:
    rest = {"unknown": [], "purchasesLeft": 0, "applied": False, "unbooked": 0}
    return {"meals": states, "shifts": list(shifts), **rest, **facts}


def shift(meals: int, members: int, *tokens: str, openid: str = A) -> Document:
    """What *meals* change by, each by 184 g; the examples have *tokens*."""
    return {
        "from": OLD,
        "to": NEW,
        "meals": meals,
        "members": members,
        "carbonG": 184 * meals,
        "baselineG": 0,
        "savedG": -184 * meals,
        "examples": [f"{user_id(openid)}:{token}" for token in tokens],
    }


def test_a_dry_run_says_what_would_change_and_changes_nothing(command: Command, api: CloudApi) -> None:
    before = [stored(api, name) for name in COLLECTIONS]

    code, seen = command()

    ids = [row["_id"] for row in stored(api, "meals")]
    assert (code, seen) == (1, told({"stale": 3}, {**shift(3, 2), "examples": ids}))
    assert [stored(api, name) for name in COLLECTIONS] == before


def test_applied_each_meal_has_its_revision_in_its_day_and_once(command: Command, api: CloudApi) -> None:
    meals = stored(api, "meals")

    assert command("--apply")[0] == 0

    rows = stored(api, "meals")
    revisions = [row for row in rows if "revises" in row]
    assert [row for row in rows if "revises" not in row] == meals
    assert {row["_id"] for row in revisions} == {f"{each['_id']}:revision:1" for each in meals}
    assert all("bookingDueAt" not in row for row in revisions)
    sums = {day["userId"]: (day["savedG"], day["mealCarbonG"]) for day in stored(api, "daily_stats")}
    assert sums == {user_id(A): (-368, 368), user_id(B): (-184, 184)}
    assert command("--apply") == (0, told({"current": 3}, applied=True))
    assert stored(api, "meals") == rows


def test_one_member_alone_is_revised(command: Command, api: CloudApi) -> None:
    seen = command("--user", user_id(B), "--apply")

    assert seen == (0, told({"stale": 1}, shift(1, 1, "meal-0001", openid=B), applied=True))
    assert [row["userId"] for row in stored(api, "meals", revises={"$exists": True})] == [user_id(B)]


def test_many_meals_are_read_page_by_page(
    command: Command, api: CloudApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carbon, "PAGE", 2)
    api.run([insert("meals", meal(f"meal-{n:04}")) for n in range(3, 8)])

    assert command("--apply")[1]["meals"] == {"stale": 8}
    assert command()[1]["meals"] == {"current": 8}
    assert len(stored(api, "meals")) == 16


def test_a_run_broken_off_goes_on_where_it_stopped(command: Command) -> None:
    command("--user", user_id(A), "--apply")

    assert command("--apply")[1]["meals"] == {"current": 2, "stale": 1}


def test_a_revision_whose_booking_stopped_is_left_to_the_pump(command: Command, api: CloudApi) -> None:
    ring = [{"key": f"k{n}", "at": 10**14} for n in range(256)]
    day = f"{user_id(B)}:2026-11-23"
    api.run([insert("daily_stats", document("daily_stats", id=day, userId=user_id(B), day="2026-11-23"))])
    api.run([update("daily_stats", {"_id": day}, {"$set": {"appliedOps": ring}})])

    code, seen = command("--user", user_id(B), "--apply")

    assert (code, seen["unbooked"]) == (1, 1)
    (row,) = stored(api, "meals", revises={"$exists": True})
    assert "bookingDueAt" in row


def test_purchases_keep_their_factors_and_are_counted(command: Command, api: CloudApi) -> None:
    api.run([insert("meals", purchase("pn2010")), insert("meals", purchase("pn2018-mean"))])

    assert command("--apply")[1]["purchasesLeft"] == 1
    assert stored(api, "meals", revises="shop:o1:pn2010") == []


def test_a_meal_follows_the_meat_and_the_rules_that_it_was_recorded_by(
    command: Command, api: CloudApi
) -> None:
    meat = {"name": "牛肉", "category": "畜肉", "group": "牛", "carbonGPerKg": 50_000, "source": "测试"}
    body = {"baselineG": 50, "mealPortions": 1}
    rules = {"ruleId": "carbon", "version": 2, "body": body, "state": "old", "category": "carbon"}
    beef = {"baseline": "beef50", "rulesVersion": "carbon2.points1"}
    api.run(
        [
            insert("meat_products", document("meat_products", id="beef", factorVersion="meat-2", **meat)),
            insert("business_rules", document("business_rules", id="carbon:2", author="test", **rules)),
            insert("meals", meal("meal-0009", **beef)),
            insert("meals", meal("meal-0010", **beef | {"rulesVersion": "carbon3"})),
            insert("meals", meal("meal-0011", baseline="whale75")),
        ]
    )

    code, seen = command("--apply")

    assert (code, seen["meals"]) == (1, {"stale": 4, "unknown": 2})
    assert seen["unknown"] == [f"{user_id(A)}:meal-00{n}" for n in (10, 11)]
    (row,) = stored(api, "meals", revises=f"{user_id(A)}:meal-0009")
    assert (row["baselineG"], row["factorVersion"]) == (2500 - 923, "meat-2+test-2")
    assert row["savedG"] == 2000 - 607


def test_for_people_it_says_the_same_in_lines(api: CloudApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.run([insert("meals", meal("meal-0012", B, rulesVersion="carbon9"))])

    assert run(["carbon", "--user", user_id(B)], description="") == 1

    assert capsys.readouterr().out.splitlines() == [
        f"{OLD} -> {NEW}: 1 meals of 1 members, for instance",
        f"  {user_id(B)}:meal-0001",
        "  carbon +184 g, baseline +0 g, saved -184 g",
        f"a food, a meat or a rule is gone: {user_id(B)}:meal-0012",
        "Meals: 1 stale, 1 unknown. Purchases by other factors, which stay: 0.",
        "Nothing was changed.",
    ]
