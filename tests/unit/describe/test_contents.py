from __future__ import annotations

import json

from tests.unit.describe.conftest import Case

from twinbuild.describe.contents import contents_documents


def test_documents(case: Case) -> None:
    """An image carries its SBOM and the release and target that it belongs to, sorted by path."""
    documents = contents_documents(case.spec, case.lock, case.lock.targets[0], epoch=case.epoch)
    assert [path for path, _ in documents] == ["contents.cdx.json", "release.json"]
    release = json.loads(documents[1][1])
    assert (release["name"], release["version"], release["variant"]) == ("fraud-scorer", "1.0.0", "cpu")
    assert release["python"] == case.lock.targets[0].python.version
