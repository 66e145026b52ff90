"""``deploy.parity.captures``: what a release says of its environment, and what was seen of one."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.codec.test_capture import DOCUMENT
from tests.unit.describe.conftest import Case, case, two
from tests.unit.describe.test_manifest import manifest_of

from twinbuild.deploy.parity.captures import asked_of, capture_facts, expected_facts, target_of
from twinbuild.deploy.parity.difference import unlike
from twinbuild.deploy.parity.variables import declared_variables

__all__ = ["case", "two"]
WITHIN = {"name": "fraud-scorer", "version": "1.0.0", "variant": "cpu", "platform": "linux/amd64"}


def test_asked(case: Case) -> None:
    """Files of application and model, and the variables whose values count: never those of secrets."""
    document = json.loads(manifest_of(case))
    document["secrets"] = [{"name": "a", "provider": "env", "reference": "MODEL_PATH"}]
    asked = asked_of(document)
    assert asked["files"] == ["/app", "/models/classifier.skops"]
    assert asked["variables"] == sorted({*declared_variables(document).values} - {"MODEL_PATH"})
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
        "variables": dict(declared_variables(document).values),
        "environment": [*declared_variables(document).values, "HOME", "HOSTNAME", "KUBERNETES_PORT_443_TCP_ADDR"],
        "files": files,
    }


def _drift(document: dict[str, Any], capture: dict[str, Any]) -> list[str]:
    target = target_of(document, "cpu", "")
    assert target is not None
    known = declared_variables(document)
    expected = expected_facts(document, target, capture, variables=known, below={}, records=None)
    found = capture_facts(capture, variables=known, inside=bool(capture["release"]), records=False)
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


def test_no_copy_hides_another(case: Case) -> None:
    """A second copy of a package, or one for another architecture, is drift, even of the same version."""
    document = json.loads(manifest_of(case))
    ideal = _ideal(document)
    for kind, what in (("packages", "packages installed "), ("os_packages", "os_packages ")):
        first, *rest = ideal[kind]
        for version in (first["version"], "0"):
            twice = [first | {"version": version}, first, *rest]
            assert _drift(document, ideal | {kind: twice}) == [what + first["name"]]


def test_links(case: Case) -> None:
    """A link to a directory in the application is drift, whatever is there; so is what no one can read."""
    document = json.loads(manifest_of(case))
    ideal = _ideal(document)
    for entry in ({"link": "/tmp"}, {"sha256": "of what is no file, or can't be read"}):
        assert _drift(document, ideal | {"files": ideal["files"] | {"/app/more": entry}}) == ["files /app/more"]


def test_variables(case: Case) -> None:
    """What a deployment sets is known, with its values; what Kubernetes sets for other services is not."""
    document = json.loads(manifest_of(case))
    document["observability"] = {"tracing": {"enabled": True, "exporter": "otlp", "sample_ratio": 0.5}}
    document["services"] = [{"name": "store", "environment": "STORE_URL", "endpoint": "https://store.example"}]
    document["secrets"] = [{"name": "api-key", "provider": "kubernetes", "reference": "keys/api"}]
    ideal = _ideal(document)
    names, values = ideal["environment"], ideal["variables"]
    deployed = [*names, "API_KEY", "TWINBUILD_IMAGE", "TWINBUILD_RELEASE", "OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert _drift(document, ideal | {"environment": deployed}) == []
    assert _drift(document, ideal) == ["secrets API_KEY"]
    for other in ("DATABASE_PORT", "MODEL_SERVICE_HOST", "TWINBUILD_ANYTHING"):
        assert _drift(document, ideal | {"environment": [*deployed, other]}) == [f"configuration variables {other}"]
    for change, drift in (
        ({"OTEL_TRACES_SAMPLER_ARG": "0.5"}, []),
        ({"OTEL_TRACES_SAMPLER_ARG": "1.0"}, ["configuration values OTEL_TRACES_SAMPLER_ARG"]),
        ({"STORE_URL": "https://other.example"}, ["configuration values STORE_URL"]),
    ):
        seen = ideal | {"environment": deployed, "variables": values | change}
        assert _drift(document, seen) == drift


def test_the_index_of_an_image(case: Case) -> None:
    """A pod may be told the digest of the index that lists its image."""
    document = json.loads(manifest_of(case))
    (image,) = document["environment"]["images"]
    index = "sha256:" + "1" * 64
    document["environment"]["indexes"] = [{"variant": "cpu", "digest": index}, {"variant": "gpu", "digest": "x"}]
    for digest, drift in ((image["digest"], []), (index, []), ("x", ["environment image"])):
        assert _drift(document, _ideal(document) | {"image": digest}) == drift


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
