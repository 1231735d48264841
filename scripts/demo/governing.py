"""Rules: an operator drafts one, tries it on yesterday, publishes it, and brings the former one back."""

from typing import Any

from demo import notes
from demo.cast import MINT, OPERATOR
from demo.stage import Stage

RULE = "freight"
_TITLE = "运费：满 20 元包邮一天"
_BASKET: dict[str, Any] = {"lines": [{"skuId": "yuba-sticks-250g", "quantity": 2}]}


def govern(stage: Stage) -> None:
    """The price of the next call follows what is published, and what is brought back."""
    before, live = _payable(stage), _live(stage)
    seen = {"ruleId": RULE, "liveVersion": live["liveVersion"]}
    body = {**live["body"], "freeFromFen": 2000}
    draft = _do(stage, "起草规则 · Draft a rule", "draft", ruleId=RULE, title=_TITLE, body=body)
    version = draft["versions"][0]["version"]
    tried = _do(stage, "用昨日订单试算 · Try it on yesterday", "validate", ruleId=RULE, version=version)
    stage.expect("nothing is wrong with the draft", holds=tried["problems"] == [])
    _do(stage, "发布 · Publish it", "publish", **seen, version=version)
    stage.call("新价格 · The next price", MINT, "checkout_preview", _BASKET, note=notes.trace)
    stage.expect("the delivery is free", holds=_payable(stage) < before)
    former = {"ruleId": RULE, "version": live["liveVersion"], "liveVersion": version}
    _do(stage, "恢复原规则 · Bring the former one back", "rollback", **former)
    stage.expect("the price is the former one", holds=_payable(stage) == before)


def _live(stage: Stage) -> dict[str, Any]:
    """Return the live version of the rule with its body."""
    rules = stage.post("/functions/admin_rules_publish", {"ruleId": RULE}, OPERATOR)["data"]["versions"]
    view = {"action": "view", "ruleId": RULE, "version": rules[0]["version"]}
    found: dict[str, Any] = stage.post("/functions/admin_rules_publish", view, OPERATOR)["data"]
    return found


def _do(stage: Stage, step: str, action: str, **said: Any) -> dict[str, Any]:
    token = {"clientToken": f"demo-rule-{action}"} if action in {"draft", "rollback"} else {}
    event = {"action": action, **said, **token}
    return stage.call(step, OPERATOR, "admin_rules_publish", event, note=notes.rule)


def _payable(stage: Stage) -> int:
    return int(stage.post("/functions/checkout_preview", _BASKET, MINT)["data"]["payableFen"])
