"""``pipeline.leaks.others``: where packages lie, and what in them is for everybody to see."""

from __future__ import annotations

import pytest

from twinbuild.pipeline.leaks.others import Care, care_of, is_others, is_sample, self_tests

SITE = "opt/venv/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/a.py",
        "usr/lib/a",
        "lib/x86_64-linux-gnu/a.so",
        "usr/lib64/a",
        "usr/share/a",
        "usr/bin/a",
        "usr/local/lib/python3.12/a.py",
        "usr/local/cuda-12.8/a",
        "opt/conda/pkgs/a",
        "home/jovyan/miniforge3/lib/a",
        "root/.pyenv/versions/3.11.9/lib/python3.11/test/keycert.pem",
        "opt/python/lib/python3.13t/a.py",
        "usr/local/go/src/net/http/internal/testcert/testcert.go",
        "root/go/pkg/mod/a.org/b/c.go",
        "root/.rustup/toolchains/stable/share/a",
        "opt/nvidia/nsight-compute/2025.3/a",
        "opt/rocm-6.4.1/lib/a",
        "var/lib/dpkg/info/a.postinst",
        "srv/web/node_modules/a/b.js",
    ],
)
def test_others(path: str) -> None:
    """What package managers and base images have put there."""
    assert is_others(path)


@pytest.mark.parametrize(
    "path",
    [
        "etc/a.conf",
        "root/.netrc",
        "app/main.py",
        "opt/app/a",
        "srv/a",
        "usr/local/bin/a",
        "usr/local/etc/a",
        "usr/src/app/a",
        "var/lib/a",
        "var/lib/dpkg/a",
        "opt/nvidia-service/a",
        "home/ada/go/a.go",
        "opt/app/lib/a.py",
        "opt/app/lib/pythonic/a.py",
        "home/ada/lib/a",
        "entrypoint.sh",
        "library/a",
    ],
)
def test_own(path: str) -> None:
    """What a person has put there, or may have."""
    assert not is_others(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{SITE}/tornado/test/test.key", True),
        (f"{SITE}/a/tests/b/c.pem", True),
        (f"{SITE}/a/unit_tests/c.py", True),
        (f"{SITE}/a/testing_utils.py", True),
        (f"{SITE}/a/config_test.py", True),
        (f"{SITE}/a/conftest.py", True),
        ("usr/share/doc/a/rsakey.pem", True),
        ("usr/lib/a/examples/key.pem", True),
        (f"{SITE}/a/contest/b.py", False),
        (f"{SITE}/a/test1.pem", True),
        (f"{SITE}/a/testament.pem", False),
        (f"{SITE}/a/latest.py", False),
        (f"{SITE}/a/attest/b.py", False),
        (f"{SITE}/a/config.py", False),
    ],
)
def test_sample(path: str, expected: bool) -> None:
    """Tests, examples and manuals, by the names that they have everywhere; no word that ends alike."""
    assert is_sample(path) is expected


def test_self_tests() -> None:
    """A key in a library or a program is its own; a token in it is not, nor a key in a script."""
    assert self_tests(b"\x7fELF\2\1\1") == self_tests(b"!<arch>\n") == {"private-key"}
    assert self_tests(b"#!/bin/sh") == frozenset()


@pytest.mark.parametrize(
    ("path", "of", "expected"),
    [
        ("etc/a", {}, Care.ALL),
        ("usr/lib/a", {}, Care.SURE),
        ("usr/lib/tests/a", {}, Care.NONE),
        ("srv/tests/a", {}, Care.ALL),
        ("usr/lib/tests/a", {"own": True}, Care.ALL),
        ("opt/venv/share/jupyter/a.js", {"packaged": True}, Care.SURE),
        ("opt/venv/bin/test", {"packaged": True}, Care.NONE),
    ],
)
def test_care(path: str, of: dict[str, bool], expected: Care) -> None:
    """Of all forms; of sure ones in a place of packages; not at all in their tests."""
    assert care_of(path, **of) is expected
