"""``pipeline.leaks``: a secret in whatever goes into a release refuses it; an exception lets it pass."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from fakes.leaks import leaks
from fakes.machines import machine
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.codec.leaks.scan import Leak
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import ArtifactRecipe, FileInput, Plan, StepRecipe, WheelsRecipe
from twinbuild.model.platform import Platform
from twinbuild.pipeline.leaks import sources
from twinbuild.pipeline.leaks.sources import leaks_of_configuration, leaks_of_release, leaks_of_spec, step_files
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.ports import Store
from twinbuild.store.disk import DiskStore
from twinbuild.store.memory import MemoryStore

__all__ = ["tool"]

SEED = 20261126
GITHUB, PEM = (leaks(SEED)[name][2] for name in ("GitHub", "PKCS 8"))
STRIPE = leaks(SEED)["Stripe hook"][2]
VALUE = re.search(r"ghp_\w+", GITHUB)[0]  # type: ignore[index]


def _project(directory: Path, *, weights: dict[str, bytes] | None = None, code: str = "") -> Path:
    return tiny_project(directory / "tiny", directory / "store", weights=weights or {}, code=code)


def test_application(tool: Tool, tmp_path: Path) -> None:
    """Every secret at once, with file and line; accepted by path and fingerprint, and no more than that."""
    project = _project(tmp_path, code=f"# a\nTOKEN = '{VALUE}'\nKEY = '''{PEM}'''\n")
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, (project / "dist").exists()) == (8, False)
    assert VALUE not in ended.err
    said = re.findall(r"\((\S+); fingerprint ([0-9a-f]{32})\)\n --> app/main\.py:(\d)", ended.err)
    assert [(kind, line) for kind, _, line in said] == [("github-token", "4"), ("private-key", "5")]
    entries = "".join(
        f"    - {{path: app/main.py, fingerprint: {each}, reason: Of a test server.}}\n" for _, each, _ in said
    )
    spec = project / "release.yaml"
    before = spec.read_text()
    spec.write_text(before + f"governance:\n  accepted_findings:\n{entries}")
    ended = tool("release", str(project), "--locked", "-q")
    assert ended.status == 0, ended.err
    manifest = json.loads((project / "dist" / "tiny-1.0.0" / "manifest.json").read_text())
    assert len(manifest["governance"]["accepted_findings"]) == 2
    spec.write_text(before + f"governance:\n  accepted_findings:\n{entries.replace('app/main.py', 'app/other.py')}")
    assert tool("release", str(project), "--locked", "-q").status == 8


def _zipped(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


MODELS = {
    "at the beginning": (b"{'token': '" + VALUE.encode() + b"'}" + bytes(10 << 20), "model/head-bin:1"),
    "at the end": (bytes(10 << 20) + VALUE.encode(), "model/head-bin:1"),
    "packed": (gzip.compress(f"one\n{VALUE}\n".encode()), "model/head-bin!content:2"),
    "zipped": (_zipped(**{"schema.json": "{}", "config.txt": f"\n{VALUE}\n"}), "model/head-bin!config.txt:2"),
}


@pytest.mark.parametrize(("content", "where"), MODELS.values(), ids=MODELS)
def test_model(tool: Tool, tmp_path: Path, content: bytes, where: str) -> None:
    """In a file of the model, where formats keep their metadata, or in an archive."""
    project = _project(tmp_path, weights={"/models/head.bin": content})
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, where in ended.err, "TB8665" in ended.err) == (8, True, True), ended.err
    assert VALUE not in ended.err


PASSWORD = b"PASSWORD = 'Vx7-Qm2_kL9p'\n"
SITE = "/opt/venv/lib/python3.11/site-packages"


def test_packages(tool: Tool, tmp_path: Path) -> None:
    """In each layer: of others' what a form alone tells, of an organisation's own wheels and of /etc all of it.

    Tests and manuals of packages and keys within libraries are not told.
    """
    secret = b"# of a developer\nTOKEN = '" + VALUE.encode() + b"'\n" + PASSWORD
    library = b"\x7fELF" + bytes(64) + PEM.encode()
    shipped = {
        "alpha": {
            "alpha/one.py": secret,
            "alpha/tests/two.py": secret,
            "alpha/three.so": library,
            "alpha-1.data/data/etc/nine.conf": PASSWORD,
        },
        "beta": {
            "beta/four.py": secret,
            "beta/tests/five.py": PASSWORD,
            "beta-1.data/data/etc/ten.conf": PASSWORD,
        },
        "demo": {
            "usr/share/demo/six.conf": secret,
            "usr/share/doc/demo/seven": secret,
            "etc/demo.conf": PASSWORD,
            "etc/demo.so": library,
            "usr/lib/demo/eight.gz": gzip.compress(secret),
        },
    }
    directory, store = tmp_path / "tiny", tmp_path / "store"
    project = tiny_project(directory, store, shipped=shipped, corporate=("beta",))
    ended = tool("release", str(project), "--locked", "-q")
    assert ended.status == 8, ended.err
    assert VALUE not in ended.err
    assert set(re.findall(r"\((\S+); fingerprint [0-9a-f]{32}\)\n --> (\S+):(\d+)", ended.err)) == {
        ("github-token", f"{SITE}/alpha/one.py", "2"),
        ("github-token", f"{SITE}/beta/four.py", "2"),
        ("assigned-secret", f"{SITE}/beta/four.py", "3"),
        ("assigned-secret", f"{SITE}/beta/tests/five.py", "1"),
        ("assigned-secret", "/opt/venv/etc/ten.conf", "1"),
        ("github-token", "/usr/share/demo/six.conf", "2"),
        ("assigned-secret", "/etc/demo.conf", "1"),
        ("private-key", "/etc/demo.so", "1"),
        ("github-token", "/usr/lib/demo/eight.gz!content", "2"),
    }
    assert ended.err.count("TB8665") == 9
    assert "take it out where the file comes from" in ended.err


def test_base(tmp_path: Path) -> None:
    """In every layer of a base image, also what a layer above deletes, and beside special files."""
    project = open_project(tiny_project(tmp_path / "tiny", tmp_path / "store"))
    below = {"root/.netrc": f"machine a.corp login ci password {VALUE}\n".encode(), "usr/lib/a.py": PASSWORD}
    with DiskStore(tmp_path / "store") as store:
        here = machine(store, tmp_path / "scratch")
        layers = tuple(_layer(store, files) for files in (below, {"root/.wh..netrc": b"", "dev/null": None}))
        found = list(_found(project, here, layers))
    assert [(leak.kind, leak.path) for leak in found] == [("github-token", "/root/.netrc")]


def test_hard_links(tmp_path: Path) -> None:
    """A file that is named in a place of packages and in another one counts as in the other."""
    project = open_project(tiny_project(tmp_path / "tiny", tmp_path / "store"))
    files = {
        "usr/lib/a/tests/key.pem": PEM.encode(),
        "usr/share/a/b": "/usr/lib/a/tests/key.pem",
        "etc/key.pem": "/usr/lib/a/tests/key.pem",
        "srv/c": PASSWORD,
        "usr/lib/c": "/srv/c",
    }
    with DiskStore(tmp_path / "store") as store:
        here = machine(store, tmp_path / "scratch")
        found = list(_found(project, here, (_layer(store, files),)))
    assert [(leak.kind, leak.path) for leak in found] == [
        ("assigned-secret", "/srv/c"),
        ("private-key", "/etc/key.pem"),
    ]


def _found(project: Project, here: Machine, layers: tuple[BuiltLayer, ...], *made: object) -> Iterator[Leak]:
    """The leaks of an image of these layers, the uppermost of which were made by these recipes."""
    derived = SimpleNamespace(layers=tuple(SimpleNamespace(recipe=recipe) for recipe in made))
    plan = cast("Plan", SimpleNamespace(derivations=(derived,)))
    image = replace(_image(here.store, {}), layers=layers)
    return leaks_of_release(project, cast("Lock", SimpleNamespace(targets=())), plan, (image,), here)


def test_artifact_in_a_wheel(tmp_path: Path) -> None:
    """A file of the model that comes from a wheel is one of the image, and named by its place there."""
    directory = tiny_project(tmp_path / "tiny", tmp_path / "store", weights={"/models/a.bin": VALUE.encode()})
    spec = directory / "release.yaml"
    spec.write_text(spec.read_text().replace("model/a-bin", "wheel:alpha/alpha/a.bin"))
    file = FileInput(path="models/a.bin", sha256=Digest.of(VALUE.encode()), size=len(VALUE), mode=0o644)
    with DiskStore(tmp_path / "store") as store:
        here = machine(store, tmp_path / "scratch")
        layer = _layer(store, {})
        found = list(_found(open_project(directory), here, (layer,), ArtifactRecipe(file=file)))
    assert [(leak.kind, leak.path) for leak in found] == [("github-token", "/models/a.bin")]


RECORDS = (b"{}", b'""', b"null", b"[", b"", b'[["a", "1", "b", "c", "d"]]', b'[["a", 1]]')


def test_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no record of a search counts as none, and never as "nothing found". Other rules search again."""
    project = open_project(tiny_project(tmp_path / "tiny", tmp_path / "store"))
    with DiskStore(tmp_path / "store") as store:
        here = machine(store, tmp_path / "scratch")
        layer = _layer(store, {"etc/a": VALUE.encode()})
        first = list(_found(project, here, (layer,)))
        assert [leak.path for leak in first] == ["/etc/a"]
        records = [path for path in (tmp_path / "store").rglob("leaks/*/*") if path.is_file()]
        assert records
        for record in RECORDS:
            for path in records:
                store.put_record("leaks", Digest.parse(f"sha256:{path.parent.name}{path.name}"), record)
            assert list(_found(project, here, (layer,))) == first, record
        for path in records:
            store.put_record("leaks", Digest.parse(f"sha256:{path.parent.name}{path.name}"), b"[]")
        assert list(_found(project, here, (layer,))) == []
        monkeypatch.setattr(sources, "RULES_DIGEST", "of other rules")
        assert list(_found(project, here, (layer,))) == first


