"""Timers in the management API of the local cloud, and that they fire."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloudapi.cloud import Limits
from localcloud.server import LocalCloud

from .scf import Scf, refusal

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

DAILY = {"TriggerName": "daily", "Type": "timer", "TriggerDesc": "0 0 2 * * * *"}


def names(scf: Scf, function: str) -> list[str]:
    return [one["TriggerName"] for one in scf.on("ListTriggers", function)["Triggers"]]


def test_a_timer_is_created_shown_and_deleted(scf: Scf, name: str) -> None:
    scf.create(name)
    created = scf.on("CreateTrigger", name, **DAILY)["TriggerInfo"]

    assert (created["TriggerName"], created["Type"], created["Enable"]) == ("daily", "timer", 1)
    assert json.loads(created["TriggerDesc"]) == {"cron": "0 0 2 * * * *"}
    assert scf.on("GetFunction", name)["Triggers"] == [created]
    assert scf.on("ListTriggers", name) == {"Triggers": [created], "TotalCount": 1}
    scf.on("DeleteTrigger", name, TriggerName="daily", Type="timer")
    assert names(scf, name) == []


def test_timers_are_listed_page_by_page(scf: Scf, name: str) -> None:
    scf.create(name)
    for timer in "abc":
        scf.on("CreateTrigger", name, **{**DAILY, "TriggerName": timer})

    page = scf.on("ListTriggers", name, Offset=1, Limit=1)

    assert ([one["TriggerName"] for one in page["Triggers"]], page["TotalCount"]) == (["b"], 3)


def test_a_batch_replaces_those_of_the_same_name(scf: Scf, name: str) -> None:
    scf.create(name)
    scf.on("CreateTrigger", name, **DAILY)
    both = [{**DAILY, "TriggerDesc": "0 5 2 * * * *"}, {**DAILY, "TriggerName": "other"}]

    scf.on("BatchCreateTrigger", name, Triggers=json.dumps(both), Count=2)

    found = {one["TriggerName"]: one["TriggerDesc"] for one in scf.on("ListTriggers", name)["Triggers"]}
    assert found == {"daily": '{"cron":"0 5 2 * * * *"}', "other": '{"cron":"0 0 2 * * * *"}'}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"TriggerDesc": "0 2 * * *"}, "InvalidParameterValue.TriggerCronConfig"),
        ({"TriggerDesc": "0 0 25 * * * *"}, "InvalidParameterValue.TriggerCronConfig"),
        ({"TriggerName": "1daily"}, "InvalidParameterValue.TriggerName"),
        ({"TriggerName": "d" * 61}, "InvalidParameterValue.TriggerName"),
        ({"Type": "cos"}, "InvalidParameterValue"),
    ],
)
def test_what_the_platform_does_not_take_is_refused(
    scf: Scf, name: str, changes: dict[str, str], code: str
) -> None:
    scf.create(name)
    well = {**DAILY, "TriggerName": "well"}

    assert refusal(lambda: scf.on("CreateTrigger", name, **{**DAILY, **changes})) == code
    batch = json.dumps([well, {**DAILY, **changes}])
    assert refusal(lambda: scf.on("BatchCreateTrigger", name, Triggers=batch)) == code
    assert names(scf, name) == []


@pytest.mark.parametrize("text", ["{", "{}"])
def test_a_batch_that_is_no_list_is_refused(scf: Scf, name: str, text: str) -> None:
    scf.create(name)

    assert refusal(lambda: scf.on("BatchCreateTrigger", name, Triggers=text)) == "InvalidParameterValue"


def test_a_name_is_taken_once_and_deleted_once(scf: Scf, name: str) -> None:
    scf.create(name)
    scf.on("CreateTrigger", name, **DAILY)

    assert refusal(lambda: scf.on("CreateTrigger", name, **DAILY)) == "ResourceInUse.Trigger"
    scf.on("DeleteTrigger", name, TriggerName="daily", Type="timer")
    again = refusal(lambda: scf.on("DeleteTrigger", name, TriggerName="daily", Type="timer"))
    assert again == "ResourceNotFound.Trigger"
    assert refusal(lambda: scf.on("CreateTrigger", "nobody", **DAILY)) == "ResourceNotFound.FunctionName"


def test_a_function_has_so_many_timers_and_no_more(project: Path) -> None:
    with LocalCloud(project, data=None, limits=Limits(triggers=1)) as cloud:
        scf = Scf(cloud)
        scf.create("one")
        scf.on("CreateTrigger", "one", **DAILY)

        assert (
            refusal(lambda: scf.on("CreateTrigger", "one", **{**DAILY, "TriggerName": "b"}))
            == "LimitExceeded.Trigger"
        )
        assert names(scf, "one") == ["daily"]


def test_deployed_timers_fire_and_closed_ones_do_not(project: Path) -> None:
    each_second: dict[str, Any] = {"Type": "timer", "TriggerDesc": "* * * * * * *"}
    with LocalCloud(project, data=None, deployed=True, timers=True) as cloud:
        scf = Scf(cloud)
        scf.create("told", "def main(event, context):\n    print(event['TriggerName'], event['Message'])\n")
        scf.on("CreateTrigger", "told", TriggerName="closed", Enable="CLOSE", **each_second)
        scf.on("CreateTrigger", "told", TriggerName="open", CustomArgument="hello", **each_second)
        deadline = time.monotonic() + 10
        while len(done := scf.on("GetFunctionLogs", "told")["Data"]) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)

    assert {one["Log"] for one in done} == {"open hello"}
