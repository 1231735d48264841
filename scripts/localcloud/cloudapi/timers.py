"""Triggers of functions: timers, the only kind that the environment's tools make."""

import json
from typing import Any, Literal

from pydantic import Field

from localcloud.cloudapi.cloud import Cloud, time_text
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.function_limits import TimerName, cron_of
from localcloud.cloudapi.function_request import FunctionRequest, required
from localcloud.cloudapi.params import Parameters, parse
from localcloud.deployed import DeployedFunction, Timer


class NewTimer(Parameters):
    """A timer to create; TriggerDesc is a 7-field cron expression."""

    TriggerName: TimerName
    Type: Literal["timer"]
    TriggerDesc: str
    Enable: Literal["OPEN", "CLOSE"] = "OPEN"
    CustomArgument: str = ""
    Qualifier: Literal["$LATEST", "$DEFAULT"] = "$DEFAULT"


class CreateTriggerRequest(NewTimer, FunctionRequest):
    """One timer for a function."""


class BatchCreateTriggerRequest(FunctionRequest):
    """Several timers as JSON text."""

    Triggers: str
    Count: int | None = None


class DeleteTriggerRequest(FunctionRequest):
    """One timer of a function."""

    TriggerName: str
    Type: Literal["timer"]
    TriggerDesc: str | None = None
    Qualifier: str | None = None


class ListTriggersRequest(FunctionRequest):
    """A part of the list of a function's timers."""

    Offset: int = Field(default=0, ge=0)
    Limit: int = Field(default=20, ge=1, le=100)


def create_trigger(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Create one timer."""
    request = parse(CreateTriggerRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    if function.timer(request.TriggerName):
        raise ApiError(
            "ResourceInUse.Trigger", f"{function.name} has a trigger {request.TriggerName} already."
        )
    timer = _timer(cloud, request)
    _keep(cloud, function, (*function.timers, timer))
    return {"TriggerInfo": describe_timer(timer)}


def batch_create_trigger(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Create several timers, all or none; one that exists is replaced, since tools repeat this call."""
    request = parse(BatchCreateTriggerRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    new = [_timer(cloud, parse(NewTimer, one)) for one in _listed(request.Triggers)]
    timers = {timer.name: timer for timer in (*function.timers, *new)}
    _keep(cloud, function, tuple(timers.values()))
    return {}


def delete_trigger(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Delete one timer."""
    request = parse(DeleteTriggerRequest, body)
    function = required(cloud, request.FunctionName, request.Namespace)
    if function.timer(request.TriggerName) is None:
        raise ApiError("ResourceNotFound.Trigger", f"{function.name} has no trigger {request.TriggerName}.")
    _keep(cloud, function, tuple(one for one in function.timers if one.name != request.TriggerName))
    return {}


def list_triggers(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a function's timers."""
    request = parse(ListTriggersRequest, body)
    timers = required(cloud, request.FunctionName, request.Namespace).timers
    page = timers[request.Offset : request.Offset + request.Limit]
    return {"Triggers": [describe_timer(one) for one in page], "TotalCount": len(timers)}


def describe_timer(timer: Timer) -> dict[str, Any]:
    """Return a timer as the API shows it."""
    return {
        "TriggerName": timer.name,
        "Type": "timer",
        "TriggerDesc": json.dumps({"cron": timer.cron}, separators=(",", ":")),
        "Enable": int(timer.enabled),
        "CustomArgument": timer.argument,
        "Qualifier": "$DEFAULT",
        "AvailableStatus": "Available",
        "ResourceId": "",
        "BindStatus": "",
        "TriggerAttribute": "SINGLE_DIRECTION",
        "AddTime": time_text(timer.added_at),
        "ModTime": time_text(timer.modified_at),
    }


def _timer(cloud: Cloud, new: NewTimer) -> Timer:
    return Timer(
        name=new.TriggerName,
        cron=cron_of(new.TriggerDesc),
        enabled=new.Enable == "OPEN",
        argument=new.CustomArgument,
        added_at=cloud.now(),
        modified_at=cloud.now(),
    )


def _listed(text: str) -> list[Any]:
    try:
        triggers = json.loads(text)
    except ValueError as error:
        raise ApiError("InvalidParameterValue", f"Triggers is not JSON: {error}.") from error
    if not isinstance(triggers, list):
        raise ApiError("InvalidParameterValue", "Triggers is not a list.")
    return triggers


def _keep(cloud: Cloud, function: DeployedFunction, timers: tuple[Timer, ...]) -> None:
    if len(timers) > cloud.limits.triggers:
        raise ApiError("LimitExceeded.Trigger", f"A function has at most {cloud.limits.triggers} timers.")
    cloud.deployments.functions.put(function.name, function.model_copy(update={"timers": timers}))


ACTIONS = {
    "CreateTrigger": create_trigger,
    "BatchCreateTrigger": batch_create_trigger,
    "DeleteTrigger": delete_trigger,
    "ListTriggers": list_triggers,
}
