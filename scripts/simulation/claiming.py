"""Members who claim coupons: one after the other, on several phones, or all at once."""

from gardenshop.cloud.database import Document
from simulation import stage
from simulation.acting import Play
from simulation.world import Script, Wait


def claim(play: Play) -> Script:
    """Claim a coupon or two, perhaps with several phones at once."""
    for number in range(play.dice.choice((1, 1, 2, 3))):
        wish = play.dice.choice(({"couponId": "few"}, {"couponId": "carriage"}, {"code": "simulate"}))
        event = {**wish, "clientToken": f"token-{play.name}-{number}"}
        if play.happens(0.3):
            twin = play.another(f"{play.name}k{number}", play.openid)
            other = {**event, "clientToken": f"token-{twin.name}"}
            play.world.play(twin.name, claim_one(twin, other), play.world.loop.now)
        yield from claim_one(play, event)


def claim_one(play: Play, event: Document) -> Script:
    """Claim, and remember what was given."""
    reply = yield from play.ask("coupon_claim", event)
    if reply is not None and not reply["code"]:
        source = f"claim:{event['clientToken']}"
        play.told("claimed", copy=reply["data"]["userCouponId"], source=source)


def rush_for_coupons(play: Play) -> Script:
    """Everybody wants the last copies at once."""
    for number, openid in enumerate(stage.MEMBERS):
        name = f"{play.name}q{number}"
        for again in range(play.dice.choice((1, 2))):
            event = {"couponId": "few", "clientToken": f"token-{name}-{again}"}
            one = play.another(f"{name}.{again}", openid)
            play.world.play(one.name, claim_one(one, event), play.world.loop.now)
    yield Wait(0)
