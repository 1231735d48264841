"""What A eats, in her own words: looked at, recorded, corrected, and what it comes to in carbon."""

from demo import notes
from demo.cast import MINT
from demo.stage import Stage
from gardenshop.cloud.database import Document
from gardenshop.cloud.identity import user_id

_WORDS = "番茄炒蛋一盘、米饭一碗、半块豆腐"


def cook(stage: Stage) -> None:
    """A buys what a dish takes: first a look, then all of it into the cart, twice with one token."""
    dish = {"recipeId": "mapo-tofu", "servings": 4}
    stage.call("一道菜要买什么 · What a dish takes", MINT, "recipe_buy", dish, note=notes.dish)
    add = {**dish, "mode": "add", "clientToken": "demo-recipe-1"}
    stage.call("一键加入购物车 · All of it into the cart", MINT, "recipe_buy", add, note=notes.dish)
    before = stage.one("shopping_cart", user_id(MINT.openid))
    stage.post("/functions/recipe_buy", add, MINT)
    after = stage.one("shopping_cart", user_id(MINT.openid))
    stage.expect("one token fills the cart once", holds=before == after)


def eat(stage: Stage) -> None:
    """A looks at her lunch, records it twice with one token, takes a wrong one back, and reads the report."""
    lunch = {"text": _WORDS, "type": "lunch"}
    stage.call("一餐有多少碳 · A meal in carbon", MINT, "meal_record", lunch, note=_meal)
    record = {**lunch, "action": "record", "clientToken": "demo-meal-1"}
    stage.call("记录午餐 · Record the meal", MINT, "meal_record", record, note=_meal)
    before = stage.documents("meals")
    stage.post("/functions/meal_record", record, MINT)
    stage.expect("one token records one meal", holds=stage.documents("meals") == before)
    wrong = {"text": "豆浆一杯", "type": "breakfast", "action": "record", "clientToken": "demo-meal-2"}
    stage.post("/functions/meal_record", wrong, MINT)
    undo = {"action": "undo", "clientToken": "demo-meal-2"}
    stage.call("记错了，撤回 · Take one back", MINT, "meal_record", undo, note=_meal)
    report = stage.call("减碳报告 · The report", MINT, "carbon_report", note=_report)
    stage.expect("one meal of today is left", holds=report["today"]["meals"] == 1)
    sums = [day["savedG"] for day in stage.documents("daily_stats") if day["userId"] == user_id(MINT.openid)]
    stage.expect("the report is the sum of the days", holds=report["total"]["savedG"] == sum(sums))


def _meal(data: Document) -> str:
    """List the foods with their grams, then what they emit and save, and why not more."""
    foods = "、".join(f"{each['name']} {each['grams']} 克" for each in data["items"])
    ended = "（已撤回）" if data["undone"] else ""
    figures = f"排放约 {data['carbonG']} 克，减碳约 {data['savedG']} 克，{data['points']} 积分{ended}"
    return "\n".join([f"{foods}：{figures}", *data["notes"]])


def _report(data: Document) -> str:
    """Say what the days come to."""
    return "\n".join([data["text"], *data["equivalents"], data["method"]])
