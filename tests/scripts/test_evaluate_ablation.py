"""The ablation: the made-up shops, what is asked of them, and what is shown of the answers."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

import bootstrap
import evaluate
from evaluation.ablation_judging import BEHAVIOUR, TASKS, Choice, Result, choices, judge
from evaluation.ablation_report import TOLERANCE, picture, show, verdicts
from evaluation.ablation_shelf import Shelf
from evaluation.ablation_world import WORLDS, Effects, Visit, World, make
from evaluation.recommend_scores import Gain, Lead, Score, Summary
from gardenshop.rules.ranking import DEFAULT_WEIGHTS
from gardenshop.rules.worth import Learnt

Run = Callable[..., int]
QUIET = Effects(
    habit=0.0, company=0.0, popularity=0.0, constitution=0.0, term=0.0, endorsement=0.0, freshness=0.0
)


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the script with arguments, in the environment that runs the tests."""

    def start(*arguments: str) -> int:
        monkeypatch.setattr(bootstrap, "enter", lambda: None)
        monkeypatch.setattr(sys, "argv", ["evaluate.py", *arguments])
        return evaluate.main()

    return start


@pytest.fixture(scope="module", name="world")
def _world() -> World:
    return make(WORLDS["effects"], members=12, seed=3)


@pytest.fixture(scope="module", name="results")
def _results() -> list[Result]:
    return judge(members=8, shops=2, quiet=True)


def bought(world: World) -> list[tuple[Visit, str]]:
    return [(visit, product) for visit in (*world.past, *world.newcomers) for product in visit.rest]


def share(world: World, of: Callable[[Visit, str], bool]) -> float:
    return mean(of(visit, product) for visit, product in bought(world))


def test_the_same_seed_makes_the_same_world_and_another_another(world: World) -> None:
    assert make(WORLDS["effects"], members=12, seed=3) == world
    assert make(WORLDS["effects"], members=12, seed=4) != world


def test_nothing_of_the_past_is_after_the_cutoff_and_every_member_is_asked_once(world: World) -> None:
    assert all(visit.day < world.cutoff for visit in world.past)
    assert all(visit.day >= world.cutoff for visit in (*world.following, *world.newcomers))
    seen = {visit.patron.user_id for visit in world.past}
    assert [visit.patron.user_id for visit in world.following] == sorted(seen)
    assert len({visit.patron.user_id for visit in world.newcomers} - seen) == len(world.newcomers) == 12


def test_a_basket_holds_each_product_once_and_none_before_it_came_to_the_shop(world: World) -> None:
    came = {ware.product_id: ware.on for ware in world.wares}
    for visit in world.past:
        basket = [visit.first, *visit.rest]
        assert len(set(basket)) == len(basket) >= 3
        assert all(came[product] <= visit.day for product in basket)


@pytest.mark.parametrize(
    ("effect", "applies"),
    [
        ("constitution", lambda visit, ware: visit.patron.constitution in ware.suits),
        ("endorsement", lambda _, ware: bool(ware.endorsers)),
        ("freshness", lambda visit, ware: visit.day - ware.on < 30),
    ],
)
def test_an_effect_moves_what_is_bought(effect: str, applies: Callable[..., bool]) -> None:
    def share_with(strength: float) -> float:
        world = make(QUIET._replace(**{effect: strength}), members=8, seed=5)
        wares = {ware.product_id: ware for ware in world.wares}
        return share(world, lambda visit, product: applies(visit, wares[product]))

    assert share_with(1.5) > 1.5 * share_with(0.0)


def test_favourites_come_back(world: World) -> None:
    assert share(world, lambda visit, product: product in visit.patron.cycles) > 0.3


