"""Layers in the management API of the local cloud, and what functions find of them."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from localcloud.cloudapi.cloud import Limits
from localcloud.server import LocalCloud

from .scf import Scf, refusal, zipped

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

USE = "import kept, shared\ndef main(event, context):\n    return [kept.X, shared.X]\n"


def bind(*layers: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"LayerName": name, "LayerVersion": version} for name, version in layers]


def test_each_publication_is_a_new_version(scf: Scf, name: str) -> None:
    numbers = [scf.layer(name, {"a.py": text}, Description=text) for text in ("one", "two")]

    versions = scf.call("ListLayerVersions", LayerName=name)["LayerVersions"]
    found = scf.call("GetLayerVersion", LayerName=name, LayerVersion=2)

    assert numbers == [1, 2]
    assert [(one["LayerVersion"], one["Description"], one["Status"]) for one in versions] == [
        (2, "two", "Active"),
        (1, "one", "Active"),
    ]
    content = base64.b64decode(zipped(**{"a.py": "two"}))
    assert found["CodeSha256"] == hashlib.sha256(content).hexdigest()


def test_layers_are_listed_by_their_newest_version(scf: Scf, name: str) -> None:
    scf.layer(f"{name}-b", {"a.py": ""})
    scf.layer(f"{name}-a", {"a.py": ""}, CompatibleRuntimes=["Nodejs18.15"])
    scf.layer(f"{name}-a", {"a.py": ""})

    found = scf.call("ListLayers", SearchKey=name, Limit=200)
    python = scf.call("ListLayers", SearchKey=name, CompatibleRuntime="Nodejs18.15")

    assert [(one["LayerName"], one["LayerVersion"]) for one in found["Layers"]] == [
        (f"{name}-a", 2),
        (f"{name}-b", 1),
    ]
    assert (found["TotalCount"], python["TotalCount"]) == (2, 0)


def test_a_function_imports_from_its_layers_and_a_later_one_wins(scf: Scf, name: str) -> None:
    scf.layer(f"{name}-a", {"shared.py": "X = 'first'", "kept.py": "X = 'kept'"})
    scf.layer(f"{name}-b", {"shared.py": "X = 'second'"})
    scf.create(name, USE, Layers=bind((f"{name}-a", 1), (f"{name}-b", 1)))

    assert scf.invoke(name)["RetMsg"] == '["kept", "second"]'


def test_the_version_that_is_bound_is_the_one_that_runs(scf: Scf, name: str) -> None:
    for text in ("'one'", "'two'"):
        scf.layer(name, {"shared.py": f"X = {text}"})
    scf.create(
        name, "import shared\ndef main(event, context):\n    return shared.X\n", Layers=bind((name, 1))
    )
    before = scf.invoke(name)["RetMsg"]
    scf.on("UpdateFunctionConfiguration", name, Layers=bind((name, 2)))

    assert (before, scf.invoke(name)["RetMsg"]) == ('"one"', '"two"')


def test_a_deleted_version_serves_those_bound_to_it_and_nobody_else(scf: Scf, name: str) -> None:
    scf.layer(name, {"shared.py": "X = 1"})
    scf.create(
        name, "import shared\ndef main(event, context):\n    return shared.X\n", Layers=bind((name, 1))
    )
    scf.call("DeleteLayerVersion", LayerName=name, LayerVersion=1)

    assert scf.invoke(name)["RetMsg"] == "1"
    assert scf.call("ListLayerVersions", LayerName=name)["LayerVersions"] == []
    again = refusal(lambda: scf.on("UpdateFunctionConfiguration", name, Layers=bind((name, 1))))
    assert again == "ResourceNotFound.LayerVersion"
    gone = refusal(lambda: scf.call("DeleteLayerVersion", LayerName=name, LayerVersion=1))
    assert gone == "ResourceNotFound.LayerVersion"
    assert scf.layer(name, {"shared.py": "X = 2"}) == 2


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"LayerName": "1layer"}, "InvalidParameterValue.LayerName"),
        ({"LayerName": "layer_"}, "InvalidParameterValue.LayerName"),
        ({"CompatibleRuntimes": []}, "InvalidParameterValue.CompatibleRuntimes"),
        ({"CompatibleRuntimes": ["Python4"]}, "InvalidParameterValue.CompatibleRuntimes"),
        ({"CompatibleRuntimes": ["Python3.10"] * 6}, "InvalidParameterValue.CompatibleRuntimes"),
        ({"Content": {"ZipFile": "bm8gemlw"}}, "InvalidParameterValue.ZipFile"),
        ({"Content": {"CosBucketName": "own", "CosObjectName": "x"}}, "UnknownParameter"),
    ],
)
def test_what_the_platform_does_not_take_is_refused(scf: Scf, parameters: dict[str, Any], code: str) -> None:
    given = {"LayerName": "refused", "CompatibleRuntimes": ["Python3.10"], "Content": {"ZipFile": zipped("")}}

    assert refusal(lambda: scf.call("PublishLayerVersion", **{**given, **parameters})) == code
    assert scf.call("ListLayerVersions", LayerName="refused")["LayerVersions"] == []


def test_a_zip_in_the_request_has_twenty_megabytes_at_most(scf: Scf, name: str) -> None:
    content = base64.b64encode(bytes(20 * 1024 * 1024 + 1)).decode()

    assert (
        refusal(lambda: scf.layer(name, {}, Content={"ZipFile": content})) == "InvalidParameterValue.Content"
    )


def test_there_are_so_many_layers_and_versions_and_no_more(project: Path) -> None:
    with LocalCloud(project, data=None, limits=Limits(layers=2, layer_versions=2)) as cloud:
        scf = Scf(cloud)
        for layer in ("one", "one", "two"):
            scf.layer(layer, {"a.py": ""})

        assert refusal(lambda: scf.layer("one", {"a.py": ""})) == "LimitExceeded.LayerVersions"
        assert refusal(lambda: scf.layer("three", {"a.py": ""})) == "LimitExceeded.Layers"
        scf.call("DeleteLayerVersion", LayerName="one", LayerVersion=1)
        assert scf.layer("one", {"a.py": ""}) == 3
