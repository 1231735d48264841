"""cart_view: the caller's cart, every line priced and checked now."""

from gardenshop.cloud.entry import MEMBER, Context, NoRequest, cloud_function
from gardenshop.flows.cart import CartView, read_cart


@cloud_function(caller=MEMBER)
def main(request: NoRequest, ctx: Context) -> CartView:  # noqa: ARG001  # There is nothing to ask for.
    """Return the cart; an empty one when there is none yet."""
    return read_cart(ctx)
