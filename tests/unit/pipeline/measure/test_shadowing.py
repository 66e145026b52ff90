"""Shadow: which images, which traffic, and both asked alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes.services import BINDS, service
from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.codec.canonical import canonical
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.spec.tests import Request
from twinbuild.pipeline.measure import shadowing
from twinbuild.pipeline.measure.shadowing import ask_both, golden_requests, read_side, traffic_of
from twinbuild.pipeline.run.trying import Told, trial
from twinbuild.trial.shadowing import Recorded

__all__ = ["tool"]

ANSWER = "def answer(question):\n    return 200, {'double': question['x'] * FACTOR, 'odd': question['x'] % 2 == 1}\n"


def rewritten(dist: Path, **sections: object) -> Path:
    """A release whose manifest has other sections; it is one release all the same."""
    document = json.loads((dist / "manifest.json").read_bytes())
    content = canonical(document | sections)
    (dist / "manifest.json").write_bytes(content)
    (dist / "release.digest").write_text(f"{Digest.of(content)}\n")
    return dist


@pytest.fixture
def dist(tool: Tool, tmp_path: Path) -> Path:
    """The release of the tiny project."""
    return tiny_release(tool, tmp_path)


def test_side(dist: Path) -> None:
    """The image of this machine's kind, and where its service is asked."""
    side = read_side(dist, variant="", machine="x86_64")
    assert side.name == "tiny 1.0.0"
    assert str(side.image.manifest.digest) in (dist / "manifest.json").read_text()
    assert [port.port for port in side.serving.ports] == [8000]
    assert golden_requests(side) == ()


def test_no_image(dist: Path, tmp_path: Path) -> None:
    """Another machine, another variant, a manifest alone."""
    for variant, machine in (("", "aarch64"), ("cuda", "x86_64")):
        with pytest.raises(UsageError) as caught:
            read_side(dist, variant=variant, machine=machine)
        assert caught.value.findings[0].code == "TB7304"
        assert "cpu (linux/amd64)" in caught.value.findings[0].message
    (tmp_path / "alone.json").write_bytes((dist / "manifest.json").read_bytes())
    with pytest.raises(UsageError, match="TB7304"):
        read_side(tmp_path / "alone.json", variant="", machine="x86_64")


@pytest.mark.parametrize("serving", [{"command": ["x"]}, {"command": 1}])
def test_no_port(dist: Path, serving: object) -> None:
    """A service that listens nowhere, or that cannot be read."""
    with pytest.raises(UsageError, match="TB7303"):
        read_side(rewritten(dist, serving=serving), variant="", machine="x86_64")


def test_traffic(dist: Path, tmp_path: Path) -> None:
    """Golden requests of the first side, or those of a file; none is an error."""
    side = read_side(dist, variant="", machine="x86_64")
    with pytest.raises(UsageError, match=r"TB7301.*the golden tests of tiny"):
        traffic_of(side, None)
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n\n")
    for file in (empty, tmp_path / "missing.jsonl"):
        with pytest.raises(UsageError, match="TB7301"):
            traffic_of(side, file)
    golden = [{"name": "one", "request": {"path": "/p", "body": {"x": 1}}, "expect": {"status": 200}}]
    side = read_side(rewritten(dist, tests={"golden": golden}), variant="", machine="x86_64")
    (found,) = traffic_of(side, None)
    assert (found.name, found.request.path) == ("one", "/p")


@pytest.mark.sandbox
def test_both_are_asked(tmp_path: Path) -> None:
    """Two services at once; the request whose answer differs is named with the place, and all answers are timed."""
    one = service(tmp_path / "one", ANSWER.replace("FACTOR", "2"), "  golden: []\n")
    other = service(tmp_path / "other", ANSWER.replace("FACTOR", "(2 if question['x'] < 5 else 3)"), "  golden: []\n")
    traffic = tuple(Recorded(name=f"x-{x}", request=Request(path="/predict", body={"x": x})) for x in (1, 7))
    traffic += (Recorded(name="nowhere", request=Request(path="/predict", port="admin", body={"x": 1})),)
    serving = one.project.spec.serving
    with (
        trial(one.derivation.config, one.root, one.machine, serving=serving, binds=BINDS) as first,
        trial(other.derivation.config, other.root, other.machine, serving=serving, binds=BINDS) as second,
    ):
        first.wait_until_ready(60)
        second.wait_until_ready(60)
        found = ask_both(first, second, traffic, repeat=3)
        alike = ask_both(first, second, traffic[:2], ignored=("/double",))
    same, different, nowhere = found.compared
    assert same.mismatch is None
    assert different.mismatch is not None
    assert (different.mismatch.pointer, different.mismatch.expected, different.mismatch.got) == ("/double", "14", "21")
    assert nowhere.mismatch is not None
    assert "no port 'admin'" in nowhere.mismatch.got
    assert found.differing == 2
    assert [len(each) for each in found.seconds] == [6, 6]
    assert 0 < found.latency(0, 0.5) <= found.latency(0, 0.99)
    assert alike.differing == 0


def test_what_both_are_told(dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for secrets, addresses, bounds and which release it is, as the release manifest has them."""
    secrets = [{"name": "token", "provider": "env", "reference": "TOKEN", "purpose": "Features."}]
    side = read_side(rewritten(dist, secrets=secrets), variant="", machine="x86_64")
    given: list[Told] = []

    @contextmanager
    def remember(*_: object, told: Told, **__: object) -> Iterator[None]:
        given.append(told)
        yield

    monkeypatch.setattr(shadowing, "trial", remember)
    with shadowing.served(side, service(tmp_path / "one", ANSWER, "  golden: []\n").machine):
        environment = dict(given[0].environment)
    assert environment == {
        "TOKEN": "no-secret-but-a-trial",
        "TWINBUILD_IMAGE": str(side.image.manifest.digest),
        "TWINBUILD_RELEASE": str(side.digest),
    }
