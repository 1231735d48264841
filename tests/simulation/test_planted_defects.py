"""The simulator is worth what it finds: each of these slips must break a law within 300 seeds."""

import pytest

from planting import Defect, defect, planted
from simulation.plan import draw
from simulation.play import play

MOST_SEEDS = 300

DEFECTS = (
    defect(
        "the ring is not asked whether an operation has happened",
        ("flows.balances", 'f"{ring}.key": {"$ne": operation.name},', ""),
    ),
    defect(
        "units are held without a look at what is available",
        ("flows.stock", "if delta < 0}", 'if delta < 0 and name != "available"}'),
    ),
    defect(
        "a release gives back one unit whatever was held",
        ("flows.stock", '{"available": units, "reserved": -units}', '{"available": 1, "reserved": -1}'),
    ),
    defect(
        "a sale leaves its units reserved",
        ("flows.stock", '{"onHand": -units, "reserved": -units}', '{"onHand": -units, "reserved": 0}'),
    ),
    defect(
        "a failed checkout gives back what it never held",
        ("flows.stock", 'guard={} if held else {"$and"', 'guard={} if True else {"$and"'),
        ("flows.stock", 'started=started if held else order["createdAt"],', "started=started,"),
    ),
    defect(
        "lines of one SKU are checked and held one by one",
        ("flows.orders", 'demand.get(line["skuId"], 0) + line["quantity"]', 'line["quantity"]'),
        ("flows.checkout", "units.get(line.sku_id, 0) + line.quantity", "line.quantity"),
    ),
    defect(
        "the remainder of a spread amount is lost",
        ("rules.money", "by_remainder[: amount - sum(parts)]", "by_remainder[:0]"),
    ),
    defect(
        "an order takes any step from where it was, whoever else has moved it",
        ("flows.orders", '"status": order["status"], **guard', "**guard"),
        ("flows.orders", '{"version": order["version"]} if guard is None else guard', "guard or {}"),
    ),
    defect(
        "the client's token is ignored",
        ("checkout", "Wishes(request.client_token,", 'Wishes(f"{request.client_token}-{ctx.now}",'),
    ),
    defect(
        "the total that the member saw is ignored",
        ("checkout", "quote.price.payable_fen != request.expected_total_fen", "quote.price is None"),
    ),
    defect(
        "an order is cancelled before its payment is closed at WeChat",
        ("flows.cancellation", "paid = ask(ctx, order, actor=actor, close=True)", "paid = None"),
    ),
    defect(
        "orders are cancelled by the timer before their time",
        ("order_timeout", "(due.page(ctx.now) for due", "(due.page(ctx.now + 31 * 60_000) for due"),
    ),
    defect(
        "a late notice revives a cancelled order",
        (
            "rules.order_states",
            "return EDGES[status, event]",
            'return "paid" if event == "pay" else EDGES[status, event]',
        ),
        ("flows.payments", '        and order["status"] == "pending_payment"\n', ""),
        ("flows.payments", '        and order["attempts"][place]["state"] == "open"\n', ""),
        ("flows.payments", ', f"{place}.state": "open"}', "}"),
    ),
    defect(
        "a notice that comes twice is booked twice",
        ("flows.payments", 'if any(entry["key"] == payment.key', 'if any(entry["key"] == ""'),
        ("flows.payments", 'unknown = {"payLog.key": {"$ne": payment.key}}', "unknown: dict = {}"),
    ),
    defect(
        "a notice of less money pays the order",
        (
            "flows.payments",
            '(attempt["amountFen"], attempt["openid"]) != (payment.amount_fen, payment.openid)',
            "False",
        ),
    ),
    defect(
        "a refund that is tried again is another refund",
        (
            "flows.refunds",
            'out_refund_no=refund["refundNo"],',
            'out_refund_no=refund["refundNo"] + str(ctx.now),',
        ),
    ),
    defect(
        "units may be given back that were given back",
        (
            "rules.after_sale",
            '    return int(line["quantity"]) - _units',
            '    return int(line["quantity"]) - 0 * _units',
        ),
    ),
    defect(
        "a refund leaves the points that were earned",
        ("flows.reversal", 'claw_of(earned["delta"], order, sale) if earned else 0\n', "0\n"),
    ),
    defect(
        "money that nobody waited for is kept",
        ("flows.outbox", 'if refund["state"] == "due"', 'if refund["state"] == ""'),
    ),
    defect(
        "points of an order are credited with every run of their task",
        (
            "flows.tasks",
            """f"earn:order:{order['_id']}",""",
            """f"earn:order:{order['_id']}:{now}",""",
        ),
    ),
    defect(
        "an order's mark is taken away before its tasks are stored",
        (
            "flows.outbox",
            "    return [\n        *(put",
            "    return [\n        update('orders', mark, {'$unset': {'outboxAt': ''}}),\n        *(put",
        ),
    ),
    defect(
        "a task that failed counts as done",
        ("flows.tasks", '{"state": "dead" if dead else "due",', '{"state": "dead" if dead else "done",'),
    ),
    defect(
        "nobody ends a checkout that stopped halfway",
        (
            "outbox_pump",
            'return sum(poison.results(db, "orders", orders, partial(_failed, db, now), now))',
            "return 0",
        ),
    ),
    defect(
        "points are spent that are not there",
        ("flows.points", '{"$gte": points + lapsed}', '{"$gte": 0}'),
    ),
    defect(
        "points of an order are held that are not there",
        ("flows.redemption", "guard={**operation.guard, **not_void}", "guard=not_void"),
    ),
    defect(
        "points that are given back stay reserved",
        ("flows.redemption", '"reservedDelta": -back.points', '"reservedDelta": 0'),
    ),
    defect(
        "points come back to the counter and to no lot",
        ("flows.lots", 'if row["delta"] > 0:', 'if row["delta"] > 10**9:'),
    ),
    defect(
        "points of a paid order stay held",
        ("flows.redemption", 'change={"$inc": {"points.shop.reserved": -points}}', "change={}"),
    ),
    defect(
        "each row of an exchange moves both books",
        ("flows.points", 'mark=key.rpartition(":")[0] if "twinDelta" in row else "",', ""),
        about="garden",
    ),
    defect(
        "an exchange's token is ignored",
        (
            "points_exchange",
            "draft(member, request.client_token, request.points, ctx.now)",
            "draft(member, ctx.request_id, request.points, ctx.now)",
        ),
        about="garden",
    ),
    defect(
        "what a day's caps leave is read and not guarded",
        ("flows.allowance", 'f"{_TODAY}.{what}": {"$lte": cap - points}}', "}"),
        ("flows.allowance", 'guard = {f"{_TODAY}.day": {"$not": {"$gte": day}}}', "guard = {}"),
        about="garden",
    ),
    defect(
        "nobody books lapsed points",
        ("nightly_close", "night.all_of(expiry.expire)", "0"),
        about="garden",
    ),
    defect(
        "a plant asked for twice is planted twice",
        ("garden_tend", 'request.client_token or "")', 'f"{request.client_token}{ctx.now}")'),
        about="garden",
    ),
    defect(
        "a harvest is rewarded each time it is asked for",
        (
            "flows.harvesting",
            "        key_of(mine.user_id, plant_id),",
            '        key_of(mine.user_id, f"{plant_id}:{now}"),',
        ),
        about="garden",
    ),
    defect(
        "a lesson is rewarded each time it is passed",
        (
            "flows.lessons",
            'reward_key(mine.user_id, lesson["_id"]),',
            """f"{reward_key(mine.user_id, lesson['_id'])}:{now}",""",
        ),
        about="learning",
    ),
    defect(
        "a reward that was broken off is paid and its lesson forgotten",
        ("flows.lessons", "return [*kept, *outcome.closing]", "return [*outcome.closing]"),
        about="learning",
    ),
    defect(
        "an award's token is ignored",
        ("points_award", 'f"award:{request.client_token}"', 'f"award:{ctx.request_id}"'),
        about="garden",
    ),
    defect(
        "a practitioner earns from what she buys herself",
        ("rules.attribution", "if not bp or same_person(earner.person, among.buyer):", "if not bp:"),
    ),
    defect(
        "a link counts for ever",
        ("rules.attribution", "<= policy.share_days * _DAY", "<= 99 * _DAY"),
        ("flows.share_links", "link if link.issued_at <= now < link.expires_at else", "link if now else"),
    ),
    defect(
        "the rate of a commission is that of today",
        ("rules.after_sale", 'line["paidFen"] * line.get("commissionBp", 0)', 'line["paidFen"] * 500'),
    ),
    defect(
        "what goes back leaves its commission",
        ("flows.commission", "for line, fen in shares if fen]", "for line, fen in shares if fen < 0]"),
    ),
    defect(
        "commission is accrued with every run of its task",
        (
            "flows.commission",
            '"accrue", {"pendingFen": commission_of(line)}, at=started)',
            '"accrue", {"pendingFen": commission_of(line)}, at=started, ref=str(now))',
        ),
    ),
    defect(
        "a month is settled every night anew",
        ("flows.settlement", 'key = f"settle:{practitioner_id}:{batch.month}"', 'key = f"settle:{now}"'),
        ("flows.commission", '{"commission.settledThrough": {"$not": {"$gte": row["ref"]}}}', "{}"),
        ("flows.commission", "if delta < 0}", "if delta < -(10**9)}"),
        about="commission",
    ),
    defect(
        "a withdrawal that has ended can be paid",
        ("flows.commission", 'return {"withdrawal.withdrawalId": row["ref"]},', "return {},"),
        about="commission",
    ),
    defect(
        "the carbon of an order is fed to the garden each time its task runs",
        ("flows.garden_sync", "*_points(fed, started),", "*_points(fed, now),"),
        ("flows.garden_sync", """f"earn:carbon:{order_no}",""", """f"earn:carbon:{order_no}:{started}","""),
        ("flows.garden_sync", 'if order["garden"]["state"] in _ENDED:', "if False:"),
    ),
    defect(
        "a review that is hidden keeps its place in the rating",
        ("admin_review_decide", 'counts = "shown" in {review["state"], state}', 'counts = state == "shown"'),
        about="opinions",
    ),
    defect(
        "a review that is shown again is not counted again",
        (
            "flows.ratings",
            """f"review:{review['_id']}:{review.get('version', 0)}",""",
            """f"review:{review['_id']}",""",
        ),
        about="opinions",
    ),
    defect(
        "coupons are issued without a look at how many there are",
        ("flows.claims", '"issued": {"$lt": template.total}', '"issued": {"$gte": 0}'),
        about="coupons",
    ),
    defect(
        "a member may claim as often as she likes",
        (
            "rules.coupons",
            'if sum(state != "void" for state in copies.values()) >= template.per_user:',
            "if False:",
        ),
        about="coupons",
    ),
    defect(
        "a claim that is sent again is another claim",
        ("coupon_claim", 'source = f"claim:{request.client_token}"', 'source = f"claim:{ctx.now}"'),
        about="coupons",
    ),
    defect(
        "nobody ends a claim that stopped halfway",
        (
            "flows.claims",
            'mine = [copy for copy in copies if copy["couponId"] == coupon_id]',
            "mine = []",
        ),
        about="coupons",
    ),
    defect(
        "a coupon stays locked when its order is closed",
        (
            "flows.coupons",
            'update(COUPONS, {**mine, "until": {"$gt": now}}, _freed("available", now)),\n',
            "",
        ),
        about="coupons",
    ),
    defect(
        "a coupon that another order holds pays once more",
        (
            "flows.coupons",
            '                "state": "available",\n                "until"',
            '                "until"',
        ),
        about="coupons",
    ),
    defect(
        "a coupon counts below its threshold",
        ("rules.coupons", "if short > 0:", "if False:"),
        about="coupons",
    ),
    defect(
        "the budget of a closed order is not given back",
        (
            "flows.promotions",
            '            "back",\n            -use["units"],',
            '            "back",\n            0,',
        ),
    ),
    defect(
        "who is new is noted as greeted before she is",
        ("flows.accounts", "    return [task, update(", "    return [task][:0] + [update("),
        about="accounts coupons",
    ),
    defect(
        "a meal counts in its day each time it is booked",
        ("flows.meals", "perform(db, [_daily(row, key),", 'perform(db, [_daily(row, f"{key}:{now}"),'),
        about="meals",
    ),
    defect(
        "a meal's token is ignored",
        (
            "meal_record",
            """meal_id=f"{ctx.user_id}:{request.client_token or ''}",""",
            """meal_id=f"{ctx.user_id}:{request.client_token or ''}{ctx.now}",""",
        ),
        about="meals",
    ),
    defect(
        "a meal that was taken back keeps its points",
        ("flows.meals", 'if earned is None or earned["state"] == "refused":', "if True:"),
        about="meals",
    ),
    defect(
        "nobody books a meal whose booking stopped halfway",
        (
            "flows.meals",
            'return sum(_booked(db, row, now) for row in sorted(rows, key=lambda row: "reverses" in row))',
            "return 0",
        ),
        about="meals",
    ),
    defect(
        "each call fixes an entry of its own",
        ("flows.stock_keeping", 'row["state"] != "pending"', "False"),
        ("flows.stock_keeping", 'key=row["_id"],', "key=f\"{row['_id']}:{row['updatedAt']}\","),
        about="stock",
    ),
)


@pytest.mark.parametrize("broken", DEFECTS, ids=lambda broken: broken.name.replace(" ", "_"))
def test_a_planted_defect_is_found(broken: Defect) -> None:
    with planted(broken):
        assert first_failing_seed(broken) is not None


def first_failing_seed(broken: Defect) -> int | None:
    """Return the first seed that breaks a law, if one of the first 300 does."""
    return next((seed for seed in range(MOST_SEEDS) if play(draw(seed, broken.about)).breaches), None)
