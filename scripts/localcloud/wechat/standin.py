"""WeChat's side of the shop: the merchant API of WeChat Pay, the payers' phones, and the phone number API.

What the merchant calls is as WeChat's. What only WeChat or a member could do (pay, settle a refund, send a
notice again or wrongly) is done by the methods of the stand-in, or over HTTP below ``/_wechat``.
"""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from localcloud.wechat.api import merchant_api, wechat_api
from localcloud.wechat.control import control
from localcloud.wechat.keys import APPID, MCHID, PUBLIC_KEY_ID, SERIAL_NO, Keys
from localcloud.wechat.ledger import Ledger, RefundStatus
from localcloud.wechat.messages import PayError
from localcloud.wechat.notices import Notices, Trouble
from localcloud.wechat.phones import PhoneCode, Phones
from localcloud.wechat.store import Store, Value

NOTIFY_PATH = "/http/pay_notify"


class WeChatStandIn:
    """One merchant's WeChat. *state_dir* None keeps everything in memory; *now* returns epoch seconds."""

    def __init__(self, state_dir: Path | None, *, now: Callable[[], float] = time.time) -> None:
        self._store = Store(state_dir)
        self.keys = Keys(self._store)
        self.ledger = Ledger(self._store, now)
        self.notices = Notices(self._store, self.keys, now)
        self.phones = Phones(self._store, now)
        self._now = now

    def routes(self) -> list[BaseRoute]:
        """Return ``/wechatpay`` (merchant API), ``/wechat`` (server API) and ``/_wechat`` (control)."""
        return [merchant_api(self.keys, self.ledger, self._now), wechat_api(self.phones), control(self)]

    def settings(self, base_url: str, *, notify_path: str = NOTIFY_PATH) -> dict[str, str]:
        """Return the environment variables that make a function use this stand-in, served at *base_url*."""
        return {
            "WECHAT_API_ENDPOINT": f"{base_url}/wechat",
            "WECHATPAY_GATEWAY": f"{base_url}/wechatpay",
            "WECHATPAY_APPID": APPID,
            "WECHATPAY_MCHID": MCHID,
            "WECHATPAY_SERIAL_NO": SERIAL_NO,
            "WECHATPAY_PRIVATE_KEY": self.keys.merchant_private_key,
            "WECHATPAY_PUBLIC_KEY_ID": PUBLIC_KEY_ID,
            "WECHATPAY_PUBLIC_KEY": self.keys.wechat_public_key,
            "WECHATPAY_APIV3_KEY": self.keys.apiv3_key,
            "WECHATPAY_NOTIFY_URL": base_url + notify_path,
        }

    def pay(self, out_trade_no: str, trouble: Trouble | None = None, *, force: bool = False) -> Value:
        """The member pays; the notice travels as *trouble* says. Returns the notice with its answers.

        *force* lets the payment through although it is closed or over. Raises PayError.
        """
        trade = self.ledger.pay(out_trade_no, force=force)
        return self.notices.send(
            event="TRANSACTION.SUCCESS",
            url=trade["asked"]["notify_url"],
            resource=trade["transaction"],
            time_text=self.ledger.time_text(),
            trouble=trouble or Trouble(),
        )

    def request_payment(
        self, fields: Mapping[str, str], trouble: Trouble | None = None, *, force: bool = False
    ) -> Value:
        """The member pays by ``wx.requestPayment(fields)``; WeChat's client checks the signature first."""
        prepay_id = fields.get("package", "").removeprefix("prepay_id=")
        if not self.keys.is_pay_sign(fields):
            raise PayError(HTTPStatus.BAD_REQUEST, "SIGN_ERROR", "支付验证签名失败")
        return self.pay(self.ledger.trade_of(prepay_id), trouble, force=force)

    def settle_refund(
        self, out_refund_no: str, status: RefundStatus = "SUCCESS", trouble: Trouble | None = None
    ) -> Value:
        """A refund in hand ends as *status*. Returns the notice with its answers. Raises PayError."""
        known = self.ledger.settle_refund(out_refund_no, status)
        asked, refund = known["asked"], known["refund"]
        return self.notices.send(
            event=f"REFUND.{status}",
            url=asked.get("notify_url") or self.ledger.trade(asked["out_trade_no"])["asked"]["notify_url"],
            resource=_as_told(refund),
            time_text=self.ledger.time_text(),
            trouble=trouble or Trouble(),
        )

    def set_phone(self, code: str, phone: str, *, openid: str | None = None) -> None:
        """Let *code* stand for *phone*, once, for *openid* alone when one is named."""
        self.phones.add(PhoneCode(code=code, phone=phone, openid=openid))

    def close(self) -> None:
        self.notices.close()
        self._store.close()


def _as_told(refund: Mapping[str, Any]) -> Value:
    """Return *refund* as its notice tells it, which is not quite as a query does."""
    kept = ("out_trade_no", "transaction_id", "out_refund_no", "refund_id", "user_received_account")
    told: Value = {"mchid": MCHID, "refund_status": refund["status"], **{name: refund[name] for name in kept}}
    told["amount"] = {name: fen for name, fen in refund["amount"].items() if name != "currency"}
    if "success_time" in refund:
        told["success_time"] = refund["success_time"]
    return told
