"""A real engine builds what the embedded assembler builds; and every change on its side is found."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fakes.certificates import authority
from fakes.engine import NEEDS_ENGINE, docker, running_engine
from fakes.tool import process
from unit.wheel.making import project_wheel

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.network, *NEEDS_ENGINE]


def twinbuild(*arguments: str, host: str, **variables: str) -> tuple[int, str, list[dict[str, Any]]]:
    """Status, standard output, and findings where there are some."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator"), "DOCKER_HOST": host, **variables}
    done = subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", *arguments, "--json"],
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    findings = json.loads(done.stderr)["findings"] if done.returncode else []
    return done.returncode, done.stdout, findings


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An engine with the containerd store."""
    with running_engine(tmp_path_factory.mktemp("engine")) as address:
        yield address


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, host: str) -> Path:
    """The first project that `init` writes, with one wheel and a file for each change that is tried, locked."""
    directory = tmp_path_factory.mktemp("project")
    subprocess.run(
        [sys.executable, "-m", "twinbuild.cli", "init"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
        check=True,
        capture_output=True,
    )
    spec = (directory / "release.yaml").read_text()
    assert "runtime: []" in spec
    (directory / "release.yaml").write_text(spec.replace("runtime: []", "runtime: [click==8.5.1]"))
    for name in (*LEFT, *OTHERWISE):
        (directory / _own(name).removeprefix("/")).write_text("1\n")
    status, _, findings = twinbuild("lock", str(directory), host=host)
    assert status == 0, findings
    return directory


def test_docker_alone(project: Path, host: str, tmp_path: Path) -> None:
    """`build --builder docker` writes the same layout as the assembler, byte for byte."""
    for builder in ("embedded", "docker"):
        status, _, findings = twinbuild(
            "build", str(project), "--builder", builder, "--output", str(tmp_path / builder), host=host
        )
        assert status == 0, findings
    assert _tree(tmp_path / "docker") == _tree(tmp_path / "embedded")


def test_odd_surroundings(project: Path, host: str, tmp_path: Path) -> None:
    """No wheels, a label of two lines; a temporary directory that buildx would split, proxies in Docker's settings."""
    changed = tmp_path / "changed"
    shutil.copytree(project, changed, ignore=shutil.ignore_patterns("dist", "release.lock", "lockfiles"))
    spec = (changed / "release.yaml").read_text()
    assert "  description: What the release is for." in spec
    spec = spec.replace("runtime: [click==8.5.1]", "runtime: []")
    spec = spec.replace("What the release is for.", '"two\\nlines"') + "build: {dockerfile: site.j2}\n"
    (changed / "release.yaml").write_text(spec)
    (changed / "site.j2").write_text(
        '{% extends "Dockerfile.j2" %}{% block application %}{{ super() }}\nRUN ["/usr/bin/python3.11", "-B", "-c", '
        "\"import os; assert not any('proxy' in name.lower() for name in os.environ), os.environ\"]\n{% endblock %}"
    )
    (tmp_path / "a, b@c=d").mkdir()
    shutil.copytree(os.environ["DOCKER_CONFIG"], tmp_path / "docker")
    proxies = {"httpProxy": "http://user:secret@proxy.invalid:1", "noProxy": "x", "allProxy": "http://proxy.invalid"}
    (tmp_path / "docker" / "config.json").write_text(json.dumps({"proxies": {"default": proxies}}))
    surroundings = {"TMPDIR": str(tmp_path / "a, b@c=d"), "DOCKER_CONFIG": str(tmp_path / "docker")}
    status, _, findings = twinbuild("lock", str(changed), host=host)
    assert status == 0, findings
    digests = []
    for builder in ("embedded", "docker"):
        status, out, findings = twinbuild("build", str(changed), "--builder", builder, host=host, **surroundings)
        assert status == 0, findings
        digests.append(json.loads(out)["images"])
    assert digests[0] == digests[1]


