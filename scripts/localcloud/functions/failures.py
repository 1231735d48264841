"""How an invocation can fail, in the platform's terms.

    Failure                 code (HTTP API)                  errCode (mini-program)  SCF status
    ├─ FunctionNotFound     FUNCTION_NOT_FOUND               -501009                 –
    ├─ PermissionDenied     PERMISSION_DENIED                -501023                 –
    ├─ ParameterInvalid     FUNCTION_PARAM_INVALID           -501007                 400
    ├─ PayloadTooLarge      EXCEED_MAX_PAYLOAD_SIZE          -501007                 406
    ├─ ResponseTooLarge     EXCEED_MAX_RESPONSE_SIZE         -504002                 407
    ├─ StatusAbnormal       FUNCTION_STATUS_ABNORMAL         -504001                 –
    ├─ ConcurrencyExceeded  FUNCTION_EXCEED_RESOURCE_LIMIT   -501004                 432
    ├─ TimeLimitExceeded    FUNCTION_TIME_LIMIT_EXCEEDED     -501002                 433
    ├─ MemoryLimitExceeded  FUNCTION_MEMORY_LIMIT_EXCEEDED   -504002                 434
    ├─ ProcessExited        FUNCTION_INVOCATION_FAILED       -504002                 439
    └─ FunctionRaised       FUNCTION_INVOCATION_FAILED       -504002                 430

Sources: docs.cloudbase.net/http-api/functions, cloud.tencent.com/document/product/583/42611,
developers.weixin.qq.com/minigame/en/dev/wxcloud/reference/errcode.html.
"""

from typing import Any, ClassVar


class Failure(Exception):
    """One failed invocation; the message says what happened, in one line or with a traceback."""

    code: ClassVar[str] = "FUNCTION_INVOCATION_FAILED"
    err_code: ClassVar[int] = -504002
    scf_status: ClassVar[int] = 500
    http_status: ClassVar[int] = 500

    @property
    def reason(self) -> str:
        """What happened."""
        return str(self)

    def to_client(self, request_id: str) -> dict[str, Any]:
        """Return what ``wx.cloud.callFunction`` rejects with."""
        text = f"errCode: {self.err_code} {self.code} | errMsg: {self.reason}"
        return {
            "errCode": self.err_code,
            "errMsg": f"cloud.callFunction:fail Error: {text}",
            "code": self.code,
            "statusCode": self.scf_status,
            "requestId": request_id,
        }

    def to_http(self, request_id: str) -> dict[str, Any]:
        """Return what the HTTP access service answers."""
        return {"code": self.code, "message": self.reason, "requestId": request_id}


class FunctionNotFound(Failure):
    code = "FUNCTION_NOT_FOUND"
    err_code = -501009
    scf_status = 404
    http_status = 404


class StatusAbnormal(Failure):
    """The function cannot be started at all: its files, its layers or cloudbaserc.json are not in order."""

    code = "FUNCTION_STATUS_ABNORMAL"
    err_code = -504001


class PermissionDenied(Failure):
    """The environment's security rule closes the function to clients."""

    code = "PERMISSION_DENIED"
    err_code = -501023
    scf_status = 403
    http_status = 403


class ParameterInvalid(Failure):
    code = "FUNCTION_PARAM_INVALID"
    err_code = -501007
    scf_status = 400
    http_status = 400


class PayloadTooLarge(Failure):
    code = "EXCEED_MAX_PAYLOAD_SIZE"
    err_code = -501007
    scf_status = 406
    http_status = 413


class ResponseTooLarge(Failure):
    code = "EXCEED_MAX_RESPONSE_SIZE"
    scf_status = 407


class ConcurrencyExceeded(Failure):
    code = "FUNCTION_EXCEED_RESOURCE_LIMIT"
    err_code = -501004
    scf_status = 432
    http_status = 429


class TimeLimitExceeded(Failure):
    code = "FUNCTION_TIME_LIMIT_EXCEEDED"
    err_code = -501002
    scf_status = 433


class MemoryLimitExceeded(Failure):
    code = "FUNCTION_MEMORY_LIMIT_EXCEEDED"
    scf_status = 434


class ProcessExited(Failure):
    scf_status = 439


class FunctionRaised(Failure):
    scf_status = 430
