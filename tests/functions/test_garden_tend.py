"""garden_tend: plant for points, water after a while, harvest once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    NOW,
    assert_lawful,
    die_everywhere,
    document,
    edit,
    garden,
    lot,
    plant,
    rule,
    template,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, HOUR, MINUTE
from gardenshop.models.base import RING_SIZE
from harness import A, B, Shop, user_id

PLANT = {"action": "plant", "code": "mint", "clientToken": "plant-0001"}
WATER = {"action": "water", "plantId": "p1"}
HARVEST = {"action": "harvest", "plantId": "p1"}
GROWN: dict[str, Any] = {"growth": 240, "stage": 2}


def prepare(shop: Shop) -> None:
    shop.add("plant_templates", template())
    shop.add("plant_templates", template("sprout", name="豆芽", costPoints=0))
    shop.add("users", user(points={"garden": {"available": 100}}))
    shop.add("points_ledger", lot())


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def points(shop: Shop) -> int:
    available: int = shop.one("users", user_id(A))["points"]["garden"]["available"]
    return available


def plants(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.one("gardens", user_id(A))["plants"]
    return found


def test_without_a_garden_there_is_an_empty_one(shop: Shop) -> None:
    before = shop.dump()

    assert shop.ok("garden_tend", openid=A) == {
        "plants": [],
        "scenes": [],
        "gifts": [],
        "xp": 0,
        "points": 100,
    }
    assert (shop.adapter.trips, shop.dump() == before) == (1, True)


def test_planting_costs_points_once(shop: Shop) -> None:
    planted = shop.ok("garden_tend", PLANT, openid=A)

    plant_id = planted["changedPlantId"]
    assert planted == {
        "plants": [
            {
                "plantId": plant_id,
                "code": "mint",
                "name": "薄荷",
                "stage": 0,
                "stageName": "插枝",
                "growthBp": 0,
                "mature": False,
                "harvested": False,
                "waterReadyAt": 0,
            }
        ],
        "scenes": [],
        "gifts": [],
        "xp": 0,
        "points": 80,
        "changedPlantId": plant_id,
    }
    row = shop.one("points_ledger", f"plant:{user_id(A)}:{plant_id}")
    assert (row["state"], row["delta"], row["lotsUsed"]) == (
        "final",
        -20,
        [{"lotId": "award:first", "points": 20}],
    )
    assert shop.one("points_ledger", "award:first")["lot"]["left"] == 80

    again = shop.ok("garden_tend", PLANT, openid=A)
    assert (again, points(shop), len(plants(shop))) == (planted, 80, 1)
    assert_lawful(shop)


def test_what_costs_nothing_is_planted_without_points(shop: Shop) -> None:
    shop.ok("garden_tend", {**PLANT, "code": "sprout"}, openid=B)

    assert [each["code"] for each in shop.one("gardens", user_id(B))["plants"]] == ["sprout"]
    assert_lawful(shop)


def test_one_token_at_once_plants_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("garden_tend", PLANT, A)] * 5)

    assert 0 in {reply["code"] for reply in replies} <= {0, 50301}
    assert (len(plants(shop)), points(shop)) == (1, 80)
    assert_lawful(shop)


def test_points_are_never_spent_twice(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    calls = [("garden_tend", {**PLANT, "clientToken": f"plant-{i:04}"}, A) for i in range(8)]

    replies = at_once(*calls)

    done = sum(reply["code"] == 0 for reply in replies)
    assert {reply["code"] for reply in replies} <= {0, 40905, 50301}
    assert points(shop) >= 0
    assert len(plants(shop)) >= done
    assert_lawful(shop)


def test_too_few_points_are_refused(shop: Shop) -> None:
    edit(shop, "users", user_id(A), {"points.garden.available": 19})

    reply = shop.call("garden_tend", PLANT, openid=A)

    assert (reply["code"], reply["error"], reply["details"]) == (40905, "NOT_ENOUGH_POINTS", {"need": 20})
    assert (points(shop), shop.documents("gardens")) == (19, [])
    edit(shop, "users", user_id(A), {"points.garden.available": 100})
    assert shop.ok("garden_tend", PLANT, openid=A)["points"] == 80
    assert_lawful(shop)


@pytest.mark.parametrize("lapsed", [NOW - DAY, NOW])
def test_lapsed_points_buy_nothing(shop: Shop, lapsed: int) -> None:
    edit(shop, "points_ledger", "award:first", {"lot.expiresAt": lapsed})

    reply = shop.call("garden_tend", PLANT, openid=A)

    assert reply["error"] == "NOT_ENOUGH_POINTS"
    assert (points(shop), shop.documents("gardens")) == (100, [])
    assert shop.ok("garden_tend", openid=A)["points"] == 0
    assert_lawful(shop)


def test_the_points_that_lapse_first_are_spent_first(shop: Shop) -> None:
    edit(shop, "users", user_id(A), {"points.garden.available": 115})
    shop.add("points_ledger", lot("award:soon", 15, lot={"left": 15, "expiresAt": NOW + DAY}))

    shop.ok("garden_tend", PLANT, openid=A)

    left = {row["_id"]: row["lot"]["left"] for row in shop.documents("points_ledger") if "lot" in row}
    assert left == {"award:first": 95, "award:soon": 0}
    assert_lawful(shop)


def test_a_full_garden_takes_no_plant_and_no_points(shop: Shop) -> None:
    shop.add("gardens", garden(*(plant(f"p{i}") for i in range(60))))

    reply = shop.refused("garden_tend", PLANT, openid=A)

    assert (reply["code"], reply["message"]) == (40900, "花园已经种满了")


def test_a_garden_that_fills_up_meanwhile_gives_the_points_back(shop: Shop) -> None:
    shop.add("gardens", garden(*(plant(f"p{i}") for i in range(59))))

    def fill(commands: Any) -> None:
        if any(next(iter(each.values())) == "gardens" and "update" in each for each in commands):
            shop.adapter.before = lambda _: None
            edit(shop, "gardens", user_id(A), {"plants.59": plant("p59")})

    shop.adapter.before = fill
    reply = shop.call("garden_tend", PLANT, openid=A)

    assert (reply["error"], points(shop), len(plants(shop))) == ("CONFLICT", 100, 60)
    assert_lawful(shop)


def test_planting_broken_off_anywhere_is_finished_by_the_same_call(clock: Clock) -> None:
    def verify(shop: Shop) -> None:
        assert (len(plants(shop)), points(shop)) == (1, 80)
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE

    writes = die_everywhere(prepare, lambda shop: shop.call("garden_tend", PLANT, openid=A), verify)
    assert writes > 6


def test_planting_never_come_back_for_is_finished_by_the_pump(clock: Clock) -> None:
    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        gardens = shop.documents("gardens")
        stands = len(gardens[0]["plants"]) if gardens else 0
        assert points(shop) == 100 - 20 * stands

    def act(shop: Shop) -> None:
        shop.call("garden_tend", PLANT, openid=A)

    assert die_everywhere(prepare, act, verify, again=False) > 6


def test_watering_makes_a_plant_grow(shop: Shop) -> None:
    shop.add("gardens", garden(plant()))

    (shown,) = shop.ok("garden_tend", WATER, openid=A)["plants"]

    assert shown["growthBp"] == 5000
    assert (shown["stageName"], shown["waterReadyAt"]) == ("分枝", NOW + 4 * HOUR)
    assert shop.adapter.trips == 3


def test_watering_again_must_wait(shop: Shop, clock: Clock) -> None:
    shop.add("gardens", garden(plant(wateredAt=NOW)))
    clock.now = NOW + 4 * HOUR - 1

    reply = shop.refused("garden_tend", WATER, openid=A)
    assert (reply["code"], reply["error"]) == (40907, "COOLING_DOWN")
    assert reply["details"] == {"readyAt": NOW + 4 * HOUR}

    clock.now += 1
    assert shop.ok("garden_tend", WATER, openid=A)["plants"][0]["growthBp"] == 5000


def test_watering_at_once_waters_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    shop.add("gardens", garden(plant()))

    replies = at_once(*[("garden_tend", WATER, A)] * 5)

    assert {reply["code"] for reply in replies} <= {0, 40907, 50301}
    assert (plants(shop)[0]["growth"], plants(shop)[0]["waterCount"]) == (120, 1)


def test_two_plants_watered_at_once_are_both_watered_or_said_not_to_be(
    shop: Shop, at_once: Callable[..., list[Any]]
) -> None:
    shop.add("gardens", garden(plant("p1"), plant("p2")))

    replies = at_once(*(("garden_tend", {"action": "water", "plantId": each}, A) for each in ("p1", "p2")))

    for reply, stored in zip(replies, plants(shop), strict=True):
        assert (reply["code"] == 0) == (stored.get("waterCount", 0) == 1)


def test_a_garden_that_changes_meanwhile_is_not_overwritten(shop: Shop) -> None:
    shop.add("gardens", garden(plant()))

    def grow(commands: Any) -> None:
        if "update" in commands[0]:
            edit(shop, "gardens", user_id(A), {"plants.0.growth": 200, "version": 1})

    shop.adapter.before = grow
    reply = shop.call("garden_tend", WATER, openid=A)

    assert (reply["code"], reply["error"]) == (50301, "BUSY")
    assert plants(shop)[0]["growth"] == 200


@pytest.mark.parametrize("state", [GROWN, {**GROWN, "harvestedAt": NOW - DAY}], ids=["ripe", "harvested"])
def test_what_is_grown_needs_no_water(shop: Shop, state: dict[str, Any]) -> None:
    shop.add("gardens", garden(plant(**state)))

    assert shop.refused("garden_tend", WATER, openid=A)["message"] == "这株植物不需要浇水了"


def test_a_harvest_pays_once(shop: Shop) -> None:
    shop.add("gardens", garden(plant(**GROWN)))

    view = shop.ok("garden_tend", HARVEST, openid=A)

    assert (view["points"], view["plants"][0]["harvested"], view["changedPlantId"]) == (140, True, "p1")
    assert shop.refused("garden_tend", HARVEST, openid=A)["message"] == "已经收获过了"
    assert_lawful(shop)


def test_harvests_at_once_pay_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    shop.add("gardens", garden(plant(**GROWN)))

    at_once(*[("garden_tend", HARVEST, A)] * 5)

    assert points(shop) == 140
    assert_lawful(shop)


def test_a_harvest_broken_off_anywhere_pays_once(clock: Clock) -> None:
    def ripe(shop: Shop) -> None:
        prepare(shop)
        shop.add("gardens", garden(plant(**GROWN)))

    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert points(shop) == 140
        assert plants(shop)[0]["harvestedAt"] == NOW

    assert die_everywhere(ripe, lambda shop: shop.call("garden_tend", HARVEST, openid=A), verify) == 7


class TestWhatTheDayAllows:
    @pytest.fixture(autouse=True)
    def _two_ripe(self, shop: Shop) -> None:
        shop.add("business_rules", rule("points", {"harvestDaily": 60}))
        shop.add("gardens", garden(*(plant(f"p{i}", **GROWN) for i in range(1, 5))))

    def test_a_harvest_pays_what_is_left_of_the_day_and_says_so(self, shop: Shop) -> None:
        assert shop.ok("garden_tend", HARVEST, openid=A)["reward"] == 40
        second = shop.ok("garden_tend", {**HARVEST, "plantId": "p2"}, openid=A)

        assert (second["reward"], second["points"]) == (20, 160)
        note = shop.one("points_ledger", f"harvest:{user_id(A)}:p2")["note"]
        assert note == "收获薄荷，今日已达上限 60，少得 20"
        assert_lawful(shop)

    def test_when_nothing_is_left_the_plant_waits_for_the_next_day(self, shop: Shop, clock: Clock) -> None:
        for plant_id in ("p1", "p2"):
            shop.ok("garden_tend", {**HARVEST, "plantId": plant_id}, openid=A)

        third = {**HARVEST, "plantId": "p3"}
        assert shop.refused("garden_tend", third, openid=A)["error"] == "DAILY_LIMIT"
        clock.now += DAY
        assert shop.ok("garden_tend", third, openid=A)["reward"] == 40
        assert_lawful(shop)

    def test_harvests_of_one_moment_pay_no_more_than_the_day_allows(
        self, shop: Shop, at_once: Callable[..., list[Any]]
    ) -> None:
        replies = at_once(*(("garden_tend", {**HARVEST, "plantId": f"p{i}"}, A) for i in range(1, 5)))

        assert {reply["code"] for reply in replies} <= {0, 40918, 50301}
        assert points(shop) - 100 == shop.one("users", user_id(A))["points"]["today"]["harvest"] <= 60
        assert_lawful(shop)

    def test_a_reward_that_the_day_no_longer_allows_waits_with_its_plant(
        self, shop: Shop, clock: Clock
    ) -> None:
        """Two harvests began at once, and the other one used up the day."""
        spent = {"points.today": {"day": "2026-11-23", "exchange": 0, "harvest": 50, "lesson": 0, "meal": 0}}
        shop.adapter.after = lambda commands: (
            edit(shop, "users", user_id(A), spent) if commands[0].get("update") == "points_ledger" else None
        )
        assert shop.call("garden_tend", HARVEST, openid=A)["error"] == "BUSY"
        shop.adapter.after = lambda _: None
        assert shop.call("garden_tend", HARVEST, openid=A)["error"] == "DAILY_LIMIT"

        clock.now += DAY
        assert shop.ok("garden_tend", HARVEST, openid=A)["reward"] == 40
        assert points(shop) == 140
        assert_lawful(shop)


def test_a_reward_that_was_booked_is_not_paid_again_when_the_ring_has_forgotten_it(
    shop: Shop, clock: Clock
) -> None:
    shop.add("gardens", garden(plant(**GROWN)))
    shop.ok("garden_tend", HARVEST, openid=A)
    ring = [{"key": f"other:{i}", "at": NOW + HOUR} for i in range(RING_SIZE)]
    edit(shop, "users", user_id(A), {"points.recentOps": ring})
    edit(shop, "gardens", user_id(A), {"plants": garden(plant(**GROWN))["plants"], "recentOps": []})
    clock.now += DAY

    assert shop.ok("garden_tend", HARVEST, openid=A)["reward"] == 40
    assert points(shop) == 140


SCENES = {"scenes": {"窗台": 0, "山坡": 500, "阳台": 12}}


def test_a_harvest_gives_experience_once_and_experience_opens_scenes(shop: Shop) -> None:
    shop.add("business_rules", rule("garden", SCENES))
    shop.add("plant_templates", template("tomato", scene="阳台", costPoints=0, xp=12))
    shop.add("gardens", garden(plant(code="tomato", **GROWN)))
    locked = {**PLANT, "code": "tomato"}
    reply = shop.refused("garden_tend", locked, openid=A)
    assert (reply["code"], reply["error"]) == (40933, "SCENE_LOCKED")
    assert reply["details"] == {"scene": "阳台", "needsXp": 12}

    view = shop.ok("garden_tend", HARVEST, openid=A)

    assert (view["xp"], view["scenes"]) == (
        12,
        [{"name": "阳台", "needsXp": 12, "openedAt": NOW}, {"name": "山坡", "needsXp": 500}],
    )
    assert shop.one("gardens", user_id(A))["scenes"] == [{"code": "阳台", "at": NOW}]
    shop.refused("garden_tend", HARVEST, openid=A)
    assert shop.ok("garden_tend", locked, openid=A)["xp"] == 12
    assert_lawful(shop)


def test_an_open_scene_stays_open_when_the_rule_asks_for_more(shop: Shop) -> None:
    shop.add("plant_templates", template("tomato", scene="阳台", costPoints=0))
    shop.add("gardens", {**garden(), "xp": 12, "scenes": [{"code": "阳台", "at": NOW - DAY}]})
    shop.add("business_rules", rule("garden", {"scenes": {"阳台": 90}}))

    view = shop.ok("garden_tend", {**PLANT, "code": "tomato"}, openid=A)

    assert view["scenes"] == [{"name": "阳台", "needsXp": 90, "openedAt": NOW - DAY}]


def test_the_last_gifts_say_where_growth_came_from(shop: Shop) -> None:
    gifts = [
        {"key": f"order:no-{number}", "savedG": 100 * number, "minutes": 6 * number, "xp": number, "at": NOW}
        for number in range(5)
    ]
    meal = {"key": "meal:m1", "savedG": 700, "minutes": 0, "xp": 7, "at": NOW}
    shop.add("gardens", {**garden(), "gifts": [*gifts, meal]})

    shown = shop.ok("garden_tend", openid=A)["gifts"]

    assert [each["text"] for each in shown[:2]] == [
        "记录素食餐估算减碳 700 克，植物多长了 0 分钟",
        "购物估算减碳 400 克，植物多长了 24 分钟",
    ]
    assert shown[1] == {"text": shown[1]["text"], "savedG": 400, "minutes": 24, "xp": 4, "at": NOW}
    assert len(shown) == 5


def test_what_is_not_ripe_is_not_harvested(shop: Shop) -> None:
    shop.add("gardens", garden(plant(growth=239)))

    assert shop.refused("garden_tend", HARVEST, openid=A)["message"] == "还没有成熟"


@pytest.mark.parametrize("action", ["water", "harvest"])
def test_another_members_plant_is_not_found(shop: Shop, action: str) -> None:
    shop.add("gardens", garden(plant(**GROWN)))
    shop.add("gardens", garden(openid=B))

    reply = shop.refused("garden_tend", {"action": action, "plantId": "p1"}, openid=B)

    assert (reply["code"], reply["message"]) == (40400, "花园里没有这株植物")


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ({"action": "plant"}, ["code", "clientToken"]),
        ({"action": "plant", "code": "mint"}, ["clientToken"]),
        ({"action": "water"}, ["plantId"]),
        ({"action": "harvest"}, ["plantId"]),
    ],
)
def test_what_an_action_needs_is_asked_for_by_name(
    shop: Shop, event: dict[str, Any], fields: list[str]
) -> None:
    reply = shop.refused("garden_tend", event, openid=A)

    assert reply["details"]["fields"] == [{"field": field, "problem": "missing"} for field in fields]


def test_an_unknown_or_hidden_kind_is_not_found(shop: Shop) -> None:
    shop.add("plant_templates", template("secret", status="hidden"))
    for code in ("secret", "nothing"):
        assert shop.refused("garden_tend", {**PLANT, "code": code}, openid=A)["code"] == 40400


@pytest.mark.parametrize("action", ["water", "harvest"])
def test_a_plant_whose_kind_is_gone_is_not_found(shop: Shop, action: str) -> None:
    shop.add("gardens", garden(plant(code="gone")))

    assert shop.refused("garden_tend", {"action": action, "plantId": "p1"}, openid=A)["code"] == 40400


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("garden_tend")["error"] == "FORBIDDEN"


def test_plants_without_a_stored_garden_document_are_none(shop: Shop) -> None:
    shop.add("gardens", document("gardens", id=user_id(B)))

    assert shop.ok("garden_tend", openid=B)["plants"] == []
