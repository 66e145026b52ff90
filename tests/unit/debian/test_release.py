"""Release files: what they say, and whether they are the one asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twinbuild.debian.release import Release, check_release, parse_release, signed_text
from twinbuild.errors import IntegrityError, LockError

A, B, C = "a" * 64, "b" * 64, "c" * 64
TEXT = f"""Origin: Debian
Label: Debian
Suite: oldstable
Codename: bookworm
Date: Sat, 11 Jul 2026 10:16:37 UTC
Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC
Acquire-By-Hash: yes
Architectures: all amd64 arm64
Components: main contrib
MD5Sum:
 d41d8cd98f00b204e9800998ecf8427e 0 main/binary-amd64/Packages
SHA256:
 {A}   50060337 main/binary-amd64/Packages
 {B} 12084798 main/binary-amd64/Packages.gz
 {C}  8790396 main/binary-amd64/Packages.xz
 {C} 12 main/i18n/Translation-en.bz2
"""
NOW = datetime(2026, 7, 12, tzinfo=UTC)


def parsed(text: str = TEXT) -> Release:
    """The text as a Release file."""
    return parse_release(text, where="x")


def codes(error: IntegrityError) -> list[str]:
    """The codes of an error's findings."""
    return [finding.code for finding in error.findings]


def test_fields_of_a_release_file() -> None:
    """Dates are in UTC, weak digests are not looked at, and only package indexes are kept."""
    release = parsed()
    assert release.date == datetime(2026, 7, 11, 10, 16, 37, tzinfo=UTC)
    assert release.date_text == "2026-07-11T10:16:37Z"
    assert release.valid_until == datetime(2026, 7, 18, 10, 16, 37, tzinfo=UTC)
    assert (release.acquire_by_hash, release.automatic) == (True, True)
    assert [file.sha256.hex for file in release.files] == [A, B, C]
    assert not parsed(TEXT + "NotAutomatic: yes\n").automatic


def test_release_files_of_ubuntu() -> None:
    """Icons for fine screens have an @ in their names, and an hour of one digit has a blank before it."""
    text = TEXT.replace("10:16:37", " 7:16:37") + f" {C} 121552 universe/dep11/icons-64x64@2.tar.gz\n"
    assert parsed(text).date == datetime(2026, 7, 11, 7, 16, 37, tzinfo=UTC)
    pocket = parsed(
        text.replace("Codename: bookworm", "Codename: noble").replace("Suite: oldstable", "Suite: noble-updates")
    )
    check_release(pocket, suite="noble-updates", now=NOW, where="x", system="ubuntu")
    for suite in ("noble", "noble-security", "jammy-updates", "updates"):
        with pytest.raises(IntegrityError, match="TB2114"):
            check_release(pocket, suite=suite, now=NOW, where="x", system="ubuntu")
    with pytest.raises(IntegrityError, match="TB2114"):  # Debian's pockets have a code name of their own
        check_release(pocket, suite="noble-updates", now=NOW, where="x")


def test_packages_of_a_component() -> None:
    """The best compressed form comes first; the plain file is known even where it is not served."""
    plain, forms = parsed().packages("main", "amd64")
    assert (plain.size, plain.sha256.hex) == (50060337, A)
    assert [form.path.rpartition("/")[2] for form in forms] == ["Packages.xz", "Packages.gz", "Packages"]


@pytest.mark.parametrize(("component", "architecture"), [("non-free", "amd64"), ("main", "riscv64")])
def test_missing_component_or_architecture(component: str, architecture: str) -> None:
    """TB2119 says what there is."""
    with pytest.raises(LockError, match=r"TB2119.*components: main; architectures: all amd64 arm64"):
        parsed().packages(component, architecture)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TEXT.replace("SHA256:", "SHA512:"), "TB2113"),
        (TEXT.replace("Sat, 11 Jul", "Sat, 31 Feb"), "TB2118"),
        (TEXT.replace("Sat, 11 Jul", "Sa, 11 Juli"), "TB2118"),
        (TEXT.replace("10:16:37 UTC\nValid", "10:16:37 CEST\nValid"), "TB2118"),
        (TEXT.replace("Date: Sat, 11 Jul 2026 10:16:37 UTC\n", ""), "TB2118"),
        (TEXT.replace("main/binary-amd64/Packages.gz", "../main/binary-amd64/Packages.gz"), "TB2118"),
        (TEXT.replace("Packages.gz", "Packages.xz"), "TB2118"),
        (TEXT.replace(B, B[1:]), "TB2118"),
        (TEXT.replace("12084798", "-1"), "TB2118"),
        (TEXT + "\nOrigin: Other\n", "TB2101"),
        (TEXT + "Origin: Other\n", "TB2101"),
    ],
)
def test_malformed_or_weak_release_files_are_refused(text: str, code: str) -> None:
    """Every deviation from the format has its code."""
    with pytest.raises(IntegrityError) as caught:
        parsed(text)
    assert codes(caught.value) == [code]


