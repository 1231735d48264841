"""scripts/deploy.py end to end: a small project, the local cloud, the official SDK between them."""

import http.client
import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dataio import definitions
from dataio.cloudapi import Access
from deploying import building, cli
from deploying.environment import Environment
from deploying.service import Service
from localcloud.server import LocalCloud
from scripts.deployable import CALLERS, SECRET, Project

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

WRITES = ("Create", "Update", "Publish", "Delete", "Modify")
Run = Callable[..., tuple[int, str]]


@pytest.fixture(name="built", scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose wheels are fetched, to be copied."""
    project = Project(tmp_path_factory.mktemp("built"))
    project.lay_out()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in project.pip().items():
            patch.setenv(name, value)
        building.build(project.root, "kit", project.root / ".local" / "deploy" / "wheels")
    return project.root


@pytest.fixture(name="project")
def _project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the project, in place of the repository; of the collections it has the first.

    Its layers are the platform's, also where this machine lacks that Python.
    """
    shutil.copytree(built, tmp_path / "project")
    first = definitions.load()[:1]
    monkeypatch.setattr(cli, "ROOT", tmp_path / "project")
    monkeypatch.setattr("deploying.repository.runs_on_ours", lambda _: False)
    monkeypatch.setattr(definitions, "load", lambda: first)
    return Project(tmp_path / "project")


@pytest.fixture(name="cloud")
def _cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """An empty cloud that serves what is deployed, its keys in the environment."""
    (tmp_path / "cloudbaserc.json").write_text('{"envId": "deploy-test", "functions": []}', encoding="utf-8")
    with LocalCloud(tmp_path, data=None, deployed=True) as cloud:
        monkeypatch.setenv("CLOUD_API_ENDPOINT", cloud.url)
        monkeypatch.setenv("TCB_ENV", cloud.env)
        monkeypatch.setenv("TENCENTCLOUD_SECRETID", cloud.credentials.secret_id)
        monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", cloud.credentials.secret_key)
        monkeypatch.setenv("THE_KEY", SECRET)
        yield cloud


@pytest.fixture(name="deploy")
def _deploy(project: Project, cloud: LocalCloud, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command; returns its exit code and all that it printed, which never holds the secret."""
    del project, cloud

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.run(arguments, description="")
        printed = "".join(capfd.readouterr())
        if arguments[0] != "invoke":
            assert SECRET not in printed
        return code, printed

    return run


def environment(cloud: LocalCloud) -> Environment:
    keys = cloud.credentials
    return Environment(Access(cloud.url, cloud.env, keys.secret_id, keys.secret_key))


def journal(project: Project) -> list[dict[str, Any]]:
    file = project.root / ".local" / "deploy" / "deploy-test" / "journal.json"
    entries: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return entries


def asked(deploy: Run, name: str, event: str = "{}") -> dict[str, Any]:
    """Invoke a function and return what it answered."""
    code, printed = deploy("invoke", name, "--event", event, "--json")
    assert code == 0, printed
    answered: dict[str, Any] = json.loads(printed)["result"]
    return answered


def called(cloud: LocalCloud, path: str, **headers: str) -> tuple[int, Any]:
    with closing(http.client.HTTPConnection(urlsplit(cloud.url).netloc, timeout=20)) as connection:
        connection.request("POST", path, "{}", {"Content-Type": "application/json", **headers})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())


def test_a_plan_says_everything_and_changes_nothing(deploy: Run, cloud: LocalCloud) -> None:
    code, printed = deploy("plan", "--exit-code", "--json")

    changes = json.loads(printed)["changes"]
    assert code == cli.DIFFERS
    assert [change.split(":")[0] for change in changes if "index" not in change] == [
        "create collection users",
        "publish layer core",
        "publish layer kit",
        *(f"create function {name}" for name in CALLERS),
        "create timer shop_tick.every_minute",
        "set route /hook",
        "set rule invoke",
    ]
    assert environment(cloud).functions() == {}
    assert deploy("plan")[0] == 0


def test_after_an_apply_there_is_nothing_left_to_do_and_every_function_runs_it(
    deploy: Run, project: Project
) -> None:
    assert deploy("apply")[0] == 0

    code, printed = deploy("plan", "--exit-code", "--json")
    told = json.loads(printed)
    assert (code, told["changes"], told["problems"], told["notes"]) == (0, [], [], [])
    code, printed = deploy("verify", "--json")
    assert (code, json.loads(printed)["well"]) == (0, True)
    assert deploy("verify", "--journal")[0] == 0
    assert deploy("apply")[1].strip().endswith("0 changes made.")
    assert len(journal(project)) == 1


def test_functions_are_left_to_another_tool_when_that_is_wanted(
    deploy: Run, project: Project, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("THE_KEY")

    code, printed = deploy("apply", "--no-functions", "--json")

    assert (code, json.loads(printed)["problems"]) == (0, [])
    assert [change.split(":")[0] for change in json.loads(printed)["applied"] if "index" not in change] == [
        "create collection users",
        "publish layer core",
        "publish layer kit",
        "set rule invoke",
    ]
    assert environment(cloud).functions() == {}
    assert deploy("plan", "--no-functions", "--exit-code")[0] == 0
    assert not (project.root / ".local" / "deploy" / "deploy-test" / "journal.json").exists()


def test_what_is_deployed_works_and_its_doors_are_as_declared(deploy: Run, cloud: LocalCloud) -> None:
    deploy("apply")

    assert asked(deploy, "wish_add")["key"] == SECRET
    assert asked(deploy, "wish_add")["kit"] == "kit"
    assert called(cloud, "/functions/wish_add", **{"X-Local-Openid": "o"})[0] == 200
    assert called(cloud, "/functions/shop_tick", **{"X-Local-Openid": "o"})[0] != 200
    assert called(cloud, "/http/hook")[1]["wish"] == "tofu"
    code, printed = deploy("invoke", "shop_tick", "--as", "timer", "--json")
    assert code == 0
    event = json.loads(printed)["result"]["event"]
    assert (event["Type"], event["TriggerName"]) == ("Timer", "every_minute")


def test_an_apply_that_dies_after_every_single_write_is_ended_by_the_next_ones(
    deploy: Run, project: Project, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = Service.call, [1]

    def dying(self: Service, action: str, **parameters: Any) -> dict[str, Any]:
        reply = real(self, action, **parameters)
        if action.startswith(WRITES):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
        return reply

    monkeypatch.setattr(Service, "call", dying)
    deaths = 0
    while deploy("apply")[0] == 130:
        deaths += 1
        left[0] = 1
        assert deaths < 30

    assert deaths >= 8  # Two layers, three functions, a timer, a route and a rule.
    assert deploy("plan", "--exit-code")[0] == 0
    assert deploy("verify")[0] == 0
    assert [one.version for one in environment(cloud).layer_versions("core_deploy-test")] == [1]
    assert [entry["complete"] for entry in journal(project)] == [True]


@pytest.mark.parametrize("step", ["update_code", "configure"])
def test_an_update_that_dies_at_its_code_or_its_configuration_is_ended_by_the_next(
    deploy: Run, project: Project, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    deploy("apply")
    project.write("wish_add", "tempeh")
    with monkeypatch.context() as patch:
        patch.setattr(Environment, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert deploy("apply")[0] == 130

    assert deploy("plan", "--exit-code")[0] == cli.DIFFERS
    assert deploy("apply")[0] == 0
    assert asked(deploy, "wish_add")["wish"] == "tempeh"
    assert deploy("plan", "--exit-code")[0] == 0


def test_going_back_is_shown_first_and_then_done(deploy: Run, project: Project) -> None:
    deploy("apply")
    project.write("wish_add", "tempeh")
    entry = project.root / "layers/core/gardenshop/cloud/entry.py"
    entry.write_text(entry.read_text("utf-8") + "\n# Newer.\n", encoding="utf-8")
    deploy("apply")

    code, printed = deploy("rollback")
    assert code == 0
    assert re.search(r"would update function wish_add: code \w+ → \w+, layer core_deploy-test 1", printed)
    assert asked(deploy, "wish_add")["wish"] == "tempeh"

    assert deploy("rollback", "--apply")[0] == 0
    assert asked(deploy, "wish_add")["wish"] == "tofu"
    assert asked(deploy, "wish_add")["key"] == SECRET
    assert deploy("verify", "--journal")[0] == 0
    code, printed = deploy("verify")
    assert code == 1
    assert "runs code" in printed
    assert "has layer core" in printed
    assert deploy("apply")[0] == 0
    assert deploy("verify")[0] == 0


def test_without_an_earlier_deployment_there_is_nowhere_to_go_back_to(deploy: Run) -> None:
    deploy("apply")

    code, printed = deploy("rollback", "--apply")

    assert code == 1
    assert "no earlier deployment" in printed


def test_going_back_to_a_deleted_layer_is_refused_before_anything_is_done(
    deploy: Run, project: Project, cloud: LocalCloud
) -> None:
    deploy("apply")
    project.write("wish_add", "tempeh")
    entry = project.root / "layers/core/gardenshop/cloud/entry.py"
    entry.write_text(entry.read_text("utf-8") + "\n# Newer.\n", encoding="utf-8")
    deploy("apply")
    environment(cloud).delete_layer("core_deploy-test", 1)

    code, printed = deploy("rollback", "--apply")

    assert code == 1
    assert "layer core_deploy-test 1 is deleted" in printed
    assert asked(deploy, "wish_add")["wish"] == "tempeh"


def test_no_secret_is_in_anything_that_is_kept_or_told(deploy: Run, project: Project) -> None:
    told = [deploy("plan")[1], deploy("apply")[1], deploy("plan", "--json")[1]]
    deploy("invoke", "wish_add")

    kept = [path for path in (project.root / ".local").rglob("*") if path.is_file()]
    assert kept
    assert not any(SECRET.encode() in path.read_bytes() for path in kept)
    assert not any(SECRET in text for text in told)


def test_a_variable_without_a_value_here_keeps_the_one_it_has_there(
    deploy: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy("apply")
    monkeypatch.delenv("THE_KEY")
    project.write("wish_add", "tempeh")

    assert deploy("apply")[0] == 0

    answered = asked(deploy, "wish_add")
    assert (answered["wish"], answered["key"]) == ("tempeh", SECRET)


def test_values_come_from_the_file_that_is_named_and_are_told_by_their_marks_alone(
    deploy: Run, tmp_path: Path
) -> None:
    deploy("apply")
    file = tmp_path / "production.env"
    file.write_text("THE_KEY=another secret\n", encoding="utf-8")

    code, printed = deploy("plan", "--settings", str(file), "--exit-code")

    assert code == cli.DIFFERS
    assert re.search(r"update function wish_add: KEY [0-9a-f]{8} → [0-9a-f]{8}", printed)
    assert "another secret" not in printed


def test_another_runtime_is_refused_until_it_is_allowed(deploy: Run, project: Project) -> None:
    deploy("apply")
    project.configure(runtime="Python3.11")

    code, printed = deploy("apply")
    assert code == 1
    assert "--recreate" in printed
    assert asked(deploy, "wish_add")["wish"] == "tofu"

    assert deploy("apply", "--recreate")[0] == 0
    assert deploy("plan", "--exit-code")[0] == 0
    assert asked(deploy, "wish_add")["key"] == SECRET


def test_what_is_not_known_here_is_left_alone_unless_a_person_says_so(
    deploy: Run, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy("apply")
    there = environment(cloud)
    there.create_timer("wish_add", "forgotten", "0 0 2 * * * *")

    assert "timer forgotten of wish_add" in deploy("plan")[1]
    assert deploy("apply", "--prune")[0] == 0
    assert "forgotten" in there.function("wish_add").timers

    monkeypatch.setattr(cli, "_confirmed", lambda *_: True)
    assert deploy("apply", "--prune")[0] == 0
    assert there.function("wish_add").timers == {}
    assert sorted(there.functions()) == sorted(CALLERS)


def test_the_numbers_of_layers_are_written_only_when_asked(deploy: Run, project: Project) -> None:
    config = project.root / "cloudbaserc.json"
    deploy("apply")
    entry = project.root / "layers/core/gardenshop/cloud/entry.py"
    entry.write_text(entry.read_text("utf-8") + "\n# Newer.\n", encoding="utf-8")
    before = config.read_text("utf-8")

    assert "other numbers than this environment: core 2" in deploy("apply")[1]
    assert config.read_text("utf-8") == before
    deploy("apply", "--write-versions")

    written = json.loads(config.read_text("utf-8"))
    assert config.read_text("utf-8") == json.dumps(written, indent=2) + "\n"
    assert [layer["version"] for layer in written["functions"][0]["layers"]] == [2, 1]
    assert "other numbers" not in deploy("plan")[1]


def test_logs_show_what_functions_printed(deploy: Run) -> None:
    deploy("apply")
    asked(deploy, "wish_add", '{"ask": "kale"}')

    code, printed = deploy("logs", "--function", "wish_add", "--json")

    assert code == 0
    (row,) = [json.loads(line) for line in printed.splitlines()]
    assert (row["FunctionName"], row["RetCode"]) == ("wish_add", 0)
    assert "asked for kale" in row["Log"]
    assert deploy("logs", "--since", "yesterday")[0] == 1


def test_layers_that_no_request_carries_are_deployed_by_the_temporary_bucket(
    deploy: Run, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploying.environment.LAYER_LIMIT", 100)
    monkeypatch.setattr("deploying.staging._PIECE", 100)

    code, printed = deploy("apply")

    assert code == 0
    assert set(re.findall(r"(core|kit)\S*: 0 of 0 MB uploaded", printed)) == {"core", "kit"}
    assert deploy("verify")[0] == 0
    assert deploy("plan", "--exit-code")[0] == 0
    assert asked(deploy, "wish_add")["kit"] == "kit"
    assert [each["LayerVersion"] for each in environment(cloud).scf.call("ListLayers")["Layers"]] == [1, 1]


def test_the_doctor_answers_every_question_and_leaves_nothing_behind(deploy: Run, cloud: LocalCloud) -> None:
    code, printed = deploy("doctor", "--json")

    facts = {fact["question"]: fact for fact in json.loads(printed)["facts"]}
    assert code == 0
    assert len(facts) == 18
    assert facts["Whether a layer may come by the temporary bucket"]["found"] == "yes"
    assert facts["Which of two layers wins a file that both have"]["seen"].startswith("the later layer wins")
    assert facts["Whether a function's own credentials may call RunCommands"]["found"] == "yes"
    assert facts["How a duplicate key is answered"]["seen"].startswith("FailedOperation: E11000")
    assert cloud.credentials.secret_key not in printed
    there = environment(cloud)
    assert there.functions() == {}
    assert there.scf.call("ListLayers")["Layers"] == []


def test_every_command_of_the_guide_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (Path(cli.__file__).parents[1] / "README.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if "scripts/deploy.py" in line]
    names = {"_plan", "_apply", "_verify", "_rollback", "_logs", "_invoke", "_doctor"}
    asked: set[str] = set()

    def ask(name: str) -> int:
        asked.add(name)
        return 0

    for name in names:
        monkeypatch.setattr(cli, name, lambda *_, name=name: ask(name))

    for line in lines:
        assert cli.run(shlex.split(line, comments=True)[2:], description="") == 0
    assert asked == names
    assert capsys.readouterr().err == ""


def test_what_the_cloud_refuses_is_said_in_a_line(deploy: Run) -> None:
    code, printed = deploy("invoke", "absent")

    assert code == 1
    assert printed.startswith("ResourceNotFound")
