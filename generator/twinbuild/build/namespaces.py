"""The program that sets up a sandbox and runs one command in it. Started as a script, with the standard library only.

Three processes, each a fork of the one above:

1. the *launcher* enters new user, network, pid, host name and IPC namespaces, stays outside of the new root, enforces
   the time limit, answers on the control socket, and reports how the command ended;
2. *init* is process 1 of the pid namespace: it makes the mounts, changes the root (pivot_root, so that the host's files
   are gone, not only hidden), and reaps; when it ends, the kernel kills all that is left;
3. the *command*, without capabilities beyond those asked for, without new privileges, under a system call filter.

The user that the command has inside is mapped to the user that started it: nothing here needs root, and as root nothing
else happens. Since that may be the host's root, the parts of /proc that its owner may write are made read-only.

Standard input: a line with the length of a JSON object, the object (see ``Sandbox``), then the command's own input.
Report: ``{"status": n, "owners": [[inode, user, group], …]}`` (a negative status: the signal), ``{"timeout": true}``,
``{"full": true}``, ``{"memory": bytes}``, ``{"processes": n}``, ``{"stopped": true}`` or ``{"failure": …}``.
Control socket, one request a connection: ``connect PORT`` is answered by ``+`` with a connected socket, or by ``-``
and the reason; ``stop`` kills everything.
"""

from __future__ import annotations

# pathlib is left out, since its import is a quarter of the start-up time
# ruff: noqa: PTH102, PTH110, PTH118, PTH120, PTH123, PTH211
import base64
import contextlib
import ctypes
import errno
import importlib.util
import json
import os
import select
import signal
import socket
import stat
import time
from typing import Any, Final, NoReturn, cast

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE, MS_RELATIME = 16384, 1 << 18, 1 << 21
ST_RELATIME: Final = 4096
MNT_DETACH: Final = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}
LAST_CAPABILITY: Final = 63
DEVICES: Final = ("null", "zero", "full", "random", "urandom")
DEVICE_LINKS: Final = (
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
)
READ_ONLY_IN_PROC: Final = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "asound", "mtrr", "driver")
HIDDEN_IN_PROC: Final = ("kcore", "keys", "kmsg", "latency_stats", "timer_list", "sched_debug")

Configuration = dict[str, Any]
Report = dict[str, object]
libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """A step that the kernel refused: which, and why."""

    def __init__(self, step: str, number: int, detail: str = "") -> None:
        super().__init__(step)
        self.report: Report = {"failure": {"step": step, "errno": number, "detail": detail}}


