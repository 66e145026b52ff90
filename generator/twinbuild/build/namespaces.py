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
and the reason, and ``listen PORT`` likewise by a socket that listens there; ``memory`` by ``+`` and the bytes
that all processes had at most; ``stop`` kills everything.
"""

from __future__ import annotations

# pathlib is left out, since its import is a quarter of the start-up time
# ruff: noqa: PTH118, PTH120, PTH123
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
import sys
import time
import warnings  # noqa: F401  os.execvpe imports it, when the host's library is out of sight
from typing import Any, Final, NoReturn, cast


def sibling(name: str) -> Any:
    """A module beside this one, which started as a script without a package; loaded once, under its whole name."""
    whole = f"twinbuild.build.{name}"
    if whole not in sys.modules:
        spec = importlib.util.spec_from_file_location(whole, os.path.join(os.path.dirname(__file__), f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[whole] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[whole])
    return sys.modules[whole]


if not __package__:  # the script: from here on these two are found
    sibling("kernel")
    sibling("mounts")
from twinbuild.build.kernel import Configuration, Failure, Report, call, libc, prctl  # noqa: E402
from twinbuild.build.mounts import change_root  # noqa: E402

CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
LAST_CAPABILITY: Final = 63


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
    except Exception as error:  # noqa: BLE001  nobody else would hear of it
        os.write(results, json.dumps(Failure(f"prepare the command: {error}", 0).report).encode())
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
        self.init = 0
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
        self.init = child = os.fork()
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
                elif request == [b"memory"]:
                    connection.sendall(b"+%d" % sibling("bounds").peak(self.init))
                elif len(request) == 2 and request[0] in (b"connect", b"listen") and request[1].isdigit():
                    make = sibling("loopback").connected if request[0] == b"connect" else sibling("loopback").listening
                    try:
                        with make(int(request[1])) as inside:
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
