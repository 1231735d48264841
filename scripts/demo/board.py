"""The operator on duty at the dashboard: a code of hers, a session, figures of the nights, an order."""

from typing import Any

import httpx

from demo.cast import ON_DUTY
from demo.stage import Stage

_PAGE = "/http/dashboard"


def look(stage: Stage) -> None:
    """Sign in with a code, once, read the last week, and accept a suggestion; without the session nothing."""
    code = stage.call(
        "在小程序取看板登录码 · A code to enter with",
        ON_DUTY,
        "admin_data",
        {"action": "signin"},
        note=lambda _: "登录码十分钟内有效，只能用一次",
    )["code"]
    entered, again = (_post(stage, {"action": "enter", "code": code}) for _ in range(2))
    stage.expect("a code lets in once", holds=(entered.status_code, again.is_error) == (204, True))
    cookie = entered.headers["Set-Cookie"].partition(";")[0]
    week = f"{_PAGE}?days=7"
    stage.expect("figures need a session", holds=stage.browse("GET", week).is_error)
    view = stage.browse("GET", week, headers={"Cookie": cookie}).json()
    kinds = sorted({each["kind"] for each in view["figures"]})
    note = f"登录码一次有效；近一周 {len(view['figures'])} 份日报 · {', '.join(kinds)}"
    stage.expect("there are figures to see", holds="laws" in kinds)
    stage.tell("数据看板 · The dashboard", ON_DUTY, "dashboard", event={"days": 7}, reply=kinds, note=note)
    _accept(stage, view["suggestions"][0], {"Cookie": cookie, "X-Board": view["seal"]})


def _accept(stage: Stage, seen: dict[str, Any], headers: dict[str, str]) -> None:
    """Click twice on what gains most, which orders it once."""
    named = {"skuId": seen["skuId"], "suggestionId": seen["suggestionId"], "suggestedAt": seen["at"]}
    done, again = (_post(stage, {"action": "accept", **named}, **headers).json() for _ in range(2))
    stage.expect("two clicks are one order", holds=(done["repeated"], again["repeated"]) == (False, True))
    ordered = f"{seen['skuId']} 订 {done['units']} 件，单号 {done['orderNo']}"
    note = f"{ordered}，预计 {done['expectedOn']} 到货；再点一次不重复"
    stage.tell("一键采纳补货建议 · Accept", ON_DUTY, "dashboard", event=named, reply=done, note=note)


def _post(stage: Stage, deed: dict[str, Any], **headers: str) -> httpx.Response:
    own = {"Origin": stage.origin, "X-Board": "1"}
    return stage.browse("POST", _PAGE, json=deed, headers={**own, **headers})
