"""The campaign of each solar term: which are due, what they give, and what they say.

A campaign is a promotion of the products in season and a coupon, on from the minute at which its term begins
to that of the next. The rule `campaign` says how much; the texts say what people cook then, never more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.models.base import dump
from gardenshop.models.promotion import (
    Benefit,
    BudgetPlan,
    CouponPlan,
    CouponTerms,
    PromotionPlan,
    Target,
    Validity,
)
from gardenshop.models.vocabulary import Scope
from gardenshop.rules.money import yuan
from gardenshop.rules.policies.campaign import CampaignPolicy
from gardenshop.rules.solar_terms import Occurrence, next_term, position

MOST_PRODUCTS = 200
GROUP = "solar_term"
_DAY_MS = 86_400_000

TEXTS: Mapping[str, str] = {
    "xiaohan": "腊八前后，把豆子、米和干果煮成一锅粥。",
    "dahan": "年货先备起来：菌菇、豆制品、干果，慢慢挑。",
    "lichun": "春饼卷时蔬，一桌都是新鲜的颜色。",
    "yushui": "笋和荠菜陆续上市，做一碗清鲜的汤。",
    "jingzhe": "梨与百合正应季，煮一碗甜汤分着吃。",
    "chunfen": "春菜最嫩的几天，焯一下拌着吃就好。",
    "qingming": "艾草青团，配一壶新茶。",
    "guyu": "香椿与新茶，一年只有这几天。",
    "lixia": "豌豆糯米饭，蚕豆正当时。",
    "xiaoman": "新麦与苦菜，清清爽爽上桌。",
    "mangzhong": "青梅上市，做一罐自家的梅子酱。",
    "xiazhi": "一碗凉面，配上刚摘的瓜菜。",
    "xiaoshu": "绿豆与莲藕，煮一锅放凉了喝。",
    "dashu": "冬瓜、丝瓜和一碗仙草冻，晚饭清淡些。",
    "liqiu": "新米新豆，慢慢收回厨房。",
    "chushu": "莲子与百合，晚饭添一道甜品。",
    "bailu": "红薯与桂圆，配一杯秋茶。",
    "qiufen": "芋头、南瓜与新米，收获的一餐。",
    "hanlu": "芝麻与山药，早餐粥里添一勺。",
    "shuangjiang": "柿子与栗子都熟了。",
    "lidong": "饺子里包上白菜、豆腐与香菇。",
    "xiaoxue": "腌菜与糍粑，家家有自己的做法。",
    "daxue": "萝卜与菌菇，炖一锅热的。",
    "dongzhi": "饺子或汤圆，南北各有一碗。",
}


class Season(NamedTuple):
    """A solar term of one year, as a campaign: from when until when, in UTC ms."""

    begins: Occurrence
    ends_at: int

    @property
    def id(self) -> str:
        """The id of its promotion, and of its coupon."""
        return f"term:{self.begins.day[:4]}-{self.begins.term.key}"


def seasons(now: int, lead_days: int) -> Iterator[Season]:
    """Yield the season at *now* and those that begin within *lead_days*, whose campaigns must be there."""
    begins = position(now).current
    while begins.at <= now + lead_days * _DAY_MS:
        following = next_term(begins.at)
        yield Season(begins, following.at)
        begins = following


def promotion_of(season: Season, policy: CampaignPolicy, product_ids: Sequence[str]) -> dict[str, Any]:
    """Return the plan of the season's promotion, as it is stored."""
    term = season.begins.term
    plan = PromotionPlan(
        name=f"{term.name}时令",
        kind="unit_discount",
        level="line",
        scope=Scope(product_ids=tuple(product_ids[:MOST_PRODUCTS])),
        benefit=Benefit(pay_bp=policy.pay_bp),
        group=GROUP,
        start_at=season.begins.at,
        end_at=season.ends_at,
        budget=BudgetPlan(unit="fen", limit=policy.budget_fen),
        copy_text=f"{term.name}。{TEXTS[term.key]}",
    )
    return dump(plan)


def coupon_of(season: Season, policy: CampaignPolicy, product_ids: Sequence[str]) -> dict[str, Any]:
    """Return the plan of the season's coupon, as it is stored; members of certain types get it, or all."""
    term = season.begins.term
    types = next((types for key, types in policy.constitutions.items() if key == term.key), ())
    plan = CouponPlan(
        terms=CouponTerms(
            kind="amount",
            name=f"{term.name}时令券 满{yuan(policy.coupon_min_fen)}减{yuan(policy.coupon_fen)}",
            value_fen=policy.coupon_fen,
            min_fen=policy.coupon_min_fen,
            scope=Scope(product_ids=tuple(product_ids[:MOST_PRODUCTS])),
        ),
        total=policy.coupons,
        validity=Validity(start=season.begins.at, end=season.ends_at),
        channel="trigger",
        trigger="solar_term",
        target=Target(constitutions=types),
        start_at=season.begins.at,
        end_at=season.ends_at,
    )
    return dump(plan)
