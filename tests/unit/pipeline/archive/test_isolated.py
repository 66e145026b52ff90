"""``pipeline.archive.isolated``: what must hold before a build counts. The build itself is in ``test_reproducing``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import tiny_record
from twinbuild.archive.directory import Archive
from twinbuild.errors import EnvironmentFault
from twinbuild.model.archive import ArchivedFile
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor, Image
from twinbuild.model.platform import Platform
from twinbuild.model.trial import Passed, Untested
from twinbuild.pipeline.archive.isolated import archived_trials, require_tried
from twinbuild.pipeline.trial.every import Trials


def test_an_image_that_cannot_be_tried() -> None:
    """Where it passed when it was released, it must pass here; where it was not tried, nothing is lost."""
    image = Digest.of(b"image")
    platform = Platform.parse("linux/arm64")
    trials = Trials(outcomes=(Untested(variant="cpu", platform=platform, image=image, reason="platform"),))
    for verdict in ("untested", "passed"):
        document = {"tests": {"images": [{"digest": str(image), "verdict": verdict}]}}
        if verdict == "untested":
            require_tried(trials, document)
            continue
        with pytest.raises(EnvironmentFault, match="TB9121"):
            require_tried(trials, document)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ('{"cpu linux/amd64": {"verdict": "passed", "reused": true, "golden": [1]}}', b'{"golden":[1]}'),
        ('{"cpu linux/amd64": {"verdict": "untested", "reason": "the spec has no tests"}}', "none"),
        ('{"cpu linux/amd64": {"verdict": "untested", "reason": "nonsense"}}', "none"),
        ('{"cpu linux/amd64": {"verdict": "untested", "reason": ["no text"]}}', "none"),
        ('{"cpu linux/amd64": "passed"}', "none"),
        ("[]", "none"),
        ("{", "none"),
    ],
)
def test_the_archived_verdict(tmp_path: Path, run: str, expected: object) -> None:
    """Without tests the verdict of the release stands; what cannot be read is no verdict."""
    content = f'{{"verification": {{"tests": {run}}}}}'.encode()
    file = ArchivedFile(path="run.json", sha256=Digest.of(content), size=len(content))
    blob = Descriptor(media_type="x", digest=Digest.of(b"image"), size=1)
    platform = Platform.parse("linux/amd64")
    image = Image(derivation=blob.digest, variant="cpu", platform=platform, manifest=blob, config=blob, layers=())
    record = tiny_record()
    with Archive(tmp_path / "a", writing=True) as archive:
        archive.blobs.put(content)
        (outcome,) = archived_trials(archive, replace(record, files=(*record.files, file)), (image,), ()).outcomes
    assert outcome.image == blob.digest
    assert (outcome.observed if isinstance(outcome, Passed) else outcome.reason) == expected
