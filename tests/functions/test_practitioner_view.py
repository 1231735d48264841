"""practitioner_view: who is active is shown, words are their owner's to change, links are signed."""

from typing import Any

import pytest

from functions.builders import NOW, document, edit, pages, stock_up, user
from gardenshop.cloud.clock import DAY
from gardenshop.flows.share_links import ShareLink, read
from harness import LINK_KEYS, A, B, Shop, user_id

SHARE = {"action": "share", "target": "tofu"}


def practitioner(name: str, **changes: Any) -> dict[str, Any]:
    fields = {"name": name, "level": "gold", "status": "active", "region": "福建福州", **changes}
    return document("practitioners", id=name, **fields)


def certification(target: str, target_type: str = "product", **changes: Any) -> dict[str, Any]:
    about = {"practitionerId": "lin", "targetType": target_type, "target": target, "level": "gold"}
    fields = {"testimony": "去过作坊", "state": "approved", "from": NOW - DAY, "until": NOW + DAY, **changes}
    return document("practitioner_certifications", id=f"lin:{target_type}:{target}", **about, **fields)


def recipe(recipe_id: str, **changes: Any) -> dict[str, Any]:
    items = [{"name": "豆腐", "grams": 400}]
    fields = {
        "title": recipe_id,
        "category": "热菜",
        "servings": 2,
        "items": items,
        "steps": [],
        "carbonG": 900,
    }
    return document("recipes", id=recipe_id, **{**fields, "authorPractitionerId": "lin", **changes})


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    shop.add("users", user(A))
    secret = {"commission": {"pendingFen": 500}, "commissionBp": 400}
    shop.add("practitioners", practitioner("lin", userId=user_id(A), intro="家常素菜", **secret))
    badge = {"certificationId": "lin:product:tofu", "practitionerId": "lin", "name": "lin", "level": "gold"}
    stock_up(shop, certifications=[badge])
    for gone, change in (("refused", {"state": "refused"}), ("lapsed", {"until": NOW - 1})):
        shop.add("practitioner_certifications", certification(gone, "recipe", **change))
    for each in (certification("tofu"), certification("sold-away"), certification("bean", "ingredient")):
        shop.add("practitioner_certifications", each)
    shop.add("recipes", recipe("stew"))
    shop.add("recipes", recipe("unready", status="draft"))
    shop.add("recipes", recipe("of-others", authorPractitionerId="zhou"))


def names(page: dict[str, Any]) -> list[str]:
    return [each["name"] for each in page["practitioners"]]


def test_the_active_ones_are_listed_eldest_first_page_by_page(shop: Shop) -> None:
    for number in range(3):
        shop.add("practitioners", practitioner(f"p{number}", createdAt=NOW + number))
    shop.add("practitioners", practitioner("left", status="left"))

    found = pages(shop, "practitioner_view", {"limit": 2})

    assert [names(each) for each in found] == [["lin", "p0"], ["p1", "p2"]]
    assert found[0]["practitioners"][0] == {
        "practitionerId": "lin",
        "name": "lin",
        "region": "福建福州",
        "level": "gold",
        "intro": "家常素菜",
        "specialties": [],
    }


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"level": "silver"}, ["zhou"]),
        ({"region": "福建"}, ["lin"]),
        ({"region": "浙江"}, ["zhou"]),
        ({"region": "浙江", "level": "gold"}, []),
    ],
    ids=str,
)
def test_the_list_can_be_narrowed(shop: Shop, wish: dict[str, Any], expected: list[str]) -> None:
    shop.add("practitioners", practitioner("zhou", level="silver", region="浙江杭州"))

    assert names(shop.ok("practitioner_view", wish, openid=B)) == expected


def test_one_is_shown_with_what_she_vouches_for_and_cooks(shop: Shop) -> None:
    event = {"action": "show", "practitionerId": "lin"}

    page = shop.ok("practitioner_view", event, openid=B)

    vouched = {"level": "gold", "testimony": "去过作坊", "until": NOW + DAY}
    assert page == {
        "profile": {
            "practitionerId": "lin",
            "name": "lin",
            "region": "福建福州",
            "level": "gold",
            "intro": "家常素菜",
            "specialties": [],
            "status": "active",
            "story": "",
            "principles": [],
            "tips": [],
            "certifications": [
                {"targetType": "ingredient", "target": "bean", **vouched},
                {"targetType": "product", "target": "tofu", "title": "北豆腐", **vouched},
            ],
            "recipes": [{"recipeId": "stew", "title": "stew", "carbonG": 900}],
            "label": "推荐",
        }
    }
    assert shop.adapter.trips == 1


