"""The phone numbers behind the one-time codes of WeChat's phone number button.

https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from localcloud.wechat.keys import APPID
from localcloud.wechat.store import Store, Value

_VALID_SECONDS = 300


class PhoneCode(BaseModel):
    """A code that is good once and for five minutes, for *openid* alone when one is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, StringConstraints(min_length=1)]
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9]{5,15}$")]
    country_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")] = "86"
    openid: str | None = None


class Phones:
    """The codes handed out; *now* returns epoch seconds."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def add(self, issued: PhoneCode) -> None:
        """Hand out a code, or hand it out again."""
        self._store.put("phone", issued.code, {**issued.model_dump(), "at": self._now(), "used": False})

    def all(self) -> list[Value]:
        return self._store.all("phone")

    def redeem(self, request: Any, token: str | None) -> Value:
        """Answer ``getuserphonenumber`` in WeChat's form."""
        if not token:
            return _error(41001, "access_token missing")
        if not isinstance(request, dict) or not isinstance(request.get("code"), str):
            return _error(47001, "data format error")
        with self._store.exclusive():
            issued = self._store.get("phone", request["code"])
            if issued is None or issued["used"] or self._now() - issued["at"] > _VALID_SECONDS:
                return _error(40029, "invalid code")
            if request.get("openid") and issued["openid"] not in {None, request["openid"]}:
                return _error(40003, "invalid openid")
            self._store.put("phone", issued["code"], {**issued, "used": True})
        return {"errcode": 0, "errmsg": "ok", "phone_info": self._phone_info(issued)}

    def _phone_info(self, issued: Value) -> Value:
        phone, country = issued["phone"], issued["country_code"]
        return {
            "phoneNumber": phone if country == "86" else f"+{country}{phone}",
            "purePhoneNumber": phone,
            "countryCode": country,
            "watermark": {"timestamp": int(self._now()), "appid": APPID},
        }


def _error(errcode: int, errmsg: str) -> Value:
    return {"errcode": errcode, "errmsg": errmsg}
