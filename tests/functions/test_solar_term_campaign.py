"""solar_term_campaign: prepared ahead, open to the minute, left to operators, issued once, reported."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from functions.builders import NOW, Document, die_everywhere, document, edit, rule, stock_up, user
from functions.conftest import Clock
from functions.past_orders import HEALTH, assessed, bought, past_order
from gardenshop.cloud.clock import DAY, HOUR, MINUTE, day_of, parse_utc, rfc3339
from gardenshop.models.promotion import CouponPlan, PromotionPlan
from gardenshop.rules.campaigns import problems_of_coupon, problems_of_promotion
from gardenshop.rules.policies.campaign import CampaignPolicy
from gardenshop.rules.solar_terms import TERMS, next_term, occurrences
from gardenshop.rules.term_campaigns import TEXTS, Season, coupon_of, promotion_of, seasons
from gardenshop.rules.wording import blocking
from harness import A, B, Shop, user_id

DAXUE = next_term(NOW)
DONGZHI = next_term(DAXUE.at)
ID = "term:2026-daxue"
LINES = {"lines": [{"skuId": "radish-500g", "quantity": 6}]}


def furnish(shop: Shop) -> None:
    """A product that is in season in 大雪, one that is not, and two members."""
    stock_up(shop, "radish", terms=["daxue", "lidong"], sales30D=3)
    stock_up(shop, "jam", terms=["xiazhi"])
    shop.add("users", user())
    shop.add("users", user(B))


@pytest.fixture(autouse=True)
def _shop(shop: Shop, clock: Clock) -> None:
    del clock
    furnish(shop)


def tick(shop: Shop, at: int) -> Document:
    reply: Document = shop.ok("solar_term_campaign", {"Type": "Timer", "Time": rfc3339(at)})
    return reply


def paid_for_radish(shop: Shop) -> int:
    quote = shop.ok("checkout_preview", LINES, openid=A)
    return int(quote["totals"]["goodsFen"] - quote["totals"]["promoFen"])


def test_all_24_templates_make_sense_and_may_be_shown() -> None:
    assert {term.key for term in TERMS} == TEXTS.keys()
    for number, begins in enumerate(occurrences(2026)):
        season = Season(begins, next_term(begins.at).at)
        promotion, coupon = (make(season, CampaignPolicy(), ["p"]) for make in (promotion_of, coupon_of))
        assert problems_of_promotion(PromotionPlan.model_validate(promotion)) == []
        assert problems_of_coupon(CouponPlan.model_validate(coupon)) == []
        texts = (promotion["name"], promotion["copyText"], coupon["terms"]["name"])
        assert [blocking(text) for text in texts] == [[], [], []]
        assert season.id == f"term:2026-{TERMS[number].key}"


def test_a_year_has_every_season_once_and_no_gap() -> None:
    found = list(seasons(occurrences(2026)[0].at, 366))

    assert [each.begins.term for each in found[:24]] == list(TERMS)
    assert found[24].id == "term:2027-xiaohan"
    assert all(one.ends_at == two.begins.at for one, two in pairwise(found))


def test_it_is_prepared_seven_days_ahead_for_what_is_in_season(shop: Shop) -> None:
    assert tick(shop, DAXUE.at - 7 * DAY - 1)["campaigns"] == []

    assert tick(shop, DAXUE.at - 7 * DAY)["campaigns"] == [ID]

    promotion, coupon = shop.one("promotions", ID), shop.one("coupons", ID)
    assert (promotion["name"], promotion["scope"]["productIds"]) == ("大雪时令", ["radish"])
    assert (promotion["startAt"], promotion["endAt"]) == (DAXUE.at, DONGZHI.at)
    assert (promotion["state"], coupon["state"], coupon["trigger"]) == (
        "scheduled",
        "scheduled",
        "solar_term",
    )
    assert promotion["budget"] == {"unit": "fen", "limit": 500_000, "used": 0}
    assert coupon["terms"]["name"] == "大雪时令券 满59.00减5.00"


def test_without_anything_in_season_it_waits_for_it(shop: Shop) -> None:
    edit(shop, "products", "radish", {"terms": []})
    told = tick(shop, DAXUE.at - DAY)
    assert (told["campaigns"], told["withoutGoods"]) == ([], ["term:2026-xiaoxue", ID])

    edit(shop, "products", "radish", {"terms": ["daxue"]})

    assert tick(shop, DAXUE.at + 5 * DAY)["campaigns"] == [ID]


def test_prices_turn_at_the_very_minute(shop: Shop, clock: Clock) -> None:
    tick(shop, DAXUE.at - DAY)
    found = []
    for at in (DAXUE.at - 1, DAXUE.at, DONGZHI.at - 1, DONGZHI.at):
        clock.now = at
        found.append(paid_for_radish(shop))

    assert found == [7200, 6480, 6480, 7200]


def test_what_an_operator_made_of_it_stays(shop: Shop) -> None:
    tick(shop, DAXUE.at - DAY)
    edit(shop, "promotions", ID, {"benefit.payBp": 8000, "state": "paused"})
    edit(shop, "coupons", ID, {"state": "ended"})
    before = shop.dump()

    tick(shop, DAXUE.at - HOUR)
    tick(shop, DAXUE.at + MINUTE)

    assert shop.dump() == before


class TestCoupons:
    def pumped(self, shop: Shop, clock: Clock, at: int) -> list[str]:
        clock.now = at
        shop.ok("outbox_pump")
        return sorted(each["userId"] for each in shop.documents("user_coupons"))

    def test_every_member_gets_one_when_it_has_begun_however_often_the_timer_fires(
        self, shop: Shop, clock: Clock
    ) -> None:
        tick(shop, DAXUE.at - DAY)
        assert shop.documents("sync_tasks") == []
        for at in (DAXUE.at, DAXUE.at, DAXUE.at + 20 * MINUTE, DAXUE.at + DAY):
            tick(shop, at)

        assert self.pumped(shop, clock, DAXUE.at + DAY) == sorted([user_id(A), user_id(B)])
        assert shop.one("coupons", ID)["issued"] == 2

    def test_only_members_of_the_types_it_speaks_to_and_by_consent(self, shop: Shop, clock: Clock) -> None:
        body = {"constitutions": {"daxue": ["yang_deficiency"]}}
        shop.add("business_rules", rule("campaign", body))
        edit(shop, "users", user_id(A), {"consents": [HEALTH]})
        for openid in (A, B):
            shop.add("user_profiles_extended", assessed(openid, "yang_deficiency"))

        tick(shop, DAXUE.at - DAY)
        tick(shop, DAXUE.at)

        assert self.pumped(shop, clock, DAXUE.at + HOUR) == [user_id(A)]

    def test_a_run_missed_for_five_days_is_made_up_for(self, shop: Shop, clock: Clock) -> None:
        tick(shop, DAXUE.at + 5 * DAY)
        tick(shop, DAXUE.at + 5 * DAY + 10 * MINUTE)

        assert len(self.pumped(shop, clock, DAXUE.at + 5 * DAY + HOUR)) == 2

    def test_none_are_made_where_the_rule_says_none(self, shop: Shop) -> None:
        shop.add("business_rules", rule("campaign", {"coupons": 0}))

        tick(shop, DAXUE.at)

        assert (len(shop.documents("promotions")), shop.documents("coupons")) == (1, [])


def test_the_rule_turns_it_off(shop: Shop) -> None:
    shop.add("business_rules", rule("campaign", {"prepares": False}))

    assert tick(shop, DAXUE.at)["campaigns"] == []
    assert shop.documents("promotions") == []


class TestReport:
    @pytest.fixture(autouse=True)
    def _sales(self, shop: Shop) -> None:
        """On the second day A buys again by the promotion, B for the first time with a coupon, C without."""
        tick(shop, DAXUE.at)
        shop.add("orders", past_order(30, bought("jam"), openid=A))
        day = day_of(DAXUE.at + DAY)
        by_promotion = {"step": "line_promotion", "ref": ID, "text": "大雪时令", "amountFen": 120}
        by_coupon = {"step": "coupon", "ref": f"{ID}:{user_id(B)}:0", "text": "券", "amountFen": 500}
        steps = {A: [by_promotion], B: [by_coupon, by_promotion], "openid-c": []}
        for number, (openid, trace) in enumerate(steps.items()):
            order = past_order(
                0, bought("radish"), openid=openid, trace=trace, clientToken=f"dax-{number:04}"
            )
            at = DAXUE.at + DAY
            shop.add("orders", {**order, "_id": f"{day.replace('-', '')}{number:012}", "createdAt": at})
        for number, (kind, product_id) in enumerate(
            [("exposure", "radish"), ("exposure", "radish"), ("click", "radish"), ("click", "jam")]
        ):
            seen = {"userId": user_id(A), "type": kind, "productId": product_id, "scene": "campaign"}
            event = document("user_events", id=f"e{number}", at=DAXUE.at + DAY, day=day, **seen)
            shop.add("user_events", event)

    def test_a_day_is_reported_once_when_it_is_over(self, shop: Shop) -> None:
        day = day_of(DAXUE.at + DAY)
        key = f"campaign:{day}:{ID}"

        assert tick(shop, DAXUE.at + 2 * DAY)["reported"] == 2

        row = shop.one("data_dashboard", key)
        assert (row["kind"], row["day"], row["dimension"], row["final"]) == ("campaign", day, ID, True)
        assert row["metrics"] == {
            "exposures": 2,
            "clicks": 1,
            "orders": 2,
            "buyers": 2,
            "newBuyers": 1,
            "gmvFen": 2000,
            "discountFen": 740,
            "couponsIssued": 0,
            "couponsUsed": 0,
            "budgetUsedFen": 0,
        }
        before = shop.dump()
        assert tick(shop, DAXUE.at + 2 * DAY + HOUR)["reported"] == 0
        assert shop.dump() == before

    def test_days_that_were_missed_are_made_up_for(self, shop: Shop) -> None:
        told = tick(shop, DAXUE.at + 5 * DAY)

        days = sorted(row["day"] for row in shop.documents("data_dashboard", {"kind": "campaign"}))
        assert days == [day_of(DAXUE.at + ago * DAY) for ago in range(5)]
        assert told["reported"] == 5


@pytest.mark.parametrize("again", [True, False], ids=["again", "left alone"])
def test_a_run_broken_off_anywhere_is_ended_by_the_next(*, again: bool) -> None:
    def act(shop: Shop) -> Any:
        return shop.call("solar_term_campaign", {"Type": "Timer", "Time": rfc3339(DAXUE.at)})

    def verify(shop: Shop) -> None:
        tick(shop, DAXUE.at + 10 * MINUTE)
        tick(shop, DAXUE.at + 20 * MINUTE)
        assert [len(shop.documents(name)) for name in ("promotions", "coupons", "sync_tasks")] == [1, 1, 1]

    assert die_everywhere(furnish, act, verify, again=again) >= 2


def test_two_runs_at_once_make_one_campaign(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    event = {"Type": "Timer", "Time": rfc3339(DAXUE.at)}

    replies = at_once(*[("solar_term_campaign", event, "")] * 4)

    assert {reply["code"] for reply in replies} == {0}
    assert [len(shop.documents(name)) for name in ("promotions", "coupons")] == [1, 1]


def test_it_takes_four_trips_when_nothing_is_to_be_done(shop: Shop) -> None:
    tick(shop, DAXUE.at)
    tick(shop, DAXUE.at + MINUTE)
    trips: list[int] = []
    shop.adapter.before = lambda commands: trips.append(len(commands))

    tick(shop, DAXUE.at + 10 * MINUTE)

    assert len(trips) == 4


def test_nobody_else_is_served(shop: Shop) -> None:
    assert shop.refused("solar_term_campaign", {"Type": "Timer"}, openid=A)["error"] == "FORBIDDEN"
    assert parse_utc("2026-12-07T00:00:00Z") < DAXUE.at < parse_utc("2026-12-08T00:00:00Z")
