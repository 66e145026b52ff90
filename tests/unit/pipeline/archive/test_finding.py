"""``pipeline.archive.finding``: which releases hold something, and how fast that is known of a thousand."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import Archived, archived_once, tiny_record
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import summaries
from twinbuild.errors import UsageError
from twinbuild.pipeline.archive.finding import find

__all__ = ["archived_once"]


def test_what_is_found(archived_once: Archived) -> None:
    """Images, packages by both names, files by their digests, and the release itself."""
    record = archived_once.record
    image, wheel = record.images[0], next(each for each in record.inputs if each.kind == "wheel")
    with Archive(archived_once.place) as archive:
        for text, what in (
            (str(record.digest), "the release"),
            (str(image.digest), "image of cpu linux/amd64"),
            (f"registry.example/tiny@{image.digest}", "image of cpu linux/amd64"),
            (image.config.hex, "configuration of the image of cpu linux/amd64"),
            ("alpha==1", f"wheel {wheel.name}"),
            ("Alpha==1", f"wheel {wheel.name}"),
            ("pkg:pypi/alpha@1", f"wheel {wheel.name}"),
            ("pkg:pypi/Alpha", f"wheel {wheel.name}"),
            ("pkg:pypi/alpha@1#alpha.libs/libz.so", f"wheel {wheel.name}"),
            ("demo==1.0-1", "deb demo_1.0-1_all.deb"),
            ("pkg:deb/debian/demo@1.0-1", "deb demo_1.0-1_all.deb"),
            ("pkg:deb/debian/demo@1.0-1?arch=all&distro=debian-12", "deb demo_1.0-1_all.deb"),
            ("pkg:deb/debian/demo?arch=all", "deb demo_1.0-1_all.deb"),
            ("pkg:deb/debian/demo@1.0-1?arch=all#usr/bin/demo", "deb demo_1.0-1_all.deb"),
            (str(wheel.sha256), f"wheel {wheel.name}"),
            (str(record.project[0].sha256), f"project file {record.project[0].path}"),
        ):
            (found,) = find(archive, text)
            assert (found.release.digest, what in found.what) == (record.digest, True), (text, found.what)
        for text in (
            "alpha==2",
            "pkg:pypi/alpha@1.0",
            "pkg:pypi/alpha@",
            "pkg:pypi/alph",
            "pkg:deb/debian/demo?arch=amd64",
            "f" * 64,
            "demo==1.0",
            "lpha==1",
            f"pkg:oci/tiny@{image.digest}",
        ):
            assert find(archive, text) == (), text
        for text in ("alpha", "sha256:abc", "", "pkg:", "CVE-2026-1"):
            with pytest.raises(UsageError, match="TB9142"):
                find(archive, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("libstdc++6==1:12.2-14+deb12u1", True),
        ("pkg:deb/debian/libstdc++6@1:12.2-14+deb12u1", True),
        ("pkg:deb/debian/libstdc%2B%2B6@1%3A12.2-14%2Bdeb12u1", True),
        ("pkg:deb/debian/libstdc++6?arch=amd64&distro=debian-12.11&upstream=gcc-12", True),
        ("pkg:deb/debian/libstdc++6?arch=arm64", False),
        ("libstdc++==1:12.2-14+deb12u1", False),
        ("python3.11-minimal==3.11.2-6", True),
        ("typing.extensions==4.0+local", True),
        ("pkg:pypi/Typing_Extensions@4.0+local", True),
    ],
)
def test_spellings(tmp_path: Path, text: str, expected: bool) -> None:
    """Names with dots and signs, percent-encoded or not, and what scanners say besides."""
    names = (
        "pkg:deb/debian/libstdc%2B%2B6@1:12.2-14%2Bdeb12u1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/python3.11-minimal@3.11.2-6?arch=amd64&distro=debian-12",
        "pkg:pypi/typing-extensions@4.0%2Blocal",
    )
    record = tiny_record()
    inputs = tuple(replace(record.inputs[0], name=each, purl=each) for each in names)
    with Archive(tmp_path / "a", writing=True) as archive:
        archive.put(replace(record, inputs=inputs))
        assert bool(find(archive, text)) is expected


@pytest.mark.slow
def test_a_thousand(tmp_path: Path) -> None:
    """A thousand releases are listed and looked through in a moment."""
    with Archive(tmp_path / "a", writing=True) as archive:
        for number in range(1000):
            archive.put(tiny_record(version=f"1.0.{number}"))
        summaries(archive)
        started = time.process_time()
        assert len(summaries(archive)) == 1000
        assert time.process_time() - started < 1
        started = time.process_time()
        assert len(find(archive, "demo==1.0")) == 1000
        assert len(find(archive, str(tiny_record(version="1.0.7").images[0].digest))) == 1
        assert time.process_time() - started < 3
