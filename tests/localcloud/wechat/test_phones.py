"""Doorway and stand-in together: the phone number behind a one-time code."""

import httpx
import pytest

from gardenshop.cloud.errors import Internal
from gardenshop.cloud.wechat import PhoneCodeInvalid, WeChatApi

from .conftest import Shop

MEMBER = "o-member-b"


def _api(shop: Shop, token: str = "token-of-this-call") -> WeChatApi:
    return WeChatApi.of(shop.settings, {"WX_CLOUDBASE_ACCESSTOKEN": token})


def test_a_code_gives_its_number_once(shop: Shop) -> None:
    shop.standin.set_phone("code-1", "13800138000")

    assert _api(shop).phone_number("code-1", openid=MEMBER) == "13800138000"
    with pytest.raises(PhoneCodeInvalid):
        _api(shop).phone_number("code-1", openid=MEMBER)


def test_a_number_from_abroad_keeps_its_country(shop: Shop) -> None:
    with httpx.Client(base_url=shop.url, trust_env=False) as control:
        control.post("/_wechat/phones", json={"code": "c", "phone": "91234567", "country_code": "852"})
        assert [issued["phone"] for issued in control.get("/_wechat/phones").json()] == ["91234567"]

    assert _api(shop).phone_number("c", openid=MEMBER) == "+85291234567"


def test_unknown_codes_and_old_ones_are_refused(shop: Shop) -> None:
    shop.standin.set_phone("code-1", "13800138000")
    shop.clock.offset = 301

    for code in ("code-1", "code-2"):
        with pytest.raises(PhoneCodeInvalid):
            _api(shop).phone_number(code, openid=MEMBER)


def test_another_members_code_is_refused_and_stays_good(shop: Shop) -> None:
    shop.standin.set_phone("code-1", "13800138000", openid=MEMBER)

    with pytest.raises(PhoneCodeInvalid):
        _api(shop).phone_number("code-1", openid="o-member-a")

    assert _api(shop).phone_number("code-1", openid=MEMBER) == "13800138000"


def test_a_call_without_a_token_is_a_fault_of_ours(shop: Shop) -> None:
    shop.standin.set_phone("code-1", "13800138000")

    with pytest.raises(Internal) as fault:
        _api(shop, token="").phone_number("code-1", openid=MEMBER)

    assert fault.value.details == {"apiCode": 41001}


def test_what_is_no_request_gets_wechats_error(shop: Shop) -> None:
    url = f"{shop.url}/wechat/wxa/business/getuserphonenumber?access_token=t"

    assert httpx.post(url, content=b"{", trust_env=False).json()["errcode"] == 47001
