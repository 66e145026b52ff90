"""The code that makes layers counts in the keys of the cache: every file of it, and all of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import installer
import pytest
import zstandard

import twinbuild
from twinbuild.build import code
from twinbuild.build.code import ROOMS, code_digest, remembered_as
from twinbuild.build.embedded import EmbeddedBuilder, forget_images, remember_layers
from twinbuild.codec.canonical import to_json
from twinbuild.model.digest import Digest
from twinbuild.store.memory import MemoryStore
from unit.pipeline.fresh.test_evidence import image, layer

PACKAGE = Path(twinbuild.__file__).parent
# They carry bytes that others wrote, and check them by digest; or they hold no more than messages and signatures.
BYSTANDERS = {"errors", "ports", "store"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package that may be edited, taken for the one that runs."""
    copy = tmp_path / "twinbuild"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(twinbuild, "__file__", str(copy / "__init__.py"))
    code_digest.cache_clear()
    yield copy
    code_digest.cache_clear()


@pytest.mark.parametrize("room", ROOMS)
def test_a_changed_file_is_another_key(checkout: Path, room: str) -> None:
    """One byte in any file of any room that writes layers, or a new file there, and nothing old is found."""
    derivation = Digest.of(b"a layer")
    keys = {remembered_as(derivation)}
    files = sorted(checkout.joinpath(room).rglob("*.py"))
    changed = (files[0], files[-1], files[0].with_name("added.py"))
    for path in changed:
        with path.open("ab") as stream:
            stream.write(b"\n")
        code_digest.cache_clear()
        keys.add(remembered_as(derivation))
    assert len(keys) == 1 + len(changed)


@pytest.mark.parametrize(("library", "name"), [(installer, "__version__"), (zstandard, "ZSTD_VERSION")])
def test_another_library_is_another_key(library: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What decides bytes with our code is part of it."""
    code_digest.cache_clear()
    before = code_digest()
    monkeypatch.setattr(library, name, "0.0.1")
    code_digest.cache_clear()
    assert code_digest() != before
    code_digest.cache_clear()


def test_where_the_package_lies_and_other_rooms_do_not_count(checkout: Path) -> None:
    """The same code elsewhere has the same keys, so that a new environment finds what the old one made."""
    there = code_digest()
    checkout.joinpath("cli", "added.py").write_bytes(b"")
    code_digest.cache_clear()
    assert code_digest() == there
    twinbuild.__file__ = str(PACKAGE / "__init__.py")
    code_digest.cache_clear()
    assert code_digest() == there


def test_all_code_that_a_layer_is_made_by_counts() -> None:
    """Whatever the builder imports of ours lies in a room that counts."""
    program = "import sys, twinbuild.build.embedded, twinbuild.build.namespaces\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("twinbuild.")}
    assert {"build", "wheel", "debian", "oci"} <= rooms
    assert rooms - BYSTANDERS <= set(ROOMS)


def test_the_builder_takes_nothing_of_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update a layer and an image are built anew, and forgetting them forgets this code's."""
    store = MemoryStore()
    kept = layer("kept", "abc")
    store.put(b"abc")
    builder = EmbeddedBuilder(store=store, runner=None, scratch=None)  # type: ignore[arg-type]
    remember_layers(store, [to_json(kept)])
    assert builder._cached_layer(kept.derivation) == kept
    with monkeypatch.context() as updated:
        updated.setattr(code, "code_digest", lambda: "the next version")
        assert builder._cached_layer(kept.derivation) is None
    forget_images(store, (image(kept),))
    assert builder._cached_layer(kept.derivation) is None
