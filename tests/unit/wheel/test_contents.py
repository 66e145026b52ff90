from __future__ import annotations

import base64
import hashlib
import io

import pytest

from twinbuild.errors import IntegrityError
from twinbuild.wheel.contents import Wheel, open_wheel
from unit.wheel.making import METADATA, NAME, STEM, WHEEL, hash_of, record, wheel, wheel_files, zipped

INFO = f"{STEM}.dist-info"
CODE = b"answer = 42\n"


def opened(content: bytes, filename: str = NAME) -> Wheel:
    """The wheel of these bytes."""
    return open_wheel(io.BytesIO(content), filename)


def with_record(rows: bytes | None, **more: bytes) -> bytes:
    """A wheel whose RECORD is these bytes."""
    files = {**wheel_files(), **more}
    return zipped(files if rows is None else {**files, f"{INFO}/RECORD": rows})


def listed(line: bytes, replacement: bytes) -> bytes:
    """A wheel with one line of its RECORD replaced."""
    good = record(wheel_files())
    assert line in good
    return with_record(good.replace(line, replacement))


HASH = hash_of(CODE).encode()
ROW = b"demo/__init__.py," + HASH + b",12"
SHORT = b"sha256=" + base64.urlsafe_b64encode(b"x" * 31).rstrip(b"=")
MD5 = b"md5=" + base64.urlsafe_b64encode(hashlib.md5(CODE).digest()).rstrip(b"=")
SHA1 = b"sha1=" + base64.urlsafe_b64encode(hashlib.sha1(CODE).digest()).rstrip(b"=")


def points(*lines: str) -> bytes:
    """A wheel with these lines as console scripts."""
    return wheel(entry_points="\n".join(["[console_scripts]", *lines, ""]).encode())


