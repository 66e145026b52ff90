"""``describe.origins``: each value of a release manifest has one source, and it leads to that value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.describe.conftest import EXAMPLE, Case, image, load
from tests.unit.describe.test_manifest import manifest_of

from twinbuild.codec.findings import pointer
from twinbuild.codec.lock import decode_lock
from twinbuild.codec.written import Written
from twinbuild.describe.origins import Default, Made, leaves, provenance, source_at, steps_of
from twinbuild.errors import TwinbuildError

EXAMPLES = sorted(path.parent for path in EXAMPLE.parent.glob("*/release.yaml"))


def at(document: Any, where: str) -> Any:
    """The value at a JSON pointer (RFC 6901)."""
    for step in steps_of(where):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def prefixes(section: dict[str, Any]) -> list[str]:
    """Every pointer that a section ``provenance`` states a source for."""
    listed = [place for places in section["files"].values() for place in places]
    listed += section["defaults"]["at"]
    return listed + [place for places in section["tools"].values() for place in places]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_value(example: Path) -> None:
    """Exactly one source for each leaf; a file's pointer leads to an equal value, and a default is written nowhere."""
    text = (example / "release.yaml").read_text("utf-8")
    lock = decode_lock((example / "release.lock").read_bytes())
    images = tuple(image(lock, index) for index in range(len(lock.targets)))
    document = json.loads(manifest_of(Case(text=text, spec=load(text).spec, lock=lock, images=images)))
    section = document.pop("provenance")
    assert len(prefixes(section)) == len(set(prefixes(section)))
    plain = yaml.load(text, yaml.BaseLoader)
    kinds = set()
    for path, value in leaves(document):
        source = source_at(section, pointer(path))
        assert source is not None, path
        kinds.add(type(source))
        match source:
            case Written(file=file, path=there):
                assert file == "release.yaml"
                stated = at(plain, pointer(there))
                if isinstance(value, bool):
                    assert stated == str(value).lower()
                elif isinstance(value, (int, float)):
                    assert float(stated) == value
                else:
                    assert stated == value, path
            case Default():
                with pytest.raises((KeyError, IndexError, TypeError)):
                    at(plain, pointer(path))
            case Made(by=tool):
                assert tool in section["tools"]
    assert kinds == {Written, Default, Made}


def test_compact(case: Case) -> None:
    """The whole of it is short, and a part of which no single value has a source of its own is not listed."""
    document = json.loads(manifest_of(case))
    section = document.pop("provenance")
    assert 10 * len(prefixes(section)) < len(list(leaves(document)))
    assert section["files"]["release.yaml"][""] == ""
    assert "/observability/tracing" in section["defaults"]["at"]


def test_a_value_without_a_source() -> None:
    """That would be a defect of ours, and says so."""
    with pytest.raises(TwinbuildError) as caught:
        provenance({})
    assert caught.value.findings[0].code == "TB9001"


def test_keys_with_slashes() -> None:
    """A key with / or ~ leads to its own value, and no key to that of one that begins alike."""
    section = provenance(
        {("a/b", "x"): Default(), ("a", "b"): Made(by="tool"), ("ab",): Made(by="other"), ("a~1b",): Default()}
    )
    assert source_at(section, "/a~1b/x") == Default()
    assert source_at(section, "/a/b") == Made(by="tool")
    assert source_at(section, "/ab") == Made(by="other")
    assert source_at({}, "/ab") is None


def test_other_indexes() -> None:
    """Entries of a list that stand elsewhere in their file lead there, also where most of them do."""
    written = {("a", index): Written(file="f", path=("a", 2 - index)) for index in range(3)}
    section = provenance(dict(written))
    for path, place in written.items():
        assert source_at(section, pointer(path)) == Written(file="f", path=("a", str(place.path[1])))
