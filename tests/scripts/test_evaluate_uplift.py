"""The uplift of a variant: who counts, what is joined, the arithmetic, what is shown, of files and clouds."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from rich.console import Console

import bootstrap
import evaluate
from dataio.cloudapi import Access, CloudApi
from evaluation import records, uplift
from evaluation.uplift_checks import Balance, adjusted, balance, shares_of
from evaluation.uplift_figures import Estimate, Outcome, outcomes
from evaluation.uplift_members import Member, experiments_in, members_of
from gardenshop.cloud.clock import DAY
from localcloud.server import LocalCloud

NOW = 1_795_406_400_000
Run = Callable[..., int]


def event(
    user_id: str, kind: str, exposure_id: str, variant: str = "season:a", **changes: Any
) -> dict[str, Any]:
    fields = {"userId": user_id, "type": kind, "exposureId": exposure_id, "variant": variant, "at": NOW}
    return {"_id": f"{user_id}:{kind}:{exposure_id}", **fields, **changes}


def order(user_id: str, days: float, *exposures: str | None, **changes: Any) -> dict[str, Any]:
    """An order of ¥10 a line, *days* after the first exposure; each line came from one of *exposures*."""
    lines = [{"from": {"exposureId": each}} if each else {} for each in exposures]
    fields = {"userId": user_id, "status": "completed", "createdAt": NOW + round(days * DAY), "lines": lines}
    return {"_id": f"{user_id}:{days}", "totals": {"paidFen": 1000 * len(lines)}, **fields, **changes}


def experiment(version: int = 1, state: str = "live", **shares: int) -> dict[str, Any]:
    """A version of the rule of the experiment season."""
    body = {"variants": [{"name": name, "shareBp": bp} for name, bp in shares.items()]}
    return {"ruleId": "experiment:season", "version": version, "state": state, "body": body}


END = order("nobody", 100, None)
"""So long goes what is known."""


def only(events: list[dict[str, Any]], *orders: dict[str, Any]) -> Member:
    (member,), mixed = members_of("season", events, [*orders, END])
    assert mixed == 0
    return member


def test_what_she_was_shown_clicked_and_bought_is_joined() -> None:
    events = [event("u1", "exposure", "e-1"), event("u1", "exposure", "e-2"), event("u1", "click", "e-2")]

    member = only(events, order("u1", 1, None, "e-2"), order("u1", 20, None))

    assert member == Member("a", 2, 1, orders=2, paid_fen=3000, through=1, followed=1, again=1)


def test_a_click_counts_once_and_only_of_what_was_shown() -> None:
    events = [event("u1", "exposure", "e-1"), event("u1", "click", "e-1"), event("u1", "click", "e-9")]

    assert only([*events, event("u1", "click", "e-1", at=NOW + 5)])[1:3] == (1, 1)


@pytest.mark.parametrize(
    "past", [order("u1", -1, "e-1"), order("u1", 1, "e-1", status="refunded"), order("u2", 1, "e-1")], ids=str
)
def test_neither_earlier_orders_nor_undone_ones_nor_those_of_others_count(past: dict[str, Any]) -> None:
    assert only([event("u1", "exposure", "e-1")], past)._replace(before_fen=0) == Member("a", 1, 0)


def test_what_was_refunded_is_not_paid() -> None:
    bought = order("u1", 1, "e-1")
    bought["lines"][0]["refundedFen"] = 400

    assert only([event("u1", "exposure", "e-1")], bought).paid_fen == 600


@pytest.mark.parametrize(("days", "followed", "again"), [((1, 31), 1, 1), ((1, 32), 1, 0), ((71, 80), 0, 0)])
def test_again_is_within_thirty_days_of_which_all_were_seen(
    days: tuple[int, int], followed: int, again: int
) -> None:
    found = only([event("u1", "exposure", "e-1")], *(order("u1", each, None) for each in days))

    assert (found.followed, found.again) == (followed, again)


def test_one_who_was_shown_two_variants_is_left_out_and_told_of() -> None:
    events = [event("u1", "exposure", "e-1"), event("u1", "exposure", "e-2", "season:b")]
    other = [event("u2", "exposure", "e-3"), event("u2", "exposure", "e-4", "other:b")]

    members, mixed = members_of("season", [*events, *other], [])

    assert (members, mixed) == ([Member("a", 1, 0)], 1)
    assert experiments_in([*events, *other]) == ["other", "season"]


def test_who_saw_the_variant_itself_counts_without_a_list() -> None:
    seen = {"_id": "u1:seen", "userId": "u1", "type": "variant", "variant": "season:a", "at": NOW}

    assert only([seen], order("u1", 1, None)) == Member("a", 0, 0, orders=1, paid_fen=1000, followed=1)


def test_what_she_paid_in_the_sixty_days_before_is_her_past() -> None:
    past = [order("u1", days, None) for days in (-61, -60, -1)]

    assert only([event("u1", "exposure", "e-1")], *past).before_fen == 2000


@pytest.mark.parametrize(
    ("counts", "shares", "p"),
    [
        ({"a": 500, "b": 500}, {"a": 5000, "b": 5000}, 1.0),
        ({"a": 520, "b": 480}, {"a": 5000, "b": 5000}, 0.2059),
        ({"a": 600, "b": 500}, {"a": 5000, "b": 5000}, 0.0026),
        ({"a": 100, "b": 210, "c": 290}, {"a": 1000, "b": 2000, "c": 3000}, 0.6592),
        ({"a": 10, "b": 20, "c": 30, "d": 50}, {"a": 1, "b": 2, "c": 3, "d": 4}, 0.7141),
    ],
    ids=str,
)
def test_a_mismatch_of_the_shares_is_told_from_chance(
    counts: dict[str, int], shares: dict[str, int], p: float
) -> None:
    members = [Member(name, 1, 0) for name, count in counts.items() for _ in range(count)]

    found = balance(members, shares)

    assert found is not None
    assert found.p == pytest.approx(p, abs=0.00006)


def test_shares_are_those_of_the_version_that_ran() -> None:
    versions = [experiment(1, "old", a=1), experiment(2, "live", a=2, b=3), experiment(3, "draft", a=9)]

    assert shares_of("season", versions) == {"a": 2, "b": 3}
    assert shares_of("winter", versions) == {}
    assert balance([Member("a", 1, 0)], {}) is None


def test_a_known_past_narrows_the_interval_and_moves_no_mean() -> None:
    dice = Random(5)
    members = []
    for place in range(600):
        habit = dice.randrange(10_000)
        paid = habit + dice.randrange(2000) + (1000 if place % 2 else 0)
        members.append(Member("ab"[place % 2], 1, 0, orders=1, paid_fen=paid, before_fen=habit))

    treated = outcomes(adjusted(members), "a")[1]

    (low, high), (raw_low, raw_high) = (
        ends(treated, name) for name in ("paid, by her past", "paid a member")
    )
    assert high - low < (raw_high - raw_low) / 3
    assert low < 1000 < high
    assert sum(each.adjusted_fen for each in adjusted(members)) == pytest.approx(
        sum(m.paid_fen for m in members)
    )
    assert adjusted([]) == []


def test_measures_are_ratios_of_sums_and_their_differences_are_to_the_control() -> None:
    members = [
        Member("b", 10, 1, orders=2, paid_fen=3000, through=1, followed=1, again=1),
        Member("b", 30, 3),
        Member("a", 10, 4, orders=1, paid_fen=1000),
    ]

    control, treated = outcomes(members, "a")

    assert (control.variant, control.members, control.exposures, control.differences) == ("a", 1, 10, {})
    assert {name: each.value for name, each in treated.measures.items()} == {
        "click rate": 0.1,
        "conversion": 0.5,
        "through the list": 0.5,
        "average order": 1500.0,
        "paid a member": 1500.0,
        "paid, by her past": 0.0,
        "again in 30 days": 1.0,
    }
    assert treated.differences["click rate"].value == pytest.approx(-0.3)
    assert treated.differences["again in 30 days"] == Estimate(None, None, None)


def ends(outcome: Outcome, measure: str) -> tuple[float, float]:
    """Return the ends of the interval of a difference to the control."""
    found = outcome.differences[measure]
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def test_intervals_are_as_wide_as_chance_and_find_what_was_planted() -> None:
    dice = Random(3)
    members = [
        Member(name, 10, sum(dice.random() < rate for _ in range(10)), orders=int(dice.random() < rate))
        for name, rate in (("a", 0.1), ("b", 0.2))
        for _ in range(400)
    ]

    control, treated = outcomes(members, "a")

    low, high = ends(treated, "click rate")
    assert 0 < low < 0.1 < high
    low, high = ends(treated, "conversion")
    assert high - low == pytest.approx(2 * 1.96 * ((0.09 + 0.16) / 400) ** 0.5, rel=0.25)
    alike = [each._replace(variant=name) for name in "ab" for each in members[:400]]
    low, high = ends(outcomes(alike, "a")[1], "click rate")
    assert low < 0 < high
    assert outcomes(members, "a") == [control, treated]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    events = [event("u1", "exposure", "e-1"), event("u2", "exposure", "e-2", "season:b")]
    events += [event("u2", "click", "e-2", "season:b", at={"$numberLong": str(NOW)})]
    rules = [experiment(a=4000, b=4000)]
    stored = {"user_events": events, "orders": [order("u2", 1, "e-2"), END], "business_rules": rules}
    for name, rows in stored.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    return tmp_path


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the script with arguments, in the environment that runs the tests."""

    def start(*arguments: str) -> int:
        monkeypatch.setattr(bootstrap, "enter", lambda: None)
        monkeypatch.setattr(sys, "argv", ["evaluate.py", "uplift", *arguments])
        return evaluate.main()

    return start


