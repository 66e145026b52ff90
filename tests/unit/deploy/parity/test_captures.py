"""``deploy.parity.captures``: what a release says of its environment, and what was seen of one."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.codec.test_capture import DOCUMENT
from tests.unit.describe.conftest import Case, case, two
from tests.unit.describe.test_manifest import manifest_of

from twinbuild.deploy.parity.captures import (
    asked_of,
    capture_facts,
    declared_variables,
    expected_facts,
    target_of,
)
from twinbuild.deploy.parity.difference import unlike

__all__ = ["case", "two"]
WITHIN = {"name": "fraud-scorer", "version": "1.0.0", "variant": "cpu", "platform": "linux/amd64"}


def test_asked(case: Case) -> None:
    """Files of application and model, and the variables that knobs and serving.environment declare, as text."""
    document = json.loads(manifest_of(case))
    assert asked_of(document)["files"] == ["/app", "/models/classifier.skops"]
    assert declared_variables(document) == {
        "BATCH_LIMIT": "64",
        "DECISION_THRESHOLD": "0.5",
        "LOG_LEVEL": "info",
        "MODEL_PATH": "/models/classifier.skops",
        "MODEL_VERSION": "3.2.0",
        "OMP_NUM_THREADS": "1",
        "OPEN_FILES": "1024",
    }
    of_knobs = {knob.variable for knob in case.spec.configuration.parameters}
    assert of_knobs | set(case.spec.serving.environment) == set(declared_variables(document))
    assert asked_of({}) == {"files": [], "variables": []}


def test_target(two: Case) -> None:
    """The one that is named; of several none where nobody says which."""
    document = json.loads(manifest_of(two))
    gpu = target_of(document, "gpu", "")
    assert gpu is not None
    assert gpu["variant"] == "gpu"
    assert target_of(document, "", "") is None
    assert target_of(document, "cpu", "linux/arm64") is None


def _ideal(document: dict[str, Any]) -> dict[str, Any]:
    """The capture of an environment that is as the manifest says."""
    (target,) = document["environment"]["targets"]
    files = {
        f"/app/{file['path']}": {"sha256": file["sha256"], "executable": False} for file in document["source"]["files"]
    }
    for artifact in document["model"]["artifacts"]:
        files[artifact["target"]] = {"sha256": artifact["sha256"]}
    return DOCUMENT | {
        "release": WITHIN,
        "python": {"version": target["python"]["version"]},
        "packages": [{"name": wheel["name"], "version": wheel["version"], "record": ""} for wheel in target["wheels"]],
        "os_packages": [{"name": deb["name"], "version": deb["version"]} for deb in target["os_packages"]],
        "variables": declared_variables(document),
        "environment": [*declared_variables(document), "HOME", "HOSTNAME", "SCORER_PORT_8000_TCP_ADDR"],
        "files": files,
    }


def _drift(document: dict[str, Any], capture: dict[str, Any]) -> list[str]:
    target = target_of(document, "cpu", "")
    assert target is not None
    values = declared_variables(document)
    expected = expected_facts(document, target, capture, values=values, below={}, records=None)
    found = capture_facts(capture, declared=frozenset(values), inside=bool(capture["release"]), records=False)
    return [f"{item.section} {item.what}" for item in unlike(expected, found)]


def test_what_drifts(case: Case) -> None:
    """Nothing in an ideal environment; in another one exactly what is another."""
    document = json.loads(manifest_of(case))
    ideal = _ideal(document)
    assert _drift(document, ideal) == []
    assert _drift(document, ideal | {"environment": [*ideal["environment"], "LD_PRELOAD"]}) == [
        "configuration variables LD_PRELOAD"
    ]
    gone = {name: value for name, value in ideal["variables"].items() if name != "LOG_LEVEL"}
    assert _drift(document, ideal | {"variables": gone}) == ["configuration values LOG_LEVEL"]
    assert _drift(document, ideal | {"os_packages": ideal["os_packages"][1:]})[0].startswith("os_packages ")
    assert _drift(document, ideal | {"python": {"version": "3.11.9"}}) == ["python version"]
    assert _drift(document, ideal | {"image": "sha256:" + "0" * 64}) == ["environment image"]
    assert _drift(document, ideal | {"release": WITHIN | {"version": "1.0.1"}}) == ["release version"]


def test_outside_of_an_image(case: Case) -> None:
    """Of a virtual environment only Python and its packages are compared."""
    document = json.loads(manifest_of(case))
    bare = _ideal(document) | {"release": {}, "files": {}, "os_packages": [], "environment": ["LD_PRELOAD"]}
    assert _drift(document, bare) == []
    assert _drift(document, bare | {"packages": bare["packages"][:-1]})[0].startswith("packages installed ")


def test_hostile_capture() -> None:
    """Values of any other type than expected are text, or nothing; never an error."""
    odd = DOCUMENT | {
        "packages": [1, {"name": None, "altered": 3, "missing": [None]}],
        "os_packages": [[], {"name": {}}],
        "environment": [1, None],
        "files": {"/x": 1, "/y": {}},
        "unowned": [{}],
        "image": ["x"],
    }
    assert capture_facts(odd)
