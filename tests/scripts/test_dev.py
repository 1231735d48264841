"""Serving the local CloudBase as a person does: started as a process, stopped by a signal."""

import json
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import pytest

import dev
from dataio.cloudapi import Access, CloudApi
from localcloud.server import LocalCloud

SCRIPTS = Path(__file__).parents[2] / "scripts"

# The same script on a data folder of the test's own, in the environment that runs the tests.
START = """
import sys
from pathlib import Path

import bootstrap, dev

bootstrap.enter = lambda: sys.path.insert(0, str(bootstrap.ROOT / "layers" / "core"))
local = Path(sys.argv.pop(1))
dev.DATA, dev.ACCESS = local / "data", local / "localcloud.json"
sys.exit(dev.main())
"""


def start(local: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", START, str(local), *arguments],
        cwd=SCRIPTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


class Served(NamedTuple):
    """A local cloud that serves."""

    process: "subprocess.Popen[str]"
    url: str
    access: Path
    told: dict[str, Any]

    @property
    def api(self) -> CloudApi:
        keys = json.loads(self.access.read_text("utf-8"))
        return CloudApi(Access(keys["url"], keys["envId"], keys["secretId"], keys["secretKey"]))

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


@contextmanager
def served(local: Path, *arguments: str) -> Iterator[Served]:
    with start(local, "--port", "0", "--json", "--no-timers", *arguments) as process:
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            yield Served(process, told["url"], Path(told["access"]), told)
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals to another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly(tmp_path: Path, number: int) -> None:
    with served(tmp_path) as cloud:
        assert stat.S_IMODE(cloud.access.stat().st_mode) == 0o600
        reply = httpx.post(f"{cloud.url}/functions/login", headers={"X-Local-Openid": "o-mint"}, json={})
        assert reply.json()["code"] == 0
        instances = psutil.Process(cloud.process.pid).children(recursive=True)
        assert instances != []

        assert cloud.stop(number) == 0

        assert [instance for instance in instances if instance.is_running()] == []
        assert not cloud.access.exists()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
        with socket.socket() as port, pytest.raises(ConnectionRefusedError):
            port.connect(("127.0.0.1", int(cloud.url.rpartition(":")[2])))


def test_the_collections_and_the_sample_are_there_and_stay_with_what_was_added(tmp_path: Path) -> None:
    with served(tmp_path) as cloud:
        assert len(cloud.api.collections()) == 28
        (products,) = cloud.api.run([{"count": "products", "query": {}}])
        assert products[0]["n"] >= 120
        cloud.api.run([{"insert": "users", "documents": [{"_id": "u-mint"}]}])
        cloud.stop()

    with served(tmp_path) as cloud:
        assert cloud.api.run([{"find": "users", "filter": {"_id": "u-mint"}}]) == [[{"_id": "u-mint"}]]
        cloud.stop()

    with served(tmp_path, "--reset") as cloud:
        assert cloud.api.run([{"find": "users", "filter": {"_id": "u-mint"}}]) == [[]]
        assert cloud.api.run([{"count": "products", "query": {}}]) == [products]
        cloud.stop()


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        refused = start(tmp_path, "--port", str(port))
        output, errors = refused.communicate()

    assert (refused.returncode, output) == (1, "")
    assert errors.startswith(f"The local CloudBase cannot start: port {port} cannot be used")
    assert errors.endswith("choose another with --port\n")
    assert errors.count("\n") == 1


def test_a_second_one_on_the_same_data_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with served(tmp_path) as cloud:
        second = start(tmp_path, "--port", "0", "--reset")
        output, errors = second.communicate()

        assert (second.returncode, output) == (1, "")
        assert errors == (
            f"The local CloudBase runs already, at {cloud.url}: stop that one first (Ctrl-C where it runs).\n"
        )
        assert len(cloud.api.collections()) == 28
        cloud.stop()


def test_the_access_file_of_a_killed_one_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path) as killed:
        killed.process.kill()
        killed.process.wait()
        assert killed.access.exists()

    with served(tmp_path) as cloud:
        assert json.loads(cloud.access.read_text("utf-8"))["url"] == cloud.url
        cloud.stop()


@pytest.mark.parametrize("script", ["dev", "test", "new_function"])
def test_help_needs_nothing_installed(script: str) -> None:
    told = subprocess.run(
        [sys.executable, "-S", "-E", SCRIPTS / f"{script}.py", "--help"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"usage: {script}.py")


def test_it_serves_what_was_deployed_and_tells_tools_the_way(tmp_path: Path) -> None:
    with served(tmp_path, "--deployed", "--tencent-hosts") as cloud:
        reply = httpx.post(f"{cloud.url}/functions/login", headers={"X-Local-Openid": "o-mint"}, json={})
        environ = cloud.told["environment"]
        trusted = ssl.create_default_context(cafile=environ["NODE_EXTRA_CA_CERTS"])
        with httpx.Client(proxy=environ["https_proxy"], verify=trusted, trust_env=False) as client:
            there = client.get("https://tcb.tencentcloudapi.com/healthz").json()

    assert (reply.status_code, reply.json()["code"]) == (404, "FUNCTION_NOT_FOUND")
    assert there == {"status": "ok", "envId": environ["ENV_ID"]}
    assert Path(environ["HOME"]).is_relative_to(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")
def test_the_way_can_be_pasted_into_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cloudbaserc.json").write_text('{"envId": "pasted"}', encoding="utf-8")
    monkeypatch.setattr(dev, "DATA", tmp_path / "data of 素食")
    with LocalCloud(tmp_path, data=dev.DATA, tencent_hosts=True) as cloud:
        *exports, login = [line for line in dev._tools(cloud).splitlines() if line.startswith("  ")]
        pasted = "\n".join([*exports, "env"])
        shell = subprocess.run(["sh", "-c", pasted], capture_output=True, encoding="utf-8", check=True)

    assert {f"HOME={dev.DATA / 'home'}", "ENV_ID=pasted"} <= set(shell.stdout.splitlines())
    assert login.split()[:2] == ["tcb", "login"]


def test_without_the_hosts_there_is_no_way_to_tell(tmp_path: Path) -> None:
    (tmp_path / "cloudbaserc.json").write_text('{"envId": "pasted"}', encoding="utf-8")

    assert dev._tools(LocalCloud(tmp_path, data=None)) == ""
