"""The simulator itself: sound over many seeds, the same every time, and short in what it reports."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap
import simulate
from planting import defect, planted
from simulation import campaign
from simulation.plan import draw
from simulation.play import play
from simulation.shrink import shrink

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 200
SHORT = defect(
    "a release gives back one unit whatever was held",
    ("flows.stock", '{"available": units, "reserved": -units}', '{"available": 1, "reserved": -1}'),
)
"""A defect that the first seeds find."""
FIRST_FOUND = range(20)


def test_the_shop_keeps_every_law_in_200_seeds() -> None:
    report = campaign.many(range(SEEDS), jobs=2, plays=0, quiet=True)

    assert [(each.seed, each.breaches) for each in report.failures] == []
    assert report.seeds == SEEDS
    assert report.faults > SEEDS


def test_a_seed_is_the_same_history_in_every_process() -> None:
    program = (
        "import hashlib; from simulation.plan import draw; from simulation.play import play; told = [];"
        "results = [play(draw(seed), told.append) for seed in (3, 4, 5)];"
        "print(hashlib.sha256(repr((results, told)).encode()).hexdigest())"
    )
    paths = os.pathsep.join(str(ROOT / each) for each in ("layers/core", "scripts"))

    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1


def test_leaving_faults_out_leaves_the_others_as_they_were() -> None:
    plan = next(plan for plan in map(draw, range(100)) if len(play(plan).faults) > 3)
    first, *_ = play(plan).faults

    calmer = play(plan.without_faults({first}))

    assert first not in calmer.faults
    assert calmer.breaches == ()


def test_a_failure_is_shortened_and_still_fails() -> None:
    with planted(SHORT):
        plan, result = next(
            (plan, result) for plan in map(draw, FIRST_FOUND) if (result := play(plan)).breaches
        )
        shortest, again = shrink(plan, result, plays=60)

        assert len(shortest.steps) < len(plan.steps) / 3
        assert set(again.breaches) <= set(play(shortest).breaches)
    assert play(shortest).breaches == ()


@pytest.fixture
def _already_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stay in the environment of the tests."""
    monkeypatch.setattr(bootstrap, "enter", lambda: None)


@pytest.mark.usefixtures("_already_inside")
def test_the_command_counts_what_it_played(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["simulate.py", "--seed", "1", "--json"])

    assert simulate.main() == 0

    printed = json.loads(capsys.readouterr().out)
    assert (printed["seeds"], printed["failures"]) == (1, [])
    assert printed["commands"] == play(draw(1)).commands


@pytest.mark.usefixtures("_already_inside")
def test_the_command_traces_one_seed_step_by_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["simulate.py", "--seed", "1", "--trace"])

    assert simulate.main() == 0

    *steps, summary = capsys.readouterr().out.splitlines()
    assert any("database" in step for step in steps)
    assert summary.startswith("1 seeds, 0 broke a law.")


@pytest.mark.usefixtures("_already_inside")
def test_the_command_names_seed_breach_and_history_of_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with planted(SHORT):
        seed = next(seed for seed in FIRST_FOUND if play(draw(seed)).breaches)
        monkeypatch.setattr(sys, "argv", ["simulate.py", "--seed", str(seed), "--plays", "40"])

        assert simulate.main() == 1

    printed = capsys.readouterr().out
    assert f"Seed {seed}\n" in printed
    assert "held by orders" in printed
    assert f"--seed {seed} --trace" in printed
