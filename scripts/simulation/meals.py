"""Members who record what they ate, in words or by weight, and take some of it back."""

from gardenshop.cloud.clock import MINUTE, SECOND
from gardenshop.cloud.database import Document
from simulation.acting import Play
from simulation.world import Script, Wait

_TEXTS = ("半块豆腐、米饭一碗", "豆腐150克", "米饭两碗", "豆腐一份和炒蛋")


def eat(play: Play) -> Script:
    """Record a meal, perhaps the same one again; perhaps take it back, and once more."""
    meal: Document = {"action": "record", "clientToken": f"token-{play.name}"}
    play.told("wants to eat", token=meal["clientToken"])
    if play.happens(0.5):
        meal["text"] = play.dice.choice(_TEXTS)
    else:
        meal["items"] = [{"ingredientId": "tofu", "grams": play.dice.choice((50, 180, 400))}]
    reply = yield from play.ask("meal_record", meal)
    if play.happens(0.2):
        reply = yield from play.ask("meal_record", meal)
    if reply is None or reply["code"]:
        return
    told = {name: reply["data"][name] for name in ("mealId", "savedG", "points")}
    if play.happens(0.5):
        play.told("eaten", **told)
        return
    yield Wait(play.dice.choice((SECOND, MINUTE)))
    for _ in range(play.dice.choice((1, 2))):
        back = yield from play.ask("meal_record", {"action": "undo", "clientToken": meal["clientToken"]})
        if back is not None and not back["code"]:
            play.told("not eaten", **told)