HOSTILE = {
    "file name without tags": (wheel(), "TB4101", "demo-1.0.whl"),
    "file name of an archive": (wheel(), "TB4101", "demo-1.0.tar.gz"),
    "file name with a bad version": (wheel(), "TB4101", "demo-one-py3-none-any.whl"),
    "no dist-info": (zipped({"demo.py": b""}), "TB4102", NAME),
    "two dist-infos": (wheel({"other-1.dist-info/METADATA": b"x"}), "TB4102", NAME),
    "dist-info in capitals": (zipped({"demo-1.0.DIST-INFO/METADATA": b""}), "TB4102", NAME),
    "dist-info of another project": (wheel(stem="other-1.0"), "TB4102", NAME),
    "dist-info of another version": (wheel(stem="demo-1.1"), "TB4102", NAME),
    "dist-info without a version": (wheel(stem="demo"), "TB4102", NAME),
    "Wheel-Version 9.0": (wheel(wheel=WHEEL.replace(b"1.0", b"9.0")), "TB4103", NAME),
    "Wheel-Version missing": (wheel(wheel=WHEEL.replace(b"Wheel-Version: 1.0\n", b"")), "TB4103", NAME),
    "Wheel-Version twice": (wheel(wheel=WHEEL + b"Wheel-Version: 1.1\n"), "TB4103", NAME),
    "Root-Is-Purelib missing": (wheel(wheel=WHEEL.replace(b"Root-Is-Purelib: true\n", b"")), "TB4103", NAME),
    "Root-Is-Purelib: maybe": (wheel(wheel=WHEEL.replace(b"true", b"maybe")), "TB4103", NAME),
    "tag that is none": (wheel(wheel=WHEEL + b"Tag: any\n"), "TB4103", NAME),
    "WHEEL is no list of fields": (wheel(wheel=b"\x7fELF\n"), "TB4103", NAME),
    "no WHEEL": (zipped({f"{INFO}/RECORD": record({}), f"{INFO}/METADATA": METADATA}), "TB4106", NAME),
    "METADATA of another project": (wheel(metadata=METADATA.replace(b"demo", b"evil")), "TB4104", NAME),
    "METADATA of another version": (wheel(metadata=METADATA.replace(b"1.0", b"1.1")), "TB4104", NAME),
    "METADATA with a version that is none": (wheel(metadata=METADATA.replace(b": 1.0", b": latest")), "TB4104", NAME),
    "METADATA without a name": (wheel(metadata=METADATA.replace(b"Name: demo\n", b"")), "TB4104", NAME),
    "METADATA with two names": (wheel(metadata=METADATA + b"Name: demo\n"), "TB4104", NAME),
    "METADATA with two versions": (wheel(metadata=METADATA + b"Version: 2\n"), "TB4104", NAME),
    "METADATA empty": (wheel(metadata=b""), "TB4104", NAME),
    "Requires-Dist that is none": (wheel(metadata=METADATA + b"Requires-Dist: a b\n"), "TB4104", NAME),
    "Requires-Python that is none": (wheel(metadata=METADATA + b"Requires-Python: three\n"), "TB4104", NAME),
    "no RECORD": (with_record(None), "TB4105", NAME),
    "RECORD hashed with MD5": (listed(HASH, MD5), "TB4105", NAME),
    "RECORD hashed with SHA-1": (listed(HASH, SHA1), "TB4105", NAME),
    "RECORD with an unknown hash": (listed(HASH, b"sha3=" + b"A" * 43), "TB4105", NAME),
    "RECORD with a short hash": (listed(HASH, SHORT), "TB4105", NAME),
    "RECORD with a padded hash": (listed(HASH, HASH + b"="), "TB4105", NAME),
    "RECORD with a hexadecimal hash": (listed(HASH, b"sha256=" + b"0" * 64), "TB4105", NAME),
    "RECORD with a second spelling of the hash": (listed(HASH, HASH[:-1] + b"b"), "TB4105", NAME),
    "RECORD with two fields": (listed(ROW, b"demo/__init__.py," + HASH), "TB4105", NAME),
    "RECORD with four fields": (listed(ROW, ROW + b","), "TB4105", NAME),
    "RECORD with a negative size": (listed(b",12\n", b",-12\n"), "TB4105", NAME),
    "RECORD with a size in words": (listed(b",12\n", b",twelve\n"), "TB4105", NAME),
    "RECORD with a size in other digits": (listed(b",12\n", ",\u0661\u0662\n".encode()), "TB4105", NAME),
    "RECORD lists a file twice": (listed(ROW, ROW + b"\n" + ROW), "TB4105", NAME),
    "RECORD with an open quote": (listed(ROW, b'"' + ROW), "TB4105", NAME),
    "RECORD in another encoding": (listed(ROW, ROW + b"\ncaf\xe9,,"), "TB4105", NAME),
    "RECORD without a file": (wheel(unlisted={"demo/evil.py": b""}), "TB4106", NAME),
    "RECORD without a hash": (listed(ROW, b"demo/__init__.py,,"), "TB4106", NAME),
    "RECORD with a file that is not there": (listed(ROW, ROW + b"\ndemo/gone.py," + HASH + b",12"), "TB4106", NAME),
    "RECORD with a path outside": (listed(ROW, ROW + b"\n../evil.py," + HASH + b",12"), "TB4106", NAME),
    "RECORD with a wrong size": (listed(b",12\n", b",13\n"), "TB4106", NAME),
    "RECORD without itself": (listed(b"demo-1.0.dist-info/RECORD,,\n", b""), "TB4106", NAME),
    "RECORD with its own hash": (listed(b"RECORD,,", b"RECORD," + HASH + b",12"), "TB4106", NAME),
    "RECORD lists its signature": (
        with_record(
            record({**wheel_files(), f"{INFO}/RECORD.jws": b"{}"}),
            **{f"{INFO}/RECORD.jws": b"{}"},
        ),
        "TB4106",
        NAME,
    ),
    "RECORD with a wrong hash": (listed(HASH, hash_of(b"other").encode()), "TB4107", NAME),
    "wrong hash of METADATA": (listed(hash_of(METADATA).encode(), HASH), "TB4107", NAME),
    "entry point outside": (points("../../x = demo:main"), "TB4108", NAME),
    "entry point with a path": (points("/usr/bin/x = demo:main"), "TB4108", NAME),
    "entry point named dot": (points(". = demo:main"), "TB4108", NAME),
    "entry point with spaces": (points("a b = demo:main"), "TB4108", NAME),
    "entry point that runs more": (points("x = demo:main;import os"), "TB4108", NAME),
    "entry point that calls": (points("x = demo:main()"), "TB4108", NAME),
    "entry point without a function": (points("x = demo"), "TB4108", NAME),
    "entry point with a control character": (points("x = demo:main\x0b"), "TB4108", NAME),
    "entry point twice": (points("x = demo:main", "x = demo:other"), "TB4108", NAME),
    "entry point that goes on": (points("x = demo:main", "  y = demo:main"), "TB4108", NAME),
    "entry point in two groups": (points("x = demo:main", "[gui_scripts]", "x = demo:main"), "TB4108", NAME),
    "group twice": (points("x = demo:main", "[console_scripts]", "y = demo:main"), "TB4108", NAME),
    "entry point before any group": (wheel(entry_points=b"x = demo:main\n"), "TB4108", NAME),
    "entry point with a colon": (points("x : demo:main"), "TB4108", NAME),
    "entry points in another encoding": (
        wheel(entry_points=b"[console_scripts]\ncaf\xe9 = demo:main\n"),
        "TB4108",
        NAME,
    ),
    "data directory of another": (wheel({"other-1.data/scripts/x": b""}), "TB4109", NAME),
    "data directory with another version": (wheel({"demo-1.1.data/scripts/x": b""}), "TB4109", NAME),
    "data directory with an unknown scheme": (wheel({f"{STEM}.data/sbin/x": b""}), "TB4109", NAME),
    "data directory with a file": (wheel({f"{STEM}.data/scripts": b""}), "TB4109", NAME),
    "data directory that climbs": (wheel({f"{STEM}.data/scripts/../../x": b""}), "TB4010", NAME),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_wheels_are_refused(name: str) -> None:
    """Each wheel that is not what it says is refused by its code, when opened or when its files are read."""
    content, code, filename = HOSTILE[name]
    with pytest.raises(IntegrityError) as caught:
        opened(content, filename).verify()
    assert caught.value.findings[0].code == code
    assert filename in str(caught.value)


def test_a_good_wheel_is_read() -> None:
    """Name, version, tags, scripts, files and metadata are values."""
    metadata = METADATA + (
        b"Summary: A demonstration\nHome-page: https://demo.example\nLicense-Expression: MIT\n"
        b"Requires-Dist: numpy>=2 ; python_version >= '3.11'\nRequires-Python: >=3.9\nProvides-Extra: more\n"
        b"Project-URL: Source, https://git.example/demo\nClassifier: License :: OSI Approved :: MIT License\n"
        b"License-File: LICENSE\nAuthor: Ada Example\n\nlong text\n"
    )
    more = {f"{INFO}/sboms/a.cdx.json": b"{}", f"{INFO}/licenses/LICENSE": b"MIT", "demo/a.py": b""}
    read = opened(wheel(more, metadata=metadata, entry_points=b"# none\n[console_scripts]\ndemo = demo.cli:run [x]\n"))
    read.verify()
    assert (read.project, read.version, read.build, read.tags) == ("demo", "1.0", "", ("py3-none-any",))
    assert read.purelib
    assert read.generator == "test"
    assert [(point.name, point.module, point.attribute, point.gui) for point in read.entry_points] == [
        ("demo", "demo.cli", "run", False)
    ]
    assert [file.path for file in read.sboms] == [f"{INFO}/sboms/a.cdx.json"]
    assert [file.read() for file in read.licences] == [b"MIT"]
    assert read.metadata.requires_dist == ("numpy>=2 ; python_version >= '3.11'",)
    assert read.metadata.requires_python == ">=3.9"
    assert read.metadata.summary == "A demonstration"
    assert read.metadata.licence_expression == "MIT"
    assert read.metadata.licence_files == ("LICENSE",)
    assert read.metadata.project_urls == (("Source", "https://git.example/demo"),)
    assert read.metadata.classifiers == ("License :: OSI Approved :: MIT License",)
    assert read.metadata.author == "Ada Example"
    file = read.file("demo/a.py")
    assert file is not None
    assert file.size == 0
    assert read.file("demo/b.py") is None


@pytest.mark.parametrize("tags", [b"Tag: py3-none-linux_x86_64\n", b"Tag: py3-none-any\nTag: py2-none-any\n", b""])
def test_tags_are_those_of_the_file_name(tags: bytes) -> None:
    """Tags in WHEEL may differ, as in the published wheels of lightgbm 4.6.0, ray 2.60.0 and treelite 4.8.1."""
    read = opened(wheel(wheel=WHEEL.replace(b"Tag: py3-none-any\n", tags)))
    read.verify()
    assert read.tags == ("py3-none-any",)


def test_what_no_installation_takes_is_dropped_by_one_rule() -> None:
    """Byte code, an installer's own files and signatures are named, and are not among the files."""
    files = {"demo/__pycache__/x.cpython-311.pyc": b"\0", f"{INFO}/INSTALLER": b"evil", f"{INFO}/REQUESTED": b""}
    files |= {f"{INFO}/direct_url.json": b"{}", "demo/INSTALLER": b"kept"}
    read = opened(wheel(files, unlisted={f"{INFO}/RECORD.jws": b"{}", f"{INFO}/RECORD.p7s": b""}))
    assert read.dropped == (
        f"{INFO}/INSTALLER",
        f"{INFO}/RECORD.jws",
        f"{INFO}/RECORD.p7s",
        f"{INFO}/REQUESTED",
        f"{INFO}/direct_url.json",
        "demo/__pycache__/x.cpython-311.pyc",
    )
    assert {file.path for file in read.files} == {"demo/INSTALLER", f"{INFO}/METADATA", f"{INFO}/WHEEL"}


def test_all_wrong_rows_are_named_at_once() -> None:
    """A person can judge the whole RECORD from one message."""
    with pytest.raises(IntegrityError) as caught:
        opened(with_record(b"demo-1.0.dist-info/RECORD,,\ngone.py," + HASH + b",12\n"))
    assert [finding.where.subject.partition("!")[2] for finding in caught.value.findings] == [
        "demo/__init__.py",
        f"{INFO}/METADATA",
        f"{INFO}/WHEEL",
        "gone.py",
    ]


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_stronger_hashes_are_checked(algorithm: str) -> None:
    """RECORD may use SHA-384 and SHA-512, and they are verified like SHA-256."""
    for content, right in ((CODE, True), (b"other", False)):
        digest = hashlib.new(algorithm, content).digest()
        written = f"{algorithm}={base64.urlsafe_b64encode(digest).decode().rstrip('=')}".encode()
        read = opened(listed(HASH, written))
        if right:
            read.verify()
        else:
            with pytest.raises(IntegrityError, match="TB4107"):
                read.verify()


def test_sizes_may_be_left_empty() -> None:
    """A row may have a hash without a size, as older tools write it."""
    opened(listed(b",12\n", b",\n")).verify()


def test_names_are_compared_normalised() -> None:
    """A dist-info directory may spell name and version differently, as long as they are the same."""
    metadata = b"Metadata-Version: 2.1\nName: Demo.App\nVersion: 1.0.0\n"
    read = opened(wheel(stem="Demo.App-1.0.0", metadata=metadata), "demo_app-1.0.0-py3-none-any.whl")
    assert (read.project, read.stem) == ("demo-app", "Demo.App-1.0.0")


def test_groups_that_are_no_scripts_may_hold_anything_well_formed() -> None:
    """Only scripts become files; other groups belong to their readers."""
    read = opened(wheel(entry_points=b"    [plug.ins]\n    a b = demo.x:y [extra]\n    c = demo\n"))
    assert read.entry_points == ()


def test_documents_of_a_wheel_are_limited() -> None:
    """Reading a file whole has a limit."""
    read = opened(wheel())
    with pytest.raises(IntegrityError, match="TB4013"):
        read.files[0].read(limit=3)
