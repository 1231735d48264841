"""The official command-line tool, unmodified, deploys this project to the local cloud.

`tcb fn deploy` exits with 0 although it failed: only what the cloud then has is believed.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

import bootstrap
import official_cli
from harness import ROOT
from localcloud.cloudapi import functions
from localcloud.cloudapi.endpoint import PRODUCTS
from localcloud.functions.interpreters import OWN
from localcloud.functions.project import render
from localcloud.server import LocalCloud

from .config_mapping import creation, timers
from .scf import Product, Scf

pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning"),
    pytest.mark.xdist_group("official command line"),
]

ENV = "shop-1g2h3j4k"
LAYERS = ("core", "vendor", "pay")
DEPLOYED = ("product_search", "pay_notify", "order_timeout")
"""A function of members, one with an HTTP route, one with a timer."""

VALUES = {"ENV_ID": ENV, "WECHATPAY_APPID": "wx1234567890abcdef"}
"""What the templates of cloudbaserc.json may name; the others are empty."""

CONFIG: dict[str, Any] = json.loads(render((ROOT / "cloudbaserc.json").read_text("utf-8"), VALUES))
ENTRIES: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in CONFIG["functions"]}


class Stage(NamedTuple):
    """What was deployed where, and how to use the tool on it."""

    cloud: LocalCloud
    scf: Scf
    created: dict[str, dict[str, Any]]
    tcb: Callable[..., str]


@pytest.fixture(scope="module", name="tcb")
def _tcb() -> Path:
    return official_cli.installed() / "tcb"


@pytest.fixture(scope="module", name="project_of_three")
def _project_of_three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project with three of its functions."""
    root = tmp_path_factory.mktemp("shop")
    config = json.loads((ROOT / "cloudbaserc.json").read_text("utf-8"))
    config["functions"] = [one for one in config["functions"] if one["name"] in DEPLOYED]
    (root / "cloudbaserc.json").write_text(json.dumps(config), encoding="utf-8")
    for name in DEPLOYED:
        shutil.copytree(ROOT / "functions" / name, root / "functions" / name)
    return root


@pytest.fixture(scope="module", name="stage")
def _stage(tcb: Path, project_of_three: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Deploy the three with their layers, which are built for the Python that runs the tests."""
    if not all(bootstrap.layer_path(name).exists() for name in LAYERS):
        pytest.skip("the layers are not built: scripts/dev.py does it")
    created: dict[str, dict[str, Any]] = {}

    def record(cloud: Any, body: dict[str, Any]) -> dict[str, Any]:
        created[body["FunctionName"]] = body
        return functions.create_function(cloud, body)

    with (
        patch.dict(os.environ, ENV_ID=ENV),
        patch.dict(PRODUCTS["scf"]["2018-04-16"], CreateFunction=record),
        patch("localcloud.functions.deployed.interpreter", lambda _: OWN),
        LocalCloud(project_of_three, data=None, deployed=True, tencent_hosts=True) as cloud,
    ):
        scf = Scf(cloud)
        for name in LAYERS:
            scf.layer(f"{name}_{ENV}", sources(bootstrap.layer_path(name)))
        run = tool(tcb, cloud, project_of_three, tmp_path_factory.mktemp("home"))
        keys = cloud.credentials
        run("login", "--apiKeyId", keys.secret_id, "--apiKey", keys.secret_key)
        run("fn", "deploy", "--all", "--force", "--yes")
        yield Stage(cloud, scf, created, run)


def tool(tcb: Path, cloud: LocalCloud, project: Path, home: Path) -> Callable[..., str]:
    """Return what runs the tool in *project* and returns what it says."""
    assert cloud.tencent is not None
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), **VALUES, **cloud.tencent.environment()}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [tcb, *arguments],
            cwd=project,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout + done.stderr

    return run


def sources(folder: Path) -> dict[str, bytes]:
    """Return the files of a layer by their names in its zip."""
    files = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_the_tool_says_what_the_file_says(stage: Stage) -> None:
    assert set(stage.created) == set(DEPLOYED)
    for name, sent in stage.created.items():
        assert sent.pop("Code").keys() == {"CosBucketRegion", "TempCosObjectName"}
        assert sent == creation(ENTRIES[name], ENV)


def test_timers_and_routes_are_deployed_too(stage: Stage) -> None:
    found = {name: stage.scf.on("GetFunction", name)["Triggers"] for name in DEPLOYED}

    assert [one["TriggerName"] for one in found["order_timeout"]] == [
        one["name"] for one in ENTRIES["order_timeout"]["triggers"]
    ]
    assert (found["product_search"], found["pay_notify"]) == ([], [])
    routes = Product(stage.cloud, "tcb", "2018-06-08").call("DescribeCloudBaseGWAPI", ServiceId=ENV)["APISet"]
    assert [(one["Path"], one["Name"]) for one in routes] == [(ENTRIES["pay_notify"]["path"], "pay_notify")]


def test_what_was_deployed_runs(stage: Stage) -> None:
    told = stage.tcb("fn", "invoke", "product_search", "--params", json.dumps({"text": "millet"}))

    assert "call succeeded" in told
    assert '"error": "FORBIDDEN"' in told  # An operator is nobody's member: the function itself says so.


def test_a_second_deployment_replaces_the_code(stage: Stage, project_of_three: Path) -> None:
    file = project_of_three / "functions" / "order_timeout" / "index.py"
    file.write_text("def main(event, context):\n    return 'second'\n", encoding="utf-8")

    stage.tcb("fn", "deploy", "order_timeout", "--force", "--yes")

    assert stage.scf.invoke("order_timeout")["RetMsg"] == '"second"'
    assert len(stage.scf.on("GetFunction", "order_timeout")["Triggers"]) == 1


@pytest.fixture(scope="module", name="bare")
def _bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scf]:
    """A cloud that has the layers of the project as numbers only."""
    root = tmp_path_factory.mktemp("bare")
    (root / "cloudbaserc.json").write_text(json.dumps({"envId": ENV}), encoding="utf-8")
    wanted = {(one["name"], one["version"]) for entry in ENTRIES.values() for one in entry["layers"]}
    with LocalCloud(root, data=None, deployed=True) as cloud:
        scf = Scf(cloud)
        for name, version in sorted(wanted):
            while scf.layer(name, {"a.py": ""}) < version:
                pass
        yield scf


@pytest.mark.parametrize("name", ENTRIES)
def test_the_platform_takes_every_entry_of_the_file_and_drops_nothing(bare: Scf, name: str) -> None:
    entry = ENTRIES[name]
    sent = creation(entry, ENV)
    bare.create(
        **{
            "name": name,
            **{key: value for key, value in sent.items() if key not in ("FunctionName", "Namespace")},
        }
    )
    bare.on("BatchCreateTrigger", name, Triggers=timers(entry))

    found = bare.on("GetFunction", name)

    layers = [{key: one[key] for key in ("LayerName", "LayerVersion")} for one in found["Layers"]]
    cron = {one["TriggerName"]: json.loads(one["TriggerDesc"])["cron"] for one in found["Triggers"]}
    assert {
        **{key: found[key] for key in sent if key != "Stamp"},
        "Layers": layers,
        "Stamp": sent["Stamp"],
    } == sent
    assert cron == {one["name"]: one["config"] for one in entry.get("triggers", [])}
