"""Entries of a package index."""

from __future__ import annotations

import io

import pytest

from twinbuild.debian.packages import Package, read_packages
from twinbuild.errors import IntegrityError

ENTRY = f"""Package: libgomp1
Source: gcc-12 (12.2.0-14)
Version: 12.2.0-14+deb12u1
Architecture: amd64
Multi-Arch: same
Essential: yes
Priority: required
Depends: gcc-12-base (= 12.2.0-14+deb12u1), libc6 (>= 2.34)
Pre-Depends: dpkg
Provides: libgomp (= 1)
Conflicts: a
Breaks: b (<< 2)
Filename: pool/main/g/gcc-12/libgomp1_12.2.0-14_amd64.deb
Size: 116068
SHA256: {"0a" * 32}
"""


def read(text: str) -> tuple[Package, ...]:
    """The packages of an index with that text."""
    return tuple(read_packages(io.BytesIO(text.encode()), archive="debian", suite="bookworm", component="main"))


def test_every_field() -> None:
    """What the index says, with the source's own version and the relationships parsed on demand."""
    (package,) = read(ENTRY)
    assert str(package) == "libgomp1=12.2.0-14+deb12u1"
    assert (package.source, package.source_version) == ("gcc-12", "12.2.0-14")
    assert (package.archive, package.suite, package.component) == ("debian", "bookworm", "main")
    assert (package.size, package.sha256) == (116068, "0a" * 32)
    assert (package.essential, package.priority, package.multi_arch) == (True, "required", "same")
    assert [str(group[0]) for group in package.depends] == ["gcc-12-base (= 12.2.0-14+deb12u1)", "libc6 (>= 2.34)"]
    assert [group[0].name for group in package.pre_depends + package.excludes] == ["dpkg", "a", "b"]
    assert [provided.name for provided in package.provides] == ["libgomp"]


def test_what_an_entry_may_leave_out() -> None:
    """Without Source the package is its own; without relationships it has none."""
    kept = ("Package", "Version", "Architecture", "Filename", "Size", "SHA256")
    (package,) = read("\n".join(line for line in ENTRY.splitlines() if line.startswith(kept)))
    assert (package.source, package.source_version) == ("libgomp1", "12.2.0-14+deb12u1")
    assert (package.essential, package.priority, package.multi_arch) == (False, "optional", "no")
    assert package.depends == package.pre_depends == package.excludes == package.provides == ()


@pytest.mark.parametrize("field", ["Package", "Architecture", "Filename", "Size", "SHA256"])
def test_missing_fields_are_refused(field: str) -> None:
    """An entry without one of these cannot be locked: TB2104 shows it."""
    with pytest.raises(IntegrityError, match=rf"TB2104.*{field} ''"):
        read("\n".join(line for line in ENTRY.splitlines() if not line.startswith(f"{field}:")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pool/main", "/pool/main"),
        ("pool/main", "../pool/main"),
        ("pool/main", "pool/../main"),
        ("pool/main", "pool/./main"),
        ("pool/main", "pool//main"),
        ("pool/main", "pool/main\\"),
        ("_amd64.deb", "_amd64.deb?x=1"),
        ("_amd64.deb", "_amd64.rpm"),
        ("pool/main", "pool/main @evil.example"),
        ("Size: 116068", "Size: -1"),
        ("Size: 116068", "Size: 0x10"),
        ("Size: 116068", "Size: 1160680000000"),
        ("0a" * 32, "0A" * 32),
        ("0a" * 32, "0a" * 31),
        ("Package: libgomp1", "Package: ../libgomp1"),
        ("Package: libgomp1", "Package: LibGomp1"),
        ("gcc-12 (12.2.0-14)", "gcc-12 (12.2.0-14"),
        ("Architecture: amd64", "Architecture: amd64\n  evil"),
    ],
)
def test_values_that_are_not_allowed(old: str, new: str) -> None:
    """Paths stay below the archive's root, and sizes and digests have one spelling."""
    assert old in ENTRY
    with pytest.raises(IntegrityError, match=r"TB2104"):
        read(ENTRY.replace(old, new))


def test_malformed_version_is_refused() -> None:
    """A version is checked as it is read."""
    with pytest.raises(IntegrityError, match="TB2102"):
        read(ENTRY.replace("Version: 12", "Version: x12"))
