"""``codec.written``: in which file, and where in it, each value of a spec was written."""

from __future__ import annotations

from tests.unit.describe.conftest import EXAMPLE

from twinbuild.codec.findings import pointer
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.codec.written import Written, written_values
from twinbuild.describe.origins import provenance, source_at


def test_overlays() -> None:
    """What an overlay says has its file and its index there, also in lists that merge by name, and the rest has not."""
    text = (EXAMPLE / "release.yaml").read_text("utf-8")
    overlay = """\
metadata: {labels: {domain: null, tier: null}}
configuration:
  parameters:
    - {name: log_level, default: warning}
    - {name: extra, type: int, default: 3, description: Another.}
environment: {packages: [tzdata]}
"""
    loaded = load_spec(
        (SourceText(name="a/release.yaml", content=text.encode()), SourceText(name="b", content=overlay.encode()))
    )
    written = written_values(loaded, {"a/release.yaml": "release.yaml", "b": "prod.yaml"})
    knob = ("configuration", "parameters", 2)
    assert written[(*knob, "default")] == Written(file="prod.yaml", path=("configuration", "parameters", 0, "default"))
    assert written[(*knob, "type")] == Written(file="release.yaml", path=(*knob, "type"))
    assert written[("configuration", "parameters", 4, "default")].path[2] == 1
    assert written[("environment", "packages", 0)].file == "prod.yaml"
    assert ("environment", "packages", 1) not in written
    section = provenance(dict(written))
    for path, place in written.items():
        found = source_at(section, pointer(path))
        assert isinstance(found, Written)
        assert (found.file, [*map(str, found.path)]) == (place.file, [*map(str, place.path)])


def test_a_family_named_as_a_text() -> None:
    """What the text was expanded to was written where the text is: no other place is in the file."""
    pinned = f"\nextends: {{digest: '{'a' * 64}'}}\n".encode()
    family = SourceText(name="f", content=(EXAMPLE / "release.yaml").read_bytes() + pinned)
    spec = SourceText(name="s", content=b"apiVersion: twinbuild/v1\nkind: Release\nextends: tabular@1.0.0\n")
    written = written_values(load_spec((family, spec)), {"f": "release.family.yaml", "s": "release.yaml"})
    for key in ("family", "sha256"):
        assert written[("extends", key)] == Written(file="release.yaml", path=("extends",))
    assert written[("kind",)] == Written(file="release.yaml", path=("kind",))
