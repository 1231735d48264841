"""What is deployed in an environment, and the single steps that change it."""

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from dataio.cloudapi import Access, CloudError
from deploying.building import RUNTIME
from deploying.errors import NotDeployable
from deploying.service import Service, scf, tcb
from deploying.staging import NotStaged, TemporaryBucket

LAYER_LIMIT = 20 * 1024 * 1024
"""What a zip in a request may come to: docs.cloudbase.net/cloud-function/layer."""

LARGEST_LAYER = 50 * 1024 * 1024
"""What a zip may come to that is uploaded before."""

_ROLE = {"Role": "TCB_QcsRole", "Stamp": "MINI_QCBASE"}
"""What makes a function one of CloudBase's: its built-in credentials come from that role."""

_BUSY = ("Creating", "Updating", "Publishing", "Deleting", "Uploading")
_POLL_SECONDS, _PATIENCE_SECONDS = 1.0, 120.0


class LayerVersion(NamedTuple):
    """One version of a layer, with what was said of it when it was published."""

    version: int
    description: str


class Settings(NamedTuple):
    """What a function is configured with; its layers are named with their versions."""

    handler: str
    timeout: int
    memory_size: int
    variables: Mapping[str, str]
    layers: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Function:
    """A function as the cloud describes it; *timers* are cron expressions by their names."""

    name: str
    runtime: str
    settings: Settings
    description: str
    timers: Mapping[str, str]
    status: str


class Invoked(NamedTuple):
    """What came of an invocation; *failure* is empty when the function returned."""

    result: Any
    failure: str
    log: str
    request_id: str
    milliseconds: float


