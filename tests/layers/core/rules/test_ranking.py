"""What is recommended to whom, and the reasons given."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.features import ANYONE, Candidate, Member, Place, candidate
from gardenshop.rules.ranking import DEFAULT_WEIGHTS, Item, Reason, rank, values, weights_of
from gardenshop.rules.taste import Sign
from gardenshop.rules.wording import blocking

DAY_MS = 86_400_000
NOW = round(datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=8))).timestamp() * 1000)  # in 小雪


def product(product_id: str, **changes: Any) -> Candidate:
    """Return a product in stock that nothing speaks for, in a category of its own."""
    return Candidate(
        **{"product_id": product_id, "title": product_id, "categories": (product_id,), **changes}
    )


def ids(items: list[Item]) -> list[str]:
    return [item.product_id for item in items]


def only(of: Candidate, member: Member = ANYONE, **options: Any) -> Item:
    """Return what is said of one product, beside one that sells ten."""
    items = rank([of, product("other", sales=10)], member, NOW, **options)
    return next(item for item in items if item.product_id == of.product_id)


@pytest.mark.parametrize(
    "barred",
    [
        product("x", in_stock=False),
        product("x", allergens=["peanut"]),
        product("x", contains=["fivePungent"]),
        product("x", avoid=["yang_deficiency"]),
    ],
)
def test_hard_filters_beat_everything_that_speaks_for_a_product(barred: Candidate) -> None:
    member = Member(
        types=["yang_deficiency"],
        avoided=["fivePungent"],
        allergic_to=["peanut"],
        signs={"x": Sign(1.0, "您大约每10天买一次，上次是10天前")},
    )
    wanted = barred._replace(suits=["yang_deficiency"], terms=["xiaoxue"], endorsers=["林"], sales=10**6)
    assert ids(rank([wanted, product("plain")], member, NOW)) == ["plain"]


def test_what_suits_her_constitution_comes_first_and_says_why() -> None:
    ginger = product("ginger", suits=["yang_deficiency"], fit_source="广东省中医药局 2023")
    items = rank([product("plain", sales=5), ginger], Member(types=["yang_deficiency"]), NOW)
    assert items == [
        Item("ginger", 700, (Reason("constitution", "阳虚质可常选（广东省中医药局 2023，仅供参考）"),)),
        Item("plain", 500, (Reason("popularity", "近30天售出5件"),)),
    ]


def test_the_term_of_the_day_counts_and_the_next_one_shortly_before_it() -> None:
    assert only(product("radish", terms=["xiaoxue"])).reasons == (Reason("term", "小雪时令"),)
    assert only(product("yam", terms=["daxue"])).reasons == (Reason("variety", "换换口味"),)
    early = rank([product("yam", terms=["daxue"])], ANYONE, NOW + 10 * DAY_MS)
    assert early[0].reasons == (Reason("variety", "换换口味"),)
    soon = rank([product("yam", terms=["daxue"])], ANYONE, NOW + 11 * DAY_MS)
    assert soon[0].reasons == (Reason("term", "大雪将至，正好备下"),)


def test_advice_changes_at_the_minute_of_the_term() -> None:
    begins = round(datetime(2026, 11, 22, 15, 23, tzinfo=timezone(timedelta(hours=8))).timestamp() * 1000)
    shelf = [product("before", terms=["lidong"], sales=1), product("after", terms=["xiaoxue"])]
    weights = {"term": 1}
    assert rank(shelf, ANYONE, begins - 1, weights)[0] == Item(
        "before", 10_000, (Reason("term", "立冬时令"),)
    )
    assert rank(shelf, ANYONE, begins, weights)[0] == Item("after", 10_000, (Reason("term", "小雪时令"),))


def test_endorsements_name_the_practitioners_and_add_ever_less() -> None:
    one, two = only(product("x", endorsers=["林"])), only(product("x", endorsers=["林", "赵", "周"]))
    assert one.reasons == (Reason("endorsement", "践行者林认证"),)
    assert two.reasons == (Reason("endorsement", "践行者林、赵认证"),)
    assert one.score_bp == 150
    assert two.score_bp == round(300 * 0.875)


def test_what_her_past_says_for_a_product_counts_and_is_told() -> None:
    member = Member(signs={"rice": Sign(0.5, "您3天前买过")})

    item = only(product("rice"), member)

    assert item == Item("rice", 3500, (Reason("history", "您3天前买过"),))


def test_what_goes_with_the_cart_is_recommended_and_the_cart_itself_is_not() -> None:
    shelf = [product("rice"), product("beans"), product("salt"), product("tea", sales=3)]
    place = Place(
        {"rice": "稻花香大米", "oil": "菜籽油"},
        {"rice": {"beans": 0.2, "salt": 0.1}, "oil": {"salt": 0.15}},
        left_out=["tea"],
    )

    items = rank(shelf, ANYONE, NOW, place=place)

    assert items == [
        Item("beans", 600, (Reason("copurchase", "常和稻花香大米一起买"),)),
        Item("salt", 450, (Reason("copurchase", "常和菜籽油一起买"),)),
    ]


def test_members_of_her_segment_decide_what_is_popular_where_enough_of_them_buy() -> None:
    shelf = [product("a", sales=90, buyers=1), product("b", sales=1, buyers=5), product("c", sales=50)]

    items = rank(shelf, ANYONE, NOW, {"popularity": 1})

    assert ids(items) == ["b", "a", "c"]
    assert items[0].reasons == (Reason("popularity", "和您同体质的会员常买"),)
    fewer = [each._replace(buyers=min(each.buyers, 4)) for each in shelf]
    assert ids(rank(fewer, ANYONE, NOW, {"popularity": 1})) == ["a", "c", "b"]


def test_weights_of_a_rule_come_over_the_usual_ones_and_company_counts_more_in_some_places() -> None:
    weights = weights_of({"term": 7, "copurchase": 10}, together=3)

    assert weights == {**DEFAULT_WEIGHTS, "term": 7, "copurchase": 30}


def test_the_values_are_of_what_may_be_shown_before_any_weight() -> None:
    shelf = [product("rice", terms=["xiaoxue"], sales=9), product("salt", endorsers=["林"]), product("oil")]
    member, place = Member(signs={"salt": Sign(0.25, "您3天前买过")}), Place({"oil": "菜籽油"})
    nothing = dict.fromkeys(DEFAULT_WEIGHTS, 0.0)

    found = values([*shelf, product("gone", in_stock=False)], member, NOW, place)

    assert found == {
        "rice": {**nothing, "term": 1.0, "popularity": 1.0},
        "salt": {**nothing, "history": 0.25, "endorsement": 0.5},
    }


def test_new_products_get_a_chance_that_fades_within_a_month() -> None:
    today, old = product("x", on_at=NOW), product("x", on_at=NOW - 30 * DAY_MS)
    assert only(today) == Item("x", 300, (Reason("freshness", "新上架"),))
    assert only(old) == Item("x", 0, (Reason("variety", "换换口味"),))
    assert only(product("x", on_at=NOW + DAY_MS)).score_bp == 0


def test_without_history_or_constitution_season_and_sales_decide() -> None:
    shelf = [product("a", sales=1), product("b", sales=9), product("c", terms=["xiaoxue"]), product("d")]
    assert ids(rank(shelf, ANYONE, NOW)) == ["c", "b", "a", "d"]


def test_a_rule_may_weigh_anew_or_switch_off() -> None:
    shelf = [product("season", terms=["xiaoxue"]), product("hit", sales=100)]
    assert ids(rank(shelf, ANYONE, NOW, {"popularity": 100})) == ["hit", "season"]
    assert rank(shelf, ANYONE, NOW, {})[0].score_bp == 0


def test_the_reasons_are_the_three_strongest() -> None:
    item = only(
        product("x", suits=["damp_heat"], terms=["xiaoxue"], endorsers=["林"], sales=10, on_at=NOW),
        Member(types=["damp_heat"]),
    )
    assert [reason.feature for reason in item.reasons] == ["constitution", "term", "popularity"]


def test_variety_breaks_up_a_row_of_the_same_kind() -> None:
    shelf = [product(f"rice{n}", categories=("grain", "rice"), sales=100 - n) for n in range(3)]
    shelf.append(product("tea", categories=("tea",), sales=40))
    assert ids(rank(shelf, ANYONE, NOW, {"popularity": 1}, k=2)) == ["rice0", "tea"]
    assert ids(rank(shelf, ANYONE, NOW, {"popularity": 1}, k=2, variety_bp=0)) == ["rice0", "rice1"]


def test_equal_products_keep_a_stable_order() -> None:
    shelf = [product(name) for name in "cab"]
    assert ids(rank(shelf, ANYONE, NOW)) == ids(rank(shelf[::-1], ANYONE, NOW)) == ["a", "b", "c"]


def test_a_stored_product_becomes_a_candidate() -> None:
    stored = {
        "_id": "millet",
        "title": "小米",
        "categoryPath": ["粮油主食", "杂粮", "小米"],
        "status": "on_sale",
        "onAt": 5,
        "sales30D": 7,
        "fit": {"suits": ["qi_deficiency"], "avoid": [], "source": "广东省中医药局 2023"},
        "terms": ["liqiu"],
        "allergens": ["gluten"],
        "certifications": [{"name": "林", "until": NOW}, {"name": "赵", "until": NOW - 1}, {"name": "周"}],
    }
    assert candidate(stored, NOW, in_stock=True) == Candidate(
        "millet",
        "小米",
        ["粮油主食", "杂粮", "小米"],
        suits=["qi_deficiency"],
        avoid=[],
        fit_source="广东省中医药局 2023",
        terms=["liqiu"],
        allergens=["gluten"],
        endorsers=["林", "周"],
        sales=7,
        on_at=5,
    )
    told = {**stored, "learnt": {"buyers": "damp_heat 4,qi_deficiency 3"}}
    assert candidate(told, NOW, in_stock=True, segment="qi_deficiency").buyers == 3
    assert candidate(told, NOW, in_stock=True, segment="balanced").buyers == 0
    assert not candidate({**stored, "status": "off_sale"}, NOW, in_stock=True).in_stock
    assert not candidate(stored, NOW, in_stock=False).in_stock


@given(
    st.lists(
        st.tuples(st.integers(0, 99), st.integers(0, 10**6), st.booleans()),
        max_size=30,
        unique_by=lambda t: t[0],
    ),
    st.integers(0, 12),
)
def test_at_most_k_different_allowed_products_each_with_a_lawful_reason(
    shelf: list[tuple[int, int, bool]], k: int
) -> None:
    candidates = [product(f"p{n}", sales=sales, in_stock=stocked) for n, sales, stocked in shelf]
    items = rank(candidates, ANYONE, NOW, DEFAULT_WEIGHTS, k)
    assert len(items) == len(set(ids(items))) == min(k, sum(stocked for *_, stocked in shelf))
    assert all(0 <= item.score_bp <= 10_000 and item.reasons for item in items)
    assert not [reason.text for item in items for reason in item.reasons if blocking(reason.text)]
