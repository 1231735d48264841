"""recommend: ranked for her, with reasons, never what she cannot have."""

from typing import Any

import pytest
from cachetools import TTLCache

from functions.builders import NOW, document, edit, stock_up
from harness import A, B, Shop, function, user_id


@pytest.fixture(autouse=True)
def _shelf(shop: Shop, clock: object) -> None:
    del clock
    stock_up(shop, "tofu", allergens=["soy"], sales30D=50)
    stock_up(shop, "mint", title="薄荷茶", terms=["xiaoxue"], sales30D=10)
    badge = {"certificationId": "c1", "practitionerId": "pr1", "name": "周晚梅", "level": "gold"}
    stock_up(shop, "rice", title="大米", certifications=[badge])


def shown(shop: Shop, openid: str = A, **event: Any) -> list[str]:
    return [each["productId"] for each in shop.ok("recommend", event, openid=openid)["items"]]


def profile(shop: Shop, **changes: Any) -> None:
    shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), **changes))


def test_every_item_says_why_and_can_be_traced(shop: Shop) -> None:
    advice = shop.ok("recommend", openid=A)

    assert (advice["term"], advice["personalised"], advice["label"]) == ("小雪", True, "推荐")
    by_id = {each["productId"]: each for each in advice["items"]}
    assert set(by_id) == {"tofu", "mint", "rice"}
    assert by_id["mint"]["reasons"][0]["feature"] == "term"
    assert any("周晚梅" in each["text"] for each in by_id["rice"]["reasons"])
    exposures = [each["exposureId"] for each in advice["items"]]
    assert [each.rpartition("-")[2] for each in exposures] == ["1", "2", "3"]
    assert len({each.rpartition("-")[0] for each in exposures}) == 1


def test_cold_and_warm_it_takes_one_trip(shop: Shop) -> None:
    sizes: list[int] = []
    shop.adapter.before = lambda commands: sizes.append(len(commands))

    for _ in range(2):
        shop.ok("recommend", openid=A)

    assert sizes == [7, 6]


def test_what_she_cannot_eat_is_never_shown(shop: Shop) -> None:
    profile(shop, allergens=["soy"], personalised=False)

    assert "tofu" not in shown(shop)
    assert "tofu" in shown(shop, B)


def test_what_is_sold_out_disappears_at_once_from_a_warm_list(shop: Shop) -> None:
    assert "tofu" in shown(shop)

    edit(shop, "inventory", "tofu-500g", {"available": 0, "onHand": 0})

    assert "tofu" not in shown(shop)


@pytest.mark.parametrize("change", [{"status": "off_sale"}, {"offAt": NOW}, {"onAt": NOW + 1}], ids=str)
def test_what_leaves_the_shelf_disappears_at_once_from_a_warm_list(
    shop: Shop, change: dict[str, Any]
) -> None:
    assert "tofu" in shown(shop)

    edit(shop, "products", "tofu", change)

    assert "tofu" not in shown(shop)


def test_what_is_kept_of_the_products_ends_after_a_minute_however_often_it_is_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    kept: TTLCache[str, Any] = TTLCache(maxsize=1, ttl=60, timer=lambda: now[0])
    monkeypatch.setattr(function("recommend")._catalogue, "_cache", kept)
    shown(shop)
    stock_up(shop, "yam", title="山药")
    now[0] = 59
    assert "yam" not in shown(shop)

    now[0] = 61
    assert "yam" in shown(shop)


@pytest.mark.parametrize("change", [{"offAt": NOW}, {"onAt": NOW + 1}, {"status": "draft"}], ids=str)
def test_what_is_not_on_the_shelf_is_not_shown(shop: Shop, change: dict[str, Any]) -> None:
    stock_up(shop, "hidden", **change)

    assert "hidden" not in shown(shop)


def test_what_is_at_hand_is_not_shown_again(shop: Shop) -> None:
    shop.ok("cart_add", {"skuId": "mint-500g"}, openid=A)

    assert shown(shop, scene="product", productId="rice") == ["tofu"]


def test_the_list_is_as_long_as_asked_for(shop: Shop) -> None:
    assert len(shown(shop, limit=2)) == 2


def test_her_constitution_counts_only_when_she_lets_it(shop: Shop) -> None:
    stock_up(shop, "yam", title="山药", fit={"suits": ["qi_deficiency"], "source": "ZYYXH/T157-2009"})
    results = [{"code": "qi_deficiency", "score": 60, "verdict": "yes"}]
    assessed = {"primary": "qi_deficiency", "results": results, "standard": "GB/T 46939—2025", "at": NOW}
    profile(shop, constitution=assessed)

    def features() -> set[str]:
        items = shop.ok("recommend", openid=A)["items"]
        (yam,) = (each for each in items if each["productId"] == "yam")
        return {each["feature"] for each in yam["reasons"]}

    assert "constitution" in features()
    edit(shop, "user_profiles_extended", user_id(A), {"personalised": False})
    assert "constitution" not in features()
    assert shop.ok("recommend", openid=A)["personalised"] is False


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("recommend")["error"] == "FORBIDDEN"
