"""What goes wrong around the shop: money that comes too late, strange notices, deploys, clocks that jump."""

from dataclasses import replace

from gardenshop.cloud import cache as layer_cache
from gardenshop.cloud.clock import MINUTE, SECOND
from simulation.acting import Play
from simulation.courier import paid_notice, send_money
from simulation.till import notice, transaction_of
from simulation.world import Call, Script, Wait


def pay_too_late(play: Play) -> Script:
    """WeChat Pay takes money for what was closed or has run out: the race that it can lose."""
    order = play.some_order("pending_payment")
    if order:
        for function in ("order_pay", "order_cancel"):
            yield from play.ask(function, {"orderNo": order["_id"]})
    trades = [trade for trade in play.world.till.trades.values() if trade.paid_at < 0]
    closed = [trade for trade in trades if trade.state == "CLOSED"]
    if trades:
        trade = play.dice.choice(closed or trades)
        send_money(play.world, trade.number, play.dice, force=True)
    yield Wait(0)


def repeat_notice(play: Play) -> Script:
    """WeChat sends a notice that it has sent before."""
    paid = [trade for trade in play.world.till.trades.values() if trade.paid_at >= 0]
    if paid:
        yield Call("pay_notify", paid_notice(play.dice.choice(paid)))


def forge_notice(play: Play) -> Script:
    """A stranger claims that an order is paid; somebody pays a fen where more is due."""
    trades = list(play.world.till.trades.values())
    if not trades:
        return
    trade = play.dice.choice(trades[-2:])
    lie = transaction_of(replace(trade, paid_at=0, state="SUCCESS"))
    yield Call("pay_notify", notice("TRANSACTION.SUCCESS", lie, seal="forged"))
    fen = transaction_of(replace(trade, paid_at=0, state="SUCCESS", amount_fen=1))
    yield Call("pay_notify", notice("TRANSACTION.SUCCESS", fen))


def deploy(play: Play) -> Script:
    """A new version is published: nothing is kept, and half of what is at work ends where it is."""
    layer_cache.forget_all()
    for _, instance in sorted(play.world.alive.items()):
        if play.happens(0.5):
            play.world.network.kill(instance, "deploy")
    yield Wait(0)


def jump(play: Play) -> Script:
    """The clocks of all instances jump: a little, as clocks are set right, or far ahead."""
    play.world.jump += play.dice.choice((-900, 900, 40 * SECOND, 10 * MINUTE))
    yield Wait(0)