@pytest.mark.parametrize("status", ["applied", "suspended", "left"])
def test_who_is_not_active_is_not_shown_to_others(shop: Shop, status: str) -> None:
    edit(shop, "practitioners", "lin", {"status": status})

    assert names(shop.ok("practitioner_view", openid=B)) == []
    reply = shop.refused("practitioner_view", {"action": "show", "practitionerId": "lin"}, openid=B)
    assert (reply["code"], reply["message"]) == (40400, "没有这位践行者")


def test_a_practitioner_changes_what_she_says_of_herself_and_nothing_else(shop: Shop) -> None:
    before = shop.one("practitioners", "lin")
    said = {"intro": "教邻居做三餐", "principles": ["先看配料表"], "region": "福建厦门"}
    event = {"action": "edit", "profile": said}

    shown = shop.ok("practitioner_view", event, openid=A)["profile"]

    assert {name: shown[name] for name in said} == said
    assert shop.one("practitioners", "lin") == {**before, **said, "updatedAt": NOW}
    assert shop.ok("practitioner_view", {"action": "mine"}, openid=A)["profile"] == shown


def test_claims_in_a_profile_are_refused_by_field(shop: Shop) -> None:
    said = {"intro": "素食排毒", "tips": ["泡豆", "姜茶治疗感冒"], "story": "不构成诊断"}

    reply = shop.refused("practitioner_view", {"action": "edit", "profile": said}, openid=A)

    assert reply["message"] == "文字里有不能用于食品的说法：排毒、治疗"
    assert reply["details"]["fields"] == [
        {"field": "profile.intro", "problem": "claim"},
        {"field": "profile.tips", "problem": "claim"},
    ]


@pytest.mark.parametrize(
    "field", ["level", "status", "userId", "commissionBp", "commission", "name", "certifiedAt"]
)
def test_what_others_decide_she_cannot_change(shop: Shop, field: str) -> None:
    event = {"action": "edit", "profile": {field: "diamond"}}

    assert shop.refused("practitioner_view", event, openid=A)["error"] == "INVALID_REQUEST"


@pytest.mark.parametrize("event", [{"action": "mine"}, {"action": "edit", "profile": {"intro": "我"}}, SHARE])
def test_who_is_no_practitioner_has_no_profile_and_no_links(shop: Shop, event: dict[str, Any]) -> None:
    assert shop.refused("practitioner_view", event, openid=B)["error"] == "FORBIDDEN"
    edit(shop, "practitioners", "lin", {"status": "left"})
    assert shop.refused("practitioner_view", event, openid=A)["error"] == "FORBIDDEN"


def test_a_link_names_its_maker_and_ends_after_a_week(shop: Shop) -> None:
    shared = shop.ok("practitioner_view", SHARE, openid=A)

    assert shared["expiresAt"] == NOW + 7 * DAY
    link = read(shared["token"], environ={"SHARE_LINK_KEYS": LINK_KEYS}, now=NOW)
    assert link == ShareLink("lin", "product", "tofu", NOW, NOW + 7 * DAY)


def test_who_is_suspended_sees_her_profile_and_shares_nothing(shop: Shop) -> None:
    edit(shop, "practitioners", "lin", {"status": "suspended"})

    assert shop.ok("practitioner_view", {"action": "mine"}, openid=A)["profile"]["status"] == "suspended"
    assert shop.refused("practitioner_view", SHARE, openid=A)["error"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "target", [("product", "nothing"), ("recipe", "unready"), ("recipe", "tofu")], ids=str
)
def test_only_what_can_be_had_is_shared(shop: Shop, target: tuple[str, str]) -> None:
    event = {**SHARE, "targetType": target[0], "target": target[1]}

    assert shop.refused("practitioner_view", event, openid=A)["code"] == 40400


@pytest.mark.parametrize(
    ("action", "field"), [("show", "practitionerId"), ("edit", "profile"), ("share", "target")]
)
def test_what_an_action_needs_is_asked_for_by_name(shop: Shop, action: str, field: str) -> None:
    reply = shop.refused("practitioner_view", {"action": action}, openid=A)

    assert reply["details"]["fields"] == [{"field": field, "problem": "missing"}]


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("practitioner_view")["error"] == "FORBIDDEN"
