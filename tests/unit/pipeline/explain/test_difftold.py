from __future__ import annotations

from twinbuild.deploy.parity.difference import Difference
from twinbuild.pipeline.explain.diff import Change, ReleaseDiff, Section
from twinbuild.pipeline.explain.difftold import diff_json, diff_markdown, diff_table
from twinbuild.pipeline.explain.layerdiff import FileChange, ImageDiff, LayerDiff


def change(what: str, section: str = "documents", *, word: str = "changed", scope: str = "") -> Change:
    """One difference."""
    item = Difference(section=section, what=what, first="1 sha256:a", second="2 sha256:b", risk="low", reason="why")
    return Change(word=word, scope=scope, what=what, difference=item)


_LAYER = LayerDiff(
    title="app",
    numbers=(2, 2),
    sizes=(1500, 2_500_000),
    shared=False,
    added=7,
    files=tuple(FileChange(path=f"/f{number}\x1b", before=-1, after=5) for number in range(7)),
)
_DIFF = ReleaseDiff(
    names=("a", "b"),
    sections=(
        Section(name="Python packages", changes=(change("numpy", word="bumped", scope="direct"),)),
        Section(name="documents", changes=(change("deploy/k/x/1"), change("deploy/k/x/2"), change("README.md"))),
    ),
    images=(ImageDiff(name="cpu", layers=(_LAYER,)),),
    notes=("more",),
)


def test_table() -> None:
    """Versions of packages alone, documents by directory, a layer's largest files; nothing that steers a terminal."""
    lines = list(diff_table(_DIFF))
    assert "  low  bumped  direct  numpy  1 -> 2  why" in lines
    assert any("deploy/k/" in line and "2 files" in line for line in lines)
    assert "layers of cpu: 0 of 1 shared (0 bytes), 2.5 MB to fetch" in lines
    assert "    and 2 more" in lines
    assert not any("\x1b" in line for line in lines)
    assert lines[-2:] == ["4 differences: 0 high, 0 medium, 4 low", "not compared: more"]


def test_same() -> None:
    """One line."""
    same = ReleaseDiff(names=("a", "b"), sections=(), images=(), notes=())
    assert list(diff_table(same)) == ["no difference between a and b"]
    assert "No difference." in list(diff_markdown(same))


def test_markdown_and_json() -> None:
    """A table for each section; JSON has every document and file."""
    assert "| **low** | bumped | direct | numpy | 1 \\-\\> 2 | why |" in list(diff_markdown(_DIFF))
    found = diff_json(_DIFF)
    assert found["risks"] == {"high": 0, "medium": 0, "low": 4}
    assert len(found["images"][0]["layers"][0]["files"]) == 7  # type: ignore[index,call-overload,arg-type]
