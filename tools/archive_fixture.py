"""Make an archive by a version of twinbuild, to be kept: `.venv/bin/python tools/archive_fixture.py COMMIT`.

What that version wrote is what later ones must still read and reproduce, so nothing of this checkout has a part in it
but this file: the commit is taken out of git and does everything itself, by its own command line. Signatures are made
and logged under a clock that this file sets. See tests/archives/README.md.
"""

from __future__ import annotations

import argparse
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
KEPT: Final = ROOT / "tests" / "archives"
CODE: Final = ("generator", "templates", "lockfiles", "tests/fakes", "tests/unit/wheel", "pyproject.toml")
TOOL: Final = {"generator/twinbuild": "twinbuild", "templates": "twinbuild/templates"}
RESOLVER: Final = "lockfiles/resolver.txt"
MINUTES: Final = 600  # between the acts, which begin when the commit was made, seconds

# Run with the commit's own modules: a project that needs no index and no mirror, with its lock.
PROJECT: Final = """
import sys
from pathlib import Path
from fakes.tiny import tiny_project
from twinbuild.sources.configure import settings_from
import os
store = settings_from(os.environ, toml=None, home=os.environ["HOME"], toml_name="", netrc="").store
weights = {"/models/head.bin": bytes(range(256)) * 8, "/models/trunk/part.bin": b"trunk"}
tiny_project(Path(sys.argv[1]), Path(store), weights=weights, more=sys.argv[2])
"""
CLOCK: Final = """
import os, sys
from twinbuild.build.clock import fixed_clock
sys.stdout.buffer.write(fixed_clock(os.uname().machine, int(sys.argv[1])))
"""
MORE: Final = """\
configuration:
  parameters:
    - {name: batch_limit, kind: batch_size, type: int, unit: items, default: 64, minimum: 1, maximum: 1024,
       description: Most items in one request., environment: BATCH_LIMIT,
       impact: {latency: proportional, throughput: lower, memory: small}}
    - {name: log_level, kind: log_level, type: enum, values: [debug, info], default: info,
       description: Least severe record., environment: LOG_LEVEL}
  stages:
    staging: {log_level: debug}
    production: {batch_limit: 256}
"""
POLICY: Final = """\
apiVersion: twinbuild/policy/v1
kind: Policy
allow:
  - {name: makers, may: [create, modify], roles: [creator]}
require:
  - {name: needs, stages: [production]}
"""


class Version:
    """A commit, taken out of git, that runs as itself."""

    def __init__(self, commit: str, place: Path) -> None:
        self.commit = git("rev-parse", "--verify", f"{commit}^{{commit}}")
        self.made = int(git("show", "--no-patch", "--format=%ct", self.commit))
        self.source, self.place = place / "source", place
        with tarfile.open(fileobj=io.BytesIO(raw("archive", self.commit, *CODE))) as tar:
            tar.extractall(self.source, filter="data")
        self._paths = os.pathsep.join(str(self.source / each) for each in ("generator", "tests", "."))

    def python(self, *words: str, clock: Path | None = None) -> bytes:
        """What Python prints with the commit's modules."""
        environment = {
            **os.environ,
            "PYTHONPATH": self._paths,
            "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_STATE_HOME": str(self.place / "state"),
            **({"LD_PRELOAD": str(clock)} if clock is not None else {}),
        }
        done = subprocess.run((sys.executable, "-P", *words), cwd=self.place, env=environment, stdout=-1, check=False)
        if done.returncode:
            raise SystemExit(f"it ended with {done.returncode}: {' '.join(words)[:200]}")
        return done.stdout

    def say(self, *words: str, clock: Path | None = None) -> dict[str, Any]:
        """What a verb that has ``--json`` answers."""
        answer: dict[str, Any] = json.loads(self.python("-m", "twinbuild.cli", *words, "--json", clock=clock))
        return answer

    def at(self, step: int) -> Path:
        """A clock that stands at the time of a step."""
        library = self.place / f"clock-{step}.so"
        library.write_bytes(self.python("-c", CLOCK, str(self.time(step))))
        return library

    def time(self, step: int) -> int:
        """When a step is made: seconds since 1970."""
        return self.made + step * MINUTES


def raw(*words: str) -> bytes:
    """What git prints."""
    return subprocess.run(("git", "-C", str(ROOT), *words), stdout=subprocess.PIPE, check=True).stdout


def git(*words: str) -> str:
    """Likewise, a line."""
    return raw(*words).decode().strip()