def test_the_shop_knows_nothing_that_comes_after_the_visit(world: World) -> None:
    visit = world.past[len(world.past) // 2]
    shelf = Shelf(world, world.cutoff)

    earlier = {
        product
        for each in world.past
        if each.patron == visit.patron and each.day < visit.day
        for product in (each.first, *each.rest)
    }
    assert shelf.had(visit) == earlier
    look = shelf.look(visit)
    assert set(look.values) <= {ware.product_id for ware in world.wares if ware.on <= visit.day}
    assert visit.first not in look.values
    assert look.bought == visit.rest


def test_a_list_of_new_products_holds_nothing_she_had(world: World) -> None:
    shelf, visit = Shelf(world, world.cutoff), world.following[0]
    had = shelf.had(visit)

    ranked = shelf.rank(visit, DEFAULT_WEIGHTS, 10, variety_bp=0, left_out=had)

    assert len(ranked) == 10
    assert not had & set(ranked)


def test_each_feature_is_left_out_and_alone_once_by_the_usual_weights() -> None:
    taught, behaviour = {**DEFAULT_WEIGHTS, "term": 1}, dict.fromkeys(BEHAVIOUR, 1)
    found = choices(Learnt(taught, taught), Learnt(behaviour, behaviour))

    usual = [each for each in found if each.family == "usual"]
    assert [each.name for each in usual] == [
        "all",
        *(f"without {name}" for name in DEFAULT_WEIGHTS),
        "without variety",
        *(f"only {name}" for name in DEFAULT_WEIGHTS),
        "behaviour",
    ]
    without = {**DEFAULT_WEIGHTS, "history": 0}
    assert usual[1] == Choice("usual", "without history", Learnt(without, without))
    assert usual[-1].weights.newcomers == {name: DEFAULT_WEIGHTS[name] for name in BEHAVIOUR}
    assert [each.weights.regulars["term"] for each in found if each.name == "all"] == [
        DEFAULT_WEIGHTS["term"],
        1,
    ]


def test_every_choice_is_asked_about_the_same_cases(results: list[Result]) -> None:
    for world in WORLDS:
        for task in TASKS:
            rows = [each for each in results if (each.world, each.task) == (world, task)]
            assert len(rows) == len(choices(Learnt({}, {}), Learnt({}, {})))
            assert len({each.summary.cases for each in rows}) == 1
            assert [each.lead.ndcg for each in rows if each.name == "all"] == [Gain(0.0, 0.0, 0.0)] * 2


def test_the_same_seed_judges_the_same(results: list[Result]) -> None:
    assert judge(members=8, shops=2, quiet=True) == results


def test_what_the_shop_learns_is_ahead_of_what_it_learns_without_history(results: list[Result]) -> None:
    gains = [
        each.lead.ndcg.value
        for each in results
        if (each.task, each.family, each.name) == ("next", "learnt", "without history")
    ]

    assert min(gains) > 0.1


def test_a_loss_within_the_tolerance_is_told_from_one_that_may_be_larger() -> None:
    def result(low: float) -> Result:
        gain = Gain(0.0, low, 0.01)
        figures = Summary(9, Score(0.5, 0.5, 0.5), 0.1, 0.1)
        return Result("none", "next", "learnt", "behaviour", figures, Lead(gain, gain, gain))

    (kept,), (lost,) = verdicts([result(-TOLERANCE)]), verdicts([result(-TOLERANCE - 0.001)])

    assert kept.endswith("[-0.0100, +0.0100] over behaviour alone; at most 0.01 lost: yes")
    assert lost.endswith("at most 0.01 lost: not shown")


def test_the_tables_show_every_choice_and_the_picture_every_lead(results: list[Result]) -> None:
    out = io.StringIO()

    show(results, as_json=False, console=Console(file=out, width=160))

    for name in DEFAULT_WEIGHTS:
        assert out.getvalue().count(f"without {name}") == 2 * len(TASKS) * len(WORLDS)
    drawn = [each for each in ET.fromstring(picture(results)) if each.tag.endswith("circle")]
    assert len(drawn) == len([each for each in results if each.name != "all" and "only" not in each.name])


def test_a_picture_of_nothing_is_still_a_picture() -> None:
    assert ET.fromstring(picture([])).tag.endswith("svg")


def test_the_script_prints_json_and_draws(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "leads.svg"

    code = run("ablation", "--members", "2", "--shops", "1", "--json", "--plot", str(plot))

    rows = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {(row["world"], row["task"]) for row in rows} == {
        (world, task) for world in WORLDS for task in TASKS
    }
    assert ET.fromstring(plot.read_text("utf-8")).tag.endswith("svg")


def test_no_members_are_refused(run: Run) -> None:
    with pytest.raises(SystemExit):
        run("ablation", "--members", "0")
