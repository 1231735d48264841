"""The 28 definition files say what the models and the design say."""

import json
from pathlib import Path
from typing import Any

import pytest

from dataio import definitions, dictionary
from gardenshop.models.registry import COLLECTIONS

FOLDER = Path(__file__).parents[2] / "collections"
DEFINITIONS = {definition.name: definition for definition in definitions.load(FOLDER)}
COMMON = ("schemaVersion", "createdAt", "updatedAt")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_the_readme_is_what_the_definitions_generate() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == dictionary.render(definitions.load(FOLDER))


def test_the_readme_names_every_collection_and_every_stored_field() -> None:
    page = dictionary.render(definitions.load(FOLDER))

    for name in COLLECTIONS:
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        for field in read(name)["schema"]["properties"].keys() - {"_id", *COMMON}:
            assert f"| {field}" in section


def test_there_is_one_file_for_each_of_the_28_collections() -> None:
    assert len(COLLECTIONS) == 28
    assert {path.stem for path in FOLDER.glob("*.json")} == set(COLLECTIONS)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_definition_is_what_the_model_generates(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == definitions.render(read(name))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_definition_says_in_both_languages_what_is_stored(name: str) -> None:
    found = read(name)

    assert found["name"] == name
    assert found["permission"] == "ADMINONLY"
    assert len(found["description"]) > 20
    assert any("\u4e00" <= letter <= "\u9fff" for letter in found["descriptionZh"])


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_indexed_field_is_one_that_documents_have(name: str) -> None:
    schema = read(name)["schema"]

    for index in DEFINITIONS[name].indexes:
        for field, direction in index.keys:
            assert direction in {1, -1}
            assert has_field(schema, schema, field.split(".")), f"{name}.{field}"


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_unique_field_that_may_be_absent_is_indexed_sparsely(name: str) -> None:
    required = set(read(name)["schema"]["required"])

    for index in DEFINITIONS[name].indexes:
        if index.unique and not {field.partition(".")[0] for field, _ in index.keys} <= required:
            assert index.sparse, f"{name}.{index.name}: a missing field counts as null, once"


def test_the_natural_keys_beside_the_ids_are_unique() -> None:
    unique = {
        (name, *(field for field, _ in index.keys))
        for name, definition in DEFINITIONS.items()
        for index in definition.indexes
        if index.unique
    }

    assert unique == {
        ("audit_logs", "seq"),
        ("users", "openid"),
        ("users", "phoneHash"),
        ("users", "legacy.shopUid"),
        ("ingredients", "nameKey"),
        ("practitioners", "userId"),
        ("products", "skus.skuId"),
        ("orders", "userId", "clientToken"),
        ("coupons", "code"),
        ("commission_ledger", "payoutNo"),
        ("business_rules", "clientToken"),
        ("business_rules", "liveKey"),
        ("tcm_wisdom", "kind", "key"),
    }


def test_a_changed_file_is_reported_and_brought_up_to_date(tmp_path: Path) -> None:
    for name in COLLECTIONS:
        (tmp_path / f"{name}.json").write_text(json.dumps(read(name)), encoding="utf-8")
    edited = {**read("meals"), "schema": {}, "description": "Our own words."}
    for name in COLLECTIONS:
        text = definitions.render(edited if name == "meals" else read(name))
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    (tmp_path / "meals.json").write_text(json.dumps(edited), encoding="utf-8")

    assert definitions.stale(tmp_path) == ["meals"]
    assert definitions.write(tmp_path) == ["meals"]
    assert definitions.stale(tmp_path) == []
    mended = json.loads((tmp_path / "meals.json").read_text(encoding="utf-8"))
    assert mended["description"] == "Our own words."
    assert mended["schema"] == read("meals")["schema"]


def has_field(schema: dict[str, Any], node: dict[str, Any], path: list[str]) -> bool:
    """Say whether documents of *schema* have the dotted *path*, looking through lists and options."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    if "anyOf" in node:
        return any(has_field(schema, option, path) for option in node["anyOf"])
    if "items" in node:
        return has_field(schema, node["items"], path)
    if not path:
        return True
    if "properties" not in node and node.get("type") == "object":
        return True  # Any names are allowed there.
    child = node.get("properties", {}).get(path[0])
    return child is not None and has_field(schema, child, path[1:])
