"""Whatever is priced, earned or saved says by which rules, so that it never has to be worked out again."""

from typing import Any

from gardenshop.cloud.clock import DAY, MINUTE
from harness import A, user_id
from small_shop import NOON, open_small_shop

RULES = "carbon2.points3"
CARRIERS = {
    "orders": {},
    "meals": {},
    "points_ledger": {},
    "commission_ledger": {"orderNo": {"$exists": True}},
}
"""Collections whose rows follow the rules, and which of them do."""


def rule(rule_id: str, version: int) -> dict[str, Any]:
    named = {"_id": f"{rule_id}:{version}", "ruleId": rule_id, "version": version, "category": rule_id}
    facts = {"body": {}, "state": "live", "author": "test", "liveKey": rule_id}
    return {**named, **facts, "schemaVersion": 1, "createdAt": NOON, "updatedAt": NOON}


def test_every_order_and_every_row_of_a_ledger_says_by_which_rules() -> None:
    with open_small_shop() as small:
        for each in (rule("carbon", 2), rule("points", 3)):
            small.shop.add("business_rules", each)
        small.award(A, 200, "award-0001")
        small.award(A, 300, "award-0002", book="shop")
        small.plant(A, "plant-0001")
        small.learn(A)
        for action in ("record", "undo"):
            small.eat(A, "meal-00001", action)
        small.call("points_exchange", {"points": 100, "clientToken": "exchange-0001"}, A)
        order_no = str(small.checkout(A, {"tofu": 2, "peel": 1}, "token-0001", points=100)["data"]["orderNo"])
        attempt_no = small.open_payment(order_no)
        assert small.till.pay(attempt_no)
        small.notify(attempt_no)
        small.rest()
        ask: dict[str, Any] = {"orderNo": order_no, "lines": [{"lineId": "L1", "quantity": 1}]}
        ask |= {"kind": "refund_only", "reason": "quality", "clientToken": "return-0001"}
        assert small.call("refund_apply", ask, A)["code"] == 0
        decision = {"orderNo": order_no, "afterSaleNo": f"{order_no}-1", "action": "approve", "note": "核实"}
        assert small.call("admin_refund_decide", decision)["code"] == 0
        small.rest()
        small.now += 9 * DAY + MINUTE
        small.rest()

        rows = {name: small.shop.documents(name, where) for name, where in CARRIERS.items()}
        kinds = {each["kind"] for each in rows["points_ledger"] if each["userId"] == user_id(A)}

    assert {name: {each.get("rulesVersion") for each in found} for name, found in rows.items()} == {
        name: {RULES} for name in CARRIERS
    }
    assert {each["kind"] for each in rows["commission_ledger"]} >= {"accrue", "reverse"}
    assert {each["source"] for each in rows["meals"]} == {"member", "shop"}
    assert kinds == {
        "award", "plant", "lesson", "meal", "exchange_out", "exchange_in", "spend", "order", "refund_back",
        "claw_back",
    }  # fmt: skip
