"""The closed word lists and small values that several domains share."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import Key, Line, Model, ShortText

Constitution = Literal[
    "balanced",
    "qi_deficiency",
    "yang_deficiency",
    "yin_deficiency",
    "phlegm_damp",
    "damp_heat",
    "blood_stasis",
    "qi_stagnation",
    "special_diathesis",
]
"""体质: 平和 气虚 阳虚 阴虚 痰湿 湿热 血瘀 气郁 特禀."""

SolarTerm = Literal[
    "xiaohan",
    "dahan",
    "lichun",
    "yushui",
    "jingzhe",
    "chunfen",
    "qingming",
    "guyu",
    "lixia",
    "xiaoman",
    "mangzhong",
    "xiazhi",
    "xiaoshu",
    "dashu",
    "liqiu",
    "chushu",
    "bailu",
    "qiufen",
    "hanlu",
    "shuangjiang",
    "lidong",
    "xiaoxue",
    "daxue",
    "dongzhi",
]
"""节气, in the order of a Gregorian year (小寒 … 冬至)."""

DietFlag = Literal["egg", "dairy", "honey", "fivePungent", "alcohol"]
"""What a product may contain and a member may avoid; independent of each other."""

Allergen = Literal[
    "gluten",
    "crustacean",
    "fish",
    "egg",
    "peanut",
    "soy",
    "milk",
    "tree_nut",
    "sesame",
    "buckwheat",
]
"""The eight categories of GB 7718, then two that members ask for."""

Nature = Literal["寒", "凉", "平", "温", "热"]
Flavour = Literal["酸", "苦", "甘", "辛", "咸", "淡", "涩"]
Channel = Literal[
    "心", "肝", "脾", "肺", "肾", "胃", "大肠", "小肠", "膀胱", "胆", "心包", "三焦"
]  # fmt: skip

Terms = Annotated[tuple[SolarTerm, ...], Field(max_length=24)]
Contains = Annotated[tuple[DietFlag, ...], Field(max_length=5)]
Allergens = Annotated[tuple[Allergen, ...], Field(max_length=10)]
Constitutions = Annotated[tuple[Constitution, ...], Field(max_length=9)]

Openid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,128}$")]
"""A member's id in the mini-program, as WeChat gives it."""

BadgeLevel = Literal["bronze", "silver", "gold", "diamond"]
"""Levels of members, practitioners and certifications, lowest first."""

Protein = Literal["soy", "soymilk", "pulse", "egg", "plant_meat"]
"""What stands in the place of meat, by how much of it makes a portion."""

RecordState = Literal["pending", "final", "refused"]
"""A ledger row: written, applied to its balance, or found impossible."""

Via = Literal["share", "recipe", "certification"]
"""How a practitioner caused a sale: by her link, by her recipe, by vouching for the product."""


class Scope(Model):
    """The goods that something applies to: all when every list is empty."""

    product_ids: Annotated[tuple[Key, ...], Field(max_length=200)] = ()
    sku_ids: Annotated[tuple[Key, ...], Field(max_length=200)] = ()
    categories: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()
    excluded_product_ids: Annotated[tuple[Key, ...], Field(max_length=200)] = ()


class Origin(Model):
    """What led a member to put something into the cart."""

    scene: Annotated[Line, Field(max_length=40)]
    exposure_id: Key | None = None
    practitioner_id: Key | None = None
    shared_at: Annotated[int, Field(strict=True, ge=0)] | None = None
    recipe_id: Key | None = None
    campaign_id: Key | None = None