def test_json_has_all_of_each_variant(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(folder), "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["mixed"], told["mismatch"]) == (0, {"shares": {"a": 0.5, "b": 0.5}, "p": 1.0})
    assert [(each["variant"], each["members"], each["exposures"]) for each in told["variants"]] == [
        ("a", 1, 1),
        ("b", 1, 1),
    ]
    assert told["variants"][1]["measures"]["click rate"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert told["variants"][1]["differences"]["through the list"]["value"] == 1.0


def test_the_table_shows_values_differences_and_who_is_left_out() -> None:
    members = [Member("a", 10, 1), Member("b", 10, 2, orders=1, paid_fen=1234)]
    console = Console(file=io.StringIO(), width=120)

    uplift.show(
        outcomes(members, "a"), 3, Balance({"a": 0.5, "b": 0.5}, 0.0001), as_json=False, console=console
    )

    text = console.file.getvalue()  # type: ignore[attr-defined]  # A StringIO.
    assert "+10.00 % [+10.00, +10.00]" in text
    assert "12.34 ¥" in text
    assert "3 members were shown several variants" in text
    assert "a 50%, b 50%" in text
    assert "trust no" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--experiment", "winter"), "the events tell of: season"),
        (("--control", "c"), "there are: a, b"),
    ],
)
def test_what_is_not_there_is_said(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], told: str
) -> None:
    assert run(str(folder), *arguments) == 2
    assert told in capsys.readouterr().err


