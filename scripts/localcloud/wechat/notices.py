"""The notices WeChat Pay sends, and every kind of trouble that can befall them on the way.

WeChat Pay takes any answer but 200 and 204 for a failure and tries again for a day; here a person or a test
decides when (`redeliver`).
"""

import base64
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from enum import Enum
from http import HTTPStatus
from threading import Timer
from typing import Annotated

import httpx
from pydantic import BaseModel, ConfigDict, Field

from localcloud.wechat.keys import Keys
from localcloud.wechat.messages import PayError
from localcloud.wechat.store import Store, Value

_ACCEPTED = (HTTPStatus.OK, HTTPStatus.NO_CONTENT)
_ANSWER_WITHIN = 5.0
_STALE = 600


class Tamper(str, Enum):
    """What is wrong with a notice: first how it is signed, then what it says although signed well."""

    SIGNATURE = "signature"
    SIGNATURE_TYPE = "signature_type"
    SERIAL = "serial"
    BODY = "body"
    TIMESTAMP = "timestamp"
    PROBE = "probe"
    AMOUNT = "amount"
    PAYER = "payer"
    APPID = "appid"
    MCHID = "mchid"
    ORDER = "order"


class Trouble(BaseModel):
    """How a notice travels: *repeat* copies, one after the other or *concurrent*, after *delay_ms*.

    A held notice waits for `release`; a dropped one is lost unless it is delivered again by hand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repeat: Annotated[int, Field(ge=1, le=100)] = 1
    concurrent: bool = False
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    hold: bool = False
    drop: bool = False
    tamper: Tamper | None = None


class Notices:
    """Everything sent so far, with the answers, and what is still on its way."""

    def __init__(self, store: Store, keys: Keys, now: Callable[[], float]) -> None:
        self._store = store
        self._keys = keys
        self._now = now
        self._client = httpx.Client(timeout=_ANSWER_WITHIN, trust_env=False)
        self._timers: list[Timer] = []

    def send(self, *, event: str, url: str, resource: Value, time_text: str, trouble: Trouble) -> Value:
        """Write a notice of *event* about *resource* and let it travel to *url* as *trouble* says."""
        kind = "refund" if event.startswith("REFUND.") else "transaction"
        told = _forged(resource, trouble.tamper)
        message = {
            "id": secrets.token_hex(16),
            "create_time": time_text,
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "退款通知" if kind == "refund" else "支付成功",
            "resource": self._keys.encrypt(told, kind),
        }
        notice: Value = {
            "id": message["id"],
            "event_type": event,
            "url": url,
            "state": "dropped" if trouble.drop else "held" if trouble.hold else "due",
            "tamper": trouble.tamper,
            "resource": told,
            "body": json.dumps(message, ensure_ascii=False),
            "headers": {},
            "answers": [],
        }
        self._keep(notice)
        if notice["state"] == "due":
            self._start(notice, trouble)
        return self.get(notice["id"])

    def get(self, notice_id: str) -> Value:
        notice = self._store.get("notice", notice_id)
        if notice is None:
            raise PayError(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "通知不存在")
        return notice

    def all(self) -> list[Value]:
        return self._store.all("notice")

    def redeliver(self, notice_id: str, *, replay: bool = False) -> Value:
        """Send a notice again, signed anew as WeChat Pay does; a *replay* is the last copy to the byte."""
        notice = self.get(notice_id)
        self._deliver(notice, notice["headers"] if replay else None)
        return self.get(notice_id)

    def release(self, *, reverse: bool = False) -> list[Value]:
        """Deliver what is held, oldest first or in *reverse*."""
        held = [notice["id"] for notice in self.all() if notice["state"] == "held"]
        return [self.redeliver(notice_id) for notice_id in (reversed(held) if reverse else held)]

    def signed(self, notice: Value) -> tuple[dict[str, str], bytes]:
        """Return the headers and the body of a fresh copy of *notice*."""
        body = str(notice["body"]).encode()
        tamper = notice["tamper"]
        now = int(self._now()) - (_STALE if tamper == Tamper.TIMESTAMP else 0)
        headers = self._keys.signed_headers(body, now)
        if tamper == Tamper.SIGNATURE:
            headers["Wechatpay-Signature"] = _flipped(headers["Wechatpay-Signature"])
        elif tamper == Tamper.PROBE:
            headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]
        elif tamper == Tamper.SERIAL:
            headers["Wechatpay-Serial"] = secrets.token_hex(20).upper()
        elif tamper == Tamper.SIGNATURE_TYPE:
            del headers["Wechatpay-Signature-Type"]
        elif tamper == Tamper.BODY:
            body = body.replace(b'"create_time"', b'"create-time"')
        return {"Content-Type": "application/json", **headers}, body

    def close(self) -> None:
        """Forget what is still on its way."""
        for timer in self._timers:
            timer.cancel()
            timer.join()
        self._client.close()

    def _start(self, notice: Value, trouble: Trouble) -> None:
        if trouble.delay_ms:
            timer = Timer(trouble.delay_ms / 1000, self._travel, (notice, trouble))
            timer.daemon = True
            self._timers.append(timer)
            timer.start()
        else:
            self._travel(notice, trouble)

    def _travel(self, notice: Value, trouble: Trouble) -> None:
        with ThreadPoolExecutor(trouble.repeat if trouble.concurrent else 1) as copies:
            list(copies.map(lambda _: self._deliver(notice, None), range(trouble.repeat)))

    def _deliver(self, notice: Value, headers: dict[str, str] | None) -> None:
        signed, body = self.signed(notice)
        sent = headers or signed
        try:
            reply = self._client.post(notice["url"], content=body, headers=sent)
            answer = {
                "status": reply.status_code,
                "body": reply.text,
                "accepted": reply.status_code in _ACCEPTED,
            }
        except httpx.HTTPError as error:
            answer = {"status": 0, "body": type(error).__name__, "accepted": False}
        with self._store.exclusive():
            kept = self.get(notice["id"])
            kept["answers"].append(answer)
            self._keep({**kept, "state": "sent", "headers": sent})

    def _keep(self, notice: Value) -> None:
        self._store.put("notice", notice["id"], notice)


def _forged(resource: Value, tamper: Tamper | None) -> Value:
    told = deepcopy(resource)
    if tamper is Tamper.AMOUNT:
        told["amount"]["refund" if "refund" in told["amount"] else "total"] += 1
    elif tamper is Tamper.PAYER:
        told["payer"] = {"openid": "o-somebody-else"}
    elif tamper is Tamper.APPID:
        told["appid"] = "wx0000000000000000"
    elif tamper is Tamper.MCHID:
        told["mchid"] = "1000000000"
    elif tamper is Tamper.ORDER:
        told["out_trade_no"] = "unknown-000000"
    return told


def _flipped(signature: str) -> str:
    raw = bytearray(base64.b64decode(signature))
    raw[len(raw) // 2] ^= 1
    return base64.b64encode(raw).decode()
