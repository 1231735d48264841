"""Whom a sale is credited to: the practitioner who caused it, unless she is the buyer or may not earn."""

from typing import Any

import pytest

from gardenshop.rules.attribution import Candidates, Credit, Earner, Person, credit_of, same_person
from gardenshop.rules.policies.commission import CommissionPolicy

NOW = 1_795_406_400_000
DAY = 86_400_000
POLICY = CommissionPolicy()
BUYER = Person("u-buyer", frozenset({"phone-b"}), "union-b", frozenset({"device-b"}))
SHARE = {"scene": "share", "practitionerId": "lin", "sharedAt": NOW - DAY}
RECIPE = {"scene": "recipe", "recipeId": "mapo"}


def earner(name: str = "lin", *, active: bool = True, own_bp: int | None = None, **who: Any) -> Earner:
    return Earner(active, own_bp, Person(f"u-{name}", **who))


def badge(practitioner_id: str = "zhou", level: str = "gold", until: int | None = None) -> dict[str, Any]:
    return {"practitionerId": practitioner_id, "level": level, **({"until": until} if until else {})}


def credit(
    origin: dict[str, Any] | None = None, *badges: dict[str, Any], now: int = NOW, **earners: Earner
) -> Credit | None:
    known = {name: earner(name) for name in ("lin", "chef", "zhou", "wu")}
    among = Candidates(BUYER, {**known, **earners}, {"mapo": "chef"})
    return credit_of(origin, badges, among=among, policy=POLICY, now=now)


def test_a_link_comes_before_the_recipe_and_the_recipe_before_the_badge() -> None:
    assert credit({**SHARE, **RECIPE}, badge()) == Credit("lin", "share", 500)
    assert credit(RECIPE, badge()) == Credit("chef", "recipe", 300)
    assert credit(None, badge()) == Credit("zhou", "certification", 200)
    assert credit({"scene": "home"}) is None


@pytest.mark.parametrize(
    ("age", "via"),
    [(0, "share"), (7 * DAY, "share"), (7 * DAY + 1, "certification"), (-1, "certification")],
)
def test_a_link_counts_for_seven_days_and_not_before_it_was_shared(age: int, via: str) -> None:
    found = credit({**SHARE, "sharedAt": NOW - age}, badge())

    assert found is not None
    assert found.via == via


def test_a_link_that_does_not_say_when_it_was_shared_counts_for_nothing() -> None:
    assert credit({"scene": "share", "practitionerId": "lin"}) is None


@pytest.mark.parametrize(
    ("badges", "who"),
    [
        ([badge("zhou", "silver"), badge("wu", "gold")], "wu"),
        ([badge("wu", "gold"), badge("zhou", "gold")], "wu"),
        ([badge("wu", "diamond", until=NOW), badge("zhou", "bronze")], "zhou"),
        ([badge("wu", "gold", until=NOW + 1), badge("zhou", "bronze")], "wu"),
    ],
    ids=["the highest level", "the first approved", "one that lapsed", "one that is about to"],
)
def test_of_several_badges_the_best_that_holds_counts(badges: list[dict[str, Any]], who: str) -> None:
    found = credit(None, *badges)

    assert found is not None
    assert found.practitioner_id == who


INELIGIBLE = {
    "suspended": earner(active=False),
    "unclaimed": Earner(active=True, own_bp=None, person=None),
    "the buyer": Earner(active=True, own_bp=None, person=BUYER),
    "the buyer's phone": earner(phones=frozenset({"phone-b"})),
    "the buyer's WeChat": earner(unionid="union-b"),
    "the buyer's device": earner(devices=frozenset({"device-a", "device-b"})),
}


@pytest.mark.parametrize("lin", INELIGIBLE.values(), ids=INELIGIBLE)
def test_where_she_who_caused_it_may_not_earn_nobody_does(lin: Earner) -> None:
    assert credit(SHARE, badge(), lin=lin) is None


def test_a_practitioner_whom_nobody_knows_earns_nothing() -> None:
    assert credit({**SHARE, "practitionerId": "nobody"}, badge()) is None


def test_what_two_people_lack_does_not_make_them_one() -> None:
    assert not same_person(Person("u1"), Person("u2"))


@pytest.mark.parametrize(("own_bp", "bp"), [(None, 500), (250, 250), (1000, 1000), (9000, 1000)])
def test_her_own_rate_replaces_the_base_and_is_capped(own_bp: int | None, bp: int) -> None:
    assert credit(SHARE, lin=earner(own_bp=own_bp)) == Credit("lin", "share", bp)


def test_a_rate_of_nothing_is_no_credit() -> None:
    assert credit(SHARE, lin=earner(own_bp=0)) is None
