"""The operator on duty looks at the dashboard: a code of hers, a session, and the figures of the nights."""

from dataio.signing_in import code_for
from demo.cast import ON_DUTY
from demo.stage import Stage
from gardenshop.cloud.identity import user_id

_PAGE = "/http/dashboard"


def look(stage: Stage) -> None:
    """Sign in with a code, once, and read the last week; without the session nothing is shown."""
    code = code_for(stage.api, user_id(ON_DUTY.openid))
    entering = {"json": {"action": "enter", "code": code}, "headers": {"X-Board": "1"}}
    entered, again = (stage.browse("POST", _PAGE, **entering) for _ in range(2))
    stage.expect("a code lets in once", holds=(entered.status_code, again.is_error) == (204, True))
    cookie = entered.headers["Set-Cookie"].partition(";")[0]
    week = f"{_PAGE}?days=7"
    stage.expect("figures need a session", holds=stage.browse("GET", week).is_error)
    figures = stage.browse("GET", week, headers={"Cookie": cookie}).json()["figures"]
    kinds = sorted({each["kind"] for each in figures})
    note = f"登录码一次有效；近一周 {len(figures)} 份日报 · {', '.join(kinds)}"
    stage.expect("there are figures to see", holds="laws" in kinds)
    stage.tell("数据看板 · The dashboard", ON_DUTY, "dashboard", event={"days": 7}, reply=kinds, note=note)
