"""Where a document concludes: of every component, those that lie in others included, and in no image."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.describe.conftest import Case, unconcluded
from tests.unit.describe.test_inside import inspections

from twinbuild.describe.sbom import contents_sbom, release_sbom
from twinbuild.model.digest import Digest


def _concluded(each: dict[str, Any]) -> bool:
    inner = [one.get("license", one) for one in each.get("licenses", ())]
    return any(one.get("acknowledgement") == "concluded" for one in inner)


def test_everything(case: Case) -> None:
    """A conclusion reaches the root, its components and the parts of them."""
    plain, _ = release_sbom(
        case.spec, case.lock, case.images, epoch=1, lock_digest=Digest.of(b""), inspections=inspections(case)
    )
    document = json.loads(plain)
    assert _concluded(document["metadata"]["component"])
    (application,) = (each for each in document["components"] if each["bom-ref"] == "application")
    assert application["components"]
    assert all(_concluded(each) for each in (application, *application["components"]))
    (numpy,) = (each for each in document["components"] if each["name"] == "numpy")
    assert any(_concluded(each) for each in numpy["components"])


def test_images_do_not_follow(case: Case) -> None:
    """What people conclude is in no image: another conclusion is another release, of the same images."""
    target = case.lock.targets[0]
    one = contents_sbom(case.spec, case.lock, target, epoch=1)
    assert one == contents_sbom(unconcluded(case).spec, case.lock, target, epoch=1)
    assert b"concluded" not in one
