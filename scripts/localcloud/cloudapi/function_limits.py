"""What the platform accepts as a part of a function: cloud.tencent.com/document/product/583/11637 and 18586.

Every check returns its value or raises ApiError with the platform's code.
"""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator

from localcloud.cloudapi.errors import ApiError
from localcloud.functions import cron

RUNTIMES = (
    *("Python2.7", "Python3.6", "Python3.7", "Python3.9", "Python3.10", "Python3.11"),
    *("Nodejs8.9", "Nodejs10.15", "Nodejs12.16", "Nodejs14.18", "Nodejs16.13", "Nodejs18.15", "Nodejs20.19"),
    *("Php5", "Php7", "Php7.4", "Php8.0", "Java8", "Java11", "Go1", "CustomRuntime"),
)
"""The documented runtimes; Python3.11 is known from the command-line tool alone."""

MAX_LAYERS = 5
_MAX_TIMEOUT = 900
_SMALLEST, _STEP, _LARGEST = 64, 128, 3072
_ENVIRONMENT_BYTES = 4096
_MAX_RUNTIMES = 5
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]{0,58}[A-Za-z0-9])")
_HANDLER = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TIMER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_LAYER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}[A-Za-z0-9]")
_RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ApiError(
            "InvalidParameter.FunctionName",
            "FunctionName has 2 to 60 letters, digits, - and _, a letter first and no - or _ last.",
        )
    return value


def _runtime(value: str) -> str:
    if value not in RUNTIMES:
        raise ApiError("InvalidParameterValue.Runtime", f"Runtime {value} is not one of: {RUNTIMES}.")
    return value


def _handler(value: str) -> str:
    if not _HANDLER.fullmatch(value):
        raise ApiError("InvalidParameterValue.Handler", f"Handler {value} is not of the form file.function.")
    return value


def _memory(value: int) -> int:
    if value != _SMALLEST and not (_STEP <= value <= _LARGEST and value % _STEP == 0):
        raise ApiError(
            "InvalidParameterValue.Memory",
            f"MemorySize is {_SMALLEST} or a multiple of {_STEP} up to {_LARGEST} MB.",
        )
    return value


def _timeout(value: int) -> int:
    if value > _MAX_TIMEOUT:
        raise ApiError("LimitExceeded.Timeout", f"Timeout is at most {_MAX_TIMEOUT} seconds.")
    if value < 1:
        raise ApiError("InvalidParameterValue", "Timeout is at least 1 second.")
    return value


def _timer(value: str) -> str:
    if not _TIMER.fullmatch(value):
        raise ApiError(
            "InvalidParameterValue.TriggerName",
            "TriggerName has at most 60 letters, digits, - and _, a letter first.",
        )
    return value


def _layer(value: str) -> str:
    if not _LAYER.fullmatch(value):
        raise ApiError(
            "InvalidParameterValue.LayerName",
            "LayerName has 2 to 64 letters, digits, - and _, a letter first and no - or _ last.",
        )
    return value


def _compatible(value: list[str]) -> list[str]:
    if not 1 <= len(value) <= _MAX_RUNTIMES or not set(value).issubset(RUNTIMES):
        raise ApiError(
            "InvalidParameterValue.CompatibleRuntimes", f"CompatibleRuntimes are 1 to 5 of: {RUNTIMES}."
        )
    return value


FunctionName = Annotated[str, AfterValidator(_name)]
Runtime = Annotated[str, AfterValidator(_runtime)]
Handler = Annotated[str, AfterValidator(_handler)]
MemorySize = Annotated[int, AfterValidator(_memory)]
Timeout = Annotated[int, AfterValidator(_timeout)]
TimerName = Annotated[str, AfterValidator(_timer)]
LayerName = Annotated[str, AfterValidator(_layer)]
CompatibleRuntimes = Annotated[list[str], AfterValidator(_compatible)]


def environment(variables: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return environment variables by their keys."""
    for key, _ in variables:
        if not _KEY.fullmatch(key):
            raise ApiError(
                "InvalidParameterValue.Environment", f"The name of a variable is malformed: {key}."
            )
        if key.startswith(_RESERVED):
            raise ApiError("InvalidParameterValue.EnvironmentSystemProtect", f"The platform's own: {key}.")
    found = dict(variables)
    if len(found) < len(variables):
        raise ApiError("InvalidParameterValue.Environment", "The name of a variable is there twice.")
    size = sum(len(f"{key}{value}".encode()) for key, value in variables)
    if size > _ENVIRONMENT_BYTES:
        raise ApiError(
            "InvalidParameterValue.EnvironmentExceededLimit",
            f"The variables come to {size} bytes, more than {_ENVIRONMENT_BYTES}.",
        )
    return found


def cron_of(description: str) -> str:
    """Return the 7-field cron expression of a timer's description."""
    try:
        return cron.check(description)
    except ValueError as error:
        raise ApiError("InvalidParameterValue.TriggerCronConfig", f"{description}: {error}.") from error
