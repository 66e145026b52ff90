"""``build.added``: packages on the layers of a base, from the store."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.oci.test_stack import Files

from fakes.bases import files_of_a_base, layer_tar, plain_layers
from fakes.debs import deb, tar
from twinbuild.build.added import ADDED, added_entries
from twinbuild.build.interpreter import Workshop
from twinbuild.debian.hermetic import RUNNER
from twinbuild.debian.scripts import effects_digest
from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import AddedPackagesRecipe, DebInput, ScriptInput, User
from twinbuild.model.platform import Platform
from twinbuild.process.runner import SubprocessRunner
from twinbuild.store.disk import DiskStore

AMD64 = Platform.parse("linux/amd64")
USER = User(name="app", uid=10001, gid=10001, home="/home/app")
PACKAGE = deb("demo", files={"usr/bin/demo": b"x"})


def recipe(store: DiskStore, *tars: bytes, places: tuple[str, ...] = ()) -> AddedPackagesRecipe:
    """One package on a base of these tars."""
    layers = plain_layers(store, tars)
    package = DebInput(
        name="demo",
        version="1.0-1",
        architecture="all",
        sha256=store.put(PACKAGE),
        size=len(PACKAGE),
        depends=(),
        pre_depends=(),
    )
    return AddedPackagesRecipe(
        base=layers,
        debs=(package,),
        effects=effects_digest(["demo"]),
        user=USER,
        places=places,
        scripts=(),
        runner=RUNNER,
        version=ADDED,
    )


def paths(made: AddedPackagesRecipe, store: DiskStore, directory: Path) -> list[str]:
    """The paths of the layer."""
    workshop = Workshop(runner=SubprocessRunner(), directory=directory, roots=())
    with added_entries(made, AMD64, store, workshop, epoch=7) as entries:
        return [entry.path for entry in entries]


def files(**more: bytes | str | None) -> Files:
    """A small base."""
    return files_of_a_base() | more


def test_over_several_layers(tmp_path: Path) -> None:
    """What a layer deletes is gone, what is in a lower one is found, and the root may hold devices."""
    with DiskStore(tmp_path / "store") as store:
        lower, upper = layer_tar(files(**{"usr/bin/demo": b"theirs"})), layer_tar({"usr/bin/.wh.demo": b""})
        found = paths(recipe(store, lower, upper), store, tmp_path)
        assert {"usr/bin/demo", "etc/passwd", "home/app", "var/lib/dpkg/status"} <= set(found)
        assert "usr/lib/os-release" not in found
        assert list(tmp_path.iterdir()) == [tmp_path / "store"]  # the spool has no name


def test_hard_links_come_last(tmp_path: Path) -> None:
    """As in what is written from BuildKit's export: the two layers are compared byte for byte."""
    members: list[tuple[str, bytes, dict[str, object]]] = [
        ("./a", b"x", {"mode": 0o644}),
        ("./b", b"", {"type": tarfile.LNKTYPE, "linkname": "./a"}),
        ("./c", b"y", {"mode": 0o644}),
    ]
    content = deb("demo", payload=tar(members))
    with DiskStore(tmp_path / "store") as store:
        made = recipe(store, layer_tar(files()))
        package = replace(made.debs[0], sha256=store.put(content), size=len(content))
        found = paths(replace(made, debs=(package,)), store, tmp_path)
    assert found[-1] == "b"
    assert found[0] == "a"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("TB5012", {"version": "added/0"}),
        ("TB5012", {"effects": Digest.of(b"others")}),
        ("TB2275", {"places": ("usr/lib64",)}),
        (
            "TB5012",
            {"runner": "run/0", "scripts": (ScriptInput(package="demo", script="postinst", sha256=Digest.of(b"")),)},
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, code: str, changes: dict[str, object]) -> None:
    """A plan of another version, and a base that occupies a place of the release."""
    with DiskStore(tmp_path / "store") as store:
        made = replace(recipe(store, layer_tar(files())), **changes)  # type: ignore[arg-type]
        with pytest.raises(TwinbuildError) as caught:
            paths(made, store, tmp_path)
        assert caught.value.findings[0].code == code
