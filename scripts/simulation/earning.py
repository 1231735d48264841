"""How sales come about through a practitioner, and how she is paid: links, withdrawals, and finance."""

from gardenshop.cloud.clock import DAY, HOUR, MINUTE, SECOND
from gardenshop.cloud.database import Document
from gardenshop.flows.share_links import SETTING, make
from simulation import stage
from simulation.acting import Play
from simulation.chance import dice
from simulation.world import Script, Wait

_AGES = (MINUTE, HOUR, 3 * DAY, 8 * DAY)
"""How long ago a link was shared: three of them count, the last does not."""
_LINKED = 0.3
_AMOUNTS = (1000, 1300, 2500, 5000)


def led_to(play: Play, lines: list[Document]) -> list[Document]:
    """Return *lines*, some of which the practitioner's link has led to."""
    chance = dice(play.world.seed, "link", play.name, len(lines))
    linked = [(line, chance.choice(_AGES), chance.random() < _LINKED) for line in lines]
    return [{**line, "origin": _link(play, age)} if is_linked else line for line, age, is_linked in linked]


def _link(play: Play, age: int) -> Document:
    made = play.world.loop.now - age
    token = make(stage.PRACTITIONER, "product", "tofu", environ={SETTING: stage.LINK_KEYS}, now=made)
    return {"scene": "share", "link": token}


def withdraw(play: Play) -> Script:
    """The practitioner asks for money, once or twice, and sometimes changes her mind."""
    yield from play.ask(
        "commission_account", {"action": play.dice.choice(("view", "statement"))}, stage.EARNER
    )
    for amount in play.dice.choice(([1000], [2500], list(_AMOUNTS[:2]), list(_AMOUNTS))):
        token = f"token-{play.name}-{next(play.tokens)}"
        event = {"action": "withdraw", "amountFen": amount, "clientToken": token}
        reply = yield from play.ask("commission_account", event, stage.EARNER)
        if reply is not None and not reply["code"] and play.happens(0.3):
            yield Wait(play.dice.choice((SECOND, MINUTE)))
            cancel = {"action": "cancel", "withdrawalId": f"{_earner(play)}:{token}"}
            yield from play.ask("commission_account", cancel, stage.EARNER)


def pay_out(play: Play) -> Script:
    """Finance pays or refuses what is open, two people sometimes at once; she may take it back meanwhile."""
    (practitioner,) = play.world.read("practitioners")
    withdrawal = practitioner.get("withdrawal")
    if withdrawal is None:
        yield Wait(0)
        return
    if play.happens(0.3):
        other = play.another(f"{play.name}f", play.openid)
        play.world.play(other.name, _decide(other, withdrawal), play.world.loop.now)
    if play.happens(0.3):
        cancel = {"action": "cancel", "withdrawalId": withdrawal["withdrawalId"]}
        other = play.another(f"{play.name}w", stage.EARNER)
        play.world.play(other.name, other.ask("commission_account", cancel), play.world.loop.now)
    yield from _decide(play, withdrawal)


def _decide(play: Play, withdrawal: Document) -> Script:
    event = {
        "action": play.dice.choice(("paid", "paid", "refuse")),
        "practitionerId": stage.PRACTITIONER,
        "withdrawalId": withdrawal["withdrawalId"],
        "payoutNo": f"P{play.name}",
        "note": "已核实",
    }
    yield from play.ask("admin_commission_pay", event, "")


def _earner(play: Play) -> str:
    return play.another(play.name, stage.EARNER).user
