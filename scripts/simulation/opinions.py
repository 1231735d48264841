"""Members say what they think of what they received; operators show it, hide it, show it again."""

from simulation.acting import Play
from simulation.world import Script

_WORDS = ("豆香很浓", "加微信领券", "吃了治失眠")
"""One that is shown at once, and two that wait for a person."""


def review(play: Play) -> Script:
    """Review a line, sometimes on two phones at once."""
    order = play.some_order("received", "completed")
    if order is None:
        return
    line = play.dice.choice(order["lines"])
    said = {"score": play.dice.randint(1, 5), "text": play.dice.choice(_WORDS)}
    yield from play.ask("review_add", {"orderNo": order["_id"], "lineId": line["lineId"], **said})
    if play.happens(0.5):
        yield from moderate(play)


def moderate(play: Play) -> Script:
    """Decide about some review, now this way and now that."""
    reviews = sorted(play.world.read("product_reviews"), key=lambda each: str(each["_id"]))
    if not reviews:
        return
    chosen = play.dice.choice(reviews)
    for action in play.dice.choice((("hide",), ("show",), ("hide", "show"), ("show", "hide"))):
        event = {"reviewId": chosen["_id"], "action": action, "note": "已核实"}
        yield from play.ask("admin_review_decide", event, "")