def test_a_folder_without_orders_is_refused(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "orders.jsonl").unlink()

    assert run(str(folder)) == 2
    assert "orders.jsonl is missing" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")
def test_an_environment_is_read_page_by_page(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(records, "PAGE", 2)
    (tmp_path / "cloudbaserc.json").write_text('{"envId": "uplift-test", "functions": []}', encoding="utf-8")
    members = [f"u{place}" for place in range(5)]
    stored = {
        "user_events": [event(each, "exposure", f"e-{each}") for each in members]
        + [{"_id": "search", "userId": "u0", "type": "search", "at": NOW}],
        "orders": [order(each, 1, f"e-{each}") for each in members],
        "business_rules": [],
    }
    with LocalCloud(tmp_path, data=None) as cloud:
        keys = cloud.credentials
        api = CloudApi(Access(cloud.url, cloud.env, keys.secret_id, keys.secret_key))
        for name, rows in stored.items():
            api.create_collection(name, "ADMINONLY")
            if rows:
                api.run([{"insert": name, "documents": rows}])

        keyed = ("--secret-id", keys.secret_id, "--secret-key", keys.secret_key)
        assert run("--endpoint", cloud.url, "--env-id", cloud.env, *keyed, "--json") == 0

    (variant,) = json.loads(capsys.readouterr().out)["variants"]
    assert (variant["members"], variant["exposures"]) == (5, 5)
    assert variant["measures"]["through the list"]["value"] == 1.0
