"""``pipeline.governing.trustdir``: a directory is a trust root whose signatures hold, or is refused with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.governed import NOW, YEAR, Organisation, organisation
from twinbuild.errors import PolicyRefused, TwinbuildError, UsageError
from twinbuild.govern.rootedits import with_role, without_key
from twinbuild.model.trust import TrustRoot
from twinbuild.pipeline.governing.trustdir import Pin, policy_bytes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    """Two documents and a policy, to be copied."""
    return organisation(tmp_path_factory.mktemp("org"))


@pytest.fixture
def ours(made: Organisation, tmp_path: Path) -> Organisation:
    """A copy that a test may change, on a machine that has seen nothing."""
    shutil.copytree(made.directory, tmp_path / "trust")
    return replace(made, directory=tmp_path / "trust", state=tmp_path / "state")


def _code(organisation_: Organisation, now: int = NOW, **more: Pin) -> str:
    with pytest.raises(TwinbuildError) as raised:
        organisation_.open(now=now, **more)
    return raised.value.findings[0].code


def test_opened(ours: Organisation) -> None:
    """The newest document, its policy; and it is remembered."""
    found = ours.open()
    assert (found.root.version, found.remembered) == (2, True)
    assert found.policy.startswith(b"apiVersion: twinbuild/policy/v1")
    assert found.policy_name.endswith("2.policy.yaml")


def test_gap(ours: Organisation) -> None:
    """A document in between taken away, on a machine that has seen nothing: the later ones are not passed over."""
    ours.change(lambda root: root)
    (ours.directory / "2.root.json").unlink()
    assert _code(ours) == "TB8801"


def test_downgrade(ours: Organisation) -> None:
    """The newest document taken away: seen on this machine, or pinned by number."""
    (ours.directory / "2.root.json").rename(ours.directory.parent / "kept")
    assert _code(ours, pin=Pin(version=2)) == "TB8804"
    (ours.directory.parent / "kept").rename(ours.directory / "2.root.json")
    ours.open()
    (ours.directory / "2.root.json").unlink()
    assert _code(ours) == "TB8804"


def test_signed_by_who_was(ours: Organisation) -> None:
    """Whose keys a document revoked sign another one in its place, and a higher one: not where it was seen."""
    kept = shutil.copytree(ours.directory, ours.directory.parent / "kept")

    def handed_over(root: TrustRoot) -> TrustRoot:
        root = with_role(root, "root", ("ada", "grace"), 2)
        for who in ("rosa", "ruth"):
            root = without_key(root, ours.keyid(who), at=NOW, reason="in wrong hands")
        return root

    ours.change(handed_over, by=("rosa", "ruth", "ada", "grace"))
    ours.open()
    forked = replace(ours, directory=kept)
    forked.change(lambda root: root)
    forked.change(lambda root: root)
    assert forked.directory.joinpath("4.root.json").is_file()
    assert _code(forked) == "TB8805"
    assert replace(forked, state=forked.state / "elsewhere").open().root.version == 4


def test_pinned(ours: Organisation) -> None:
    """By number and digest."""
    digest = ours.open().digest
    ours.open(pin=Pin.parse(f"2@{digest}"))
    assert _code(ours, pin=Pin.parse(f"1@{digest}")) == "TB8805"
    assert _code(ours, pin=Pin.parse("3")) == "TB8804"
    for text in ("0", "-1", "x", "1@", "1@sha256:00", "1@md5:0"):
        with pytest.raises(UsageError):
            Pin.parse(text)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda place: (place / "1.root.json").unlink(), "TB8800"),
        (lambda place: (place / "1.root.json").write_bytes(b"{}"), "TB8801"),
        (lambda place: shutil.copy(place / "1.root.json", place / "2.root.json"), "TB8801"),
        (lambda place: shutil.copy(place / "2.root.json", place / "3.root.json"), "TB8801"),
        (lambda place: (place / "3.root.json").symlink_to("2.root.json"), "TB8801"),
        (lambda place: (place / "3.root.json").mkdir(), "TB8801"),
        (
            lambda place: (place / "2.policy.yaml").write_text("apiVersion: twinbuild/policy/v1\nkind: Policy\n"),
            "TB8806",
        ),
        (lambda place: (place / "2.policy.yaml").unlink(), "TB8806"),
        (
            lambda place: (place / "2.policy.yaml").rename(place / "x") or (place / "2.policy.yaml").symlink_to("x"),
            "TB8806",
        ),
    ],
)
def test_tampered(ours: Organisation, change: Callable[[Path], object], code: str) -> None:
    """Documents and policies that were exchanged, repeated, linked, edited or taken away."""
    change(ours.directory)
    assert _code(ours) == code


def test_expired(ours: Organisation) -> None:
    """To the second."""
    end = ours.open().root.expires
    assert end == NOW + YEAR
    ours.open(now=end - 1)
    assert _code(ours, now=end) == "TB8803"


def test_drafts_do_not_count(ours: Organisation) -> None:
    """A draft changes nothing, whatever is in it."""
    before = ours.open().digest
    (ours.directory / "3.draft.json").write_bytes(b"anything")
    assert ours.open().digest == before


def test_policy_bytes(tmp_path: Path) -> None:
    """A policy that somebody names is a file."""
    with pytest.raises(UsageError):
        policy_bytes(tmp_path)


def test_expired_pins_and_memory(ours: Organisation) -> None:
    """What is refused is not remembered as seen."""
    assert _code(ours, now=NOW + 2 * YEAR) == "TB8803"
    assert not (ours.state / "trust.json").exists()
    with pytest.raises(PolicyRefused):
        ours.open(pin=Pin(version=9))
