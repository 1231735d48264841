"""What a function finds around it, and what becomes of its reply."""

import json
import sys
from pathlib import Path

import pytest

from localcloud.functions import OPERATOR, TIMER, member
from localcloud.functions.failures import (
    FunctionNotFound,
    FunctionRaised,
    MemoryLimitExceeded,
    PayloadTooLarge,
    ProcessExited,
    ResponseTooLarge,
    StatusAbnormal,
)
from localcloud.functions.host import Limits

from .conftest import Workshop

ECHO = """
import os, sys
def main(event, context):
    return {"event": event, "context": context, "environ": dict(os.environ), "path": sys.path}
"""
COUNT = """
import os
calls = 0
def main(event, context):
    global calls
    calls += 1
    return [os.getpid(), calls]
"""


def test_a_member_is_named_in_the_context_and_in_the_event(workshop: Workshop) -> None:
    workshop.function("echo", ECHO)
    reply = workshop.host().invoke("echo", {"sku": "甲"}, member("oAnna", "uAnna")).reply
    environment = json.loads(reply["context"]["environment"])
    assert reply["event"] == {"sku": "甲", "userInfo": {"appId": "wx00000000000local", "openId": "oAnna"}}
    assert {key: environment[key] for key in environment if key.startswith(("WX_", "TCB_SOURCE"))} == {
        "WX_OPENID": "oAnna",
        "WX_UNIONID": "uAnna",
        "WX_APPID": "wx00000000000local",
        "WX_CLIENTIP": "127.0.0.1",
        "WX_CLOUDBASE_ACCESSTOKEN": "local-access-token",
        "WX_CONTEXT_KEYS": "WX_OPENID,WX_APPID,WX_CLIENTIP,WX_CLOUDBASE_ACCESSTOKEN,WX_UNIONID",
        "TCB_SOURCE": "wx_client",
        "TCB_SOURCE_IP": "127.0.0.1",
    }


def test_the_context_has_the_platforms_keys(workshop: Workshop) -> None:
    workshop.function("echo", ECHO, timeout=7, memorySize=128)
    invocation = workshop.host().invoke("echo", {}, OPERATOR)
    context = invocation.reply["context"]
    environment = json.loads(context.pop("environment"))
    pairs = dict(pair.split("=", 1) for pair in context.pop("environ").split(";"))
    assert context == {
        "memory_limit_in_mb": 128,
        "time_limit_in_ms": 7000,
        "request_id": invocation.request_id,
        "function_version": "$LATEST",
        "function_name": "echo",
        "namespace": "test-env",
        "tencentcloud_region": "ap-shanghai",
        "tencentcloud_appid": "1250000000",
        "tencentcloud_uin": "100000000000",
    }
    assert pairs == environment
    assert environment == {
        "TCB_ENV": "test-env",
        "SCF_NAMESPACE": "test-env",
        "TCB_SEQID": invocation.request_id,
        "TCB_TRACELOG": "",
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_REGION": "ap-shanghai",
        "TENCENTCLOUD_SECRETID": "AKIDtest",
        "TENCENTCLOUD_SECRETKEY": "secret",
        "TENCENTCLOUD_SESSIONTOKEN": f"token~{invocation.request_id}",
        "TCB_CONTEXT_KEYS": "TCB_ENV,SCF_NAMESPACE,TCB_SEQID,TCB_TRACELOG,TENCENTCLOUD_RUNENV,"
        "TENCENTCLOUD_REGION,TENCENTCLOUD_SECRETID,TENCENTCLOUD_SECRETKEY,TENCENTCLOUD_SESSIONTOKEN",
    }


def test_a_warm_instance_keeps_the_former_callers_keys_in_os_environ_only(workshop: Workshop) -> None:
    workshop.function("echo", ECHO)
    host = workshop.host()
    host.invoke("echo", {}, member("oAnna"))
    reply = host.invoke("echo", {}, TIMER).reply
    environment = json.loads(reply["context"]["environment"])
    assert reply["environ"]["WX_OPENID"] == "oAnna"
    assert "WX_OPENID" not in environment
    assert environment["TRIGGER_SRC"] == "timer"
    assert reply["event"] == {}


