"""Who may call a function, and what the platform tells the function about each of them.

Only members carry an identity. A timer, an operator and an HTTP access route look alike to the function,
as on the platform, except that a timer sets TRIGGER_SRC.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.credentials import Credentials
from localcloud.traces import marked

from .project import Function

LOCAL_WX_APPID = "wx00000000000local"
LOCAL_ACCESS_TOKEN = "local-access-token"  # noqa: S105  # The stand-in of WeChat takes any.
LOCAL_APPID = "1250000000"
LOCAL_UIN = "100000000000"


@dataclass(frozen=True)
class Caller:
    """A caller: *environ* is what the platform adds to the invocation for it."""

    kind: str
    openid: str = ""
    unionid: str = ""
    address: str = "127.0.0.1"

    def environ(self, appid: str) -> dict[str, str]:
        """Return the caller's own keys of the invocation environment."""
        if self.kind == "timer":
            return {"TRIGGER_SRC": "timer", "TCB_SOURCE": "wx_trigger"}
        if self.kind != "member":
            return {}
        wx = {
            "WX_OPENID": self.openid,
            "WX_APPID": appid,
            "WX_CLIENTIP": self.address,
            "WX_CLOUDBASE_ACCESSTOKEN": LOCAL_ACCESS_TOKEN,
        }
        if self.unionid:
            wx["WX_UNIONID"] = self.unionid
        return wx | {
            "WX_CONTEXT_KEYS": ",".join(wx),
            "TCB_SOURCE": "wx_client",
            "TCB_SOURCE_IP": self.address,
        }

    def event(self, data: Any, appid: str) -> Any:
        """Return the event for *data*: ``wx.cloud.callFunction`` adds who calls, the others nothing."""
        if self.kind != "member" or not isinstance(data, dict):
            return data
        return data | {"userInfo": {"appId": appid, "openId": self.openid}}


OPERATOR = Caller("operator")
TIMER = Caller("timer")
HTTP = Caller("http")


def member(openid: str, unionid: str = "", address: str = "127.0.0.1") -> Caller:
    """Return the member of the mini-program whose WeChat id is *openid*."""
    return Caller("member", openid, unionid, address)


def invocation_environ(
    caller: Caller, *, process: Mapping[str, str], credentials: Credentials, request_id: str
) -> dict[str, str]:
    """Return the invocation's environment, for context["environment"] and for `os.environ`."""
    tcb = {
        "TCB_ENV": process["TCB_ENV"],
        "SCF_NAMESPACE": process["SCF_NAMESPACE"],
        "TCB_SEQID": request_id,
        "TCB_TRACELOG": "",
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_REGION": process["TENCENTCLOUD_REGION"],
        "TENCENTCLOUD_SECRETID": credentials.secret_id,
        "TENCENTCLOUD_SECRETKEY": credentials.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": marked(credentials.session_token, request_id),
    }
    tcb |= caller.environ(appid_of(process))
    return tcb | {"TCB_CONTEXT_KEYS": ",".join(key for key in tcb if not key.startswith("WX_"))}


def appid_of(process: Mapping[str, str]) -> str:
    """Return the mini-program's id: the one that pays, where a function knows it."""
    return process.get("WECHATPAY_APPID") or LOCAL_WX_APPID


def context(function: Function, environ: Mapping[str, str], request_id: str) -> dict[str, Any]:
    """Return the second argument of the handler, with the platform's keys."""
    return {
        "memory_limit_in_mb": function.memory_size,
        "time_limit_in_ms": function.timeout * 1000,
        "request_id": request_id,
        "environment": json.dumps(environ),
        "environ": ";".join(f"{key}={value}" for key, value in environ.items()),
        "function_version": "$LATEST",
        "function_name": function.name,
        "namespace": environ["SCF_NAMESPACE"],
        "tencentcloud_region": environ["TENCENTCLOUD_REGION"],
        "tencentcloud_appid": LOCAL_APPID,
        "tencentcloud_uin": LOCAL_UIN,
    }