def test_the_release_asked_for_passes() -> None:
    """A file is good from ten minutes before its date until it expires, and for ever without Valid-Until."""
    release = parsed()
    for now in (NOW, release.date - timedelta(minutes=9), datetime(2026, 7, 18, 10, 16, 37, tzinfo=UTC)):
        check_release(release, suite="bookworm", now=now, where="x")
    eternal = parsed(TEXT.replace("Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC\n", ""))
    check_release(eternal, suite="bookworm", now=NOW + timedelta(days=9999), where="x")


@pytest.mark.parametrize(
    ("text", "suite", "now", "expected"),
    [
        (TEXT, "trixie", NOW, ["TB2114"]),
        (TEXT, "oldstable", NOW, ["TB2114"]),
        (TEXT, "bookworm-security", NOW, ["TB2114", "TB2115"]),
        (TEXT.replace("Origin: Debian", "Origin: Ubuntu"), "bookworm", NOW, ["TB2115"]),
        (TEXT.replace("Label: Debian", "Label: Debian-Security"), "bookworm", NOW, ["TB2115"]),
        (TEXT, "bookworm", datetime(2026, 7, 11, 10, 6, tzinfo=UTC), ["TB2116"]),
        (TEXT, "bookworm", datetime(2026, 7, 18, 10, 16, 38, tzinfo=UTC), ["TB2117"]),
        (
            TEXT.replace("Codename: bookworm", "Codename: sid"),
            "bookworm",
            NOW + timedelta(days=60),
            ["TB2114", "TB2117"],
        ),
    ],
)
def test_another_suite_or_time_is_refused(text: str, suite: str, now: datetime, expected: list[str]) -> None:
    """Suite, origin and both ends of the validity are checked, and all findings come at once."""
    with pytest.raises(IntegrityError) as caught:
        check_release(parsed(text), suite=suite, now=now, where="x")
    assert codes(caught.value) == expected


@pytest.mark.parametrize(
    ("suite", "origin", "label"),
    [
        ("bookworm-security", "Debian", "Debian-Security"),
        ("bookworm-backports", "Debian Backports", "Debian Backports"),
        ("bookworm-updates", "Debian", "Debian"),
    ],
)
def test_origin_and_label_of_each_suite(suite: str, origin: str, label: str) -> None:
    """Each kind of suite has its own."""
    text = TEXT.replace("Origin: Debian", f"Origin: {origin}").replace("Label: Debian", f"Label: {label}")
    check_release(parsed(text.replace("Codename: bookworm", f"Codename: {suite}")), suite=suite, now=NOW, where="x")


SIGNED = (
    b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\n"
    b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"
)


def test_one_clear_signed_message() -> None:
    """The body is what stands between the headers and the signature."""
    assert signed_text(SIGNED, where="x") == b"Origin: Debian"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Origin: Debian\n",
        b"<html>log in</html>",
        b"Evil: yes\n" + SIGNED,
        SIGNED + b"Evil: yes\n",
        SIGNED + SIGNED,
        SIGNED[:-30],
        SIGNED.replace(b"Hash: SHA256", b"Hash: SHA256\nEvil: yes"),
        SIGNED.replace(b"\nOrigin", b"\n-----BEGIN PGP SIGNED MESSAGE-----\n\nOrigin"),
        SIGNED.replace(b"-----BEGIN PGP SIGNATURE-----", b"-----BEGIN PGP MESSAGE-----"),
    ],
)
def test_anything_beside_the_message_is_refused(content: bytes) -> None:
    """Unsigned text before, after or within the frame raises TB2110."""
    with pytest.raises(IntegrityError, match="TB2110"):
        signed_text(content, where="x")
