"""Differences of two documents."""

from __future__ import annotations

from dataclasses import replace

from twinbuild.describe.sbomdiff import BomChange, bom_changes, changes_markdown, changes_table
from twinbuild.model.bom import Bom, BomComponent, BomLicence


def made(name: str, version: str = "1", *, digits: str = "a", file: str = "", purl: str = "") -> BomComponent:
    """A component of PyPI with a digest and a licence."""
    return BomComponent(
        reference=f"{name}@{version}/{file}",
        type="library",
        name=name,
        version=version,
        purl=purl or f"pkg:pypi/{name}@{version}",
        hashes=(("SHA-256", digits * 64),) if digits else (),
        licences=(BomLicence(text="MIT", kind="id", acknowledgement="declared"),),
        properties={"twinbuild:filename": file} if file else {},
    )


def bom(*components: BomComponent, serial: str = "urn:uuid:1", timestamp: str = "2026-11-01T00:00:00Z") -> Bom:
    """A document of them."""
    return Bom(
        version="1.6",
        serial=serial,
        timestamp=timestamp,
        phases=(),
        tools=(),
        authors=(),
        contacts=(),
        root=None,
        components=components,
        edges={},
        completeness={},
    )


def told(first: Bom, second: Bom) -> list[tuple[str, str, str, str, bool]]:
    """Each change in short."""
    return [
        (each.kind, each.component, each.before[:9], each.after[:9], each.suspicious)
        for each in bom_changes(first, second)
    ]


def test_serial_time_and_order_are_no_difference() -> None:
    """What other tools change from run to run."""
    one = bom(made("a"), made("b"))
    assert told(one, bom(made("b"), made("a"), serial="urn:uuid:2", timestamp="2027-01-01T00:00:00Z")) == []
    assert list(changes_table(())) == ["the same components"]


def test_added_removed_version() -> None:
    """By name within the ecosystem, whatever the reference."""
    assert told(bom(made("a"), made("b")), bom(made("b", "2"), made("c"))) == [
        ("removed", "pkg:pypi/a", "1", "", False),
        ("version", "pkg:pypi/b", "1", "2", False),
        ("added", "pkg:pypi/c", "", "1", False),
    ]


def test_licence() -> None:
    """Under the same version and under another one."""
    other = replace(made("a"), licences=(BomLicence(text="GPL-3.0-only", kind="id", acknowledgement=""),))
    assert told(bom(made("a")), bom(other)) == [("licence", "pkg:pypi/a", "MIT", "GPL-3.0-o", False)]
    assert [each[0] for each in told(bom(made("a")), bom(replace(other, version="2")))] == ["version", "licence"]


def test_other_bytes_under_the_same_version() -> None:
    """Suspicious, with and without file names, and where the digest is no longer stated; a new algorithm is not."""
    digest = "SHA-256 aaaaaaaa"[:9]
    assert told(bom(made("a")), bom(made("a", digits="b"))) == [
        ("hashes", "pkg:pypi/a", digest, "SHA-256 b", True),
    ]
    assert told(bom(made("a", file="f")), bom(made("a", digits="b", file="f")))[0][4]
    assert told(bom(made("a", file="f")), bom(made("a", digits="b")))[0][4]
    assert told(bom(made("a")), bom(made("a", digits=""))) == [("hashes", "pkg:pypi/a", digest, "", True)]
    more = replace(made("a"), hashes=(*made("a").hashes, ("SHA-512", "c" * 128)))
    assert told(bom(made("a")), bom(more)) == [("hashes", "pkg:pypi/a", "", "SHA-512 c", False)]
    one, other = (replace(made("a"), distributed=(("SHA-512", digit * 128),)) for digit in "cd")
    assert told(bom(one), bom(other)) == [("hashes", "pkg:pypi/a", "SHA-512 c", "SHA-512 d", True)]


