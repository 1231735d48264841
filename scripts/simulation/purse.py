"""What members do with their points: pay for orders, and exchange those of the garden."""

from gardenshop.cloud.clock import MINUTE, SECOND
from gardenshop.cloud.database import Document
from simulation.acting import Play
from simulation.world import Script, Wait


def points_for(play: Play, preview: Document) -> int:
    """Choose how many shop points pay for what was previewed: none, some, all that may, or one too many."""
    cap = int(preview["points"]["cap"])
    return play.dice.choice((0, 0, min(cap, 7), cap // 2, cap, cap, cap + play.dice.choice((0, 0, 1))))


def exchange(play: Play) -> Script:
    """Exchange garden points; sometimes again with the same token, sometimes two at once."""
    if play.happens(0.3):
        other = play.another(f"{play.name}x", play.openid)
        play.world.play(other.name, _exchange_once(other), play.world.loop.now)
    yield from _exchange_once(play)


def _exchange_once(play: Play) -> Script:
    token, points = f"token-{play.name}", play.dice.choice((10, 10, 20, 30))
    event = {"points": points, "clientToken": token}
    play.told("exchanges", token=token, points=points)
    reply = yield from play.ask("points_exchange", event)
    for _ in range(play.dice.choice((0, 0, 1))):
        yield Wait(play.dice.choice((SECOND, MINUTE)))
        reply = yield from play.ask("points_exchange", event)
    if reply is not None and not reply["code"]:
        play.told("exchanged", ref=f"{token}:{points}", taken=reply["data"]["taken"])
