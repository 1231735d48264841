"""Starting, stopping and killing the local cloud."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from localcloud.cloudapi.endpoint import MAX_BODY
from localcloud.credentials import Credentials
from localcloud.server import LocalCloud, StartError

from .conftest import Sdk

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

SERVE = """
import sys
from pathlib import Path
from localcloud.server import LocalCloud
with LocalCloud(Path(sys.argv[1]), data=Path(sys.argv[2])) as cloud:
    print(cloud.url, flush=True)
    sys.stdin.read()
"""


def ids(sdk: Sdk) -> list[str]:
    return [document["_id"] for document in sdk.run({"find": "t", "filter": {}, "sort": {"_id": 1}})[0]]


@pytest.fixture
def process(project: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(project), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    ) as process:
        yield process
        process.kill()


def test_it_says_that_it_is_well(cloud: LocalCloud) -> None:
    reply = httpx.get(f"{cloud.url}/healthz", trust_env=False)

    assert (reply.status_code, reply.json()) == (200, {"status": "ok", "envId": cloud.env})


def test_a_body_over_the_limit_is_refused_to_a_sender_that_sends_it_all(sdk: Sdk) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.call("RunCommands", MgoCommands=["x" * MAX_BODY])

    assert refused.value.code == "RequestSizeLimitExceeded"


def test_a_free_port_is_taken_and_given_back(project: Path) -> None:
    with LocalCloud(project, data=None) as cloud:
        port = int(cloud.url.rpartition(":")[2])
        with pytest.raises(StartError):
            LocalCloud(project, data=None, port=port).start()

    with LocalCloud(project, data=None, port=port) as again:
        assert again.url == f"http://127.0.0.1:{port}"


def test_a_port_that_is_taken_is_said_in_one_line(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as refused:
            LocalCloud(project, data=None, port=port).start()

    assert f"port {port} cannot be used" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_port_that_is_none_is_refused(project: Path) -> None:
    with pytest.raises(StartError, match="port 70000 cannot be used"):
        LocalCloud(project, data=None, port=70000).start()


@pytest.mark.parametrize("config", [None, "{"])
def test_a_project_that_cannot_be_read_is_refused(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        (tmp_path / "cloudbaserc.json").write_text(config, encoding="utf-8")

    with pytest.raises(StartError, match=r"cloudbaserc\.json"):
        LocalCloud(tmp_path, data=None)


def test_an_environment_without_a_name_is_called_local(tmp_path: Path) -> None:
    (tmp_path / "cloudbaserc.json").write_text('{"envId": "{{env.NOT_SET}}"}', encoding="utf-8")

    assert LocalCloud(tmp_path, data=None).env == "local"


def test_it_can_be_stopped_twice_and_started_again(project: Path, tmp_path: Path) -> None:
    cloud = LocalCloud(project, data=tmp_path)
    with cloud:
        Sdk(cloud.url, cloud.credentials, cloud.env).call("CreateTable", TableName="t")
    url = cloud.url
    cloud.stop()

    with cloud:
        tables = Sdk(cloud.url, cloud.credentials, cloud.env).call("ListTables")["Tables"]

    assert cloud.url == url
    assert [table["TableName"] for table in tables] == ["t"]


def test_its_keys_and_data_outlive_it(project: Path, tmp_path: Path) -> None:
    with LocalCloud(project, data=tmp_path) as cloud:
        first = Sdk(cloud.url, cloud.credentials, cloud.env)
        first.call("CreateTable", TableName="t", PermissionInfo={"AclTag": "ADMINONLY"})
        first.run({"insert": "t", "documents": [{"_id": "1"}]})

    with LocalCloud(project, data=tmp_path) as again:
        second = Sdk(again.url, cloud.credentials, again.env)

        assert ids(second) == ["1"]
        assert second.call("DescribeDatabaseACL", CollectionName="t") == {"AclTag": "ADMINONLY"}


def test_files_are_stopped_with_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    cloud = LocalCloud(project, data=None)
    monkeypatch.setattr(cloud.cos, "stop", lambda: stopped.append("cos"))

    with cloud:
        assert stopped == []

    assert stopped == ["cos"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_cannot_start_is_said_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_config: uvicorn.Config) -> None:
        raise RuntimeError("no event loop")

    monkeypatch.setattr(uvicorn.Config, "load", broken)

    with pytest.raises(StartError, match="ended as it started"):
        LocalCloud(project, data=None).start()


def test_two_clouds_do_not_share_anything(project: Path) -> None:
    with LocalCloud(project, data=None) as one, LocalCloud(project, data=None) as other:
        Sdk(one.url, one.credentials, one.env).call("CreateTable", TableName="t")

        assert one.credentials != other.credentials
        assert Sdk(other.url, other.credentials, other.env).call("ListTables")["Tables"] == []


def test_what_was_acknowledged_survives_a_kill(
    process: subprocess.Popen[str], project: Path, tmp_path: Path
) -> None:
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    keys = Credentials(**json.loads((tmp_path / "credentials.json").read_text(encoding="utf-8")))
    with_index = [
        {
            "IndexName": "n",
            "MgoKeySchema": {"MgoIndexKeys": [{"Name": "n", "Direction": "1"}], "MgoIsUnique": True},
        }
    ]
    sdk = Sdk(url, keys, "test-env-1")
    sdk.call("CreateTable", TableName="t")
    sdk.call("UpdateTable", TableName="t", CreateIndexes=with_index)
    for number in range(20):
        sdk.run({"insert": "t", "documents": [{"_id": f"{number:02}", "n": number}]})
    sdk.run({"update": "t", "updates": [{"q": {"_id": "00"}, "u": {"$set": {"n": 99}}}]})

    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait()

    with LocalCloud(project, data=tmp_path) as again:
        after = Sdk(again.url, again.credentials, again.env)
        assert ids(after) == [f"{number:02}" for number in range(20)]
        assert after.run({"find": "t", "filter": {"n": 99}}) == [[{"_id": "00", "n": {"$numberInt": "99"}}]]