def test_the_process_sees_its_settings_and_nothing_of_the_developers_shell(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVELOPERS_SECRET", "x")
    workshop.function("echo", ECHO, envVariables={"COLOUR": "green", "WECHATPAY_GATEWAY": "real"})
    environ = workshop.host(WECHATPAY_GATEWAY="stand-in").invoke("echo", {}).reply["environ"]
    assert "DEVELOPERS_SECRET" not in environ
    assert environ["COLOUR"] == "green"
    assert environ["WECHATPAY_GATEWAY"] == "stand-in"
    assert environ["CLOUD_API_ENDPOINT"] == "http://127.0.0.1:9"
    assert environ["TZ"] == "UTC"
    assert environ["PYTHONDONTWRITEBYTECODE"] == "x"


def test_the_path_is_the_folder_the_layers_and_the_standard_library(workshop: Workshop) -> None:
    workshop.layer("core/shared.py", "")
    (workshop.installed / f"vendor-cp{sys.version_info.major}{sys.version_info.minor}").mkdir(parents=True)
    (workshop.root / "layers" / "vendor").mkdir(parents=True)
    (workshop.root / "layers" / "vendor" / "requirements.txt").touch()
    workshop.function("echo", ECHO, layers=[{"name": "vendor_{{env.NO_SUCH}}"}, {"name": "core_test"}])
    path = workshop.host().invoke("echo", {}).reply["path"]
    assert path[0] == str(workshop.root / "functions" / "echo")
    assert Path(path[1]).parent == workshop.work_dir / "layers" / "core"
    assert Path(path[2]).parent == workshop.installed
    assert not [entry for entry in path if "site-packages" in entry]


def test_a_package_of_the_developers_environment_cannot_be_imported(workshop: Workshop) -> None:
    workshop.function("greedy", "import starlette\ndef main(event, context): return 1")
    failure = workshop.host().invoke("greedy", {}).failure
    assert isinstance(failure, FunctionRaised)
    assert "No module named 'starlette'" in str(failure)


def test_the_interpreter_is_isolated_from_the_developers_one(workshop: Workshop) -> None:
    flags = "[sys.flags.isolated, sys.flags.no_site, sys.flags.dont_write_bytecode, sys.flags.utf8_mode]"
    workshop.function("flags", f"import sys\ndef main(event, context): return {flags}")
    assert workshop.host().invoke("flags", {}).reply == [1, 1, 1, 1]


def test_the_entry_file_is_loaded_without_a_name(workshop: Workshop) -> None:
    workshop.function(
        "name", "import sys\ndef main(event, context): return [__name__, __name__ in sys.modules]"
    )
    assert workshop.host().invoke("name", {}).reply == ["", False]


def test_the_handler_of_the_configuration_is_the_one_called(workshop: Workshop) -> None:
    entry = workshop.function("other", "", handler="app.run")
    entry.with_name("app.py").write_text("def run(event, context): return 'ran'", encoding="utf-8")
    assert workshop.host().invoke("other", {}).reply == "ran"


def test_the_first_call_is_cold_and_the_next_one_warm(workshop: Workshop) -> None:
    workshop.function("count", COUNT)
    host = workshop.host()
    first, second = host.invoke("count", {}), host.invoke("count", {})
    assert (first.cold, second.cold) == (True, False)
    assert second.reply == [first.reply[0], 2]
    assert first.memory_mb > 1


@pytest.mark.parametrize("event", [None, [], "text", 7, {"n": 2**70, "deep": [[{}]]}, "\ud800"])
def test_any_json_event_arrives_as_it_is(workshop: Workshop, event: object) -> None:
    workshop.function("same", "def main(event, context): return repr(event)")
    assert workshop.host().invoke("same", event).reply == repr(event)


def test_input_finds_the_end_of_an_empty_stdin(workshop: Workshop) -> None:
    workshop.function("ask", "import sys\ndef main(event, context): return sys.stdin.read()")
    assert workshop.host().invoke("ask", {}).reply == ""


@pytest.mark.parametrize(
    ("body", "failure", "text"),
    [
        ("raise KeyError('secret')", FunctionRaised, "KeyError: 'secret'"),
        ("return object()", FunctionRaised, "not JSON serializable"),
        ("return float('nan')", FunctionRaised, "Out of range float"),
        ("return '\\ud800'", FunctionRaised, "surrogates not allowed"),
        ("os._exit(3)", ProcessExited, "status 3"),
        ("sys.exit(4)", ProcessExited, "status 4"),
        ("return 'x' * (6 * 1024 * 1024 + 1)", ResponseTooLarge, "6291456 bytes"),
    ],
)
def test_a_failed_invocation_says_how_and_the_next_one_works(
    workshop: Workshop, body: str, failure: type[Exception], text: str
) -> None:
    workshop.function(
        "fail", f"import os, sys\ndef main(event, context):\n  if event: return 'fine'\n  {body}"
    )
    host = workshop.host()
    found = host.invoke("fail", {}).failure
    assert type(found) is failure
    assert text in str(found)
    assert host.invoke("fail", {"go": 1}).reply == "fine"


def test_a_function_that_cannot_be_loaded_fails_until_it_is_mended(workshop: Workshop) -> None:
    entry = workshop.function("broken", "def main(event context): pass")
    host = workshop.host()
    for _ in range(2):
        failure = host.invoke("broken", {}).failure
        assert isinstance(failure, FunctionRaised)
        assert str(failure).startswith("SyntaxError")
    entry.write_text("def main(event, context): return 'mended'", encoding="utf-8")
    assert host.invoke("broken", {}).reply == "mended"


def test_more_memory_than_configured_ends_the_process(workshop: Workshop) -> None:
    workshop.function(
        "eat", "import time\ndef main(e, c):\n  x = bytearray(150_000_000)\n  time.sleep(60)", memorySize=64
    )
    failure = workshop.host().invoke("eat", {}).failure
    assert isinstance(failure, MemoryLimitExceeded)
    assert str(failure) == "Memory limit exceeded (64 MB)"


def test_an_event_above_the_platforms_limit_is_refused(workshop: Workshop) -> None:
    workshop.function("count", COUNT)
    host = workshop.host(Limits(event_bytes=1000))
    assert isinstance(host.invoke("count", "x" * 999).failure, PayloadTooLarge)
    assert host.instances("count") == 0
    assert host.invoke("count", "菜" * 332).reply[1] == 1


def test_an_undeclared_function_and_a_missing_folder_are_told_apart(workshop: Workshop) -> None:
    workshop.function("there", COUNT).unlink()
    host = workshop.host()
    assert isinstance(host.invoke("absent", {}).failure, FunctionNotFound)
    failure = host.invoke("there", {}).failure
    assert isinstance(failure, StatusAbnormal)
    assert "index.py is missing" in str(failure)


def test_a_broken_configuration_fails_the_call_and_names_the_file(workshop: Workshop) -> None:
    workshop.function("count", COUNT)
    host = workshop.host()
    (workshop.root / "cloudbaserc.json").write_text("{", encoding="utf-8")
    failure = host.invoke("count", {}).failure
    assert isinstance(failure, StatusAbnormal)
    assert "cloudbaserc.json" in str(failure)


def test_the_function_folder_is_left_without_bytecode(workshop: Workshop) -> None:
    entry = workshop.function("helped", "import helper\ndef main(e, c): return helper.x")
    entry.with_name("helper.py").write_text("x = 5", encoding="utf-8")
    assert workshop.host().invoke("helped", {}).reply == 5
    assert sorted(file.name for file in entry.parent.iterdir()) == ["helper.py", "index.py"]
