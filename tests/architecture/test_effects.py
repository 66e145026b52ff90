"""Each stage touches what it may touch: the pure ones nothing at all, a build no network.

The stages run in a process of their own under an audit hook (PEP 578), which sees every file that is opened, every
socket, every process and every directory that is read, whichever library does it. Clocks and random numbers have no
audit events: they are replaced by functions that raise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from twinbuild.model.settings import store_place

ROOT: Final = Path(__file__).resolve().parents[2]

PURE: Final = """
import encodings.unicode_escape  # what constants of rules are read with
import os, random, secrets, sys, time, uuid
from pathlib import Path
from dataclasses import replace
from twinbuild.codec.lock import decode_lock, encode_lock
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.debian.scripts import effects_digest
from twinbuild.describe.contents import contents_documents
from twinbuild.describe.manifest import release_manifest
from twinbuild.describe.people import manifest_yaml
from twinbuild.describe.provenance import provenance_statement
from twinbuild.describe.sbom import release_sbom
from twinbuild.model.digest import Digest
from twinbuild.model.verification import Identical
from twinbuild.oci.compress import compressor
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.plan.plan import Tooling, make_plan
from twinbuild.render.pylock import render_pylock
from twinbuild.render.requirements import render_requirements
from unit.describe.conftest import image

def stages(text, locked):
    spec = load_spec((SourceText(name="release.yaml", content=text),)).spec
    lock = decode_lock(locked, name="release.lock")
    tooling = Tooling(compressor=compressor, effects=effects_digest)
    plan = make_plan(spec, lock, tooling, epoch=0, documents=lambda t: contents_documents(spec, lock, t, epoch=0))
    images = tuple(image(lock, number) for number in range(len(lock.targets)))
    identical = Identical(variations=(), images=tuple(each.manifest.digest for each in images))
    digest = Digest.of(encode_lock(lock))
    release_sbom(spec, lock, images, epoch=0, lock_digest=digest)
    manifest = release_manifest(spec, lock, images, identical, epoch=0, lock_digest=digest, documents=(), written={})
    manifest_yaml(manifest)
    verified = {"builds": 2, "variations": []}
    provenance_statement(spec, lock, images, epoch=0, commit="", digest=digest, verification=verified)
    image_layout(spec.metadata.name, spec.metadata.version, images)
    for target in lock.targets:
        render_requirements(target, target.wheels, resolver=lock.resolver)
        render_pylock(target, target.wheels)
    return len(plan.derivations)

examples = Path(sys.argv[1])
read = {name: [(examples / name / file).read_bytes() for file in ("release.yaml", "release.lock")]
        for name in ("text-embedder", "fraud-scorer")}
stages(*read["text-embedder"])  # whatever is imported late is imported now
seen = []
WATCHED = ("open", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "glob.", "pathlib.", "urllib.", "ctypes.")

def hook(event, arguments):
    if event.startswith(WATCHED):
        seen.append(f"{event} {arguments!r}"[:200])

def forbidden(*_, **__):
    raise AssertionError("a pure stage asked for the time or for a random number")

if sys.argv[2] == "control":
    stages_of = stages
    def stages(text, locked):
        open(os.devnull).close()
        os.listdir("/")
        return stages_of(text, locked)
if sys.argv[2] == "clock":
    stages_of = stages
    def stages(text, locked):
        time.time()
        return stages_of(text, locked)
for module, names in ((time, "time time_ns monotonic perf_counter localtime gmtime"), (os, "urandom getrandom"),
                      (random, "random getrandbits randrange"), (secrets, "token_hex token_bytes"),
                      (uuid, "uuid1 uuid4"), (os, "getcwd getpid getlogin")):
    for name in names.split():
        setattr(module, name, forbidden)
environment = dict(os.environ)
os.environ.clear()
sys.addaudithook(hook)
count = stages(*read["fraud-scorer"])
sys.stdout.write(f"{count} derivations, {len(seen)} effects\\n" + "\\n".join(seen[:20]))
"""

BUILD: Final = """
import json, sys
from twinbuild.pipeline.build.rebuilding import rebuild
tried = []
def hook(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        tried.append(event)
        raise PermissionError(f"a build asked for the network: {event} {arguments!r}")
sys.addaudithook(hook)
images = rebuild(json.loads(sys.argv[1]))
print(len(images), len(tried))
"""


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT / 'tests'}"}
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_pure_stages_touch_nothing() -> None:
    """parse, plan, describe and render: no file, directory, socket, process, clock, random number or environment."""
    completed = _run(PURE, str(ROOT / "examples"), "")
    assert completed.stdout == "1 derivations, 0 effects\n", completed.stdout + completed.stderr


@pytest.mark.parametrize(("control", "said"), [("control", "2 effects\nopen"), ("clock", "AssertionError")])
def test_the_watch_sees_effects(control: str, said: str) -> None:
    """A stage that opens a file, lists a directory or asks for the time is noticed."""
    completed = _run(PURE, str(ROOT / "examples"), control)
    assert said in completed.stdout + completed.stderr


@pytest.mark.network
@pytest.mark.sandbox
def test_a_build_needs_no_network(tmp_path: Path) -> None:
    """Every layer of an example is built, in every worker process, while each use of a socket is an error."""
    store = os.environ.get("TWINBUILD_STORE") or store_place(os.environ, str(Path.home()))
    spec = ROOT / "examples" / "text-embedder" / "release.yaml"
    for arguments in (("fetch", "-q"), ("lock", "--check", "-q")):  # the latter stores the application's files
        fetched = _run("from twinbuild.cli.__main__ import main; main()", *arguments, str(spec))
        assert fetched.returncode == 0, fetched.stderr
    request = {"overlays": [], "scratch": str(tmp_path), "epoch": 0, "spec": str(spec), "store": store}
    completed = _run(BUILD, json.dumps(request))
    assert completed.stdout == "1 0\n", completed.stdout + completed.stderr