def test_compiled(tmp_path: Path) -> None:
    """Byte code that was made beside wheels tells nothing that their sources don't; a base's may be all there is."""
    project = open_project(tiny_project(tmp_path / "tiny", tmp_path / "store"))
    recipe = WheelsRecipe(prefix="opt/venv", python="3.11", wheels=(), bytecode=None)
    code = {f"{SITE[1:]}/a/__pycache__/b.cpython-311.pyc": VALUE.encode()}
    with DiskStore(tmp_path / "store") as store:
        here = machine(store, tmp_path / "scratch")
        layer = _layer(store, code)
        told = [[leak.path for leak in _found(project, here, (layer,), *made)] for made in ((recipe,), ())]
    assert told == [[], [f"{SITE}/a/__pycache__/b.cpython-311.pyc"]]


def _layer(store: DiskStore, files: Mapping[str, bytes | str | None]) -> BuiltLayer:
    """A layer of files; of a text a hard link, of nothing a device."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            if isinstance(content, bytes):
                member.size = len(content)
            else:
                member.type = tarfile.CHRTYPE if content is None else tarfile.LNKTYPE
                member.linkname = (content or "").removeprefix("/")
            archive.addfile(member, io.BytesIO(content if isinstance(content, bytes) else b""))
    content = gzip.compress(stream.getvalue())
    media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
    return BuiltLayer(
        derivation=Digest.of(b""),
        title="base layer",
        diff_id=Digest.of(stream.getvalue()),
        uncompressed_size=len(stream.getvalue()),
        blob=Descriptor(media_type=media_type, digest=store.put(content), size=len(content)),
    )


def test_remembered(tool: Tool, tmp_path: Path) -> None:
    """What was looked at is remembered with its findings, and never with a value."""
    project = _project(tmp_path, code=f"TOKEN = '{VALUE}'\n")
    first, second = (tool("release", str(project), "--locked", "-q") for _ in range(2))
    assert (first.status, second.status, first.err) == (8, 8, second.err)
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file() and "leaks" in str(path):
            assert VALUE.encode() not in path.read_bytes()
    assert any("leaks" in str(path) for path in (tmp_path / "store").rglob("*"))


def test_configuration() -> None:
    """In variables, labels, commands and history of an image, those that a base hands down among them."""
    store = MemoryStore()
    document = {
        "config": {
            "Env": [
                "PATH=/usr/bin",
                f"GH={VALUE}",
                "DB_PASSWORD=k7Qp2xLm9vRt4sWz8nBcQ1",
                "A_PASSWD=wordy",
                "GPG_KEY=" + "A035C8C1" * 5,
            ],
            "Labels": {"a": "b", "registry": "https://ci:k7Qp2xLm9v@registry.corp"},
            "Cmd": ["serve", "--token", VALUE],
        },
        "history": [{"created_by": "RUN true"}, {"created_by": f"ARG GH={VALUE}"}],
    }
    image = _image(store, document)
    found = leaks_of_configuration(image, store)
    assert {(leak.path.removeprefix("image cpu linux/amd64 "), leak.kind) for leak in found} == {
        ("environment GH", "github-token"),
        ("environment DB_PASSWORD", "password-file"),
        ("environment A_PASSWD", "password-file"),
        ("label registry", "credentials-in-address"),
        ("Cmd", "github-token"),
        ("history 2", "github-token"),
    }


def _image(store: Store, document: object) -> Image:
    digest = store.put(json.dumps(document).encode())
    return Image(
        derivation=digest,
        variant="cpu",
        platform=Platform.parse("linux/amd64"),
        manifest=Descriptor(media_type="", digest=digest, size=0),
        config=Descriptor(media_type="", digest=digest, size=0),
        layers=(),
    )


STEP = """\
    - name: fit
      command: [/usr/bin/bash, -c, "a=ghp_; printf '\\n%s%s' $a {rest} >/outputs/models/made.txt"]
      outputs: [{{path: /models/made.txt}}]
