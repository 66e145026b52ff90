"""A Docker Engine of a test's own, beside whatever else runs: with either image store, on a socket or over TLS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from twinbuild.cli.scratch import spread

__all__ = ["NEEDS_ENGINE", "docker", "running_engine"]

_DAEMON: Final = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
NEEDS_ENGINE: Final = (
    pytest.mark.skipif(_DAEMON is None or shutil.which("docker") is None, reason="needs dockerd and docker"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dockerd needs root"),
)


@contextmanager
def running_engine(home: Path, *options: str, store: str = "containerd") -> Iterator[str]:
    """An engine whose files lie below ``home``; yields the address of its socket. It has no bridge network."""
    configuration = home / "daemon.json"
    configuration.write_text(json.dumps({"features": {"containerd-snapshotter": store == "containerd"}}))
    host = f"unix://{home}/docker.sock"
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:{Path(str(_DAEMON)).parent}:/usr/sbin:/sbin"}
    with (home / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [
                str(_DAEMON),
                *("--config-file", str(configuration), "-H", host, "--pidfile", str(home / "pid")),
                *("--data-root", str(home / "data"), "--exec-root", str(home / "run")),
                *("--iptables=false", "--ip6tables=false", "--bridge=none"),
                *options,
            ],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            for _ in range(120):
                if Path(f"{home}/docker.sock").exists() and _ready(host):
                    break
                assert daemon.poll() is None, (home / "log").read_text()[-2000:]
                time.sleep(0.5)
            for snapshots in (home / "data").glob("**/snapshots"):
                spread(snapshots)
            yield host
        finally:
            daemon.terminate()
            daemon.wait(timeout=60)
            if str(home) not in Path("/proc/self/mountinfo").read_text():  # what is mounted there is not ours to delete
                shutil.rmtree(home / "data", ignore_errors=True)  # gigabytes, of each engine


def docker(host: str, *arguments: str, stdin: str = "", environment: Mapping[str, str] | None = None) -> str:
    """What a docker command prints; it must succeed."""
    done = subprocess.run(
        ["docker", *arguments],
        env={**os.environ, "DOCKER_HOST": host, **(environment or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def _ready(host: str) -> bool:
    environment = {**os.environ, "DOCKER_HOST": host}
    return subprocess.run(["docker", "version"], env=environment, capture_output=True, check=False).returncode == 0
