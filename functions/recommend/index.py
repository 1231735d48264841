"""recommend: products for the caller, each with the reasons that put it there."""

import hashlib
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gardenshop.cloud.database import Document
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.flows.purchases import purchases_of
from gardenshop.flows.scenes import SCENES, Scene, SceneName
from gardenshop.flows.storefront import Found, read
from gardenshop.models.base import Key
from gardenshop.rules.advice import avoided_by, types_of_profile
from gardenshop.rules.features import Member, Place, candidate
from gardenshop.rules.policies.recommend import recommend_for
from gardenshop.rules.ranking import Item, rank, weights_of
from gardenshop.rules.recommend import outlook
from gardenshop.rules.solar_terms import term_at
from gardenshop.rules.taste import signs

_NAMES = {scene.named_by for scene in SCENES.values() if scene.named_by}


class Recommend(Request):
    """`scene` is where the list is shown, and what it is about is named; `exclude` was shown before."""

    scene: SceneName = "home"
    product_id: Key | None = None
    recipe_id: Key | None = None
    order_no: Key | None = None
    promotion_id: Key | None = None
    exclude: Annotated[tuple[Key, ...], Field(max_length=300)] = ()
    limit: Annotated[int, Field(strict=True, ge=1, le=30)] = 10

    @model_validator(mode="after")
    def _names_what_its_scene_is_about(self) -> "Recommend":
        said = {name for name in _NAMES if getattr(self, name) is not None}
        if said != {SCENES[self.scene].named_by} - {""}:
            raise PydanticCustomError("scene_fields", "does not name what its scene is about")
        return self


class ReasonView(Response):
    """Why a product is shown: the feature that scored, and the sentence for people."""

    feature: str
    text: str


class Recommended(Response):
    """One product. `exposure_id` joins what is shown with what is clicked, added and bought."""

    product_id: str
    title: str
    min_fen: int
    cover: str | None
    reasons: list[ReasonView]
    exposure_id: str


class Recommendation(Response):
    """The list, its solar term, whether the caller's own data was used, and whether there is `more`.

    `label` must be shown with it; `variant` is told with the events of its exposures.
    """

    items: list[Recommended]
    term: str
    personalised: bool
    more: bool
    variant: str | None
    label: str = "推荐"


@cloud_function(caller=MEMBER)
def main(request: Recommend, ctx: Context) -> Recommendation:
    """Read in one round trip, rank, and say why."""
    scene = SCENES[request.scene]
    found = read(scene, getattr(request, scene.named_by, ""), ctx)
    policy, variant = recommend_for(found.policy, ctx.user_id)
    items = rank(
        [
            candidate(product, ctx.now, in_stock=key in found.stocked, segment=_segment(found.profile))
            for key, product in found.shelf.items()
            if key in found.about or not scene.within
        ],
        _member(found, ctx),
        ctx.now,
        weights_of(policy.weights, together=scene.together),
        request.limit + 1,
        place=_place(request, scene, found),
        variety_bp=policy.variety_bp,
    )
    exposure = _exposure(ctx)
    shown = enumerate(items[: request.limit], start=1)
    return Recommendation(
        items=[_shown(item, found.shelf[item.product_id], f"{exposure}-{place}") for place, item in shown],
        term=term_at(ctx.now).name,
        personalised=_personalised(found.profile),
        more=len(items) > request.limit,
        variant=variant,
    )


def _personalised(profile: Document) -> bool:
    return bool(profile.get("personalised", True))


def _member(found: Found, ctx: Context) -> Member:
    """What the ranking may know: what she does not eat always, the rest only as far as she agrees."""
    profile = found.profile
    avoided = avoided_by(profile, ctx.day)
    allergic_to = profile.get("allergens") or ()
    if not _personalised(profile):
        return Member(avoided=avoided, allergic_to=allergic_to)
    seen = outlook(purchases_of(found.orders), found.known, ctx.day)
    return Member(
        types_of_profile(profile),
        avoided,
        allergic_to,
        signs(seen, found.known, {key: product["title"] for key, product in found.shelf.items()}),
    )


def _segment(profile: Document) -> str:
    return (profile.get("constitution") or {}).get("primary") or ""


def _place(request: Recommend, scene: Scene, found: Found) -> Place:
    """Where the list stands; neither what is in the cart nor what was shown before is in it."""
    beside = () if scene.within else [key for key in found.shelf if key in found.about]
    in_cart = [line["productId"] for line in found.cart.get("lines") or ()]
    return Place(
        {key: found.shelf[key]["title"] for key in beside},
        {key: found.known.near[key] for key in beside if key in found.known.near},
        {*in_cart, *request.exclude, *(() if scene.within else found.about)},
    )


def _shown(item: Item, product: Document, exposure_id: str) -> Recommended:
    return Recommended(
        product_id=item.product_id,
        title=product["title"],
        min_fen=product["minPriceFen"],
        cover=(product.get("media") or {}).get("cover"),
        reasons=[ReasonView(feature=each.feature, text=each.text) for each in item.reasons],
        exposure_id=exposure_id,
    )


def _exposure(ctx: Context) -> str:
    return "e" + hashlib.sha256(f"{ctx.user_id}{ctx.request_id}{ctx.now}".encode()).hexdigest()[:16]