"""


@pytest.mark.sandbox
def test_step(tool: Tool, tmp_path: Path) -> None:
    """In what a build step made, by its place in the image."""
    steps = STEP.format(rest=VALUE.removeprefix("ghp_"))
    project = tiny_project(tmp_path / "tiny", tmp_path / "store", steps=steps)
    ended = tool("release", str(project), "--locked", "-q")
    assert (ended.status, "/models/made.txt:2" in ended.err) == (8, True), ended.err


def test_step_files(tmp_path: Path) -> None:
    """What a step is given from a directory of its own, by the path in the project; not what is looked at elsewhere."""
    steps = STEP.format(rest="x").replace("command", "inputs: {directory: train/fit}\n      command")
    project = open_project(tiny_project(tmp_path / "tiny", tmp_path / "store", steps=steps))
    paths = ("application/main.py", "artifacts/a/b.bin", "directory/data/a.csv", "sdists/a-1.tar.gz")
    digest = Digest.of(b"")
    files = tuple(FileInput(path=path, sha256=digest, size=0, mode=0o644) for path in paths)
    recipe = cast("StepRecipe", SimpleNamespace(step="fit", files=files))
    assert [path for path, _ in step_files(project, recipe)] == ["train/fit/data/a.csv"]


def test_spec(tmp_path: Path) -> None:
    """In the texts of the spec, comments and overlays among them, whatever form the reader of specs knows."""
    directory = tiny_project(tmp_path / "tiny", tmp_path / "store")
    for name in ("release.yaml", "more.yaml"):
        path = directory / name
        path.write_text((path.read_text() if path.exists() else "metadata: {team: others}\n") + f"# {STRIPE}\n")
    found = leaks_of_spec(open_project(directory, overlays=(directory / "more.yaml",)))
    assert [(leak.path, leak.kind) for leak in found] == [
        ("release.yaml", "stripe-key"),
        ("more.yaml", "stripe-key"),
    ]


def test_none(tool: Tool, tmp_path: Path) -> None:
    """A project without secrets is released."""
    ended = tool("release", str(_project(tmp_path)), "--locked", "-q")
    assert ended.status == 0, ended.err