def signed(version: Version) -> dict[str, Any]:
    """Two releases in an archive: one signed in time by two people, one after their keys had ceased to count."""
    project = version.place / "tiny"
    version.python("-c", PROJECT, str(project), MORE)
    for who in ("rosa", "ruth", "ada", "grace", "bot"):
        version.say("key", "new", who, "--unencrypted", "--kind", "ecdsa" if who == "ada" else "ed25519")
    (version.place / "policy.yaml").write_text(POLICY)
    first, then, last = version.at(1), version.at(2), version.at(3)

    def enact(clock: Path) -> None:
        for who in ("rosa", "ruth"):
            version.say("trust", "sign", "trust", "--key", who, clock=clock)

    roots = ("--root", "rosa=rosa.pub", "--root", "ruth=ruth.pub", "--threshold", "2")
    forever = ("--expires", "2099-01-01")
    version.say("trust", "init", "trust", *roots, *forever, clock=first)
    enact(first)
    update = ("trust", "update", "trust", *forever)
    version.say(*update, "--add", "ada=ada.pub", "--add", "bot=bot.pub", clock=first)
    ends = datetime.fromtimestamp(version.time(2), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    roles = ("--role", "creator=ada,grace:2", "--role", "audit=bot", "--policy", "policy.yaml")
    version.say(*update, "--add", "grace=grace.pub", "--until", ends, *roles, clock=first)
    enact(first)
    version.say("audit", "new", "log", "--origin", "tests.example/releases", "--key", "bot", clock=first)
    releases = []
    for number, clock in (("1.0.0", first), ("1.1.0", last)):
        if number != "1.0.0":
            version.say("key", "revoke", "ada.pub", "--trust", "trust", "--reason", "lost laptop", clock=then)
            version.say(*update, clock=then)
            enact(then)
        spec = project / "release.yaml"
        spec.write_text(spec.read_text().replace("  version: 1.0.0", f"  version: {number}", 1))
        made = version.say("release", str(project), "--locked", "--offline", "--quiet")
        anonymous(Path(made["directory"], "run.json"))
        for who in ("ada", "grace"):
            keyid = version.say("sign", made["directory"], "--key", who, clock=clock)["keyid"]
            entry = ("log", "signed", "--release", made["directory"], "--by", keyid, "--key", "bot")
            version.say("audit", "add", *entry, clock=clock)
        added = version.say("archive", "add", made["directory"], "--archive", "archive", "--quiet", clock=clock)
        if added["without_tool"]:
            raise SystemExit(f"no twinbuild is in the archive: {added['without_tool']}")
        releases.append({"name": f"tiny@{number}", "release": made["release"]})
    return {"tool": added["tool"], "releases": releases}


def anonymous(run: Path) -> None:
    """Take out of a run's account what says on whose machine it was: nothing vouches for it, and nothing needs it."""
    document = json.loads(run.read_text())
    document["host"].update(name="example", kernel="")
    run.write_text(json.dumps({**document, "store": ""}, indent=2) + "\n")


def keep(version: Version, target: Path, facts: dict[str, Any]) -> None:
    """What goes into git: all but what one machine remembers, and the packed twinbuild: its source is there instead."""
    archive = version.place / "archive"
    for digest in facts["tool"]:
        name = digest.removeprefix("sha256:")
        (archive / "v1" / "blobs" / "sha256" / name[:2] / name[2:]).unlink()
    for each in ("records/verified", "quarantine", "tmp", "summaries"):
        place = archive / "v1" / each
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    target.mkdir(parents=True)
    for each in ("archive", "trust", "log"):
        shutil.copytree(version.place / each, target / each, ignore=shutil.ignore_patterns(".lock", ".new"))
    shutil.copy(version.place / "bot.pub", target)
    shutil.copy(version.place / "log" / "checkpoint", target)
    (target / "twinbuild.tar.xz").write_bytes(
        lzma.compress(tool_source(version.source), preset=9 | lzma.PRESET_EXTREME)
    )
    (target / "made.json").write_text(json.dumps(facts, indent=2) + "\n")


def tool_source(source: Path) -> bytes:
    """The commit's twinbuild as a wheel installs it: the same bytes whenever it is asked for."""
    files = {RESOLVER: f"twinbuild/{RESOLVER}"}
    for below, name in TOOL.items():
        for path in (source / below).rglob("*"):
            if path.is_file():
                inside = path.relative_to(source).as_posix()
                files[inside] = name + inside.removeprefix(below)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for inside, name in sorted(files.items(), key=lambda item: item[1]):
            content = (source / inside).read_bytes()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return written.getvalue()


def main() -> None:
    """Make one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("commit", nargs="?", default="HEAD", help="the version that makes it (HEAD)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="twinbuild-archive-") as directory:
        version = Version(asked.commit, Path(directory))
        if version.time(3) > datetime.now(UTC).timestamp():
            raise SystemExit(
                f"the commit is younger than {3 * MINUTES // 60} minutes, and would be signed in the future"
            )
        number = version.python("-c", "import twinbuild; print(twinbuild.__version__)").decode().strip()
        target = KEPT / f"{number}-{version.commit[:7]}"
        if target.exists():
            raise SystemExit(f"{target} is there already, and is never changed")
        version.say("tool", "pack")  # what it needs is in the store since
        facts = {"twinbuild": number, "commit": version.commit, **signed(version)}
        keep(version, target, facts)
    print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
