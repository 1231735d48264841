"""checkout_preview: what the caller's basket costs now, and what stands in the way."""

from gardenshop.cloud.entry import MEMBER, Context, cloud_function
from gardenshop.flows.basket import read_commands
from gardenshop.flows.checkout import Wanted, quote_of
from gardenshop.flows.quote_view import QuoteView, view_of


class CheckoutPreview(Wanted):
    """Left out, the lines are the cart's selected ones, the address the default one; no coupon, no points."""


@cloud_function(caller=MEMBER)
def main(request: CheckoutPreview, ctx: Context) -> QuoteView:
    """Price in one round trip and change nothing; checkout asks for the total shown here."""
    replies = ctx.db.read(*read_commands(ctx.user_id, request.plain_lines(ctx), now=ctx.now))
    return view_of(quote_of(replies, request, ctx))
