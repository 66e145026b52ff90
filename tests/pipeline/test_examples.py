"""The examples as a person uses them: released by the command line, the same digest, and a service that answers."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from fakes.rot import every_loss_is_named, released_files, reproduced_from_rot
from fakes.tool import process

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("fraud-scorer", "text-embedder")


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an example in a directory of another name."""
    target = tmp_path / f"copy of {request.param}"
    shutil.copytree(ROOT / "examples" / request.param, target, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    return target


@pytest.mark.network
@pytest.mark.sandbox
def test_example(example: Path) -> None:
    """An example is released with the committed digest, again without a change, and once more from an archive alone."""
    _release_has_the_committed_digest(example)
    _nothing_changed_writes_nothing_else(example)
    _the_stamp_names_every_file_that_is_read(example)
    if _is_first(example):  # which shows what does not depend on the example
        _a_flipped_bit_is_found_by_those_who_look(example)
        _service_answers_from_its_own_root(example)
        _too_small_a_machine_is_refused(example)
        _a_failure_of_the_code_is_counted(example)
        _the_manifest_says_how_it_is_tried_again(example)
        _what_was_signed_stays(example)
    _the_archive_is_enough(example)
    if _is_first(example):
        _changed_application_rebuilds_one_layer(example)


def test_no_example_is_left_out() -> None:
    """What the archive has to stand, each example stands: here, or in ``test_llm_server``."""
    found = {path.parent.name for path in (ROOT / "examples").glob("*/release*.digest")}
    assert found == {*EXAMPLES, "llm-server"}


def _is_first(example: Path) -> bool:
    return (example / "model" / "classifier.skops").exists()


def _release_has_the_committed_digest(example: Path) -> None:
    """The lock fits, and the release's digest is the one beside the spec."""
    completed = process("release", "--locked", "--json", directory=example)
    assert completed.returncode == 0, completed.stderr
    released = json.loads(completed.stdout)
    assert released["release"] == (example / "release.digest").read_text().strip()


def _nothing_changed_writes_nothing_else(example: Path) -> None:
    """A second release leaves every file but run.json alone."""
    (output,) = (example / "dist").iterdir()
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    completed = process("release", "--locked", "--json", directory=example)
    assert completed.returncode == 0, completed.stderr
    assert not json.loads(completed.stdout)["written"]
    assert "unchanged_since" in json.loads((output / "run.json").read_text())
    after = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    assert {path.name for path in before if before[path] != after[path]} == {"run.json"}


def _the_manifest_says_how_it_is_tried_again(example: Path) -> None:
    """The last command of ``reproduce`` asks the images again; ``cli/test_show.py`` runs the others."""
    (output,) = (example / "dist").iterdir()
    program, *arguments = json.loads((output / "manifest.json").read_bytes())["reproduce"]["steps"][-1]["run"]
    assert (program, arguments[0]) == ("twinbuild", "test")
    completed = process(*arguments, directory=example)
    assert completed.returncode == 0, completed.stderr
    assert "golden" in completed.stdout


def _contents(output: Path) -> dict[Path, bytes]:
    """Every file of a release but for run.json."""
    return {path: path.read_bytes() for path in output.rglob("*") if path.is_file() and path.name != "run.json"}


def _what_was_signed_stays(example: Path) -> None:
    """The tests ran anew and measured otherwise: a release of the same digest stays as it was signed."""
    (output,) = (example / "dist").iterdir()
    key = example.parent / "key"
    assert process("key", "new", str(key), "--unencrypted", directory=example).returncode == 0
    assert process("release", "--locked", directory=example).returncode == 0  # with the figures of the last tests
    assert process("sign", str(output), "--key", str(key), directory=example).returncode == 0
    signed = _contents(output)
    completed = process("release", "--locked", "--retest", "--json", directory=example)
    assert completed.returncode == 0, completed.stderr
    assert len(json.loads(completed.stdout)["claimed_signers"]) == 1
    assert {
        path: path.read_bytes() for path in output.rglob("*") if path.is_file() and path.name != "run.json"
    } == signed
    assert process("verify-release", str(output), "--key", f"{key}.pub", directory=example).returncode == 0


def _the_archive_is_enough(example: Path) -> None:
    """The rot drill: index, mirror, store and project gone, years later, somebody else's machine; the same release.

    It runs as production ran it, and answers; it is signed as it was.
    """
    (output,) = (example / "dist").iterdir()
    place, rebuilt = example.parent / "archive", example.parent / "rebuilt"
    completed = process("archive", "add", str(output), "--archive", str(place), directory=example)
    assert completed.returncode == 0, completed.stderr
    image = json.loads((output / "manifest.json").read_bytes())["environment"]["images"][0]["digest"]
    body, path, expected = _golden(example)
    first = _is_first(example)
    said = reproduced_from_rot(
        place,
        image,
        rebuilt,
        project=example,
        requests=({"method": "POST", "path": path, "body": body},),
        more=("--stage", "production", *(() if first else ("--without-tests",))),
    )
    assert said["release"] == (output / "release.digest").read_text().strip()
    assert said["run"]["golden"] == {"asked": 3 if first else 2, "differing": 0}
    name, value = ("BATCH_LIMIT", "256") if first else ("THREADS", "2")
    assert said["run"]["environment"][name] == value
    _as_expected(json.loads(said["run"]["answers"][0]["body"]), expected)
    assert released_files(rebuilt) == released_files(output)
    if first:
        key = f"{example.parent / 'key'}.pub"
        assert process("verify-release", str(rebuilt), "--key", key, directory=example).returncode == 0
    assert every_loss_is_named(place, example.parent / "losses") > 100
    shutil.rmtree(place)
    shutil.rmtree(rebuilt)


def _a_flipped_bit_is_found_by_those_who_look(example: Path) -> None:
    """``--paranoid`` reads every file; where one has other bytes the output is written anew, the same."""
    (output,) = (example / "dist").iterdir()
    blob = max((output / "image" / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    digest = (output / "release.digest").read_text()
    for damage in (False, True):
        if damage:
            with blob.open("r+b") as stream:
                stream.write(b"\x00")
        completed = process("release", "--locked", "--paranoid", "--json", directory=example)
        assert completed.returncode == 0, completed.stderr
        assert json.loads(completed.stdout)["written"] is damage
        assert "unchanged_since" not in json.loads((output / "run.json").read_text())
    assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    assert (output / "release.digest").read_text() == digest


_WATCHED = """
import json, os, sys
from pathlib import Path
from twinbuild.cli.__main__ import main
seen = set()
sys.addaudithook(lambda event, arguments: event == "open" and seen.add(arguments[0]))
sys.argv = ["twinbuild", "release", "-q", "--paranoid"]
try:
    main()
except SystemExit as ended:
    assert not ended.code
from twinbuild.cli.session import settings_beside
from twinbuild.pipeline.fresh.stamp import STAMP, decode_stamp, stamp_key
from twinbuild.store.disk import DiskStore
project = Path.cwd()
with DiskStore(Path(settings_beside(project, os.environ).store)) as store:
    stamp = decode_stamp(store.record(STAMP, stamp_key(str(project / "release.yaml"), (), "")))
known = {os.path.normpath(entry.path) for entry in stamp.inputs}
files = [path for path in project.rglob("*") if path.parts[len(project.parts)] != "dist"]
read, unnamed = set(), set()
for name in (os.fsdecode(name) for name in seen if isinstance(name, (str, bytes))):
    if name.startswith("/"):
        found = [path for path in files if str(path) == os.path.normpath(name)]
    else:  # beneath a directory that is open: the part of a path that is known
        found = [path for path in files if str(path).endswith("/" + os.path.normpath(name))]
    hits = [path for path in found if str(path) in known or (path.is_dir() and (project / "app") not in path.parents
            and any(each.startswith(f"{path}/") for each in known))]  # a directory on the way to an artifact
    (read if hits else unnamed).update(str(path) for path in hits or found)
print(json.dumps({"read": sorted(read), "unnamed": sorted(unnamed)}), file=sys.stderr)
"""


def _the_stamp_names_every_file_that_is_read(example: Path) -> None:
    """A release opens no file of the project that a later run would not ask for: or it would miss a change there."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    completed = subprocess.run(
        [sys.executable, "-c", _WATCHED],
        cwd=example,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert completed.returncode == 0, completed.stderr
    found = json.loads(completed.stderr.splitlines()[-1])
    names = {Path(path).name for path in found["read"]}
    assert {"release.yaml", "release.lock", "app", "service", "__init__.py"} <= names
    assert found["unnamed"] == []


def _service_answers_from_its_own_root(example: Path) -> None:
    """`run` publishes the service, which gives the answer that the spec's first golden test expects."""
    question, path, expected = _golden(example)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    with subprocess.Popen(
        [sys.executable, "-m", "twinbuild.cli", "run", "--json", "--publish", "0:8000"],
        cwd=example,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        try:
            (address,) = json.loads(process.stdout.readline())["listening"]
            answer = _post(f"{address}{path}", question)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    _as_expected(answer, expected)


def _as_expected(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    """What a golden test expects, as far as another processor may compute otherwise."""
    assert answer["model_version"] == expected["model_version"]
    if "verdicts" in expected:
        assert answer["verdicts"][0]["score"] == pytest.approx(expected["verdicts"][0]["score"], abs=1e-6)
    else:
        assert answer["similarities"] == pytest.approx(expected["similarities"], abs=0.02)


def _too_small_a_machine_is_refused(example: Path) -> None:
    """The image's entrypoint runs in the sandbox, too: a service that asks for more memory than there is, refuses."""
    overlay = example.parent / "large.yaml"
    overlay.write_text("environment: {resources: {memory: {request: 900Ti, limit: 900Ti}}}\n")
    refused = process("run", "--quiet", "--publish", "0:8000", "--overlay", str(overlay), directory=example)
    assert refused.returncode == 78, refused.stderr
    assert "(cpu) refuses to start: TB5401: got " in refused.stdout
    assert "expected at least 921600 GiB; raise the container's limit" in refused.stdout


_FAILING = """
import asyncio, json
from service import main

def fail(*_):
    raise RuntimeError("broken")

async def ask(method, path, body=b""):
    sent, bodies = [], [{"type": "http.request", "body": body, "more_body": False}]
    async def receive():
        if bodies:
            return bodies.pop()
        await asyncio.sleep(60)
    async def send(message):
        sent.append(message)
    headers = [(b"content-type", b"application/json")]
    scope = dict(type="http", asgi=dict(version="3.0"), http_version="1.1", method=method, path=path, scheme="http",
                 raw_path=path.encode(), query_string=b"", root_path="", headers=headers, client=None, server=None)
    await main.app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()

main.classifier.scores = fail
row = dict(amount=1, hour=1, merchant_risk=0, account_age_days=1, transactions_last_hour=0, is_foreign=False)
status, _ = asyncio.run(ask("POST", "/predict", json.dumps({"transactions": [row]}).encode()))
_, metrics = asyncio.run(ask("GET", "/metrics"))
print(json.dumps({"status": status, "metrics": metrics}))
"""


def _a_failure_of_the_code_is_counted(example: Path) -> None:
    """An exception is an answer 500 that metrics and log show: or the gates of a rollout would let it pass."""
    ended = process("run", "-q", "--exec", shlex.join(["python", "-c", _FAILING]), directory=example)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    said = lines[-1]
    assert said["status"] == 500
    assert "fraud_request_errors_total 1.0" in said["metrics"]
    assert 'fraud_request_seconds_count{path="/predict"} 1.0' in said["metrics"]
    assert next(line["status"] for line in lines[:-1] if line["message"] == "request") == 500
    assert any("RuntimeError: broken" in line.get("exception", "") for line in lines[:-1])


def _changed_application_rebuilds_one_layer(example: Path) -> None:
    """One changed file changes the application's layer alone; ``--locked`` refuses it."""
    (output,) = (example / "dist").iterdir()
    before = _layers(output)
    with (example / "app" / "service" / "__init__.py").open("a") as stream:
        stream.write(f"# changed at {time.time_ns()}\n")  # what an earlier run changed would be known by now
    refused = process("release", "--locked", directory=example)
    assert refused.returncode == 3
    assert "TB2253" in refused.stderr
    completed = process("release", "--json", directory=example)
    assert completed.returncode == 0, completed.stderr
    after = _layers(output)
    assert [title for title in before if before[title] != after[title]] == ["application"]
    proof = json.loads((output / "run.json").read_text())["verification"]["layers"]
    assert [layer["title"] for layer in proof if layer["built_twice"] == "now"] == ["application"]
    assert {layer["title"]: layer["diff_id"] for layer in proof} == after


def _golden(example: Path) -> tuple[object, str, dict[str, object]]:
    import yaml

    test = yaml.safe_load((example / "release.yaml").read_text())["tests"]["golden"][0]
    return test["request"]["body"], test["request"]["path"], test["expect"]["body"]


def _post(url: str, body: object) -> dict[str, object]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    end = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                answer: dict[str, object] = json.load(response)
                return answer
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def _layers(output: Path) -> dict[str, str]:
    (image,) = json.loads((output / "manifest.json").read_text())["environment"]["images"]
    return {layer["title"]: layer["diff_id"] for layer in image["layers"]}