class Environment:
    """One environment, by the official SDK."""

    def __init__(self, access: Access, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.id = access.env_id
        self.scf: Service = scf(access, sleep)
        self.tcb: Service = tcb(access, sleep)
        self.sleep = sleep
        self._access = access

    def functions(self) -> dict[str, Function]:
        """Return all functions by their names."""
        names = [
            item["FunctionName"] for item in self.scf.pages("ListFunctions", "Functions", Namespace=self.id)
        ]
        return {name: self.function(name) for name in names}

    def function(self, name: str) -> Function:
        """Return the function *name*. Raises CloudError."""
        return _function(self.scf.call("GetFunction", **self._at(name), ShowCode="FALSE"))

    def create_function(self, name: str, runtime: str, code: bytes, settings: Settings, note: str) -> None:
        """Create a function, of which *note* is the description."""
        parameters = {
            **_parameters(settings),
            "Runtime": runtime,
            "Description": note,
            "Handler": settings.handler,
        }
        parameters |= {
            "Code": {"ZipFile": _base64(code)},
            "InstallDependency": "FALSE",
            **_ROLE,
            **self._logs(),
        }
        self.scf.call("CreateFunction", **self._at(name), **parameters)
        self._wait(name, "GetFunction", **self._at(name))

    def update_code(self, name: str, handler: str, code: bytes) -> None:
        """Replace the code of a function."""
        self.scf.call("UpdateFunctionCode", **self._at(name), Handler=handler, ZipFile=_base64(code))
        self._wait(name, "GetFunction", **self._at(name))

    def configure(self, name: str, settings: Settings, note: str) -> None:
        """Replace the configuration of a function, its variables as a whole."""
        parameters = {**_parameters(settings), "Description": note}
        self.scf.call("UpdateFunctionConfiguration", **self._at(name), **parameters)
        self._wait(name, "GetFunction", **self._at(name))

    def delete_function(self, name: str) -> None:
        """Delete a function with its triggers."""
        self.scf.call("DeleteFunction", **self._at(name))

    def layer_versions(self, name: str) -> list[LayerVersion]:
        """Return the versions of a layer, the newest first; none when there is no such layer."""
        try:
            found = self.scf.call("ListLayerVersions", LayerName=name).get("LayerVersions") or []
        except CloudError as error:
            if error.code.startswith("ResourceNotFound"):
                return []
            raise
        versions = [
            LayerVersion(int(one["LayerVersion"]), str(one.get("Description") or "")) for one in found
        ]
        return sorted(versions, reverse=True)

    def publish_layer(self, name: str, content: bytes, description: str) -> int:
        """Publish a version of a layer and return its number; what no request carries is uploaded before."""
        if len(content) > LARGEST_LAYER:
            raise _too_large(name, content, description, "no layer may be so large")
        if len(content) <= LAYER_LIMIT:
            return self._publish(name, {"ZipFile": _base64(content)}, content, description)
        return self.publish_staged(name, content, description)

    def publish_staged(self, name: str, content: bytes, description: str) -> int:
        """Publish a version of a layer by the temporary bucket and return its number."""
        try:
            code = TemporaryBucket(self._access, self.scf, self.sleep).put(name, content)
            return self._publish(name, code, content, description)
        except (CloudError, NotStaged) as error:
            raise _too_large(name, content, description, str(error)) from error

    def _publish(self, name: str, code: Mapping[str, str], content: bytes, description: str) -> int:
        parameters: dict[str, Any] = {
            "CompatibleRuntimes": [RUNTIME],
            "Description": description,
            "Src": f"TCB_{self.id}",
            "Content": code,
        }
        try:
            reply = self.scf.call("PublishLayerVersion", LayerName=name, **parameters)
        except CloudError as error:
            if error.code.startswith("RequestSizeLimitExceeded"):
                raise _too_large(name, content, description, str(error)) from None
            raise
        version = int(reply["LayerVersion"])
        self._wait(f"{name} {version}", "GetLayerVersion", LayerName=name, LayerVersion=version)
        return version

    def delete_layer(self, name: str, version: int) -> None:
        """Delete a version of a layer; functions that are bound to it keep it."""
        self.scf.call("DeleteLayerVersion", LayerName=name, LayerVersion=version)

    def create_timer(self, function: str, name: str, cron: str) -> None:
        """Create a timer of a function."""
        timer = {"TriggerName": name, "Type": "timer", "TriggerDesc": cron, "Enable": "OPEN"}
        self.scf.call("CreateTrigger", **self._at(function), **timer)

    def delete_timer(self, function: str, name: str) -> None:
        """Delete a timer of a function."""
        self.scf.call("DeleteTrigger", **self._at(function), TriggerName=name, Type="timer")

    def invoke(self, name: str, event: Any) -> Invoked:
        """Run a function as an operator and wait for it."""
        text = json.dumps(event, ensure_ascii=False)
        reply = self.scf.call("Invoke", **self._at(name), ClientContext=text, LogType="Tail")["Result"]
        failure = str(reply.get("ErrMsg") or "")
        result = _json(reply.get("RetMsg")) if not failure else None
        facts = (
            str(reply.get("Log") or ""),
            str(reply.get("FunctionRequestId")),
            float(reply.get("Duration") or 0),
        )
        return Invoked(result, failure, *facts)

    def logs(
        self, function: str, since: str, until: str, request_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the invocations of a function between two instants in UTC+8, the oldest first."""
        asked: dict[str, Any] = {
            "StartTime": since,
            "EndTime": until,
            "Order": "asc",
            "OrderBy": "start_time",
        }
        if request_id:
            asked["FunctionRequestId"] = request_id
        return list(self.scf.pages("GetFunctionLogs", "Data", **self._at(function), **asked))

    def describe(self) -> dict[str, Any]:
        """Return what the cloud says of the environment."""
        found = self.tcb.call("DescribeEnvs", EnvId=self.id).get("EnvList") or []
        if not found:
            raise NotDeployable(f"There is no environment {self.id} for these keys.")
        described: dict[str, Any] = found[0]
        return described

    def _wait(self, what: str, action: str, **asked: Any) -> None:
        """Return when *what* is Active. Raises NotDeployable when it fails or takes minutes."""
        waited = 0.0
        while (status := str(self.scf.call(action, **asked)["Status"])) in _BUSY:
            if waited >= _PATIENCE_SECONDS:
                raise NotDeployable(f"{what} is {status} for minutes: start again when it is Active.")
            self.sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS
        if status != "Active":
            raise NotDeployable(f"{what} is {status}: the console says why; after that, start again.")

    def _logs(self) -> dict[str, str]:
        """Return where the functions of the environment log, which a new function has to be told."""
        services = self.describe().get("LogServices") or []
        return (
            {"ClsLogsetId": services[0]["LogsetId"], "ClsTopicId": services[0]["TopicId"]} if services else {}
        )

    def _at(self, name: str) -> dict[str, Any]:
        return {"FunctionName": name, "Namespace": self.id}


def _too_large(name: str, content: bytes, description: str, why: str) -> NotDeployable:
    return NotDeployable(
        f"The layer {name} is {len(content) / 1024**2:.1f} MB and cannot be sent ({why}): publish it in the "
        f"console (50 MB at most) for {RUNTIME}, described as “{description}”, and start again."
    )


def _function(reply: Mapping[str, Any]) -> Function:
    variables = (reply.get("Environment") or {}).get("Variables") or []
    layers = tuple((one["LayerName"], int(one["LayerVersion"])) for one in reply.get("Layers") or [])
    return Function(
        name=reply["FunctionName"],
        runtime=reply["Runtime"],
        settings=Settings(
            handler=reply["Handler"],
            timeout=int(reply["Timeout"]),
            memory_size=int(reply["MemorySize"]),
            variables={one["Key"]: one["Value"] for one in variables},
            layers=layers,
        ),
        description=reply.get("Description") or "",
        timers={
            one["TriggerName"]: _cron(one["TriggerDesc"]) for one in _timers(reply.get("Triggers") or [])
        },
        status=reply["Status"],
    )


def _timers(triggers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in triggers if one.get("Type") == "timer"]


def _cron(description: str) -> str:
    """Return the expression of a timer, which the cloud tells as text or as ``{"cron": …}``."""
    told = _json(description)
    return str(told["cron"]) if isinstance(told, dict) and "cron" in told else description


def _parameters(settings: Settings) -> dict[str, Any]:
    return {
        "Timeout": settings.timeout,
        "MemorySize": settings.memory_size,
        "Environment": {
            "Variables": [{"Key": key, "Value": value} for key, value in sorted(settings.variables.items())]
        },
        "Layers": [{"LayerName": name, "LayerVersion": version} for name, version in settings.layers],
    }


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
