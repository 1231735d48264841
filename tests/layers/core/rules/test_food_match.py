"""What a member says she ate, as grams of foods."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.food_match import MOST_GRAMS, Named, Part, Reading, grams_of, read

FOODS = [
    Named("rice", "大米", ("白米", "粳米"), "谷物"),
    Named("millet", "小米", (), "谷物"),
    Named("flour", "小麦粉", ("面粉",), "谷物"),
    Named("mung", "绿豆", (), "豆类"),
    Named("tofu", "豆腐", ("老豆腐",), "豆制品"),
    Named("dried-tofu", "豆腐干", ("香干",), "豆制品"),
    Named("yuba", "腐竹", (), "豆制品"),
    Named("soymilk", "豆浆", (), "豆制品"),
    Named("protein", "大豆蛋白", ("素肉",), "素肉"),
    Named("egg", "鸡蛋", (), "蛋"),
    Named("tomato", "番茄", ("西红柿",), "蔬菜"),
    Named("potato", "土豆", (), "薯芋"),
    Named("eggplant", "茄子", (), "蔬菜"),
    Named("apple", "苹果", (), "果品"),
    Named("scallion", "大葱", ("葱",), "调味"),
    Named("oil", "菜籽油", (), "食用油"),
]
TOFU = FOODS[4]


def grams(text: str) -> dict[str, int]:
    return {part.food_id: part.grams for part in read(text, FOODS).parts}


def test_a_meal_in_words_is_read_with_its_confidence() -> None:
    assert read("番茄炒蛋一盘、米饭一碗、半块豆腐", FOODS) == Reading(
        (
            Part("tomato", 150, 5600, "番茄炒蛋一盘"),
            Part("egg", 150, 5600, "番茄炒蛋一盘"),
            Part("rice", 80, 9000, "米饭一碗"),
            Part("tofu", 175, 9000, "半块豆腐"),
        )
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("豆腐200克", {"tofu": 200}),
        ("豆腐 200 g", {"tofu": 200}),
        ("豆腐（100克）", {"tofu": 100}),
        ("豆腐０.５斤", {"tofu": 250}),
        ("二两豆腐", {"tofu": 100}),
        ("两块豆腐", {"tofu": 700}),
        ("半斤西红柿", {"tomato": 250}),
        ("一斤半土豆", {"potato": 750}),
        ("一个半苹果", {"apple": 300}),
        ("十二个鸡蛋", {"egg": 600}),
        ("一百五十克香干", {"dried-tofu": 150}),
        ("三百毫升豆浆", {"soymilk": 300}),
        ("½块豆腐", {"tofu": 175}),
        ("一大碗小米粥", {"millet": 45}),
        ("白米饭两碗", {"rice": 160}),
        ("绿豆汤一碗", {"mung": 62}),
        ("馒头一个", {"flour": 65}),
        ("素肉100克", {"protein": 100}),
        ("豆腐干2片和土豆一个", {"dried-tofu": 80, "potato": 150}),
        ("土豆腐竹", {"potato": 100, "yuba": 100}),
    ],
)
def test_amounts_are_weighed_in_digits_and_in_words(text: str, expected: dict[str, int]) -> None:
    assert grams(text) == expected


def test_the_longest_name_is_meant() -> None:
    assert grams("豆腐干100克") == {"dried-tofu": 100}


def test_seasoning_beside_a_food_is_a_pinch_and_alone_is_weighed() -> None:
    assert grams("葱烧豆腐一盘") == {"scallion": 10, "tofu": 300}
    assert grams("大葱100克") == {"scallion": 100}


def test_what_was_not_said_is_a_portion_and_less_sure() -> None:
    (part,) = read("清炒土豆丝", FOODS).parts
    assert (part.grams, part.confidence_bp) == (200, 5000)


def test_an_exact_amount_is_surer_than_a_household_measure_than_a_rough_one() -> None:
    sure = [
        read(text, FOODS).parts[0].confidence_bp for text in ("豆腐100克", "豆腐一块", "豆腐一份", "豆腐")
    ]
    assert sure == [10_000, 9_000, 7_000, 5_000]


@pytest.mark.parametrize("text", ["红烧牛肉一盘", "番茄牛腩", "宫保鸡丁", "清蒸鱼", "土豆烧排骨", "虾仁豆腐"])
def test_meat_and_fish_are_told_and_not_matched(text: str) -> None:
    assert read(text, FOODS) == Reading((), meat=(text,))


@pytest.mark.parametrize("text", ["鱼香茄子", "素肉", "羊肚菌烧豆腐", "鸡蛋", "素鸡一份"])
def test_what_only_sounds_like_meat_is_a_plant(text: str) -> None:
    reading = read(text, FOODS)
    assert (reading.meat, reading.unknown, bool(reading.parts)) == ((), (), True)


@pytest.mark.parametrize("text", ["披萨两块", "葱油饼", "一碗", "半", "kg", "3"])
def test_what_is_not_known_is_said(text: str) -> None:
    assert read(text, FOODS) == Reading((), unknown=(text,))


def test_nobody_eats_more_than_five_kilograms() -> None:
    assert grams("99999kg大米") == {"rice": MOST_GRAMS}


def test_nothing_said_is_nothing_eaten() -> None:
    assert read("、， 。", FOODS) == read("", FOODS) == Reading(())
    assert read("豆腐", []) == Reading((), unknown=("豆腐",))


@pytest.mark.parametrize(
    ("amount", "weighed"),
    [
        ("半块", (175, 9000)),
        ("2两", (100, 10_000)),
        ("一小碗", (150, 7000)),
        ("许多", None),
        ("", None),
        ("豆腐一块", None),
    ],
)
def test_an_amount_by_itself_is_weighed_for_its_food(amount: str, weighed: tuple[int, int] | None) -> None:
    assert grams_of(amount, TOFU) == weighed


WORDS = [
    "豆腐",
    "番茄",
    "炒",
    "蛋",
    "牛肉",
    "一",
    "两",
    "半",
    "十",
    "百",
    "几",
    "个",
    "碗",
    "克",
    "斤",
    "3",
    ".",
    "、",
    " ",
    "大",
    "x",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
def test_whatever_is_said_is_eaten_unknown_or_meat(text: str) -> None:
    reading = read(text, FOODS)
    assert all(1 <= part.grams <= MOST_GRAMS for part in reading.parts)
    assert all(0 <= part.confidence_bp <= 10_000 for part in reading.parts)
    told = {part.said for part in reading.parts} | {*reading.unknown, *reading.meat}
    assert all(told)


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    read(text, FOODS)
    grams_of(text, TOFU)
