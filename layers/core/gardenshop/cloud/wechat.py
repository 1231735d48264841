"""WeChat's server API, as far as the shop uses it: the phone number behind a one-time code.

Unverified on the live platform: that a Python function's context carries ``WX_CLOUDBASE_ACCESSTOKEN``
(the Node SDK lists the key), that this API takes it as ``cloudbase_access_token`` from an event function (its
page names the parameter), and with which errcode a code of another member is refused.
https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber
"""

import http.client
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from gardenshop.cloud.errors import Internal, InvalidRequest, UpstreamUnavailable

ENDPOINT = "https://api.weixin.qq.com"

_TIMEOUT = 3.0
_INVALID_CODE = frozenset({40029, 40003})
_TRY_AGAIN = frozenset({-1, 45009, 45011})


class PhoneCodeInvalid(InvalidRequest):
    """The code is unknown, used, over five minutes old or another member's."""

    code = 40020
    error = "PHONE_CODE_INVALID"
    text = "手机号授权已失效，请重新授权"


class WeChatApi(NamedTuple):
    """WeChat's server API with one invocation's token."""

    endpoint: str
    token: str

    @classmethod
    def of(cls, environ: Mapping[str, str], environment: Mapping[str, str]) -> "WeChatApi":
        """Take the endpoint from the process's *environ* and the token from this call's *environment*."""
        return cls(
            endpoint=environ.get("WECHAT_API_ENDPOINT") or ENDPOINT,
            token=environment.get("WX_CLOUDBASE_ACCESSTOKEN", ""),
        )

    def phone_number(self, code: str, *, openid: str) -> str:
        """Return the verified number behind *code*: bare for mainland China, else with its country code.

        A code works once, for five minutes and for *openid* alone. Raises PhoneCodeInvalid, or
        UpstreamUnavailable, after which the code may have been used up.
        """
        reply = self._post("/wxa/business/getuserphonenumber", {"code": code, "openid": openid})
        errcode = reply.get("errcode", 0)
        if errcode in _INVALID_CODE:
            raise PhoneCodeInvalid
        if errcode in _TRY_AGAIN:
            raise UpstreamUnavailable(apiCode=errcode)
        if errcode:
            raise Internal(apiCode=errcode)
        try:
            return str(reply["phone_info"]["phoneNumber"])
        except (KeyError, TypeError):
            raise UpstreamUnavailable(cause="no phone_info") from None

    def _post(self, path: str, message: Mapping[str, Any]) -> dict[str, Any]:
        url = urlsplit(self.endpoint)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.netloc, timeout=_TIMEOUT)
        target = f"{url.path}{path}?{urlencode({'cloudbase_access_token': self.token})}"
        try:
            connection.request("POST", target, json.dumps(message), {"Content-Type": "application/json"})
            reply = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UpstreamUnavailable(cause=type(error).__name__) from error
        finally:
            connection.close()
        if not isinstance(reply, dict):
            raise UpstreamUnavailable(cause="unexpected reply")
        return reply