def test_on_a_base_image(project: Path, host: str, tmp_path: Path) -> None:
    """An image with a user, an entry point, a volume and variables that would lead pip astray: one digest, twice."""
    twinbuild("build", str(project), "--output", str(tmp_path / "image"), host=host)
    changed = tmp_path / "changed"
    shutil.copytree(project, changed, ignore=shutil.ignore_patterns("dist", "release.lock", "lockfiles"))
    _base_of(tmp_path / "image", changed / "base")
    spec = (changed / "release.yaml").read_text()
    assert "    debian: {suite: bookworm}" in spec
    (changed / "release.yaml").write_text(spec.replace("    debian: {suite: bookworm}", "    image: oci-layout:base"))
    status, _, findings = twinbuild("lock", str(changed), host=host)
    assert status == 0, findings
    output = tmp_path / "release"
    status, _, findings = twinbuild(
        *("release", str(changed), "--locked", "--builders", "embedded,docker", "--output", str(output)), host=host
    )
    assert status == 0, findings
    config = _config(output / "image")["config"]
    assert {"CUDA_VERSION=12.4.1", "PIP_USER=1"} <= set(config["Env"])
    assert (config["User"], config["Volumes"]) == ("10001:10001", {"/data": {}})


def test_a_hostile_wheel_runs_nothing(project: Path, host: str, tmp_path: Path) -> None:
    """Build scripts in a wheel are files like others: pip copies them, in both builders the same, and starts none."""
    script = b"import pathlib; pathlib.Path('/opt/pwned').write_text('x'); raise SystemExit('it ran')\n"
    build = b'[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n'
    name, content = project_wheel("evil", {"setup.py": script, "pyproject.toml": build, "evil/__init__.py": script})
    changed = tmp_path / "changed"
    shutil.copytree(project, changed, ignore=shutil.ignore_patterns("dist", "release.lock", "lockfiles"))
    (changed / "wheels").mkdir()
    (changed / "wheels" / name).write_bytes(content)
    (changed / "twinbuild.toml").write_text(f"[indexes]\nlocal = {json.dumps(str(changed / 'wheels'))}\n")
    spec = (changed / "release.yaml").read_text()
    wanted = "runtime: [click==8.5.1, evil==1]\n  indexes: [{name: local, packages: [evil]}]"
    (changed / "release.yaml").write_text(spec.replace("runtime: [click==8.5.1]", wanted))
    status, _, findings = twinbuild("lock", str(changed), host=host)
    assert status == 0, findings
    images = []
    for builder in ("embedded", "docker"):
        status, out, findings = twinbuild("build", str(changed), "--locked", "--builder", builder, host=host)
        assert status == 0, findings
        images.append(json.loads(out)["images"])
    assert images[0] == images[1]


_STEPS = """
  steps:
    - name: words
      command: [python, /inputs/application/words.py]
      inputs: {application: [words.py]}
      outputs: [{path: /models/words, kind: directory}]
      image: false
    - name: extension
      command: [python, -m, pip, install, --no-index, --no-deps, --no-build-isolation, --no-compile,
                --target=/outputs/opt/venv/lib/python3.11/site-packages, /inputs/sdists/markupsafe-3.0.2.tar.gz]
      environment: {CFLAGS: -g0}
      inputs: {sdists: [markupsafe==3.0.2], steps: [words]}
      packages: [gcc, libc6-dev, python3-dev]
      wheels: [pip, setuptools, wheel]
      outputs: [{path: /opt/venv/lib/python3.11/site-packages, kind: directory}]
    - name: count
      command: [python, /inputs/application/count.py]
      inputs: {application: [count.py], steps: [words]}
      fixed_clock: true
      outputs: [{path: /models/count}]
"""
_WORDS = """\
import os
os.mkdir("/outputs/models/words/empty")
for name in "ba":
    with open(f"/outputs/models/words/{name}", "w", opener=lambda path, flags: os.open(path, flags, 0o700)) as stream:
        stream.write(name)
os.symlink("a", "/outputs/models/words/link")
"""
_COUNT = """\
import os, time
words = "/inputs/steps/words/models/words"
facts = [time.time(), os.getuid(), os.getgid(), os.getgroups(), sorted(os.environ.items()), os.getcwd()]
facts += [sorted(os.listdir(words)), [oct(os.stat(f"{words}/{name}").st_mode) for name in ("a", "empty", ".")]]
open("/outputs/models/count", "w").write(repr(facts))
"""


