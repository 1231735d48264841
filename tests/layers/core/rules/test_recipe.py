"""What to buy for a dish: whole packs, what is at home first, nothing that is not eaten, no unit twice."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.recipe import Food, Need, Pack, Shopping, scaled, shopping

TOFU = Pack("tofu-400g", "tofu", 400, 590, 10)
BIG = Pack("tofu-1200g", "tofu", 1200, 1500, 10)
PUFFS = Pack("puffs-200g", "puffs", 180, 100, 10)
TEMPEH = Pack("tempeh-200g", "tempeh", 200, 1200, 10)
NEED = Need("tofu", "豆腐", 500)


def foods(*packs: Pack, eaten: bool = True) -> dict[str, Food]:
    return {
        "tofu": Food("豆腐", eaten, packs, ("tempeh",)),
        "tempeh": Food("天贝", eaten=True, packs=(TEMPEH,)),
    }


def what(plan: Shopping) -> list[tuple[str, int, int]]:
    return [(each.pack.sku_id, each.quantity, each.grams) for each in plan.bought]


def test_packs_are_whole_and_of_the_best_good_the_cheapest() -> None:
    assert what(shopping([NEED], foods(TOFU, BIG, PUFFS), {})) == [("tofu-400g", 2, 500)]
    dear = NEED._replace(grams=1300)
    assert what(shopping([dear], foods(TOFU, BIG, PUFFS), {})) == [("tofu-400g", 4, 1300)]
    assert what(shopping([dear._replace(grams=1200)], foods(TOFU, BIG), {})) == [("tofu-1200g", 1, 1200)]


def test_a_worse_good_serves_when_the_best_cannot_be_had() -> None:
    assert what(shopping([NEED], foods(TOFU._replace(most=1), PUFFS), {})) == [("puffs-200g", 3, 500)]


def test_what_is_at_home_is_not_bought() -> None:
    plan = shopping([NEED], foods(TOFU), {"tofu": 150})

    assert what(plan) == [("tofu-400g", 1, 350)]
    assert [(each.ingredient_id, each.grams) for each in plan.home] == [("tofu", 150)]


def test_a_substitute_serves_what_cannot_be_had_or_is_not_eaten() -> None:
    for given_foods in (foods(), foods(TOFU, eaten=False), foods(TOFU._replace(most=0))):
        plan = shopping([NEED], given_foods, {"tempeh": 100})
        assert what(plan) == [("tempeh-200g", 2, 400)]
        assert [(each.ingredient_id, each.grams) for each in plan.home] == [("tempeh", 100)]


def test_what_is_at_home_serves_its_own_need_before_it_stands_in() -> None:
    plan = shopping([NEED, Need("tempeh", "天贝", 100)], foods(), {"tempeh": 100})

    assert [(each.need.name, each.grams) for each in plan.home] == [("天贝", 100)]
    assert what(plan) == [("tempeh-200g", 3, 500)]


def test_what_cannot_be_had_says_why() -> None:
    alone = {
        "sold out": Food("甲", eaten=True, packs=(TOFU._replace(most=0),)),
        "never": Food("乙", eaten=True, packs=()),
        "egg": Food("丙", eaten=False, packs=(TOFU,)),
    }
    needs = [Need(key, key, 5) for key in (*alone, "unknown", "")]

    reasons = [each.reason for each in shopping(needs, alone, {}).missing]

    assert reasons == ["out_of_stock", "not_sold", "not_eaten", "not_sold", "not_sold"]


def test_one_ingredient_twice_is_one_need() -> None:
    halves = [NEED._replace(grams=200), NEED._replace(grams=150)]

    assert what(shopping(halves, foods(TOFU), {})) == [("tofu-400g", 1, 350)]


def test_servings_scale_upwards() -> None:
    assert [scaled(100, 3, 2), scaled(5, 1, 2), scaled(0, 4, 2)] == [150, 3, 1]


IDS = ("a", "b", "c", "d")
SKUS = [Pack(f"s{i}", f"p{i // 2}", 50 * (i + 1), 100 + i, 0) for i in range(4)]
PACKS = st.lists(st.sampled_from(SKUS), unique=True, max_size=4)
FOODS = st.fixed_dictionaries(
    {
        key: st.builds(
            Food,
            st.just(key),
            st.booleans(),
            PACKS.map(tuple),
            st.lists(st.sampled_from(IDS), unique=True, max_size=3).map(tuple),
        )
        for key in IDS
    }
)
NEEDS = st.lists(
    st.builds(Need, st.sampled_from([*IDS, "unknown"]), st.just("x"), st.integers(1, 900)), max_size=6
)
STOCK = st.fixed_dictionaries({pack.sku_id: st.integers(0, 12) for pack in SKUS})
PANTRY = st.dictionaries(st.sampled_from(IDS), st.integers(0, 500))


@given(FOODS, NEEDS, STOCK, PANTRY)
def test_every_plan_adds_up_and_takes_nothing_twice(
    named: dict[str, Food], needs: list[Need], stock: dict[str, int], pantry: dict[str, int]
) -> None:
    stocked = {
        key: food._replace(packs=tuple(pack._replace(most=stock[pack.sku_id]) for pack in food.packs))
        for key, food in named.items()
    }
    plan = shopping(needs, stocked, pantry)
    asked: Counter[str] = Counter()
    served: Counter[str] = Counter()
    for need in needs:
        asked[need.ingredient_id] += need.grams
    for bought in plan.bought:
        served[bought.need.ingredient_id] += bought.grams
    for at_home in plan.home:
        served[at_home.need.ingredient_id] += at_home.grams
    for missing in plan.missing:
        served[missing.need.ingredient_id] += missing.grams
    units: Counter[str] = Counter()
    for bought in plan.bought:
        units[bought.pack.sku_id] += bought.quantity
        assert (bought.quantity - 1) * bought.pack.grams < bought.grams <= bought.quantity * bought.pack.grams
    home: Counter[str] = Counter()
    for at_home in plan.home:
        home[at_home.ingredient_id] += at_home.grams
    assert served == asked
    assert all(count <= stock[sku_id] for sku_id, count in units.items())
    assert all(grams <= pantry[key] for key, grams in home.items())
    used = [bought.ingredient_id for bought in plan.bought] + [at_home.ingredient_id for at_home in plan.home]
    assert all(stocked[key].eaten for key in used)