def sibling(name: str) -> Any:
    """A module beside this one, which started as a script without a package."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(step: str, result: int, detail: str = "") -> int:
    """The result of a libc function. Raises Failure if it is -1."""
    if result == -1:
        raise Failure(step, ctypes.get_errno(), detail)
    return result


def prctl(step: str, option: int, argument: int) -> None:
    """Set an attribute of this process."""
    zero = ctypes.c_ulong(0)
    call(step, libc.prctl(option, ctypes.c_ulong(argument), zero, zero, zero))


def mount(source: str, target: str, kind: str, flags: int, options: str = "", *, name: str) -> None:
    """Mount, or change a mount; ``name`` is the target's name for messages."""
    result = libc.mount(
        os.fsencode(source), os.fsencode(target), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    call(f"mount {kind or 'bind'}", result, name)


def restrict(target: str, *, writable: bool, name: str, devices: bool = False) -> None:
    """Set the flags of the mount at ``target``, keeping those that a user namespace may not take off."""
    found = os.statvfs(target).f_flag
    kept = found & (MS_NOSUID | MS_NODEV | MS_NOEXEC | 1024 | 2048 | MS_RDONLY)
    kept |= MS_RELATIME if found & ST_RELATIME else 0
    flags = kept | MS_NOSUID | (0 if devices else MS_NODEV) | (0 if writable else MS_RDONLY)
    mount("none", target, "", MS_BIND | MS_REMOUNT | flags, name=name)


def place(root: str, name: str) -> str:
    """The path of a mount point below the root. Raises Failure if a part of it is a symbolic link or is missing."""
    path = root
    for part in filter(None, name.split("/")):
        path += "/" + part
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            raise Failure("find the mount point", error.errno or 0, name) from error
        if part in (".", "..") or stat.S_ISLNK(mode):
            raise Failure("find the mount point", errno.ELOOP, name)
    return path


def enter(configuration: Configuration) -> None:
    """New namespaces for this process and, for pids, its children; the user inside mapped to the one outside."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        os.setgroups([])
    flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP
    if configuration["network"] == "none":
        flags |= CLONE_NEWNET
    call("unshare", libc.unshare(flags))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{configuration['uid']} {uid} 1"),
        ("gid_map", f"{configuration['gid']} {gid} 1"),
    ):
        try:
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
        except OSError as error:
            raise Failure(f"write {name}", error.errno or 0) from error
    if configuration["network"] == "none":
        try:
            sibling("loopback").bring_up()
        except OSError as error:
            raise Failure("bring up lo", error.errno or 0) from error


def change_root(configuration: Configuration) -> None:
    """A mount namespace in which the root directory is ``/`` and nothing else of the host is there."""
    call("unshare mounts", libc.unshare(CLONE_NEWNS))
    mount("none", "/", "", MS_REC | MS_PRIVATE, name="/")
    root = configuration["root"]
    mount(root, root, "", MS_BIND, name="/")
    mount("tmpfs", place(root, "dev"), "tmpfs", MS_NOSUID, "mode=0755,size=1m", name="/dev")
    for name in DEVICES:
        target = f"{root}/dev/{name}"
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        mount(f"/dev/{name}", target, "", MS_BIND, name=f"/dev/{name}")
        restrict(target, writable=False, name=f"/dev/{name}", devices=True)  # its mode is the host's; writing works
    for name, link in DEVICE_LINKS:
        os.symlink(link, f"{root}/dev/{name}")
    os.mkdir(f"{root}/dev/shm")  # noqa: S108  of the sandbox
    options = f"mode=1777,size={configuration['space']}" if configuration["space"] else "mode=1777"
    for name in ("/dev/shm", *configuration["tmpfs"]):  # noqa: S108  of the sandbox
        mount("tmpfs", place(root, name), "tmpfs", MS_NOSUID | MS_NODEV, options, name=name)
    mount_proc(root)
    for source, name, writable in configuration["binds"]:
        target = place(root, name)
        mount(source, target, "", MS_BIND, name=name)
        restrict(target, writable=writable, name=name)
    restrict(f"{root}/dev", writable=False, name="/dev", devices=True)
    restrict(root, writable=configuration["writable"], name="/")
    os.chdir(root)
    number = PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise Failure("pivot_root", errno.ENOSYS, os.uname().machine)
    call("pivot_root", libc.syscall(ctypes.c_long(number), b".", b"."))
    call("leave the old root", libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def mount_proc(root: str) -> None:
    """The pid namespace's own /proc, in which the host's settings can't be changed even if the user is its root."""
    target = place(root, "proc")
    mount("proc", target, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, name="/proc")
    with contextlib.suppress(OSError), open(f"{target}/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
        file.write("0")  # no user namespace below this one
    for name in READ_ONLY_IN_PROC:
        path = f"{target}/{name}"
        if os.path.exists(path):
            mount(path, path, "", MS_BIND, name=f"/proc/{name}")
            restrict(path, writable=False, name=f"/proc/{name}")
    for name in HIDDEN_IN_PROC:
        path = f"{target}/{name}"
        if os.path.exists(path):
            mount("/dev/null", path, "", MS_BIND, name=f"/proc/{name}")
            restrict(path, writable=False, name=f"/proc/{name}", devices=True)


def command(configuration: Configuration, results: int, channel: socket.socket | None) -> NoReturn:
    """Become the command. Never returns; what goes wrong is reported."""
    try:
        os.setsid()
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0) if configuration["log"] else None
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)
        configuration["bounds"].limit(configuration)
        try:
            os.chdir(configuration["directory"])
        except OSError as error:
            raise Failure("change to the working directory", error.errno or 0, configuration["directory"]) from error
        for capability in range(LAST_CAPABILITY + 1):
            if capability not in configuration["capabilities"]:
                libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), *[ctypes.c_ulong(0)] * 3)  # EINVAL: unknown
        prctl("no new privileges", PR_SET_NO_NEW_PRIVS, 1)
        install_filter(base64.b64decode(configuration["filter"]))
        if channel is not None:
            call("note owners", configuration["ownership"].announce(channel))
        argv = configuration["argv"]
        if not argv:
            os._exit(0)  # a trial
        try:
            os.execvpe(argv[0], argv, dict(configuration["environment"]))  # noqa: S606  no shell is wanted
        except (OSError, ValueError) as error:
            raise Failure("start the program", getattr(error, "errno", None) or errno.EINVAL, argv[0]) from error
    except Failure as failure:
        os.write(results, json.dumps(failure.report).encode())
    finally:
        os._exit(127)


