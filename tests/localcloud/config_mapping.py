"""How the official command-line tool turns an entry of cloudbaserc.json into calls of the API."""

import json
from collections.abc import Mapping
from typing import Any

SENT_ELSEWHERE = {"triggers", "path"}
_KEYS = {
    "name": "FunctionName",
    "runtime": "Runtime",
    "handler": "Handler",
    "timeout": "Timeout",
    "memorySize": "MemorySize",
    "installDependency": "InstallDependency",
    "envVariables": "Environment",
    "layers": "Layers",
}


def creation(entry: Mapping[str, Any], env: str) -> dict[str, Any]:
    """Return what CreateFunction is sent for *entry* beside its code; KeyError for an unknown key."""
    sent = {_KEYS[key]: value for key, value in entry.items() if key not in SENT_ELSEWHERE}
    sent["InstallDependency"] = str(sent["InstallDependency"]).upper()
    sent["Environment"] = {
        "Variables": [{"Key": key, "Value": value} for key, value in sent["Environment"].items()]
    }
    sent["Layers"] = [{"LayerName": one["name"], "LayerVersion": one["version"]} for one in sent["Layers"]]
    return {**sent, "Namespace": env, "Role": "TCB_QcsRole", "Stamp": "MINI_QCBASE"}


def timers(entry: Mapping[str, Any]) -> str:
    """Return the Triggers that BatchCreateTrigger is sent."""
    return json.dumps(
        [
            {"TriggerName": one["name"], "Type": one["type"], "TriggerDesc": one["config"]}
            for one in entry.get("triggers", [])
        ]
    )
