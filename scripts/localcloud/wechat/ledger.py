"""The books of WeChat Pay: payments and refunds, their states, and what may be done in each.

A payment is kept with what the merchant asked (`asked`) and as a query returns it (`transaction`); a refund
likewise (`asked`, `refund`).
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any, Literal

from pydantic import ValidationError

from localcloud.wechat.keys import APPID, MCHID
from localcloud.wechat.messages import Close, MerchantRequestT, PayError, Prepay, Refund
from localcloud.wechat.store import Store, Value

RefundStatus = Literal["SUCCESS", "CLOSED", "ABNORMAL"]

_CHINA = timezone(timedelta(hours=8))
_MAX_REFUNDS = 50


class Ledger:
    """All payments and refunds; *now* returns epoch seconds."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def prepay(self, body: bytes) -> Value:
        """Open a payment, or open it again with the same words."""
        request = _read(Prepay, body)
        _check_merchant(request.mchid, request.appid)
        asked = request.model_dump(mode="json", exclude_none=True)
        prepay_id = f"wx{self._stamp()}{secrets.token_hex(9)}"
        with self._store.exclusive():
            trade = self._store.get("trade", request.out_trade_no)
            if trade is None:
                if request.is_over(self.moment()):
                    raise PayError(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", "time_expire 已过")
            else:
                _check_open(trade)
                if not _are_same(trade["asked"], asked):
                    raise PayError(HTTPStatus.FORBIDDEN, "OUT_TRADE_NO_USED", "商户订单号重复")
            self._store.put("trade", request.out_trade_no, _opened(request, asked))
            self._store.put("prepay", prepay_id, {"out_trade_no": request.out_trade_no})
        return {"prepay_id": prepay_id}

    def query(self, out_trade_no: str, mchid: str) -> Value:
        _check_merchant(mchid)
        transaction: Value = self.trade(out_trade_no)["transaction"]
        return transaction

    def close(self, out_trade_no: str, body: bytes) -> None:
        _check_merchant(_read(Close, body).mchid)
        with self._store.exclusive():
            trade = self.trade(out_trade_no)
            _check_open(trade)
            trade["transaction"].update(_state("CLOSED"))
            self._store.put("trade", out_trade_no, trade)

    def refund(self, body: bytes) -> Value:
        """Take a refund in hand, or say how the one of that number stands."""
        request = _read(Refund, body)
        asked = request.model_dump(mode="json", exclude_none=True)
        with self._store.exclusive():
            known = self._store.get("refund", request.out_refund_no)
            if known is not None:
                if not _are_same(known["asked"], asked):
                    raise _invalid("订单金额或退款金额与之前请求不一致")
                return dict(known["refund"])
            trade = self.trade(request.out_trade_no)
            self._check_refundable(trade, request)
            refund = self._taken(request, trade)
            self._store.put("refund", request.out_refund_no, {"asked": asked, "refund": refund})
            trade["transaction"].update(_state("REFUND"))
            self._store.put("trade", request.out_trade_no, trade)
        return refund

    def query_refund(self, out_refund_no: str) -> Value:
        refund: Value = self.known_refund(out_refund_no)["refund"]
        return refund

    def pay(self, out_trade_no: str, *, force: bool = False) -> Value:
        """The payer pays. *force* lets a payment through that is closed or over: the race WeChat can lose."""
        with self._store.exclusive():
            trade = self.trade(out_trade_no)
            if trade["transaction"]["trade_state"] != "CLOSED" or not force:
                _check_open(trade)
            asked = Prepay.model_validate(trade["asked"])
            if asked.is_over(self.moment()) and not force:
                raise PayError(HTTPStatus.BAD_REQUEST, "ORDER_CLOSED", "订单已过期")
            trade["transaction"].update(self._paid(asked))
            self._store.put("trade", out_trade_no, trade)
        return trade

    def settle_refund(self, out_refund_no: str, status: RefundStatus) -> Value:
        """A refund in hand succeeds or fails."""
        with self._store.exclusive():
            known = self.known_refund(out_refund_no)
            if known["refund"]["status"] != "PROCESSING":
                raise _invalid("退款已有结果")
            known["refund"]["status"] = status
            if status == "SUCCESS":
                known["refund"]["success_time"] = self.time_text()
            self._store.put("refund", out_refund_no, known)
        return known

    def trade(self, out_trade_no: str) -> Value:
        trade = self._store.get("trade", out_trade_no)
        if trade is None:
            raise PayError(HTTPStatus.NOT_FOUND, "ORDER_NOT_EXIST", "订单不存在")
        return trade

    def known_refund(self, out_refund_no: str) -> Value:
        known = self._store.get("refund", out_refund_no)
        if known is None:
            raise PayError(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return known

    def trade_of(self, prepay_id: str) -> str:
        """Return the *out_trade_no* that *prepay_id* opens."""
        prepay = self._store.get("prepay", prepay_id)
        if prepay is None:
            raise PayError(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "prepay_id 不存在")
        return str(prepay["out_trade_no"])

    def trades(self) -> list[Value]:
        return [trade["transaction"] for trade in self._store.all("trade")]

    def refunds(self) -> list[Value]:
        return [known["refund"] for known in self._store.all("refund")]

    def time_text(self) -> str:
        return self.moment().isoformat(timespec="seconds")

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self._now(), _CHINA)

    def _stamp(self) -> str:
        return self.moment().strftime("%Y%m%d")

    def _paid(self, asked: Prepay) -> Value:
        total = asked.amount.total
        paid: Value = {
            **_state("SUCCESS"),
            "transaction_id": f"4200001{self._stamp()}{secrets.randbelow(10**13):013}",
            "trade_type": "JSAPI",
            "bank_type": "OTHERS",
            "success_time": self.time_text(),
            "payer": {"openid": asked.payer.openid},
            "amount": {"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"},
        }
        return paid if asked.attach is None else {**paid, "attach": asked.attach}

    def _taken(self, request: Refund, trade: Value) -> Value:
        amount = request.amount
        return {
            "refund_id": f"5030001{self._stamp()}{secrets.randbelow(10**14):014}",
            "out_refund_no": request.out_refund_no,
            "transaction_id": trade["transaction"]["transaction_id"],
            "out_trade_no": request.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": self.time_text(),
            "status": "PROCESSING",
            "funds_account": "AVAILABLE",
            "amount": {
                "total": amount.total,
                "refund": amount.refund,
                "payer_total": amount.total,
                "payer_refund": amount.refund,
                "currency": "CNY",
            },
        }

    def _check_refundable(self, trade: Value, request: Refund) -> None:
        if trade["transaction"]["trade_state"] not in {"SUCCESS", "REFUND"}:
            raise _invalid("订单未支付")
        if request.amount.total != trade["transaction"]["amount"]["total"]:
            raise _invalid("订单金额或退款金额与之前请求不一致")
        earlier = [
            known["refund"]
            for known in self._store.all("refund")
            if known["refund"]["out_trade_no"] == request.out_trade_no
            and known["refund"]["status"] != "CLOSED"
        ]
        if len(earlier) >= _MAX_REFUNDS:
            raise _invalid("退款次数超过限制")
        if (
            sum(refund["amount"]["refund"] for refund in earlier) + request.amount.refund
            > request.amount.total
        ):
            raise _invalid("申请退款金额大于可退金额")


def _opened(request: Prepay, asked: Value) -> Value:
    transaction: Value = {
        "appid": request.appid,
        "mchid": request.mchid,
        "out_trade_no": request.out_trade_no,
        **_state("NOTPAY"),
        "amount": {"total": request.amount.total, "currency": "CNY"},
        "payer": {},
    }
    return {"asked": asked, "transaction": transaction}


def _are_same(before: Value, now: Value) -> bool:
    """Compare two requests but for the notify address, which moves when the local cloud changes its port."""
    return {**before, "notify_url": None} == {**now, "notify_url": None}


def _state(name: str) -> dict[str, Any]:
    texts = {"SUCCESS": "支付成功", "REFUND": "转入退款", "NOTPAY": "订单未支付", "CLOSED": "订单已关闭"}
    return {"trade_state": name, "trade_state_desc": texts[name]}


def _check_open(trade: Value) -> None:
    state = trade["transaction"]["trade_state"]
    if state == "CLOSED":
        raise PayError(HTTPStatus.BAD_REQUEST, "ORDER_CLOSED", "订单已关闭")
    if state != "NOTPAY":
        raise PayError(HTTPStatus.BAD_REQUEST, "ORDERPAID", "订单已支付")


def _check_merchant(mchid: str, appid: str = APPID) -> None:
    if (mchid, appid) != (MCHID, APPID):
        raise PayError(HTTPStatus.BAD_REQUEST, "APPID_MCHID_NOT_MATCH", "appid 和 mchid 不匹配")


def _invalid(message: str) -> PayError:
    return PayError(HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", message)


def _read(kind: type[MerchantRequestT], body: bytes) -> MerchantRequestT:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise PayError(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", f"参数错误: {place or 'body'}") from None
