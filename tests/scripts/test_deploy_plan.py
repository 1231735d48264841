"""The difference between the repository and an environment, compared without either."""

from dataclasses import replace
from typing import Any

import pytest

from deploying.building import Layer
from deploying.doors import OPEN, Route
from deploying.environment import Function, LayerVersion, Settings
from deploying.journal import Deployed, Entry
from deploying.plan import Extra, Found, Wanted, bound_version, plan, rule_of
from deploying.rollback import target
from deploying.wanted import WantedFunction

FILES = {"index.py": b"code"}
CORE = Layer("core", {}, "c" * 16)


def wanted_function(**changes: Any) -> WantedFunction:
    fields = {
        "name": "wish_add",
        "runtime": "Python3.10",
        "handler": "index.main",
        "timeout": 10,
        "memory_size": 256,
        "variables": {"TZ": "Asia/Shanghai"},
        "unset": (),
        "layers": ("core",),
        "timers": {},
        "path": None,
        "caller": "member",
        "files": FILES,
    }
    return WantedFunction(**{**fields, **changes})


CODE = wanted_function().code


def existing(**changes: Any) -> Function:
    """The function as it is deployed from here."""
    fields = {
        "handler": "index.main",
        "timeout": 10,
        "memory_size": 256,
        "variables": {"TZ": "Asia/Shanghai"},
        "layers": (("core_env", 3),),
    }
    said = {name: changes.pop(name) for name in list(changes) if name in fields}
    facts = {"runtime": "Python3.10", "description": f"code {CODE}", "timers": {}, "status": "Active"}
    return Function(name="wish_add", settings=Settings(**{**fields, **said}), **{**facts, **changes})


def wanted(*functions: WantedFunction, **changes: Any) -> Wanted:
    fields = {"env_id": "env", "functions": functions, "layers": {"core": CORE}, "python": "python3.10"}
    return Wanted(**{**fields, **changes})


def found(*functions: Function, **changes: Any) -> Found:
    fields: dict[str, Any] = {
        "functions": {one.name: one for one in functions},
        "versions": {"core": [LayerVersion(3, f"layer {CORE.digest}, bytecode cp310")]},
        "domain": "env.example",
        "routes": {},
        "rule": {"*": {"invoke": OPEN}, "wish_add": {"invoke": OPEN}},
    }
    return Found(**{**fields, **changes})


def texts(wants: Wanted, has: Found) -> list[str]:
    return [change.text for change in plan(wants, has).changes]


def test_nothing_is_to_be_done_when_all_is_as_it_should_be() -> None:
    assert plan(wanted(wanted_function()), found(existing())) == ((), (), ())


@pytest.mark.parametrize(
    ("has", "why"),
    [
        ({"timeout": 5}, "timeout 5 → 10"),
        ({"memory_size": 128}, "memorySize 128 → 256"),
        ({"handler": "old.main"}, "handler old.main → index.main"),
        ({"layers": (("core_env", 2),)}, "layers [core 2] → [core 3]"),
        ({"layers": ()}, "layers [] → [core 3]"),
        ({"description": "mine"}, f"code of somewhere else → {CODE}"),
        ({"description": f"code {'0' * 16}"}, f"code {'0' * 16} → {CODE}"),
    ],
)
def test_whatever_differs_of_a_function_is_an_update(has: dict[str, Any], why: str) -> None:
    assert texts(wanted(wanted_function()), found(existing(**has))) == [f"update function wish_add: {why}"]


def test_variables_are_compared_as_a_set_and_told_by_marks() -> None:
    has = existing(variables={"TZ": "UTC", "OLD": "secret one"})

    (text,) = texts(
        wanted(wanted_function(variables={"TZ": "Asia/Shanghai", "NEW": "secret two"})), found(has)
    )

    assert [part.split(" ")[0] for part in text.split(": ")[1].split(", ")] == ["NEW", "OLD", "TZ"]
    assert "secret" not in text
    assert "Asia" not in text


def test_the_order_of_changes_is_safe() -> None:
    function = wanted_function(timers={"t": "0 0 2 * * * *"}, path="/wish")

    kinds = [change.kind for change in plan(wanted(function), found(versions={}, rule={})).changes]

    assert kinds == ["publish layer", "create function", "create timer", "set route", "set rule"]


def test_a_layer_is_known_by_its_content_and_not_by_its_number() -> None:
    has = [
        LayerVersion(9, f"layer {'d' * 16}, bytecode cp310"),
        LayerVersion(3, f"layer {CORE.digest}, bytecode cp310"),
    ]

    assert bound_version(wanted(), found(versions={"core": has}), "core") == 3


