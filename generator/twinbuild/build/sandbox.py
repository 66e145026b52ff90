"""Running a command in a root directory of its own, without a network, without root, and without anything of the host.

One launcher of our own (``namespaces``) rather than bubblewrap where it is installed: one behaviour to test, the same
on every machine, and connections into a service's network namespace, which bubblewrap has no way to make. It needs
what bubblewrap needs, unprivileged user namespaces.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from twinbuild.build import namespaces, seccomp
from twinbuild.build.rootfs import make_mount_point, remove_mount_points
from twinbuild.build.service import RunningService
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.ports import Completed, Runner

__all__ = ["MOUNT_POINTS", "Bind", "Confinement", "Owners", "Sandbox"]

Owners = Mapping[int, tuple[int, int]]  # inode → user, group
MOUNT_POINTS: Final = ("proc", "dev", "tmp")  # made in every root where they are missing, and taken away again
_BACKSTOP: Final = 20.0  # seconds that the launcher gets beyond the limit which it enforces itself
_CAPABILITIES: Final = {"chown": 0, "dac_override": 1, "fowner": 3, "fsetid": 4, "kill": 5, "sys_chroot": 18}
_SWITCHES: Final = (
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("/proc/sys/user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
)
_CONTAINERS: Final = ("/.dockerenv", "/run/.containerenv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A file or directory of the host (absolute, real path) that is seen at an absolute path inside."""

    source: str
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What a command sees. ``uid`` and ``gid`` are its numbers inside; outside it is the user who runs twinbuild.

    Inside, that user owns all files of the root directory. ``capabilities`` (chown, dac_override, fowner, fsetid, kill,
    sys_chroot) are kept for uid 0 only and end at the namespace. ``temporary`` are writable directories in memory.
    ``network="host"`` shares the host's network. ``owners`` notes changes of owner and says that they were made.
    ``space`` limits what is added to each place that may be written to, each file and each temporary directory, in
    bytes; ``disk`` the places alone, and no file, which what runs inside could not allow its own sandboxes again;
    ``memory`` what each process and all together have for themselves, in bytes; ``resident`` what all together have in
    use of it, as a container's limit counts, in bytes; ``processes`` how many processes and threads there are;
    ``shared`` is the size of /dev/shm in bytes (0: as ``space`` says); files there are memory, and count in
    ``resident``; ``cpus`` how many of the machine's processors they may use (0: as the host does). ``nested``: what
    runs inside may make sandboxes of its own, one level deep, for which its ``uid`` must not be 0.
    """

    environment: tuple[tuple[str, str], ...] = (
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"),
    )
    directory: str = "/"
    uid: int = 0
    gid: int = 0
    hostname: str = "localhost"
    network: Literal["none", "host"] = "none"
    writable: bool = False
    binds: tuple[Bind, ...] = ()
    temporary: tuple[str, ...] = ("/tmp",)  # noqa: S108  of the sandbox
    capabilities: frozenset[str] = frozenset()
    owners: bool = False
    space: int = 0
    disk: int = 0
    memory: int = 0
    resident: int = 0
    processes: int = 0
    shared: int = 0
    cpus: int = 0
    nested: bool = False


class Sandbox:
    """Runs commands in a root directory with nothing else of the host in sight."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def available(self, confinement: Confinement = Confinement()) -> str | None:
        """None if a sandbox can be made on this machine, else the reason and what to do (found by trying)."""
        with tempfile.TemporaryDirectory(prefix="twinbuild-") as root:
            try:
                self.run(Path(root), (), confinement=confinement, timeout=20.0)
            except EnvironmentFault as error:
                return f"{error.findings[0].message}: {error.findings[0].hint}"
        return None

    def run(
        self,
        root: Path,
        argv: tuple[str, ...],
        *,
        confinement: Confinement = Confinement(),
        stdin: bytes = b"",
        timeout: float = 600.0,
    ) -> Completed:
        """Run a command and wait until it and every process that it started are dead. Its status is returned.

        Raises EnvironmentFault TB5910 (no namespaces), TB5902 (time), TB5903 (output), BuildError TB5911 (mount point,
        program or working directory missing), TB5914 (space), TB5915 (memory), TB5916 (processes).
        """
        return self.record(root, argv, confinement=confinement, stdin=stdin, timeout=timeout)[0]

    def record(
        self,
        root: Path,
        argv: tuple[str, ...],
        *,
        confinement: Confinement,
        stdin: bytes = b"",
        timeout: float = 600.0,
        log: Path | None = None,
    ) -> tuple[Completed, Owners]:
        """As ``run``, with the owners that were noted where the confinement asks for them.

        With ``log``, what it prints is appended there, and there is no standard input.
        """
        with _scratch() as scratch, _mount_points(root, confinement):
            completed = self._launch(root, argv, confinement, scratch, stdin=stdin, timeout=timeout, log=log)
            status, owners = _verdict(scratch, argv, timeout, completed)
            return Completed(status=status, stdout=completed.stdout, stderr=completed.stderr), owners

    @contextmanager
    def start(
        self,
        root: Path,
        argv: tuple[str, ...],
        *,
        log: Path,
        confinement: Confinement = Confinement(),
        timeout: float = 7 * 86400.0,
    ) -> Iterator[RunningService]:
        """A service that runs during the context. What it prints is appended to ``log``.

        It and all that it started are dead at the end. Raises as ``run``, at the end too.
        """
        with _scratch() as scratch, _mount_points(root, confinement):
            control = f"{scratch}/control"

            def run() -> int:
                completed = self._launch(root, argv, confinement, scratch, timeout=timeout, control=control, log=log)
                return _verdict(scratch, argv, timeout, completed)[0]

            service = RunningService(run, control, log)
            try:
                yield service
            finally:
                service.stop()

    def _launch(
        self,
        root: Path,
        argv: tuple[str, ...],
        confinement: Confinement,
        scratch: str,
        *,
        stdin: bytes = b"",
        timeout: float,
        control: str = "",
        log: Path | None = None,
    ) -> Completed:
        configuration = {
            "argv": argv,
            "binds": [(bind.source, bind.target, bind.writable) for bind in confinement.binds],
            "capabilities": sorted(_CAPABILITIES[name] for name in confinement.capabilities),
            "control": control,
            "cpus": confinement.cpus,
            "directory": confinement.directory,
            "disk": confinement.disk,
            "environment": confinement.environment,
            "filter": base64.b64encode(seccomp.program(os.uname().machine)).decode(),
            "gid": confinement.gid,
            "hostname": confinement.hostname,
            "log": str(log) if log else "",
            "memory": confinement.memory,
            "nested": confinement.nested,
            "network": confinement.network,
            "owners": confinement.owners,
            "processes": confinement.processes,
            "report": f"{scratch}/report",
            "resident": confinement.resident,
            "root": os.path.realpath(root),
            "shared": confinement.shared,
            "space": confinement.space,
            "timeout": timeout,
            "tmpfs": confinement.temporary,
            "uid": confinement.uid,
            "writable": confinement.writable,
        }
        text = json.dumps(configuration).encode()
        return self._runner.run(
            (sys.executable, "-I", "-S", "-B", namespaces.__file__),
            environment=(("LC_ALL", "C.UTF-8"),),
            stdin=b"%d\n" % len(text) + text + stdin,
            timeout=timeout + _BACKSTOP,
        )


