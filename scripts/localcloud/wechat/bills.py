"""The bill of a day's trades: a line of titles, a line for each payment and refund, and the sums at the end.

Every value begins with a backtick. Amounts are yuan. A refund is in the bill of the day it was taken in hand.
"""

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus

from localcloud.wechat.ledger import Ledger
from localcloud.wechat.messages import PayError
from localcloud.wechat.store import Value

TITLES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
    "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
READY = timedelta(days=1, hours=10)
"""How long after the beginning of its day a bill is there."""

_PAID, _BACK = 24, 25

DOWNLOAD = "/v3/billdownload/file"


def offer(ledger: Ledger, day: str, tar_type: str | None, *, base_url: str) -> Value:
    """Return where the bill of *day* is to be had. Raises PayError while, or where, there is none."""
    try:
        begun = datetime.strptime(f"{day} +0800", "%Y-%m-%d %z")
    except ValueError:
        raise PayError(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", "参数错误: bill_date") from None
    if ledger.moment() < begun + READY:
        raise PayError(HTTPStatus.BAD_REQUEST, "STATEMENT_CREATING", "账单生成中")
    if not list(_rows(ledger, day)):
        raise PayError(HTTPStatus.BAD_REQUEST, "NO_STATEMENT_EXIST", "账单文件不存在")
    digest = hashlib.sha1(_text(ledger, day), usedforsecurity=False).hexdigest()
    url = f"{base_url}{DOWNLOAD}?token={day}{'.gz' if tar_type == 'GZIP' else ''}"
    return {"hash_type": "SHA1", "hash_value": digest, "download_url": url}


def file(ledger: Ledger, token: str) -> bytes:
    """Return the bill that *token* stands for."""
    text = _text(ledger, token.removesuffix(".gz"))
    return gzip.compress(text) if token.endswith(".gz") else text


def _text(ledger: Ledger, day: str) -> bytes:
    rows = list(_rows(ledger, day))
    paid, back = (sum(int(row[place]) for row in rows) for place in (_PAID, _BACK))
    sums = (str(len(rows)), paid, back, 0, "0.00000", paid, back)
    return "".join(f"{line}\r\n" for line in (TITLES, *map(_line, rows), SUMS, _line(sums))).encode()


def _line(values: Iterable[str | int]) -> str:
    return ",".join(f"`{each if isinstance(each, str) else f'{each / 100:.2f}'}" for each in values)


def _rows(ledger: Ledger, day: str) -> Iterator[tuple[str | int, ...]]:
    for trade in ledger.trades():
        if trade.get("success_time", "").startswith(day):
            fen = trade["amount"]["total"]
            yield _row(trade, trade["success_time"], "SUCCESS", fen, ("0", "0", 0, "", ""))
    for refund in ledger.refunds():
        if refund["create_time"].startswith(day) and refund["status"] != "CLOSED":
            trade = ledger.trade(refund["out_trade_no"])["transaction"]
            numbers = (refund["refund_id"], refund["out_refund_no"])
            told = (*numbers, refund["amount"]["refund"], "ORIGINAL", refund["status"])
            yield _row(trade, refund["create_time"], "REFUND", 0, told)


def _row(
    trade: Value, at: str, state: str, fen: int, refund: tuple[str, str, int, str, str]
) -> tuple[str | int, ...]:
    refund_id, refund_no, back, kind, status = refund
    moment = at[:19].replace("T", " ")
    named = (moment, trade["appid"], trade["mchid"], "0", "", trade["transaction_id"], trade["out_trade_no"])
    paid = (trade["payer"]["openid"], "JSAPI", state, "OTHERS", "CNY", fen, 0)
    given_back = (refund_id, refund_no, back, 0, kind, status)
    return (*named, *paid, *given_back, "素食, 一单", "", "0.00000", "0.60%", fen, back, "")
