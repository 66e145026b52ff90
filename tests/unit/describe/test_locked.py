"""``describe.locked``: what a lock says of a target, as the release manifest has it."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.describe.conftest import Case

from twinbuild.codec.canonical import to_json
from twinbuild.describe.locked import beside_part, target_part
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedSdist, LockedSourceFile, LockedStep


def test_steps_and_what_is_beside(case: Case) -> None:
    """What a step reads beside the image stands with the step; what enters no image stands apart from what does."""
    (target,) = case.lock.targets
    wheel, deb = target.wheels[0], target.debs[0]
    digest = Digest.of(b"sdist")
    sdist = LockedSdist(index="default", name="a", version="1", filename="a-1.tar.gz", size=3, sha256=digest)
    file = LockedSourceFile(path="x.c", size=1, sha256=digest, executable=False)
    step = LockedStep(name="compile", inputs=digest, debs=(deb,), wheels=(wheel,), sdists=(sdist,), files=(file,))
    part = to_json(target_part(replace(target, steps=(step,))))
    assert isinstance(part, dict)
    assert part["steps"] == [
        {
            "name": "compile",
            "os_packages": [part["os_packages"][0]],  # type: ignore[index]  # JSON
            "wheels": [part["wheels"][0]],  # type: ignore[index]
            "sdists": [
                {"name": "a", "version": "1", "filename": "a-1.tar.gz", "index": "default", "sha256": digest.hex}
            ],
            "files": [{"path": "x.c", "sha256": digest.hex, "size": 1, "executable": False}],
        }
    ]
    beside = to_json(beside_part(replace(target, test=(wheel,))))
    assert isinstance(beside, dict)
    assert (beside["test"], beside["build"], beside["development"]) == (part["steps"][0]["wheels"], [], [])  # type: ignore[index,call-overload]
