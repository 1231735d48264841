"""Invocations of functions, and what is in the log of them. Asynchronous ones are not served."""

import json
import math
from datetime import datetime, timezone
from typing import Any, Literal

import anyio
from pydantic import Field

from localcloud.cloudapi.cloud import Action, Cloud, instant, time_text
from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.function_request import FunctionRequest
from localcloud.cloudapi.params import Parameters, parse
from localcloud.functions import OPERATOR, FunctionNotFound, Invocation
from localcloud.functions.logs import Report

_TAIL = 4096
_MB = 1024 * 1024


class InvokeRequest(FunctionRequest):
    """An event, as JSON text, for the function as it is."""

    ClientContext: str = "{}"
    InvocationType: Literal["RequestResponse"] = "RequestResponse"
    LogType: Literal["Tail", "None"] = "None"
    Qualifier: Literal["$LATEST", "$DEFAULT"] = "$LATEST"


class ReturnCode(Parameters):
    """Which invocations: those that went well or those that did not."""

    RetCode: Literal["is0", "not0"] | None = None


class GetFunctionLogsRequest(Parameters):
    """The invocations of a function, or of all, between two instants in UTC+8."""

    FunctionName: str | None = None
    Namespace: str | None = None
    FunctionRequestId: str | None = None
    StartTime: str | None = None
    EndTime: str | None = None
    Filter: ReturnCode = ReturnCode()
    Order: Literal["asc", "desc"] = "desc"
    OrderBy: Literal["start_time"] = "start_time"
    Offset: int = Field(default=0, ge=0)
    Limit: int = Field(default=20, ge=1, le=10_000)
    Qualifier: str | None = None


async def invoke(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Run a function and wait for it, in a thread of its own: it may call this API."""
    request = parse(InvokeRequest, body)
    cloud.require_namespace(request.Namespace)
    try:
        event = json.loads(request.ClientContext)
    except ValueError as error:
        raise ApiError("InvalidParameterValue", f"ClientContext is not JSON: {error}.") from error
    invocation = await anyio.to_thread.run_sync(cloud.host.invoke, request.FunctionName, event, OPERATOR)
    if isinstance(invocation.failure, FunctionNotFound):
        raise ApiError("ResourceNotFound.FunctionName", f"Function {request.FunctionName} does not exist.")
    log = _printed(cloud, invocation.request_id)[-_TAIL:] if request.LogType == "Tail" else ""
    return {"Result": {**_outcome(invocation), "Log": log}}


def get_function_logs(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Return one page of the remembered invocations with what they printed."""
    request = parse(GetFunctionLogsRequest, body)
    cloud.require_namespace(request.Namespace)
    found = [
        one for one in cloud.host.log.reports(function=request.FunctionName or "") if _wanted(one, request)
    ]
    if request.Order == "desc":
        found.reverse()
    page = found[request.Offset : request.Offset + request.Limit]
    return {"Data": [_logged(cloud, one) for one in page], "TotalCount": len(found)}


def _outcome(invocation: Invocation) -> dict[str, Any]:
    failure = invocation.failure
    return {
        "InvokeResult": -1 if failure else 0,
        "RetMsg": "" if failure else invocation.payload.decode(),
        "ErrMsg": failure.reason if failure else "",
        "Duration": round(invocation.duration_ms, 2),
        "BillDuration": math.ceil(invocation.duration_ms),
        "MemUsage": int(invocation.memory_mb * _MB),
        "FunctionRequestId": invocation.request_id,
    }


def _wanted(report: Report, request: GetFunctionLogsRequest) -> bool:
    ended = report.at.timestamp()
    return (
        request.FunctionRequestId in (None, "", report.request_id)
        and (request.StartTime is None or ended >= instant(request.StartTime))
        and (request.EndTime is None or ended <= instant(request.EndTime))
        and request.Filter.RetCode in (None, "is0" if report.well else "not0")
    )


def _logged(cloud: Cloud, report: Report) -> dict[str, Any]:
    started = datetime.fromtimestamp(report.at.timestamp() - report.duration_ms / 1000, timezone.utc)
    return {
        "FunctionName": report.function,
        "RequestId": report.request_id,
        "StartTime": time_text(started.timestamp()),
        "RetCode": 0 if report.well else 1,
        "RetMsg": "" if report.well else report.outcome,
        "InvokeFinished": 1,
        "Duration": report.duration_ms,
        "BillDuration": math.ceil(report.duration_ms),
        "MemUsage": int(report.memory_mb * _MB),
        "Log": _printed(cloud, report.request_id),
        "Level": "",
        "Source": "",
        "RetryNum": 0,
    }


def _printed(cloud: Cloud, request_id: str) -> str:
    lines = cloud.host.log.lines(request_id=request_id)
    return "\n".join(line.text for line in lines if line.kind == "output")


ACTIONS: dict[str, Action] = {"Invoke": invoke, "GetFunctionLogs": get_function_logs}
