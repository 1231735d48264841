"""Every choice of features, asked about the same visits of made-up shops, and what each feature adds.

Each shop is one draw of products and members; there are several of each world, for the luck of a few
products would else pass for an effect.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from evaluation.ablation_shelf import Shelf
from evaluation.ablation_world import WORLDS, Visit, World, make
from evaluation.recommend_scores import K, Lead, Scored, Summary, lead, score, summary
from gardenshop.rules.policies.recommend import RecommendPolicy
from gardenshop.rules.ranking import DEFAULT_WEIGHTS
from gardenshop.rules.worth import Learnt, learnt_weights

TASKS = ("next", "new", "first")
BEHAVIOUR = ("history", "copurchase", "popularity")
SHOPS = 6
_LOOK_BACK_DAYS = 28
_LOOKS_EACH, _LOOKS = 4, 1000
_VARIETY_BP = RecommendPolicy().variety_bp

Weights = Mapping[str, int]


class Choice(NamedTuple):
    """Features by name; *family* says where their weights come from."""

    family: str
    name: str
    weights: Learnt
    variety_bp: int = _VARIETY_BP


class Result(NamedTuple):
    """How a choice did at *task* in *world*, and the *lead* of all features of its family over it."""

    world: str
    task: str
    family: str
    name: str
    summary: Summary
    lead: Lead


def judge(*, members: int, shops: int = SHOPS, seed: int = 1, quiet: bool = False) -> list[Result]:
    """Return a result for each world, task and choice, from *shops* with *members* in all."""
    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as progress:
        bar = progress.add_task("Judging", total=len(WORLDS) * shops)
        results = list[Result]()
        for name, effects in WORLDS.items():
            scores = defaultdict[tuple[str, str, str], list[Scored]](list)
            for shop in range(shops):
                world = make(effects, members=max(1, members // shops), seed=seed * 1000 + shop)
                for (task, choice), mine in _asked(world):
                    scores[task, choice.family, choice.name] += [
                        (f"{shop} {who}", each) for who, each in mine
                    ]
                progress.advance(bar)
            results += _results(name, scores, seed)
    return results


def choices(learnt: Learnt, learnt_behaviour: Learnt) -> list[Choice]:
    """Return all features, each left out, each alone, and none but behaviour."""
    usual = Learnt(DEFAULT_WEIGHTS, DEFAULT_WEIGHTS)
    return [
        *_of_family("usual", usual),
        *(Choice("usual", f"only {name}", Learnt({name: 1}, {name: 1})) for name in DEFAULT_WEIGHTS),
        Choice("usual", "behaviour", Learnt(*map(_behaviour, usual))),
        *_of_family("learnt", learnt),
        Choice("learnt", "behaviour", learnt_behaviour),
    ]


def _of_family(family: str, whole: Learnt) -> Iterator[Choice]:
    yield Choice(family, "all", whole)
    for name in DEFAULT_WEIGHTS:
        yield Choice(family, f"without {name}", Learnt(*({**each, name: 0} for each in whole)))
    yield Choice(family, "without variety", whole, 0)


def _asked(world: World) -> Iterator[tuple[tuple[str, Choice], list[Scored]]]:
    learnt = _learnt(world)
    shelf = Shelf(world, world.cutoff)
    for choice in choices(*learnt):
        for task in TASKS:
            yield (task, choice), list(_scores(shelf, world, task, choice))


def _learnt(world: World) -> tuple[Learnt, Learnt]:
    """Return the weights that the last weeks teach, of all features and of behaviour alone."""
    start = world.cutoff - _LOOK_BACK_DAYS
    shelf, seen, recent = Shelf(world, start), Counter[str](), list[Visit]()
    for visit in world.past:
        if visit.day >= start and seen[visit.patron.user_id] < _LOOKS_EACH:
            seen[visit.patron.user_id] += 1
            recent.append(visit)
    chosen = recent if len(recent) <= _LOOKS else Random(0).sample(recent, _LOOKS)
    looks = [shelf.look(visit) for visit in chosen]
    return learnt_weights(looks, DEFAULT_WEIGHTS), learnt_weights(looks, _behaviour(DEFAULT_WEIGHTS))


def _behaviour(weights: Weights) -> dict[str, int]:
    return {name: weights[name] for name in BEHAVIOUR}


def _scores(shelf: Shelf, world: World, task: str, choice: Choice) -> Iterator[Scored]:
    for visit in world.newcomers if task == "first" else world.following:
        had: Collection[str] = shelf.had(visit) if task == "new" else ()
        wanted = set(visit.rest) - {*had}
        if wanted:
            weights = choice.weights.newcomers if task == "first" else choice.weights.regulars
            ranked = shelf.rank(visit, weights, K, variety_bp=choice.variety_bp, left_out=had)
            yield visit.patron.user_id, score(ranked, wanted)


def _results(
    world: str, scores: Mapping[tuple[str, str, str], Sequence[Scored]], seed: int
) -> Iterator[Result]:
    for (task, family, name), mine in scores.items():
        ahead = lead(scores[task, family, "all"], mine, seed=seed)
        yield Result(world, task, family, name, summary(mine, seed=seed), ahead)
