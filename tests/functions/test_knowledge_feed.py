"""knowledge_feed: what is in season, what suits her, and nothing of the shop."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.builders import NOW, document, edit, lesson, user, wisdom
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.rules.constitution import DISCLAIMER
from harness import A, B, Shop, user_id

CONSENT = [{"purpose": "health_data", "version": "1", "grantedAt": NOW}]
TWO_TYPES = {
    "results": [
        {"code": code, "score": 60, "verdict": "yes"} for code in ("qi_deficiency", "yang_deficiency")
    ],
    "standard": "GB/T 46939—2025",
    "at": NOW,
}


def recipe(recipe_id: str, **changes: Any) -> dict[str, Any]:
    items = [{"ingredientId": "tofu", "name": "豆腐", "grams": 400}]
    fields = {
        "title": recipe_id,
        "category": "热菜",
        "servings": 2,
        "items": items,
        "steps": [],
        "carbonG": 900,
    }
    return document("recipes", id=recipe_id, **{**fields, "terms": ["xiaoxue"], **changes})


def profile(shop: Shop, **changes: Any) -> None:
    shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), **changes))


@pytest.fixture(autouse=True)
def _texts(shop: Shop, clock: object) -> None:
    del clock
    for key in ("xiaoxue", "lidong", "daxue"):
        shop.add("tcm_wisdom", wisdom("solar_term", key))
    for key in ("balanced", "qi_deficiency", "yang_deficiency"):
        shop.add("tcm_wisdom", wisdom("constitution", key))
    for number in range(5):
        shop.add("tcm_wisdom", wisdom("quote", f"q{number}"))
    refs = {"productIds": ["tofu"], "ingredientIds": ["tofu"]}
    for order in (3, 1, 2):
        shop.add("tcm_wisdom", lesson(f"l{order}", order=order, refs=refs))
    shop.add("tcm_wisdom", lesson("unready", order=0, status="draft"))
    shop.add("recipes", recipe("stew", carbonG=1200, comparedWith={"title": "红烧肉", "carbonG": 3000}))
    shop.add("recipes", recipe("soup", carbonG=300, allergens=["soy"]))
    shop.add("recipes", recipe("summer", terms=["xiazhi"]))
    shop.add("recipes", recipe("unready", status="draft"))
    shop.add("users", user(A, consents=CONSENT))


def shown(shop: Shop, kind: str, openid: str = A, **event: Any) -> list[Any]:
    found: list[Any] = shop.ok("knowledge_feed", {"kinds": [kind], **event}, openid=openid)[kind]
    return found


def titles(texts: list[dict[str, Any]]) -> list[str]:
    return [each["title"] for each in texts]


def test_without_a_word_there_is_something_of_each_kind_in_one_trip(shop: Shop) -> None:
    feed = shop.ok("knowledge_feed", openid=A)

    assert shop.adapter.trips == 1
    assert (feed["day"], feed["disclaimer"], feed["personalised"]) == ("2026-11-23", DISCLAIMER, False)
    assert (feed["term"]["guide"]["title"], titles(feed["lessons"])) == ("xiaoxue", ["l1", "l2", "l3"])
    assert (titles(feed["recipes"]), feed["constitution"], feed["nextCursors"]) == (["soup", "stew"], [], {})
    assert (feed["lessonsCompleted"], feed["streakDays"]) == (0, 0)
    assert feed["quote"]["source"] == "本店撰写"


def test_the_term_says_when_it_began_and_how_far_the_next_is(shop: Shop) -> None:
    term = shop.ok("knowledge_feed", {"kinds": ["term"]}, openid=A)["term"]

    assert (term["name"], term["day"], term["daysToNext"]) == ("小雪", "2026-11-22", 14)
    assert (term["next"]["name"], term["next"]["day"]) == ("大雪", "2026-12-07")
    assert term["progressBp"] == (NOW - term["at"]) * 10_000 // (term["next"]["at"] - term["at"])


def test_the_day_of_a_term_belongs_to_it_from_midnight_on(shop: Shop, clock: Clock) -> None:
    midnight = NOW - 12 * 60 * MINUTE + 14 * DAY

    for now, name in ((midnight - 1, "小雪"), (midnight, "大雪")):
        clock.now = now
        term = shop.ok("knowledge_feed", {"kinds": ["term"]}, openid=A)["term"]
        assert (term["name"], term["guide"]["key"]) == (name, {"小雪": "xiaoxue", "大雪": "daxue"}[name])
    assert (term["progressBp"], term["next"]["name"], term["daysToNext"]) == (0, "冬至", 15)


def test_all_her_types_are_explained_when_she_agreed(shop: Shop) -> None:
    profile(shop, constitution=TWO_TYPES)

    assert titles(shown(shop, "constitution")) == ["qi_deficiency", "yang_deficiency"]
    assert shop.ok("knowledge_feed", openid=A)["personalised"] is True
    assert shown(shop, "constitution", B) == []


@pytest.mark.parametrize(
    ("collection", "change"),
    [
        ("users", {"consents": [{**CONSENT[0], "withdrawnAt": NOW}]}),
        ("user_profiles_extended", {"personalised": False}),
    ],
    ids=["consent withdrawn", "not personalised"],
)
def test_her_types_are_not_used_against_her_will(shop: Shop, collection: str, change: dict[str, Any]) -> None:
    limited = {"avoid": ["qi_deficiency"], "source": "测试"}
    shop.add("recipes", recipe("limited", fit=limited))
    profile(shop, constitution=TWO_TYPES, allergens=["soy"])
    assert titles(shown(shop, "recipes")) == ["stew"]

    edit(shop, collection, user_id(A), change)

    feed = shop.ok("knowledge_feed", openid=A)
    assert (feed["constitution"], feed["personalised"]) == ([], False)
    assert titles(feed["recipes"]) == ["limited", "stew"]


def test_a_quote_stays_for_the_day_and_differs_between_days_and_members(shop: Shop, clock: Clock) -> None:
    def quote(openid: str = A) -> str:
        return str(shop.ok("knowledge_feed", {"kinds": ["quote"]}, openid=openid)["quote"]["key"])

    first = quote()
    shop.add("tcm_wisdom", wisdom("quote", "hidden", status="hidden"))
    clock.now += 11 * 60 * MINUTE
    assert quote() == first
    days = [(quote(A), quote(B)) for clock.now in range(NOW, NOW + 10 * DAY, DAY)]
    assert len({mine for mine, _ in days}) > 1
    assert any(mine != hers for mine, hers in days)


def test_lessons_come_in_their_order_with_her_progress_and_without_answers(shop: Shop) -> None:
    completed = [{"lessonId": "lesson:l2", "at": NOW, "scoreBp": 8000}]
    profile(shop, learning={"completed": completed, "lastDay": "2026-11-22", "streak": 3})

    feed = shop.ok("knowledge_feed", {"kinds": ["lessons"]}, openid=A)

    assert [(each["lessonId"], each["completed"], each.get("bestBp")) for each in feed["lessons"]] == [
        ("lesson:l1", False, None),
        ("lesson:l2", True, 8000),
        ("lesson:l3", False, None),
    ]
    assert (feed["lessonsCompleted"], feed["streakDays"]) == (1, 3)
    assert feed["lessons"][0]["questions"] == [
        {"text": "生姜是五辛吗？", "options": ["是", "不是", "只有老姜是"]}
    ]


def test_lessons_and_recipes_are_turned_over_page_by_page(shop: Shop) -> None:
    for kind, expected in (("lessons", ["l1", "l2", "l3"]), ("recipes", ["soup", "stew"])):
        event: dict[str, Any] = {"kinds": [kind], "limit": 1}
        found = []
        while True:
            feed = shop.ok("knowledge_feed", event, openid=A)
            found += titles(feed[kind])
            if kind not in feed["nextCursors"]:
                break
            event["cursor"] = feed["nextCursors"][kind]
        assert found == expected


def test_recipes_she_cannot_eat_are_left_out_and_do_not_shorten_the_page(shop: Shop) -> None:
    profile(shop, allergens=["soy"], avoid=["egg"])
    shop.add("recipes", recipe("omelette", carbonG=100, contains=["egg"]))
    shop.add("recipes", recipe("congee", carbonG=200))

    feed = shop.ok("knowledge_feed", {"kinds": ["recipes"], "limit": 1}, openid=A)

    assert (titles(feed["recipes"]), feed["nextCursors"]) == (["congee"], {"recipes": "200~congee"})
    assert titles(shown(shop, "recipes", B)) == ["omelette", "congee", "soup", "stew"]


def test_a_recipe_shows_its_carbon_and_what_it_is_compared_with(shop: Shop) -> None:
    stew = shown(shop, "recipes")[-1]

    assert (stew["carbonG"], stew["comparedWith"]) == (1200, {"title": "红烧肉", "carbonG": 3000})
    assert stew["fit"] == {"verdict": "neutral", "reasons": []}


def names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from names(each)


def test_nothing_of_it_leads_to_the_shop(shop: Shop) -> None:
    assert not {"productId", "productIds", "skuId", "refs", "answer", "explanation"} & set(
        names(shop.ok("knowledge_feed", openid=A))
    )


@pytest.mark.parametrize("kinds", [["term"], ["lessons", "recipes"], None], ids=str)
def test_a_cursor_needs_the_one_list_that_it_continues(shop: Shop, kinds: list[str] | None) -> None:
    event = {"cursor": "1~lesson:l1"} | ({"kinds": kinds} if kinds else {})

    reply = shop.refused("knowledge_feed", event, openid=A)

    assert reply["details"]["fields"] == [{"field": "cursor", "problem": "one of lessons and recipes"}]


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("knowledge_feed")["error"] == "FORBIDDEN"