def install_filter(program: bytes) -> None:
    """A seccomp filter: an array of struct sock_filter of 8 bytes each; none if it is empty."""
    if not program:
        return

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    structure = Program(len(program) // 8, program)
    mode_filter, zero = ctypes.c_ulong(2), ctypes.c_ulong(0)
    call("seccomp", libc.prctl(PR_SET_SECCOMP, mode_filter, ctypes.byref(structure), zero, zero))


def init(configuration: Configuration, launcher: int, results: int) -> NoReturn:
    """Process 1 of the namespace. Never returns; its end is the end of everything in it."""
    try:
        prctl("die with the launcher", PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() not in (0, launcher):  # 0: the launcher is outside of this pid namespace
            os._exit(1)
        prctl("hide init", PR_SET_DUMPABLE, 0)
        call(
            "set the host name",
            libc.sethostname(os.fsencode(configuration["hostname"]), len(configuration["hostname"])),
        )
        libc.setdomainname(b"(none)", 6)
        ours, theirs = socket.socketpair() if configuration["owners"] else (None, None)
        configuration["bounds"] = sibling("bounds")  # before the root changes: it is a file of the host
        if ours is not None:
            configuration["ownership"] = sibling("ownership")
        change_root(configuration)
        child = os.fork()
        if child == 0:
            command(configuration, results, theirs)
        for descriptor in (0, 1, 2):
            os.close(descriptor)  # who listens shall hear the end of the command, not of init
        registrar = configuration["ownership"].Registrar(ours, os.lstat("/").st_dev) if ours is not None else None
        while True:
            ended, status = os.waitpid(-1, 0)
            if ended == child:
                owners = registrar.noted() if registrar is not None else []
                os.write(results, json.dumps({"status": os.waitstatus_to_exitcode(status), "owners": owners}).encode())
                break
    except Failure as failure:
        os.write(results, json.dumps(failure.report).encode())
    except OSError as error:
        os.write(results, json.dumps(Failure(str(error), error.errno or 0).report).encode())
    finally:
        os._exit(0)


class Launcher:
    """The process outside: what it waits for, and the answers it gives."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.control: socket.socket | None = None
        self.verdict: Report | None = None

    def run(self) -> Report:
        """Set up, run the command, wait for its end and for the death of all others; the report."""
        parent = os.getppid()
        if self.configuration["control"]:
            self.control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            above, name = os.path.split(self.configuration["control"])
            descriptor = os.open(above, os.O_PATH | os.O_DIRECTORY)
            self.control.bind(f"/proc/self/fd/{descriptor}/{name}")  # a socket's own path is limited to 107 bytes
            os.close(descriptor)
        try:
            enter(self.configuration)
        except Failure as failure:
            return failure.report
        libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), *[ctypes.c_ulong(0)] * 3)  # after the credentials
        if os.getppid() != parent:
            os._exit(1)
        if self.configuration["log"]:
            log = os.open(self.configuration["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
        results, ours = os.pipe()
        launcher = os.getpid()
        child = os.fork()
        if child == 0:
            init(self.configuration, launcher, ours)
        os.close(ours)
        for descriptor in (0, 1, 2):
            os.close(descriptor)
        report = self.attend(results, child)
        os.waitpid(child, 0)  # returns when every process of the namespace is dead
        return report

    def attend(self, results: int, child: int) -> Report:
        """Until the command's end, the time limit or a request to stop."""
        end = time.monotonic() + self.configuration["timeout"]
        received = b""
        watch = sibling("bounds").Watch(self.configuration, child)
        poll = select.poll()
        poll.register(results, select.POLLIN)
        if self.control is not None:
            self.control.listen(64)
            poll.register(self.control, select.POLLIN)
        while True:
            left = max(0.0, end - time.monotonic())
            for descriptor, _ in poll.poll(min(left, watch.interval or left) * 1000):
                if descriptor != results:
                    self.answer()
                elif chunk := os.read(results, 65536):
                    received += chunk
                else:
                    return _first(received) if received else {"status": -signal.SIGKILL}
            if time.monotonic() >= end:
                self.verdict = {"timeout": True}
            elif exceeded := watch.exceeded():
                self.verdict = exceeded
            if self.verdict is not None:
                os.kill(child, signal.SIGKILL)
                return self.verdict

    def answer(self) -> None:
        """One request on the control socket; whatever is wrong with it is its sender's problem."""
        assert self.control is not None
        with contextlib.suppress(OSError):
            connection, _ = self.control.accept()
            with connection:
                connection.settimeout(2)
                request = connection.recv(64).split()
                if request == [b"stop"]:
                    self.verdict = {"stopped": True}
                    connection.sendall(b"+")
                elif len(request) == 2 and request[0] == b"connect" and request[1].isdigit():
                    try:
                        with sibling("loopback").connected(int(request[1])) as inside:
                            socket.send_fds(connection, [b"+"], [inside.fileno()])
                    except OSError as error:
                        connection.sendall(b"-" + (error.strerror or str(error)).encode())


def _first(received: bytes) -> Report:
    """The first report: what went wrong before the command explains its status."""
    return cast("Report", json.JSONDecoder().raw_decode(received.decode())[0])


def main() -> None:
    """Read the configuration, run, write the report."""
    length = b""
    while not length.endswith(b"\n"):
        length += os.read(0, 1)  # not a byte more: the rest belongs to the command
    text = b""
    while len(text) < int(length):
        text += os.read(0, int(length) - len(text))
    configuration: Configuration = json.loads(text)
    report_file = os.open(configuration["report"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        report = Launcher(configuration).run()
    except OSError as error:
        report = Failure(str(error), error.errno or 0).report
    os.write(report_file, json.dumps(report).encode())


if __name__ == "__main__":
    main()