def test_a_layer_without_bytecode_is_published_again_only_by_who_can_compile_it() -> None:
    has = found(versions={"core": [LayerVersion(4, f"layer {CORE.digest}, no bytecode")]})

    assert bound_version(wanted(python="python3.10"), has, "core") is None
    assert bound_version(wanted(python=None), has, "core") == 4


def test_a_variable_that_is_unset_stands_in_the_way_of_a_new_function_alone() -> None:
    lacking = wanted_function(unset=("KEY",))
    keeps = existing(variables={"TZ": "Asia/Shanghai", "KEY": "kept"})

    assert plan(wanted(lacking), found()).problems == (
        "wish_add: no value for KEY: set it, or name a file with --settings",
    )
    assert plan(wanted(lacking, lenient=True), found()).problems == ()
    assert plan(wanted(lacking), found(keeps)) == ((), (), ())


def test_another_runtime_stands_in_the_way_unless_it_is_allowed() -> None:
    has = found(existing(runtime="Python3.9", timers={"t": "0 0 2 * * * *"}))
    function = wanted_function(timers={"t": "0 0 2 * * * *"})

    assert len(plan(wanted(function), has).problems) == 1
    allowed = plan(wanted(function, recreate=True), has)
    assert allowed.problems == ()
    assert [change.kind for change in allowed.changes] == ["recreate function", "create timer"]


def test_a_function_that_failed_stands_in_the_way() -> None:
    (problem,) = plan(wanted(wanted_function()), found(existing(status="CreateFailed"))).problems

    assert problem.startswith("wish_add is CreateFailed")


def test_timers_are_made_and_replaced_and_those_not_known_are_named() -> None:
    function = wanted_function(timers={"new": "0 0 2 * * * *", "other": "0 0 3 * * * *"})
    has = existing(timers={"other": "0 0 4 * * * *", "extra": "0 0 5 * * * *"})

    planned = plan(wanted(function), found(has))

    assert [change.text for change in planned.changes] == [
        "create timer wish_add.new: 0 0 2 * * * *",
        "replace timer wish_add.other: 0 0 4 * * * * → 0 0 3 * * * *",
    ]
    assert planned.unknown == (Extra("timer", "extra", "wish_add"),)


@pytest.mark.parametrize(
    "route", [None, Route("another", open=True), Route("wish_add", open=False)], ids=["none", "other", "shut"]
)
def test_a_route_is_set_unless_it_leads_openly_to_its_function(route: Route | None) -> None:
    has = found(existing(), routes={"/wish": route} if route else {})

    assert texts(wanted(wanted_function(path="/wish")), has) == ["set route /wish: to wish_add"]


def test_an_open_route_is_right() -> None:
    has = found(existing(), routes={"/wish": Route("wish_add", open=True)})

    assert plan(wanted(wanted_function(path="/wish")), has) == ((), (), ())


def test_the_rule_closes_what_is_not_for_clients_and_keeps_what_it_says_of_others() -> None:
    functions = [
        wanted_function(name=name, caller=name) for name in ("member", "operator", "timer", "http", "")
    ]

    rule = rule_of(wanted(*functions), {"*": {"invoke": True}, "old": {"invoke": False}})

    assert rule == {
        "*": {"invoke": True},
        "old": {"invoke": False},
        "member": {"invoke": OPEN},
        "operator": {"invoke": OPEN},
        "timer": {"invoke": False},
        "http": {"invoke": False},
        "": {"invoke": False},
    }


def test_functions_and_routes_of_others_are_named_and_nothing_is_planned_for_them() -> None:
    theirs = replace(existing(), name="old_garden")
    has = found(existing(), theirs, routes={"/old": Route("old_garden", open=True)})

    planned = plan(wanted(wanted_function()), has)

    assert planned.changes == ()
    assert planned.unknown == (Extra("route", "/old", "old_garden"), Extra("function", "old_garden"))


def entry(at: str, *, complete: bool = True, restores: str | None = None) -> Entry:
    deployed = Deployed(
        code="c", file="f", runtime="r", handler="h", timeout=1, memory_size=64, layers=(), digests={}
    )
    return Entry(at=at, complete=complete, restores=restores, functions={"wish_add": deployed})


def test_going_back_means_the_deployment_before_or_the_last_complete_one() -> None:
    one, two, broken = entry("1"), entry("2"), entry("3", complete=False)

    assert target([one, two]) == one
    assert target([one, two, broken]) == two


def test_going_back_that_broke_off_goes_on_to_where_it_was_going() -> None:
    going = entry("3", complete=False, restores="1")

    assert target([entry("1"), entry("2"), going]) == going
