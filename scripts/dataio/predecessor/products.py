"""Old products, each with the stock of its SKUs and the opening entry that explains it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dataio.predecessor.diet import diet_of
from dataio.predecessor.source import Documents, Refused, Source
from dataio.predecessor.values import (
    CONSTITUTIONS,
    EXPORTED_ON,
    TERMS,
    clean,
    cleaned,
    codes,
    name_key,
    stamps,
    whole,
)
from gardenshop.flows.stock_keeping import key_of
from gardenshop.rules.catalogue import projections

_SOURCE = "原九悦商城标注（未注明出处）"
_NATURES = ("寒", "凉", "平", "温", "热")
_FRESH = "生鲜"
_BRAND = re.compile("^九悦(有机|素食)?")
_WEIGHT = re.compile(r"(\d+(?:\.\d+)?)\s*(kg|g)(?![a-zA-Z])")
_PLACEHOLDER = "example.com"
_STATUSES = {"on_sale": "on_sale", "off_sale": "off_sale", "draft": "draft"}


def product(source: Source, foods: Mapping[str, str], people: Mapping[str, str]) -> Documents:
    """Map a product to itself, its stock and the stock's opening entries.

    *foods* and *people* are the keys of ingredients and practitioners by `name_key` of their names.
    """
    product_id = source.text("productId")
    linked, tags = source.part("linkedData"), source.part("recommendTags")
    specs = source.parts("specs")
    if not specs:
        raise Refused("specs are missing: nothing could be bought")
    shipping_g = whole(source.part("shipping").number("weight", 0), 1, "shipping.weight", source.notes)
    stocks: Documents = []
    skus = []
    for spec in specs:
        sku = _sku(spec, product_id, shipping_g if len(specs) == 1 else 0)
        skus.append(sku)
        stocks += _stock(spec, sku["skuId"], product_id)
    return [("products", _product(source, product_id, skus, linked, tags, foods, people)), *stocks]


def _product(  # noqa: PLR0917  # The parts of one record, read once.
    source: Source,
    product_id: str,
    skus: list[dict[str, Any]],
    linked: Source,
    tags: Source,
    foods: Mapping[str, str],
    people: Mapping[str, str],
) -> dict[str, Any]:
    notes = source.notes
    title = clean(source.text("name"), "name", notes)
    categories = [source.text("category"), *filter(None, [source.text("subcategory", "")])]
    scenarios = cleaned(tags.texts("scenarios"), "scenarios", notes)
    notes += [f"healthNeeds left out: {'、'.join(needs)}"] if (needs := tags.texts("healthNeeds")) else []
    diet = diet_of([title, *categories])
    if diet.text:
        notes.append(f"{diet.text}: added from the name")
    sales = source.part("salesData")
    _certifiers(linked, people)
    return {
        "_id": product_id,
        **stamps(),
        "title": title,
        "titleEn": source.text("nameEn", "") or None,
        "brand": source.text("brand", ""),
        "categoryPath": categories,
        "status": _STATUSES.get(source.text("status"), "draft"),
        "skus": skus,
        "media": _media(source.part("media")),
        "description": clean(source.text("description", ""), "description", notes),
        "highlights": cleaned(source.texts("highlights"), "highlights", notes),
        "fresh": categories[0] == _FRESH,
        **_tcm(linked.part("tcmProperties"), tags),
        "terms": codes(tags.texts("solarTerms"), TERMS, "solarTerms", notes),
        "contains": diet.contains,
        "allergens": diet.allergens,
        "ingredientId": _ingredient(linked, title, categories, foods),
        "carbonGPerUnit": whole(linked.number("carbonFootprint"), 1000, "carbonFootprint", notes),
        "carbonSource": f"{linked.text('carbonCalculationMethod', '未注明')}（原九悦商城，按每件计）",
        "certificates": source.texts("certifications"),
        "sales": whole(sales.number("totalSales", 0), 1, "totalSales", notes),
        "sales30D": whole(sales.number("monthSales", 0), 1, "monthSales", notes),
        "keywords": scenarios,
        **projections({"title": title, "categoryPath": categories, "keywords": scenarios, "skus": skus}),
    }


def _sku(spec: Source, product_id: str, shipping_g: int) -> dict[str, Any]:
    notes = spec.notes
    name = spec.text("name")
    price = whole(spec.number("price"), 100, "price", notes)
    market = whole(spec.number("marketPrice", 0), 100, "marketPrice", notes)
    if market and market < price:
        notes.append("marketPrice is below the price and left out")
        market = 0
    return {
        "skuId": sku_id_of(product_id, spec.text("specId")),
        "spec": name,
        "priceFen": price,
        "marketFen": market or None,
        "weightG": shipping_g or weight_of(name),
        "barcode": _barcode(spec),
    }


def sku_id_of(product_id: str, spec_id: str) -> str:
    """Return the id of a SKU: old specs have ids within their product only."""
    return f"{product_id}-{spec_id.removeprefix('spec-')}"


def opening_of(sku_id: str) -> str:
    """Return the id of the ledger row with which an import opens the stock of *sku_id*."""
    return key_of(sku_id, "opening", "import")


def weight_of(spec: str) -> int:
    """Return the grams that the name of a spec tells."""
    match = _WEIGHT.search(spec)
    if not match:
        raise Refused(f"how much “{spec}” weighs is not known")
    return int(Decimal(match[1]) * (1000 if match[2] == "kg" else 1))


def _barcode(spec: Source) -> str | None:
    """Return the EAN-13 if its check digit is right."""
    code = spec.text("barcode", "")
    if not code:
        return None
    digits = [int(digit) for digit in code] if code.isdecimal() else []
    weighed = sum(digit * (3 if position % 2 else 1) for position, digit in enumerate(digits))
    if len(digits) == 13 and weighed % 10 == 0:  # noqa: PLR2004  # EAN-13.
        return code
    spec.notes.append(f"barcode {code} left out: its check digit is wrong")
    return None


def _stock(spec: Source, sku_id: str, product_id: str) -> Documents:
    stock = whole(spec.number("stock"), 1, "stock", spec.notes)
    levels = {"onHand": stock, "available": stock}
    entry = {
        "_id": opening_of(sku_id),
        **stamps(),
        "skuId": sku_id,
        "reason": "opening",
        "ref": "import",
        "deltas": levels,
        "actor": "import",
        "day": EXPORTED_ON,
        "state": "final",
    }
    inventory = {"_id": sku_id, **stamps(), "productId": product_id, **levels}
    return [("inventory", inventory), ("stock_ledger", entry)]


def _media(media: Source) -> dict[str, Any]:
    images = [media.text("mainImage", ""), *media.texts("detailImages")]
    kept = [image for image in images if image and _PLACEHOLDER not in image]
    if len(kept) < len([image for image in images if image]):
        media.notes.append("placeholder pictures left out")
    return {"cover": kept[0], "images": kept[1:]} if kept else {}


def _tcm(tcm: Source, tags: Source) -> dict[str, Any]:
    """Return nature and fit; types that only one of the two lists names are left out."""
    if not tcm:
        return {}
    suits = codes(tcm.texts("suitableBodyTypes"), CONSTITUTIONS, "suitableBodyTypes", tcm.notes)
    tagged = codes(tags.texts("bodyTypes"), CONSTITUTIONS, "bodyTypes", tcm.notes)
    if doubtful := set(suits) ^ set(tagged):
        names = [name for name, code in CONSTITUTIONS.items() if code in doubtful]
        tcm.notes.append(f"suitable for {'、'.join(names)} stands in one of two lists only: left out")
    nature = tcm.text("nature")
    if nature not in _NATURES:
        raise Refused(f"nature “{nature}” is unknown")
    return {
        "tcm": {"nature": nature, "source": _SOURCE, "evidence": "未核实"},
        "fit": {"suits": [code for code in suits if code in tagged], "source": _SOURCE},
    }


def _ingredient(linked: Source, title: str, categories: list[str], foods: Mapping[str, str]) -> str | None:
    """Return the ingredient that the record names, or the one whose name the title consists of."""
    if given := linked.text("ingredientId", ""):
        return given
    name = _BRAND.sub("", title)
    for candidate in (name, categories[-1]):
        if found := foods.get(name_key(candidate)):
            linked.notes.append(f"ingredientId added: {candidate}")
            return found
    return None


def _certifiers(linked: Source, people: Mapping[str, str]) -> None:
    """Note who certified the product: certifications are reviewed documents of their own, made again here."""
    for name in linked.texts("certifiedByPractitioners"):
        who = people.get(name_key(name), "unknown")
        linked.notes.append(f"certified by {name} ({who}): to be certified again, with testimony")
