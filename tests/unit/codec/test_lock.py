"""``codec.lock``: the lock's text comes back as the same value, and every bad lock has its code and line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from twinbuild.codec.lock import decode_lock, encode_lock
from twinbuild.errors import Finding, LockError
from twinbuild.model.digest import Digest
from twinbuild.model.image import BaseHistory, Descriptor
from twinbuild.model.lock import (
    AptIndex,
    InstalledPackage,
    Licensing,
    Lock,
    LockedArtifact,
    LockedBase,
    LockedData,
    LockedDeb,
    LockedLayer,
    LockedSourceFile,
    LockedWheel,
    PythonEnvironment,
    ResolverPin,
    Target,
)
from twinbuild.model.platform import Platform

D = Digest.of(b"x")
WHEELS = tuple(
    LockedWheel(
        index="default",
        name=name,
        version="2.1.0",
        filename=f"{name.replace('-', '_')}-2.1.0-py3-none-any.whl",
        size=3,
        sha256=D,
        requires=(),
        requested=True,
        extras=("standard",) if name == "uvicorn" else (),
    )
    for name in ("numpy", "scikit-learn", "uvicorn")
)
DEB = LockedDeb(
    name="libc6",
    version="2.36-9+deb12u1",
    architecture="amd64",
    archive="debian",
    suite="bookworm",
    component="main",
    path="pool/main/g/glibc/libc6_2.36-9_amd64.deb",
    size=5,
    sha256=D,
    source="glibc",
    source_version="2.36-9",
    depends=("libgcc-s1",),
    pre_depends=("libgcc-s1",),
    essential=False,
    requested=True,
)
INDEX = AptIndex(
    archive="debian",
    suite="bookworm",
    component="main",
    architecture="amd64",
    date="2026-01-01T00:00:00Z",
    release=D,
    packages=D,
    signed_by="A" * 40,
)
LOCK = Lock(
    python_inputs=D,
    debian_inputs=D,
    artifact_inputs=D,
    source_inputs=D,
    resolver=ResolverPin(pip="25.3", pip_tools="7.5.2"),
    indexes=(INDEX,),
    targets=(
        Target(
            variant="cpu",
            platform=Platform.parse("linux/amd64"),
            python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
            debs=(DEB,),
            wheels=WHEELS,
            test=WHEELS[:1],
        ),
    ),
    data=(
        LockedData(kind="dataset", name="cards", version="7", sha256=D),
        LockedData(kind="feature", name="cards", version="of May, 1st", sha256=D),
    ),
    artifacts=(LockedArtifact(name="classifier", uri="model/c.skops", size=2, sha256=D),),
    source=(
        LockedSourceFile(path="-odd.py", size=1, sha256=D, executable=True),
        LockedSourceFile(path="app.py", size=0, sha256=D, executable=False),
    ),
    licensing=(
        Licensing(
            filename="libc6_2.36-9_amd64.deb",
            sha256=D,
            expressions=("GPL-2.0-or-later", "LGPL-2.1-or-later"),
            names=("public-domain",),
            files=("usr/share/doc/libc6/copyright",),
            notice=D,
            authors=("GNU Libc Maintainers",),
        ),
        Licensing(filename="numpy-2.1.0-py3-none-any.whl", sha256=D, authors=("Zoë", "Ada")),
        Licensing(filename="uvicorn-2.1.0-py3-none-any.whl", sha256=D, same_as=""),
    ),
)
TEXT = encode_lock(LOCK).decode()


def refused(text: str | bytes) -> tuple[Finding, ...]:
    """The findings of a text that is no lock."""
    with pytest.raises(LockError) as caught:
        decode_lock(text.encode() if isinstance(text, str) else text)
    return caught.value.findings


def test_round_trip() -> None:
    """The text gives the value back, and the value the text."""
    assert decode_lock(TEXT.encode()) == LOCK
    assert encode_lock(decode_lock(TEXT.encode())) == TEXT.encode()
    assert decode_lock(TEXT.replace("\n", "\r\n").encode()) == LOCK


def test_an_installer() -> None:
    """A lock may pin the pip that a Dockerfile installs with; one that does not is as it was."""
    with_one = replace(LOCK, installer=WHEELS[0])
    assert decode_lock(encode_lock(with_one)) == with_one
    assert b"installer" not in encode_lock(LOCK)


def test_one_entry_a_line() -> None:
    """A changed entry is a changed line."""
    lines = TEXT.split("\n")
    assert TEXT.endswith("}\n")
    assert sum('"name": "numpy"' in line for line in lines) == 2
    for line in lines:
        assert line.count('"sha256":') <= 1
    json.loads(TEXT)


def test_first_version() -> None:
    """A lock of the first version is read with everything it pins; its licences are not known yet."""
    text = TEXT[: TEXT.index(',\n "licensing"')] + "\n}\n"
    lock = decode_lock(text.replace('"lock": 3', '"lock": 1').encode())
    assert lock == replace(LOCK, licensing=(), data=())


def test_second_version() -> None:
    """A lock of the second version, in which every base was made of packages, is read as it is."""
    assert decode_lock(TEXT.replace('"lock": 3', '"lock": 2').encode()) == LOCK


BASE = LockedBase(
    name="registry.example:5000/team/python",
    tag="3.11-slim",
    index=D,
    manifest=Descriptor(media_type="application/vnd.docker.distribution.manifest.v2+json", digest=D, size=2),
    config=Descriptor(media_type="application/vnd.oci.image.config.v1+json", digest=D, size=2),
    layers=tuple(
        LockedLayer(
            media_type="application/vnd.docker.image.rootfs.diff.tar.gzip",
            digest=Digest.of(name),
            size=2,
            diff_id=D,
            uncompressed_size=1024,
        )
        for name in (b"z", b"a", b"z")
    ),
    system="debian",
    system_version="12",
    executable="usr/local/bin/python3.11",
    interpreter=(0, 2),
    author="Ada",
    environment=(("PATH", "/usr/bin"), ("EMPTY", "")),
    labels=(("maintainer", "Ada"),),
    exposed_ports=("8000/tcp",),
    inherited=(("Volumes", '{"/data":{}}'),),
    history=(BaseHistory(created="", created_by="ADD \n x", author="", comment="", empty_layer=True),),
    packages=(
        InstalledPackage(name="libc6", version="2.36-9", architecture="amd64", source="glibc", source_version="2.36-9"),
    ),
)
ON_BASE = replace(LOCK, targets=(replace(LOCK.targets[0], debs=(), base=BASE),), licensing=LOCK.licensing[1:])


def test_a_base() -> None:
    """A base comes back as it was, its layers in their order, even one that is there twice."""
    text = encode_lock(ON_BASE)
    assert decode_lock(text) == ON_BASE
    assert encode_lock(decode_lock(text)) == text


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"executable": "usr/', '"executable": "../', "TB2209"),
        ('"media_type": "application/vnd.docker.image.rootfs.diff.tar.gzip"', '"media_type": "text/plain"', "TB2207"),
        ('["EMPTY", ""]', '["EMPTY"]', "TB2207"),
        ('["EMPTY", ""]', '["A=B", ""]', "TB2207"),
        ('{\\"/data\\":{}}', "{", "TB2207"),
        ('["Volumes", ', '["Env", ', "TB2212"),
        ('"tag": "3.11-slim"', '"tag": "a b"', "TB2207"),
        ('"index": "sha256', '"index": "sha1', "TB2207"),
        ('"created": ""', '"created": 1', "TB2206"),
        ('"interpreter": [0, 2]', '"interpreter": [0, 3]', "TB2212"),
        ('"interpreter": [0, 2]', '"interpreter": []', "TB2212"),
        ('"interpreter": [0, 2]', '"interpreter": [2, 0]', "TB2211"),
        ('"interpreter": [0, 2]', '"interpreter": [true]', "TB2206"),
        ('"interpreter": [0, 2]', '"interpreter": "0"', "TB2206"),
        ('"environment": [[', '"environment": {"A": [[', "TB2201"),
    ],
)
def test_a_bad_base(old: str, new: str, code: str) -> None:
    """Each field is read as strictly as the others."""
    text = encode_lock(ON_BASE).decode()
    assert old in text
    assert refused(text.replace(old, new, 1))[0].code == code


def test_two_grounds() -> None:
    """Packages may be added to an image: TB2212 for one that it has already."""
    both = replace(LOCK, targets=(replace(LOCK.targets[0], base=BASE),))
    assert refused(encode_lock(both))[0].code == "TB2212"
    added = replace(LOCK, targets=(replace(LOCK.targets[0], base=replace(BASE, packages=())),))
    assert decode_lock(encode_lock(added)) == added


CASES = [
    ("unknown field", '"essential"', '"essentially"', "TB2205"),
    ("missing field", ', "extras": ["standard"]', "", "TB2205"),
    ("wrong type", '"requested": true', '"requested": "yes"', "TB2206"),
    ("number as text", '"size": 3', '"size": "3"', "TB2206"),
    ("float", '"size": 3', '"size": 3.0', "TB2206"),
    ("truth value as number", '"size": 3', '"size": true', "TB2206"),
    ("duplicate key", '"size": 3', '"size": 3, "size": 4', "TB2203"),
    ("bad digest", D.hex, D.hex[1:], "TB2207"),
    ("upper-case digest", D.hex, D.hex.upper(), "TB2207"),
    ("other algorithm", "sha256:" + D.hex, "sha1:" + D.hex[:40], "TB2207"),
    ("size zero", '"size": 3', '"size": 0', "TB2208"),
    ("size negative", '"size": 3', '"size": -3', "TB2208"),
    ("parent directory", "pool/main", "pool/..", "TB2209"),
    ("absolute path", "pool/main", "/pool/main", "TB2209"),
    ("source path", '"app.py"', '"../app.py"', "TB2209"),
    ("artifact path", "model/c.skops", "../c.skops", "TB2209"),
    ("credentials", "model/c.skops", "https://u:p@h.example/c", "TB2207"),
    ("name not normalised", '"name": "numpy"', '"name": "Numpy"', "TB2207"),
    (
        "not sorted",
        '"numpy", "version": "2.1.0", "filename": "numpy',
        '"zz", "version": "2.1.0", "filename": "zz',
        "TB2211",
    ),
    (
        "locked twice",
        '"scikit-learn", "version": "2.1.0", "filename": "scikit_learn',
        '"numpy", "version": "2.1.0", "filename": "numpy',
        "TB2210",
    ),
    ("other project's file", '"filename": "numpy-', '"filename": "evil-', "TB2212"),
    ("other version's file", '"filename": "numpy-2.1.0', '"filename": "numpy-2.2.0', "TB2212"),
    ("no wheel", '"filename": "numpy-2.1.0-py3-none-any.whl"', '"filename": "numpy.whl"', "TB2212"),
    ("no package", "amd64.deb", "amd64.rpm", "TB2212"),
    ("pre-dependency alone", '"depends": ["libgcc-s1"], ', '"depends": [], ', "TB2212"),
    ("list not sorted", '["libgcc-s1"], "pre', '["libz", "libgcc-s1"], "pre', "TB2211"),
    ("platform", "linux/amd64", "plan9/amd64", "TB2207"),
    ("date", "2026-01-01T00:00:00Z", "2026-01-01", "TB2207"),
    ("key", "A" * 40, "a" * 40, "TB2207"),
    ("newer version", '"lock": 3', '"lock": 4', "TB2204"),
    ("first version with licences", '"lock": 3', '"lock": 1', "TB2204"),
    ("no version", '"lock": 3,', "", "TB2204"),
    ("version as truth value", '"lock": 3', '"lock": true', "TB2204"),
    ("no licences", '"licensing": [', '"licences": [', "TB2205"),
    ("not SPDX", '"LGPL-2.1-or-later"]', '"LGPL"]', "TB2207"),
    ("not normal", '"LGPL-2.1-or-later"]', '"lgpl-2.1-or-later"]', "TB2207"),
    ("licences not sorted", '["GPL-2.0-or-later", ', '["MIT", ', "TB2211"),
    ("control character", '"Zo\u00eb"', '"Zo\\u0007"', "TB2207"),
    ("two lines", '"Zo\u00eb"', '"Zo\\n"', "TB2207"),
    ("author twice", '"Zo\u00eb", "Ada"', '"Ada", "Ada"', "TB2211"),
    ("link to no package", '"same_as": ""', '"same_as": "../x"', "TB2207"),
    ("merge conflict", ' "targets"', "<<<<<<< ours\n=======\n>>>>>>> theirs\n", "TB2202"),
    ("cut short", TEXT[400:], "", "TB2201"),
    ("constant", '"size": 3', '"size": NaN', "TB2201"),
    ("huge number", '"size": 3', '"size": ' + "9" * 5000, "TB2201"),
]


@pytest.mark.parametrize(("old", "new", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_bad_lock(old: str, new: str, code: str) -> None:
    """Each bad lock is refused with its code, at the line that was changed."""
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    found = refused(text)
    assert code in [finding.code for finding in found], found
    finding = next(finding for finding in found if finding.code == code)
    assert finding.where.file == "release.lock"
    assert finding.hint
    if new and code not in ("TB2201", "TB2204"):
        changed = TEXT.count("\n", 0, TEXT.index(old)) + 1
        following = 1 if code == "TB2211" and '"zz"' in new else 0
        assert finding.where.line == changed + following


def test_licence_of_nothing() -> None:
    """A licence is stated for a file that is part of an image, by name and digest."""
    other = TEXT.replace(f'"sha256": "{D}", "expressions"', f'"sha256": "{Digest.of(b"y")}", "expressions"', 1)
    assert [finding.code for finding in refused(other)] == ["TB2212"]
    beside = replace(LOCK.licensing[1], filename="pytest-2.1.0-py3-none-any.whl")
    text = encode_lock(replace(LOCK, licensing=(LOCK.licensing[0], beside)))
    assert [finding.code for finding in refused(text)] == ["TB2212"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "TB2201"),
        (b"[]", "TB2201"),
        (b"null", "TB2201"),
        (b"\xff\xfe", "TB2201"),
        (b"[" * 100_000, "TB2201"),
        (b'{"lock": 1', "TB2201"),
        (b'{"lock": 1}', "TB2205"),
    ],
)
def test_no_lock_at_all(content: bytes, code: str) -> None:
    """Anything else is refused, deep nesting included."""
    assert code in [finding.code for finding in refused(content)]


def test_all_findings_at_once() -> None:
    """Independent mistakes are all reported."""
    text = TEXT.replace('"size": 5', '"size": 0').replace("linux/amd64", "x/y").replace("model/c", "/c")
    assert sorted(finding.code for finding in refused(text)) == ["TB2207", "TB2208", "TB2209"]