def test_build_steps(project: Path, host: str, tmp_path: Path) -> None:
    """An extension compiled from an sdist, a step for another alone, and a clock that stands still: one digest."""
    changed = tmp_path / "changed"
    shutil.copytree(project, changed, ignore=shutil.ignore_patterns("dist"))
    (changed / "app" / "words.py").write_text(_WORDS)
    (changed / "app" / "count.py").write_text(_COUNT)
    spec = (changed / "release.yaml").read_text()
    (changed / "release.yaml").write_text(spec.replace('  python: "3.11"\n', f'  python: "3.11"{_STEPS}', 1))
    status, _, findings = twinbuild("lock", str(changed), host=host)
    assert status == 0, findings
    output = tmp_path / "release"
    status, out, findings = twinbuild(
        *("release", str(changed), "--locked", "--builders", "embedded,docker", "--output", str(output)), host=host
    )
    assert status == 0, findings
    assert json.loads(out)["builders"] == ["embedded", "docker"]
    _records_name_the_steps(changed, output)
    context = tmp_path / "context"
    assert twinbuild("fetch", str(changed), "--into", str(context), host=host)[0] == 0
    docker(host, "buildx", "build", "-q", "--network", "none", "--provenance=false", "--tag", "byhand", str(context))
    program = "import markupsafe._speedups; print(open('/models/count').read())"
    said = docker(host, "run", "--rm", "--network", "none", "byhand", "/opt/venv/bin/python", "-c", program)
    assert ", 10001, 10001, []," in said
    told = (
        "import markupsafe, markupsafe._speedups as fast, os; from importlib.metadata import version;"
        "print(fast.__file__, markupsafe.escape('<'), version('markupsafe'), os.path.exists('/usr/bin/gcc'))"
    )
    command = shlex.join(("/opt/venv/bin/python", "-c", told))
    ran = process("run", "--quiet", "--exec", command, directory=changed)
    site = "/opt/venv/lib/python3.11/site-packages/markupsafe"
    assert ran.stdout == f"{site}/_speedups.cpython-311-x86_64-linux-gnu.so &lt; 3.0.2 False\n", ran.stderr


def _records_name_the_steps(project: Path, release: Path) -> None:
    """What a step needs is in the lock and in the provenance, and nothing else is."""
    (target,) = json.loads((project / "release.lock").read_text())["targets"]
    steps = {step["name"]: step for step in target["steps"]}
    assert steps["words"]["debs"] == steps["words"]["wheels"] == []
    assert {"gcc", "libc6-dev", "python3-dev"} <= {deb["name"] for deb in steps["extension"]["debs"]}
    assert [sdist["filename"] for sdist in steps["extension"]["sdists"]] == ["markupsafe-3.0.2.tar.gz"]
    materials = json.loads((release / "provenance.intoto.json").read_text())["predicate"]["buildDefinition"]
    assert {"markupsafe-3.0.2.tar.gz"} < {entry["name"] for entry in materials["resolvedDependencies"]}


