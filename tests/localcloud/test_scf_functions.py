"""Functions in the management API of the local cloud, through the official SDK."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloudapi.cloud import Limits
from localcloud.server import LocalCloud

from .scf import ECHO, Scf, refusal, zip_of, zipped

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

CALLS_BACK = """\
import os, urllib.request
def main(event, context):
    return urllib.request.urlopen(os.environ["CLOUD_API_ENDPOINT"] + "/healthz").status
"""
SAY = "import os\ndef main(event, context):\n    return {'said': os.environ.get(event['key'])}\n"


def said(scf: Scf, name: str, key: str) -> Any:
    return json.loads(scf.invoke(name, {"key": key})["RetMsg"])["said"]


def variables(**values: Any) -> dict[str, Any]:
    return {"Variables": [{"Key": key, "Value": value} for key, value in values.items()]}


def test_what_was_created_runs(scf: Scf, name: str) -> None:
    scf.create(
        name, "print('loaded')\ndef main(event, context):\n    print('hi')\n    return {'got': event}\n"
    )

    result = scf.invoke(name, {"a": 1})

    assert (result["InvokeResult"], json.loads(result["RetMsg"]), result["ErrMsg"]) == (
        0,
        {"got": {"a": 1}},
        "",
    )
    assert result["Log"].splitlines() == ["loaded", "hi"]
    assert result["BillDuration"] >= result["Duration"] > 0
    assert result["MemUsage"] > 1_000_000


def test_a_function_that_raises_is_told_in_the_result(scf: Scf, name: str) -> None:
    scf.create(name, "def main(event, context):\n    raise LookupError('no such thing')\n")

    result = scf.invoke(name, LogType="None")

    assert (result["InvokeResult"], result["RetMsg"], result["Log"]) == (-1, "", "")
    assert result["ErrMsg"].startswith("LookupError: no such thing")


def test_a_function_is_described_as_it_was_created(scf: Scf, name: str) -> None:
    scf.layer("described_env", {"a.py": ""})
    scf.create(
        name,
        Description="says",
        Timeout=7,
        MemorySize=384,
        Environment=variables(A="1"),
        Layers=[{"LayerName": "described_env", "LayerVersion": 1}],
        Role="TCB_QcsRole",
    )

    found = scf.on("GetFunction", name)

    assert len(base64.b64decode(zipped(ECHO))) == found["CodeSize"]
    assert found["Layers"][0]["CompatibleRuntimes"] == ["Python3.10"]
    assert (found["Layers"][0]["LayerName"], found["Layers"][0]["LayerVersion"]) == ("described_env", 1)
    expected = {
        "FunctionName": name,
        "Namespace": scf.env,
        "Description": "says",
        "Runtime": "Python3.10",
        "Handler": "index.main",
        "Timeout": 7,
        "MemorySize": 384,
        "Environment": variables(A="1"),
        "Role": "TCB_QcsRole",
        "Status": "Active",
        "Triggers": [],
        "FunctionVersion": "$LATEST",
    }
    assert {key: found[key] for key in expected} == expected


def test_new_code_and_a_new_configuration_replace_the_old(scf: Scf, name: str) -> None:
    scf.create(name, Environment=variables(A="1", B="2"))

    scf.on("UpdateFunctionCode", name, Handler="index.main", Code={"ZipFile": zipped(SAY)})
    before = said(scf, name, "B")
    scf.on("UpdateFunctionConfiguration", name, Environment=variables(A="3"), Timeout=9)

    assert (before, said(scf, name, "A"), said(scf, name, "B")) == ("2", "3", None)
    found = scf.on("GetFunction", name)
    assert (found["Timeout"], found["MemorySize"]) == (9, 128)


def test_a_new_handler_comes_with_its_code(scf: Scf, name: str) -> None:
    scf.create(name)

    scf.on(
        "UpdateFunctionCode",
        name,
        Handler="other.run",
        ZipFile=zipped(**{"other.py": "def run(e, c): return 5"}),
    )

    assert scf.invoke(name)["RetMsg"] == "5"


def test_functions_are_listed_page_by_page(scf: Scf) -> None:
    for letter in "abc":
        scf.create(f"listed-{letter}")

    page = scf.call("ListFunctions", Namespace=scf.env, SearchKey="listed-", Offset=1, Limit=1)

    assert ([one["FunctionName"] for one in page["Functions"]], page["TotalCount"]) == (["listed-b"], 3)
    assert page["Functions"][0]["Status"] == "Active"


def test_a_deleted_function_is_gone_and_may_come_again(scf: Scf, name: str) -> None:
    scf.create(name)
    scf.on("PublishVersion", name)
    scf.on("DeleteFunction", name)

    assert refusal(lambda: scf.on("GetFunction", name)) == "ResourceNotFound.FunctionName"
    assert refusal(lambda: scf.invoke(name)) == "ResourceNotFound.FunctionName"
    scf.create(name, "def main(event, context):\n    return 'again'\n")
    assert scf.invoke(name)["RetMsg"] == '"again"'
    assert scf.on("ListVersionByFunction", name)["FunctionVersion"] == ["$LATEST"]


def test_versions_stay_as_they_were(scf: Scf, name: str) -> None:
    scf.create(name, Timeout=5)
    first = scf.on("PublishVersion", name, Description="one")
    scf.on("UpdateFunctionConfiguration", name, Timeout=6)
    second = scf.on("PublishVersion", name)

    assert (first["FunctionVersion"], first["Timeout"], second["FunctionVersion"]) == ("1", 5, "2")
    assert scf.on("ListVersionByFunction", name)["FunctionVersion"] == ["$LATEST", "2", "1"]
    assert scf.on("GetFunction", name, Qualifier="1")["Timeout"] == 5
    assert scf.on("GetFunction", name)["Timeout"] == 6
    assert refusal(lambda: scf.on("GetFunction", name, Qualifier="3")) == "ResourceNotFound.FunctionVersion"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Runtime": "Python3.99"}, "InvalidParameterValue.Runtime"),
        ({"Handler": "main"}, "InvalidParameterValue.Handler"),
        ({"MemorySize": 200}, "InvalidParameterValue.Memory"),
        ({"MemorySize": 4096}, "InvalidParameterValue.Memory"),
        ({"MemorySize": "256"}, "InvalidParameterValue"),
        ({"Timeout": 901}, "LimitExceeded.Timeout"),
        ({"Timeout": 0}, "InvalidParameterValue"),
        ({"Environment": variables(A=1)}, "InvalidParameterValue"),
        ({"Environment": variables(A=None)}, "InvalidParameterValue"),
        ({"Environment": variables(**{"1A": "x"})}, "InvalidParameterValue.Environment"),
        ({"Environment": variables(SCF_A="x")}, "InvalidParameterValue.EnvironmentSystemProtect"),
        ({"Environment": variables(TENCENTCLOUD_A="x")}, "InvalidParameterValue.EnvironmentSystemProtect"),
        ({"Environment": variables(A="x" * 4096)}, "InvalidParameterValue.EnvironmentExceededLimit"),
        ({"Environment": variables(A="素" * 1366)}, "InvalidParameterValue.EnvironmentExceededLimit"),
        ({"Layers": [{"LayerName": "none_env", "LayerVersion": 1}]}, "ResourceNotFound.LayerVersion"),
        ({"Layers": [{"LayerName": "none_env", "LayerVersion": "1"}]}, "InvalidParameterValue"),
        ({"Layers": [{"LayerName": "none_env", "LayerVersion": 1}] * 6}, "InvalidParameterValue.Layers"),
        ({"Code": {}}, "MissingParameter.Code"),
        ({"Code": {"ZipFile": "no base64"}}, "InvalidParameterValue.ZipFileBase64BinasciiError"),
        ({"Code": {"ZipFile": base64.b64encode(b"no zip").decode()}}, "InvalidParameterValue.ZipFile"),
        ({"Code": {"ZipFile": base64.b64encode(zip_of({})).decode()}}, "InvalidParameterValue.ZipFile"),
        ({"Code": {"TempCosObjectName": "/never/uploaded.zip"}}, "InvalidParameterValue.TempCosObjectName"),
        ({"Namespace": "default"}, "ResourceNotFound.Namespace"),
        ({"VpcConfig": {"VpcId": "vpc-1"}}, "UnknownParameter"),
    ],
)
def test_what_the_platform_does_not_take_is_refused(
    scf: Scf, name: str, parameters: dict[str, Any], code: str
) -> None:
    given = {"FunctionName": name, "Namespace": scf.env, "Runtime": "Python3.10", "Handler": "index.main"}

    assert (
        refusal(
            lambda: scf.call("CreateFunction", **{**given, "Code": {"ZipFile": zipped(ECHO)}, **parameters})
        )
        == code
    )
    assert refusal(lambda: scf.on("GetFunction", name)) == "ResourceNotFound.FunctionName"


@pytest.mark.parametrize("bad", ["1bad", "bad-", "a", "a" * 61, "ba d", "函数"])
def test_a_name_must_be_well_formed(scf: Scf, bad: str) -> None:
    assert refusal(lambda: scf.create(bad)) == "InvalidParameter.FunctionName"


def test_the_variables_may_come_to_four_kilobytes(scf: Scf, name: str) -> None:
    scf.create(name, SAY, Environment=variables(A="x" * 4095))

    assert said(scf, name, "A") == "x" * 4095


def test_a_name_is_taken_once(scf: Scf, name: str) -> None:
    scf.create(name)

    assert (
        refusal(lambda: scf.create(name, "def main(event, context):\n    return 2\n"))
        == "ResourceInUse.FunctionName"
    )
    assert scf.invoke(name, {"a": 1})["RetMsg"] == '{"a": 1}'


def test_the_runtime_stays(scf: Scf, name: str) -> None:
    scf.create(name)

    change = refusal(lambda: scf.on("UpdateFunctionConfiguration", name, Runtime="Python3.9"))

    assert change == "InvalidParameterValue.Runtime"
    assert scf.on("GetFunction", name)["Runtime"] == "Python3.10"


def test_a_runtime_that_is_not_python_can_be_deployed_but_not_run(scf: Scf, name: str) -> None:
    scf.create(name, Runtime="Nodejs18.15")

    assert "its runtime is Nodejs18.15" in scf.invoke(name)["ErrMsg"]


def test_an_entry_file_that_is_not_in_the_zip_is_said_when_it_is_called(scf: Scf, name: str) -> None:
    scf.create(name, Handler="other.main")

    assert scf.invoke(name)["ErrMsg"] == f"other.py is missing in the zip of {name}"


def test_a_namespace_has_so_many_functions_and_no_more(project: Path) -> None:
    with LocalCloud(project, data=None, limits=Limits(functions=2)) as cloud:
        scf = Scf(cloud)
        scf.create("one")
        scf.create("two")

        assert refusal(lambda: scf.create("three")) == "LimitExceeded.Function"
        scf.on("DeleteFunction", "one")
        scf.create("three")


def test_an_event_that_is_no_json_is_refused(scf: Scf, name: str) -> None:
    scf.create(name)

    assert refusal(lambda: scf.invoke(name, ClientContext="{")) == "InvalidParameterValue"


def test_a_function_may_call_the_api_while_the_api_waits_for_it(scf: Scf, name: str) -> None:
    scf.create(name, CALLS_BACK, Timeout=20)

    assert scf.invoke(name)["RetMsg"] == "200"


def test_what_functions_did_is_in_the_log(scf: Scf, name: str) -> None:
    scf.create(name, "def main(event, context):\n    print('told', event['n'])\n    return 1 / event['n']\n")
    well, badly = scf.invoke(name, {"n": 1}), scf.invoke(name, {"n": 0})

    logs = scf.on("GetFunctionLogs", name, Limit=10)
    only = scf.on("GetFunctionLogs", name, FunctionRequestId=well["FunctionRequestId"])
    failed = scf.on("GetFunctionLogs", name, Filter={"RetCode": "not0"}, Order="asc")
    none = scf.on("GetFunctionLogs", name, StartTime="2001-01-01 00:00:00", EndTime="2001-01-02 00:00:00")

    assert [one["RequestId"] for one in logs["Data"]] == [
        badly["FunctionRequestId"],
        well["FunctionRequestId"],
    ]
    assert ([one["Log"] for one in only["Data"]], only["TotalCount"]) == (["told 1"], 1)
    assert [(one["RetCode"], one["RetMsg"]) for one in failed["Data"]] == [(1, "FUNCTION_INVOCATION_FAILED")]
    assert "ZeroDivisionError" in failed["Data"][0]["Log"]
    assert none == {"Data": [], "TotalCount": 0}
    assert refusal(lambda: scf.on("GetFunctionLogs", name, StartTime="yesterday")) == "InvalidParameterValue"


def test_everything_deployed_outlives_the_cloud(project: Path, tmp_path: Path) -> None:
    with LocalCloud(project, data=tmp_path, deployed=True) as cloud:
        scf = Scf(cloud)
        scf.layer("lasting_env", {"lasting.py": "X = 7"})
        scf.create(
            "lasts",
            "import lasting\ndef main(event, context):\n    return lasting.X\n",
            Layers=[{"LayerName": "lasting_env", "LayerVersion": 1}],
        )
        scf.on("CreateTrigger", "lasts", TriggerName="daily", Type="timer", TriggerDesc="0 0 2 * * * *")
        before = scf.on("GetFunction", "lasts")

    with LocalCloud(project, data=tmp_path, deployed=True) as again:
        scf = Scf(again)

        assert scf.on("GetFunction", "lasts") == before
        assert scf.invoke("lasts")["RetMsg"] == "7"


def test_the_working_tree_is_served_unless_asked_otherwise(tmp_path: Path) -> None:
    (tmp_path / "functions" / "tree").mkdir(parents=True)
    (tmp_path / "functions" / "tree" / "index.py").write_text(
        "def main(e, c): return 'tree'", encoding="utf-8"
    )
    config = {"envId": "test-env-1", "functions": [{"name": "tree"}]}
    (tmp_path / "cloudbaserc.json").write_text(json.dumps(config), encoding="utf-8")
    deployed = "def main(event, context):\n    return 'deployed'\n"

    with LocalCloud(tmp_path, data=None) as cloud:
        Scf(cloud).create("tree", deployed)
        of_tree = Scf(cloud).invoke("tree")["RetMsg"]
    with LocalCloud(tmp_path, data=None, deployed=True) as cloud:
        empty = refusal(lambda: Scf(cloud).invoke("tree"))
        Scf(cloud).create("tree", deployed)
        of_deployed = Scf(cloud).invoke("tree")["RetMsg"]

    assert (of_tree, empty, of_deployed) == ('"tree"', "ResourceNotFound.FunctionName", '"deployed"')