def test_another_file_of_a_version() -> None:
    """A wheel for one more platform is another file, not other bytes of the same."""
    one, other = made("a", file="a-1-x86.whl"), made("a", digits="b", file="a-1-arm.whl")
    assert told(bom(one), bom(one, other)) == [("file", "pkg:pypi/a", "", "a-1-arm.w", False)]
    assert told(bom(one), bom(other)) == [
        ("file", "pkg:pypi/a", "", "a-1-arm.w", False),
        ("file", "pkg:pypi/a", "a-1-x86.w", "", False),
    ]


def test_architectures_are_apart_and_the_distribution_is_not() -> None:
    """A package of two architectures is two components; from Debian 12 to 13 it is the same."""
    purls = [f"pkg:deb/debian/z@1?arch={arch}&distro=debian-12" for arch in ("amd64", "arm64")]
    both = bom(*(replace(made("z", purl=purl), reference=purl) for purl in purls))
    assert told(both, bom(both.components[0])) == [("removed", "pkg:deb/debian/z", "1", "", False)]
    newer = replace(both.components[0], version="2", purl="pkg:deb/debian/z@2?arch=amd64&distro=debian-13")
    assert told(bom(both.components[0]), bom(newer)) == [("version", "pkg:deb/debian/z", "1", "2", False)]


def test_parts_are_apart_from_their_whole() -> None:
    """A library within a wheel has its own version: a wheel and its library that both rise are two changes."""

    def wheel(version: str, library: str, digits: str) -> Bom:
        path = f"pkg:pypi/a@{version}#a.libs/liba-{digits * 8}.so"
        return bom(made("a", version), made("liba", library, purl=path, digits=digits))

    assert told(wheel("1", "5", "a"), wheel("2", "6", "b")) == [
        ("version", "pkg:pypi/a", "1", "2", False),
        ("version", "pkg:pypi/a#liba", "5", "6", False),
    ]


def test_a_package_url_on_one_side() -> None:
    """By name, so that other bytes don't hide behind a URL that was taken away; two ecosystems stay apart."""
    bare = replace(made("a", digits="b"), purl="")
    assert [each[0::4] for each in told(bom(made("a")), bom(bare))] == [("hashes", True)]
    assert [each[0::4] for each in told(bom(bare), bom(made("a")))] == [("hashes", True)]
    deb = made("a", purl="pkg:deb/debian/a@1?arch=all")
    assert [each[0] for each in told(bom(made("a")), bom(deb))] == ["added", "removed"]
    twice = bom(bare, replace(bare, type="file"), replace(bare, group="g"))
    assert len(told(bom(made("a")), twice)) == 4


def test_several_versions() -> None:
    """Where it is not certain which became which, each is told."""
    assert [each[0] for each in told(bom(made("a", "1"), made("a", "2")), bom(made("a", "3")))] == [
        "added",
        "removed",
        "removed",
    ]


def test_forms() -> None:
    """A table that is cut, and Markdown in which no text becomes structure."""
    changes = (
        BomChange(kind="added", component="a|`b`<x>", type="library", before="", after="1"),
        BomChange(kind="hashes", component="c", type="library", before="x" * 80, after="y" * 80, suspicious=True),
        BomChange(kind="hashes", component="d", type="library", before="x", after="", suspicious=True),
    )
    lines = list(changes_table(changes))
    assert lines[0].split() == ["added", "a|`b`<x>", "-", "->", "1"]
    assert lines[1].endswith("suspicious: other bytes under the same version")
    assert len(lines[1]) < 130
    assert lines[2].endswith("suspicious: it is not stated any more")
    assert lines[3] == "3 differences: 1 added, 2 hashes; 2 suspicious"
    page = list(changes_markdown(changes, names=("a<b>", "c")))
    assert page[0] == "# Components: a\\<b\\> and c"
    assert "| added | ``a\\|`b`<x>`` |  | `1` |  |" in page


def test_one_long_name() -> None:
    """It makes neither its own line long, nor those of others."""
    changes = tuple(
        BomChange(kind="added", component=name, type="library", before="", after="1") for name in ("a", "n" * 4096)
    )
    assert max(map(len, changes_table(changes))) < 160