def _base_of(image: Path, target: Path) -> None:
    """A layout of the image's lowest layer with a configuration as other images have it."""
    manifest, config = _manifest(image), _config(image)
    (target / "blobs" / "sha256").mkdir(parents=True)

    def put(document: object) -> tuple[str, int]:
        content = json.dumps(document).encode()
        digest = hashlib.sha256(content).hexdigest()
        (target / "blobs" / "sha256" / digest).write_bytes(content)
        return f"sha256:{digest}", len(content)

    layer = manifest["layers"][0]
    blob = f"blobs/{layer['digest'].replace(':', '/')}"
    shutil.copy(image / blob, target / blob)
    runtime = {
        "Env": ["PATH=/usr/bin:/bin", "CUDA_VERSION=12.4.1", "PIP_USER=1", "PIP_TARGET=/x", "A B=1", "M=$X\n\\"],
        "Entrypoint": ["/bin/sh"],
        "Cmd": ["-l"],
        "User": "nobody",
        "WorkingDir": '/nowhere "x" $HOME',
        "ExposedPorts": {"9": {}, "53/udp": {}},
        "Volumes": {"/data": {}},
        "Labels": {"from": "base", "two\nlines": "", "signs": "$HOME \\ \"q\" 'q'\n#", 'a" b': "<<EOF"},
    }
    document = {
        "architecture": config["architecture"],
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": runtime,
        "rootfs": {"type": "layers", "diff_ids": config["rootfs"]["diff_ids"][:1]},
        "history": [{"created_by": "base"}],
    }
    digest, size = put(document)
    described = {**manifest, "layers": [layer], "config": {**manifest["config"], "digest": digest, "size": size}}
    digest, size = put(described)
    entry = {"mediaType": manifest["mediaType"], "digest": digest, "size": size}
    (target / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (target / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def _manifest(layout: Path) -> dict[str, Any]:
    digest = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    found: dict[str, Any] = json.loads((layout / "blobs" / digest.replace(":", "/")).read_text())
    return found


def _config(layout: Path) -> dict[str, Any]:
    digest = _manifest(layout)["config"]["digest"]
    found: dict[str, Any] = json.loads((layout / "blobs" / digest.replace(":", "/")).read_text())
    return found


def _tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _with_template(project: Path, directory: Path, block: str, body: str, *, before: str = "") -> Path:
    """A copy of the project whose Dockerfile has something else in a block."""
    shutil.copytree(project, directory, ignore=shutil.ignore_patterns("dist"))
    template = '{% extends "Dockerfile.j2" %}\n{% block ' + block + " %}" + before + "{{ super() }}" + body
    (directory / "site.j2").write_text(template + "\n{% endblock %}\n")
    spec = (directory / "release.yaml").read_text()
    assert "\nbuild:" not in spec
    (directory / "release.yaml").write_text(spec + "\nbuild:\n  dockerfile: site.j2\n")
    return directory


_CAPABILITY = "0100000200040000000000000000000000000000"  # of version 2: to bind to any port
# Changes that a step can make in one build, and what each is found as: code and subject. "{}" is a file of its own.
LEFT = {
    "extra file": ("open('/var/tmp/left', 'w')", "TB5221", "/var/tmp/left"),
    "extra directory": ("os.mkdir('/srv/directory')", "TB5221", "/srv/directory"),
    "deletion": ("os.remove('{}')", "TB5223", "{}"),
    "deletion in the base": ("os.remove('/etc/debian_version')", "TB5223", "/etc/debian_version"),
    "change of the base": ("open('/etc/passwd', 'a').write('x')", "TB5224", "/etc/passwd"),
    "mode in the base": ("os.chmod('/usr/share', 0o700)", "TB5224", "/usr/share"),
    "attribute": (f"os.setxattr('{{}}', 'security.capability', bytes.fromhex('{_CAPABILITY}'))", "TB5225", "{}"),
    "FIFO": ("os.mkfifo('/srv/fifo')", "TB5228", "/srv/fifo"),
    "FIFO in the place of a file": ("os.remove('{}'); os.mkfifo('{}')", "TB5228", "{}"),
    "device": ("os.mknod('/srv/device', 0o20644, os.makedev(1, 3))", "TB5228", "/srv/device"),
    "name of bytes": ("open(b'/srv/bytes' + bytes([255]), 'w')", "TB5228", "/srv/bytes"),
    "name with a control character": ("open(b'/srv/control' + bytes([27]), 'w')", "TB5228", "/srv/control"),
    "link to bytes": ("os.symlink(b'/x' + bytes([255]), '/srv/link')", "TB5228", "/srv/link"),
    "hard link to a FIFO": ("os.mkfifo('/srv/left'); os.link('/srv/left', '/srv/lefu')", "TB5228", "/srv/lefu"),
}
OTHERWISE = {
    "one byte": ("open('{}', 'r+b').write(b'#')", "{}"),
    "mode": ("os.chmod('{}', 0o600)", "{}"),
    "owner": ("os.chown('{}', 7, 8)", "{}"),
    "mode of a directory": ("os.chmod('/app/__pycache__', 0o700)", "/app/__pycache__"),
    "link": ("os.remove('{}'); os.symlink('x', '{}')", "{}"),
    "byte code": ("open(glob.glob('/app/__pycache__/main.*')[0], 'ab').write(b'x')", "/app/__pycache__/main"),
}
CONFIGURED = {
    "environment": ("ENV DEBUG=1", "config#/config/Env"),
    "label": ('LABEL "x"="y"', "config#/config/Labels"),
    "command": ('CMD ["/bin/true"]', "config#/config/Cmd"),
    "user": ("USER 0:0", "config#/config/User"),
}
_MAIN = "'/app/main.py'"


def _step(program: str) -> str:
    """A step of the image's own Python that leaves nothing of its own."""
    run = ["/opt/venv/bin/python", "-B", "-c", f"import glob, os; {program}"]
    return f"RUN {json.dumps(run)}"


def _own(name: str) -> str:
    return f"/app/{name.replace(' ', '_')}.py"


def _changed_by(changes: Mapping[str, str], project: Path, directory: Path) -> Path:
    """A copy of the project with one step that makes all changes."""
    program = "; ".join(change.replace("{}", _own(name)) for name, change in changes.items())
    return _with_template(project, directory, "application", f"\n{_step(program)}\n")


def _refused(changed: Path, host: str) -> list[dict[str, Any]]:
    """What is found in a release by both builders: exit 7, and nothing is released."""
    output = changed.parent / "release"
    status, _, findings = twinbuild(
        *("release", str(changed), "--locked", "--builders", "embedded,docker", "--output", str(output)), host=host
    )
    assert status == 7, findings
    assert not output.exists()
    return findings


def test_what_a_step_leaves_on_buildkits_side(project: Path, host: str, tmp_path: Path) -> None:
    """Each change is found and named, and nothing else is but what is missing where another thing is now."""
    changed = _changed_by({name: change for name, (change, *_) in LEFT.items()}, project, tmp_path / "changed")
    findings = _refused(changed, host)
    for name, (_, code, subject) in LEFT.items():
        named = [each for each in findings if each["subject"].startswith(subject.replace("{}", _own(name)))]
        assert code in {each["code"] for each in named}, (name, findings)
    assert len([each for each in findings if each["code"] != "TB5222"]) == len(LEFT) + 1, findings  # two FIFOs in one


def test_what_a_step_changes_on_buildkits_side(project: Path, host: str, tmp_path: Path) -> None:
    """What has its place in the plan and is otherwise: each file is named."""
    changed = _changed_by({name: change for name, (change, _) in OTHERWISE.items()}, project, tmp_path / "changed")
    findings = _refused(changed, host)
    assert {each["code"] for each in findings} == {"TB6010"}
    for name, (_, path) in OTHERWISE.items():
        assert [each for each in findings if f", {path.replace('{}', _own(name))}" in each["subject"]], (name, findings)


def test_what_a_template_configures_on_buildkits_side(project: Path, host: str, tmp_path: Path) -> None:
    """Each field is named."""
    lines = "\n".join(line for line, _ in CONFIGURED.values())
    findings = _refused(_with_template(project, tmp_path / "changed", "configuration", f"\n{lines}\n"), host)
    assert [(each["code"], each["subject"]) for each in findings] == [
        ("TB5226", subject) for subject in sorted(subject for _, subject in CONFIGURED.values())
    ]


@pytest.mark.parametrize("name", ["one byte", "mode", "link"])
def test_one_change_on_buildkits_side(name: str, project: Path, host: str, tmp_path: Path) -> None:
    """One is enough."""
    change, path = OTHERWISE[name]
    (finding, *_) = _refused(_changed_by({name: change}, project, tmp_path / "changed"), host)
    assert (finding["code"], path.replace("{}", _own(name)) in finding["subject"]) == ("TB6010", True)


def test_what_an_engine_does_not_export(project: Path, host: str, tmp_path: Path) -> None:
    """Sockets, and what became of the root directory itself, are in no layer of BuildKit's: the image is the same."""
    sockets = "import socket; " + "; ".join(
        f"socket.socket(socket.AF_UNIX).bind({path})" for path in ("'/srv/left'", _MAIN)
    )
    step = _step(f"os.chmod('/', 0o700); os.remove({_MAIN}); {sockets}")
    changed = _with_template(project, tmp_path / "changed", "application", f"\n{step}\n")
    status, _, findings = twinbuild(
        *("release", str(changed), "--locked", "--builders", "embedded,docker", "--output", str(tmp_path / "release")),
        host=host,
    )
    assert status == 0, findings


def test_a_template_that_changes_nothing_in_the_image(project: Path, host: str, tmp_path: Path) -> None:
    """A comment, an argument and a step that leaves nothing: the images are the same, the release knows its file."""
    changed = _with_template(
        project, tmp_path / "changed", "application", "\n" + _step("pass") + "\n", before="# ours\nARG SITE=x\n"
    )
    status, out, findings = twinbuild(
        *("release", str(changed), "--locked", "--builders", "embedded,docker", "--output", str(tmp_path / "release")),
        host=host,
    )
    assert status == 0, findings
    assert json.loads(out)["builders"] == ["embedded", "docker"]
    assert "ARG SITE=x" in (tmp_path / "release" / "Dockerfile").read_text()


def test_a_template_that_would_fetch(project: Path, host: str, tmp_path: Path) -> None:
    """What `--network none` does not stop is refused before anything is built."""
    changed = _with_template(project, tmp_path / "changed", "application", "\nADD http://192.0.2.1/x /\n")
    status, _, findings = twinbuild("build", str(changed), "--builder", "docker", host=host)
    assert (status, findings[0]["code"]) == (2, "TB5231")


_REACH = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"


def test_a_step_that_tries_to_reach_out(project: Path, host: str, tmp_path: Path) -> None:
    """It fails, and the step is named with what it said."""
    step = f"\n{_step(_REACH)}\n"
    changed = _with_template(project, tmp_path / "changed", "application", step)
    status, _, findings = twinbuild("build", str(changed), "--builder", "docker", host=host)
    assert (status, findings[0]["code"]) == (6, "TB5210")
    assert "socket.create_connection" in findings[0]["message"]
    assert "Network is unreachable" in findings[0]["message"]


_REWRITES = """\
import hashlib, json, pathlib, subprocess, sys
done = subprocess.run([{docker!r}, *sys.argv[1:]])
written = [a.partition("dest=")[2] for a in sys.argv if a.startswith("type=oci")]
for place in map(pathlib.Path, written if done.returncode == 0 else ()):
    blobs = place / "blobs" / "sha256"
    def put(content):
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {{"digest": "sha256:" + digest, "size": len(content)}}
    def read(descriptor):
        return (blobs / descriptor["digest"][7:]).read_bytes()
    index = json.loads((place / "index.json").read_text())
    manifest = json.loads(read(index["manifests"][0]))
    config = json.loads(read(manifest["config"]))
    layer = manifest["layers"][0]
    layer.update(put(read(layer) + bytes(1024)))  # the same files, and one more block of zeros behind the archive's end
    config["rootfs"]["diff_ids"][0] = layer["digest"]
    manifest["config"].update(put(json.dumps(config).encode()))
    index["manifests"][0].update(put(json.dumps(manifest).encode()))
    (place / "index.json").write_text(json.dumps(index))
sys.exit(done.returncode)
"""


def _instead_of_docker(directory: Path, program: str) -> str:
    """A PATH on which ``docker`` is that program of Python, which may start the real one."""
    wrapper, told = directory / "bin" / "docker", directory / "instead.py"
    wrapper.parent.mkdir()
    told.write_text(program)
    # By a shell: the path of this Python may have a blank, which no line of #! can have.
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.join((sys.executable, str(told)))} "$@"\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return f"{wrapper.parent}:{os.environ['PATH']}"


def test_a_builder_that_rewrites_the_base(project: Path, host: str, tmp_path: Path) -> None:
    """Another layer of the base, though with the same files, is refused."""
    path = _instead_of_docker(tmp_path, _REWRITES.format(docker=shutil.which("docker")))
    status, _, findings = twinbuild("build", str(project), "--builder", "docker", host=host, PATH=path)
    assert (status, [each["code"] for each in findings]) == (5, ["TB5227"]), findings


def test_a_builder_that_is_asked_to_rewrite_times(project: Path, host: str, tmp_path: Path) -> None:
    """BuildKit 0.13 may change layers of the base then, which is refused; what it leaves is the assembler's image."""
    asked = "[a + ',rewrite-timestamp=true' if a.startswith('type=oci') else a for a in sys.argv[1:]]"
    real = shutil.which("docker")
    path = _instead_of_docker(tmp_path, f"import os, sys\nos.execv({real!r}, ['docker', *{asked}])\n")
    status, out, findings = twinbuild("build", str(project), "--builder", "docker", host=host, PATH=path)
    if status:
        assert (status, [each["code"] for each in findings]) == (5, ["TB5227"]), findings
    else:
        _, assembled, _ = twinbuild("build", str(project), host="")
        assert json.loads(out)["images"] == json.loads(assembled)["images"]


def test_what_is_missing_is_said(project: Path, host: str, tmp_path: Path) -> None:
    """No program, no engine, no builder of that name, another platform."""
    command = ("build", str(project), "--builder", "docker")
    assert twinbuild(*command, host=host, PATH="/nonexistent")[2][0]["code"] == "TB5200"
    assert twinbuild(*command, host=f"unix://{tmp_path}/none.sock")[2][0]["code"] == "TB5201"
    assert twinbuild(*command, "--buildx-builder", "none", host=host)[2][0]["code"] == "TB5201"
    foreign = tmp_path / "foreign"
    shutil.copytree(project, foreign, ignore=shutil.ignore_patterns("dist"))
    spec = (foreign / "release.yaml").read_text()
    assert "platforms:" not in spec
    both = spec.replace("environment:\n", "environment:\n  platforms: [linux/amd64, linux/arm64]\n", 1)
    (foreign / "release.yaml").write_text(both)
    assert twinbuild("lock", str(foreign), host=host)[0] == 0
    status, _, findings = twinbuild("build", str(foreign), "--builder", "docker", host=host)
    assert (status, findings[0]["code"]) == (4, "TB5204"), findings


def test_the_classic_store(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An engine that cannot export layouts is named, with what to do."""
    with running_engine(tmp_path_factory.mktemp("classic"), store="overlay2") as classic:
        status, _, findings = twinbuild("build", str(project), "--builder", "docker", host=classic)
    assert (status, findings[0]["code"]) == (4, "TB5203")


def test_a_remote_engine_and_a_context(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An engine over TLS, by DOCKER_HOST and by a context, builds the same image as the assembler."""
    certificates = tmp_path_factory.mktemp("tls")
    authority(certificates, "127.0.0.1")
    for link, target in (("cert.pem", "server.pem"), ("key.pem", "server.key")):
        (certificates / link).symlink_to(target)
    port = _free_port()
    options = (
        *("-H", f"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", str(certificates / "ca.pem")),
        *("--tlscert", str(certificates / "server.pem"), "--tlskey", str(certificates / "server.key")),
    )
    images = json.loads(twinbuild("build", str(project), host="")[1])["images"]
    remote = f"tcp://127.0.0.1:{port}"
    with running_engine(tmp_path_factory.mktemp("remote"), *options):
        tls = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(certificates)}
        command = ("build", str(project), "--builder", "docker")
        status, out, findings = twinbuild(*command, host=remote, **tls)
        assert status == 0, findings
        assert json.loads(out)["images"] == images
        docker_config = _configuration(tmp_path_factory.mktemp("config"))
        endpoint = ",".join(
            f"{name}={value}"
            for name, value in {
                "host": remote,
                "ca": certificates / "ca.pem",
                "cert": certificates / "cert.pem",
                "key": certificates / "key.pem",
            }.items()
        )
        docker("", "context", "create", "far", "--docker", endpoint, environment=docker_config)
        status, out, findings = twinbuild(*command, host="", DOCKER_CONTEXT="far", **docker_config)
        assert status == 0, findings
        assert json.loads(out)["images"] == images


def _configuration(directory: Path) -> Mapping[str, str]:
    """A configuration directory of its own with the same plugins."""
    plugins = Path(os.environ.get("DOCKER_CONFIG", "~/.docker")).expanduser() / "cli-plugins"
    if plugins.is_dir():
        (directory / "cli-plugins").symlink_to(plugins)
    return {"DOCKER_CONFIG": str(directory)}


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
