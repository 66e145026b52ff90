"""A signed release of the tiny project, with the keys that signed it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from fakes.made import copied
from fakes.tiny import tiny_release
from fakes.tool import Ended
from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run
from twinbuild.govern.keys import PrivateKey, new_key

__all__ = ["WEIGHTS", "SignedDist", "key_file", "signed", "signed_once"]


WEIGHTS: Final = {"/models/head.bin": b"\x01" * 1000, "/models/trunk/b.bin": b"b", "/models/trunk-a.bin": b"a"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDist:
    """The directory, and files of keys: ``ada`` and ``grace`` signed it, ``eve`` did not."""

    dist: Path
    ada: Path
    grace: Path
    eve: Path

    def public(self, *names: str) -> tuple[str, ...]:
        """``--key FILE.pub`` for each name."""
        return tuple(word for name in names for word in ("--key", f"{getattr(self, name)}.pub"))


def key_file(path: Path, key: PrivateKey) -> Path:
    """Write a key and its public half."""
    path.write_bytes(key.pem(None))
    path.chmod(0o600)
    path.with_name(f"{path.name}.pub").write_bytes(key.public.pem)
    return path


@pytest.fixture(scope="session")
def signed_once(tmp_path_factory: pytest.TempPathFactory) -> SignedDist:
    """The release of the tiny project, signed by two keys of both kinds: made once, to be copied."""

    def make(place: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"TWINBUILD_STORE": "store", "HOME": "home", "TMPDIR": "tmp"}.items():
                patch.setenv(name, str(place / value))
            (place / "tmp").mkdir()
            dist = tiny_release(lambda *words: Ended(run(cli, words), "", ""), place, weights=WEIGHTS)
            keys = {name: key_file(place / name, new_key("ed25519" if name == "grace" else "ecdsa")) for name in _NAMES}
            for name in ("ada", "grace"):
                assert run(cli, ("sign", str(dist), "--key", str(keys[name]))) == 0

    place = copied("signed", make, tmp_path_factory.mktemp("signed"))
    return SignedDist(dist=place / "tiny" / "dist" / "tiny-1.0.0", **{name: place / name for name in _NAMES})


@pytest.fixture
def signed(signed_once: SignedDist, tmp_path: Path) -> SignedDist:
    """A copy of it that a test may change."""
    dist = tmp_path / signed_once.dist.name
    shutil.copytree(signed_once.dist, dist)
    return replace(signed_once, dist=dist)


_NAMES = ("ada", "grace", "eve")