@contextmanager
def _scratch() -> Iterator[str]:
    path = tempfile.mkdtemp(prefix="twinbuild-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _mount_points(root: Path, confinement: Confinement) -> Iterator[None]:
    """What is mounted on is there in the body, and afterwards as it was."""
    made: list[str] = []
    try:
        try:
            for path in (*MOUNT_POINTS, *(each.strip("/") for each in confinement.temporary)):
                made += make_mount_point(root, path, directory=True)
            for bind in confinement.binds:
                directory = Path(bind.source).is_dir()
                made += make_mount_point(root, bind.target.strip("/"), directory=directory)
        except BuildError as error:
            raise _unusable(error.findings[0].message, where=error.findings[0].where.subject) from error
        yield
    finally:
        remove_mount_points(root, tuple(made))


def _verdict(scratch: str, argv: tuple[str, ...], timeout: float, completed: Completed) -> tuple[int, Owners]:
    """The command's status, and the owners noted. Raises what the launcher reports."""
    try:
        report = cast("dict[str, Any]", json.loads((Path(scratch) / "report").read_bytes()))
    except (OSError, ValueError) as error:
        said = completed.stderr[-1000:].decode(errors="replace").strip()
        raise EnvironmentFault.of(
            "TB5910", f"the launcher of the sandbox died: {said}", hint="run `twinbuild doctor`"
        ) from error
    if "failure" in report:
        raise _explained(report["failure"])
    if "timeout" in report:
        raise EnvironmentFault.of(
            "TB5902",
            f"{' '.join(argv)[:200]} did not end within {timeout:g} s in the sandbox, and was killed",
            hint="run it again; raise the limit if the machine is slow",
        )
    if "full" in report:
        raise BuildError.of(
            "TB5914",
            f"{' '.join(argv)[:200]} wrote more than it may, or filled the disk, and was killed",
            hint="leave it out; or make room, if the file system of the store is nearly full",
        )
    if "memory" in report or "processes" in report:
        code, what = ("TB5915", "bytes of memory") if "memory" in report else ("TB5916", "processes")
        raise BuildError.of(
            code,
            f"{' '.join(argv)[:200]} had {report.get('memory', report.get('processes'))} {what} and was killed",
            hint="raise the limit, or let it do less at once",
        )
    if "stopped" in report:
        return 0, {}
    return int(report["status"]), {inode: (user, group) for inode, user, group in report.get("owners", ())}


def _explained(failure: dict[str, Any]) -> EnvironmentFault | BuildError:
    """What the launcher could not do, as our machine's fault or as that of the command and its tree."""
    step, detail = failure["step"], failure["detail"]
    reason = f"cannot {step}{' ' + detail if detail else ''}: {os.strerror(failure['errno'])}"
    if step in ("find the mount point", "start the program", "change to the working directory") or step == "mount bind":
        return _unusable(reason, where=detail)
    return EnvironmentFault.of("TB5910", f"no sandbox on this machine, {reason}", hint=_remedy())


def _unusable(reason: str, *, where: str) -> BuildError:
    return BuildError.of(
        "TB5911", f"the sandbox could not be set up: {reason}", hint="check the tree and the command", where=where
    )


def _remedy() -> str:
    """What to do about it, from the kernel's switches."""
    for path, value, remedy in _SWITCHES:
        try:
            found = Path(path).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if found == value:
            return f"{path} is {value}; an administrator can run `{remedy}`"
    if any(Path(path).exists() for path in _CONTAINERS):
        return (
            "this container forbids it; start it with --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined"
        )
    return "allow unprivileged user namespaces, or use another machine; `twinbuild doctor` tries again"
