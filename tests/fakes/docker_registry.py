"""Debian's real docker-registry on the loopback, with or without logins and TLS, for tests that need the real one."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fakes.certificates import authority
from twinbuild.model.digest import Digest

__all__ = ["PROGRAM", "TOOL", "RealRegistry", "real_registry"]

PROGRAM = shutil.which("docker-registry")
TOOL = Path(__file__).resolve().parents[2] / "tools" / "registry"
USER, PASSWORD = "ada", "correct horse"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealRegistry:
    """A registry that runs: ``host:port``, where its data is, and the certificate of its authority (TLS)."""

    authority: str
    data: Path
    log: Path
    bundle: Path | None = None

    def requests(self) -> list[str]:
        """What it was asked, as ``METHOD status``, from its own access log."""
        found = re.findall(r'"([A-Z]+) \S+ HTTP/1\.1" (\d{3}) ', self.log.read_text())
        return [f"{method} {status}" for method, status in found]

    def collect(self) -> None:
        """Have it delete the blobs that no manifest names."""
        assert PROGRAM is not None
        configuration = str(self.data.parent / "config.yml")
        argv = [PROGRAM, "garbage-collect", "--delete-untagged", configuration]
        subprocess.run(argv, check=True, capture_output=True)

    def lose(self, repository: str, digest: Digest) -> Path:
        """Take a blob out of a repository, as its collector does it, whatever names it; where that was noted."""
        place = self.data / "docker/registry/v2/repositories" / repository / "_layers/sha256" / digest.hex
        shutil.rmtree(place)
        return place


@contextlib.contextmanager
def real_registry(directory: Path, *, login: bool = False, tls: bool = False) -> Iterator[RealRegistry]:
    """Start one with its data below ``directory``; it is ended afterwards."""
    assert PROGRAM is not None
    directory.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    bundle = None
    certificate: list[str] = []
    if tls:
        bundle, _ = authority(directory, "127.0.0.1")
        certificate = [str(directory / "server.pem"), str(directory / "server.key")]
    if login:
        line = subprocess.run(["htpasswd", "-nbB", USER, PASSWORD], check=True, capture_output=True, text=True).stdout
        (directory / "htpasswd").write_text(line)
    log = directory / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [str(TOOL), "serve", str(directory), str(port), *certificate], stdout=stream, stderr=stream
        )
    try:
        _wait(port, process, log)
        yield RealRegistry(authority=f"127.0.0.1:{port}", data=directory / "data", log=log, bundle=bundle)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
