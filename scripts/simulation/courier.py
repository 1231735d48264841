"""How WeChat tells of money: late, more than once, and again until it is heard."""

from collections.abc import Callable
from http import HTTPStatus
from random import Random

from gardenshop.cloud.clock import HOUR, MINUTE, SECOND
from gardenshop.cloud.database import Document
from simulation.chance import dice
from simulation.till import Return, Trade, notice, refund_of, transaction_of
from simulation.world import Call, Script, Wait, World

_NOTICE_WAITS = (15 * SECOND, 30 * SECOND, 3 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR)


def send_money(world: World, attempt_no: str, chance: Random, *, force: bool = False) -> None:
    """Let WeChat Pay take the money of *attempt_no*, and tell of it: late, once or more often.

    The last delay is longer than anybody waits: by then the shop has asked by itself.
    """
    trade = world.till.pay(attempt_no, force=force)
    copies, delays = chance.choice((1, 1, 1, 2, 3)), (0, 200, 2000, 20 * MINUTE, 90 * MINUTE, 5 * HOUR)
    waits = [chance.choice(delays) for _ in range(copies)]
    if trade is None:
        world.tell("wechat", f"does not take money for {attempt_no}")
        return
    world.tell("wechat", f"takes {trade.amount_fen} fen for {attempt_no}; notices after {waits} ms")
    for copy, wait in enumerate(waits):
        world.play(f"notice.{attempt_no}.{copy}", _courier(wait, paid_notice(trade)), world.loop.now)


def send_back(world: World) -> Callable[[Trade, Return], None]:
    """Return what lets WeChat Pay finish a refund after a while, and tell of it."""

    def begin(trade: Trade, each: Return) -> None:
        chance = dice(world.seed, "refund", each.number)
        world.play(f"refund.{each.number}", _finish_refund(world, trade, each, chance), world.loop.now)

    return begin


def _finish_refund(world: World, trade: Trade, each: Return, chance: Random) -> Script:
    yield Wait(chance.choice((500, 5 * SECOND, 10 * MINUTE)))
    each.status = "SUCCESS"
    world.tell("wechat", f"has sent back {each.fen} fen of {trade.number}")
    for _ in range(chance.choice((1, 1, 2))):
        yield from _courier(0, notice("REFUND.SUCCESS", refund_of(trade, each)))


def _courier(wait: int, event: Document) -> Script:
    """Bring a notice, again and again until it is taken."""
    for pause in (wait, *_NOTICE_WAITS):
        yield Wait(pause)
        reply = yield Call("pay_notify", event)
        if reply is not None and reply["statusCode"] == HTTPStatus.NO_CONTENT:
            return


def paid_notice(trade: Trade) -> Document:
    return notice("TRANSACTION.SUCCESS", transaction_of(trade))
