"""cloudbaserc.json as the platform's tool reads it."""

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.functions import ProjectError, load_project
from localcloud.functions.project import Function, Project, merge, render


def write(root: Path, config: Any) -> None:
    (root / "cloudbaserc.json").write_text(json.dumps(config), encoding="utf-8")


@pytest.mark.parametrize(
    ("default", "value", "merged"),
    [
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}}),
        ([1, 2, 3], [9], [9, 2, 3]),
        ([1], [8, 9], [8, 9]),
        ([{"name": "core", "version": 1}], [{"version": 2}], [{"name": "core", "version": 2}]),
        ({"a": [1]}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({}, {"a": 1}, {"a": 1}),
    ],
)
def test_defaults_are_merged_as_lodash_does(default: Any, value: Any, merged: Any) -> None:
    assert merge(default, value) == merged


def test_merging_leaves_its_arguments_alone() -> None:
    default, value = {"a": {"b": [1, 2]}}, {"a": {"b": [3]}}
    merge(default, value)
    assert (default, value) == ({"a": {"b": [1, 2]}}, {"a": {"b": [3]}})


def test_a_function_has_the_defaults_under_its_own_settings(tmp_path: Path) -> None:
    default = {
        "timeout": 5,
        "layers": [{"name": "core_e", "version": 3}],
        "envVariables": {"A": "1", "B": "2"},
    }
    one = {"name": "f", "timeout": "12", "envVariables": {"B": "3", "N": 4}, "config": {"memorySize": 128}}
    write(tmp_path, {"functionDefaultConfig": default, "functions": [one]})
    function = load_project(tmp_path).functions[0]
    assert (function.timeout, function.memory_size, function.handler) == (12, 128, "index.main")
    assert function.env_variables == {"A": "1", "B": "3", "N": "4"}
    assert [layer.alias for layer in function.layers] == ["core"]


def test_templates_are_filled_from_the_env_files_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=env\nB=env\nC=env\n", encoding="utf-8")
    (tmp_path / ".env.local").write_text("B='local'\nC=local\n", encoding="utf-8")
    write(tmp_path, {"envId": "{{env.A}}-{{ env.B }}-{{env.C}}-{{env.D}}"})
    assert load_project(tmp_path, {"C": "process"}).env_id == "env-local-process-"


def test_only_env_templates_are_filled() -> None:
    assert render("{{tcb.envId}} {{env.A}} {env.A}", {"A": "1"}) == "{{tcb.envId}} 1 {env.A}"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"functions": [{"name": "f", "timeout": 901}]}, "timeout"),
        ({"functions": [{"timeout": 3}]}, "name"),
        ({"functions": [{"name": "f", "triggers": [{"name": "t", "config": "* * * * *"}]}]}, "seven fields"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, config: Any, message: str) -> None:
    write(tmp_path, config)
    with pytest.raises(ProjectError, match=message):
        load_project(tmp_path, {})


def test_a_missing_file_and_broken_json_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"cloudbaserc\.json is missing"):
        load_project(tmp_path)
    (tmp_path / "cloudbaserc.json").write_text('{"envId": "{{env.Q}}"}', encoding="utf-8")
    with pytest.raises(ProjectError, match=r"cloudbaserc\.json"):
        load_project(tmp_path, {"Q": 'a "quoted" value'})


@pytest.mark.parametrize(
    ("path", "name"),
    [("/pay", "pay"), ("/pay/x", "pay"), ("/pay/notify", "notify"), ("/payment", None), ("/", None)],
)
def test_a_path_is_served_by_the_longest_route_of_whole_segments(path: str, name: str | None) -> None:
    project = Project(
        functions=(
            Function(name="pay", path="/pay"),
            Function(name="notify", path="pay/notify/"),
            Function(name="none"),
        )
    )
    found = project.route(path)
    assert (found.name if found else None) == name
