"""The sandbox: what a command inside can see and do, and what is left of it afterwards."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from twinbuild.build import sandbox as module
from twinbuild.build.rootfs import materialise
from twinbuild.build.sandbox import Bind, Confinement, Sandbox
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.model.tree import Symlink
from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner

pytestmark = pytest.mark.sandbox

PYTHON = os.path.realpath(sys.executable)
_WANTED = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", sys.base_prefix)
_BINDS = tuple(
    Bind(source=path, target=path)
    for path in dict.fromkeys(_WANTED)
    if Path(path).exists() and not Path(path).is_symlink() and not (path != "/usr" and path.startswith("/usr/"))
)
CONFINED = Confinement(binds=_BINDS, environment=(("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8")))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with the links of a merged /usr; programs of this machine are bound into it."""
    links = [name for name in ("bin", "lib", "lib64") if Path("/", name).is_symlink()]
    (tmp_path / "root").mkdir()
    materialise([Symlink(path=name, target=os.readlink(f"/{name}")) for name in links], tmp_path / "root")  # noqa: PTH115
    return tmp_path / "root"


@pytest.fixture
def sandbox() -> Sandbox:
    """A sandbox on real processes."""
    return Sandbox(SubprocessRunner())


def python(
    sandbox: Sandbox, root: Path, program: str, confinement: Confinement = CONFINED, timeout: float = 60.0
) -> str:
    """What a Python program inside prints; it must succeed."""
    completed = sandbox.run(root, (PYTHON, "-S", "-c", program), confinement=confinement, timeout=timeout)
    assert completed.status == 0, completed.stderr.decode()
    return completed.stdout.decode().strip()


def attempt(statement: str) -> str:
    """A program that prints ``done``, or the name of the errno with which a statement fails."""
    return (
        "import ctypes, errno, os, socket, subprocess\n"
        f"try:\n    {statement}\nexcept OSError as error:\n    print(errno.errorcode.get(error.errno, error))\n"
        "else:\n    print('done')"
    )


def test_available(sandbox: Sandbox) -> None:
    """On this machine a sandbox can be made, or there is a reason with a remedy."""
    assert sandbox.available() is None


def test_input_output_and_status(sandbox: Sandbox, root: Path) -> None:
    """The command gets all of its input, and its output, errors and status come back."""
    content = os.urandom(3_000_000)
    completed = sandbox.run(root, ("sh", "-c", "cat; echo said >&2; exit 7"), confinement=CONFINED, stdin=content)
    assert completed == Completed(status=7, stdout=content, stderr=b"said\n")


def test_death_by_signal(sandbox: Sandbox, root: Path) -> None:
    """A command that dies of a signal has its negative number as status."""
    assert sandbox.run(root, ("sh", "-c", "kill -9 $$"), confinement=CONFINED).status == -9


def test_environment_directory_and_names(sandbox: Sandbox, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment, working directory, umask, host and domain name are fixed, whatever ours are (SB-01)."""
    monkeypatch.setenv("LEAK", "1")
    program = (
        "import os; print(dict(os.environ), os.getcwd(), oct(os.umask(0)), os.uname().nodename, "
        "open('/proc/sys/kernel/domainname').read().strip(), os.getuid(), os.getgid(), os.getgroups())"
    )
    before = os.umask(0o077)
    try:
        said = python(sandbox, root, program, replace(CONFINED, directory="/usr", hostname="fixed", uid=7, gid=8))
    finally:
        os.umask(before)
    assert said == f"{dict(CONFINED.environment)} /usr 0o22 fixed (none) 7 8 []"


def test_host_files_are_not_there(sandbox: Sandbox, root: Path, tmp_path: Path) -> None:
    """Nothing of the host's file system is seen but what was bound: no secrets, sockets or home directories (SB-02)."""
    (tmp_path / "secret").write_bytes(b"secret")
    said = python(
        sandbox, root, f"import os; print(os.path.exists({str(tmp_path / 'secret')!r}), sorted(os.listdir('/')))"
    )
    seen, names = said.split(" ", 1)
    assert seen == "False"
    allowed = {"bin", "lib", "lib64", "usr", "proc", "dev", "tmp", "etc", Path(sys.base_prefix).parts[1]}
    assert set(eval(names)) <= allowed
    hidden = ("/var/run/docker.sock", "/run/docker.sock", "/root/.ssh", "/home", "/etc/passwd", "/etc/shadow", "/sys")
    assert python(sandbox, root, f"import os; print([p for p in {hidden!r} if os.path.exists(p)])") == "[]"


@pytest.mark.parametrize("path", ["../" * 40 + "etc/passwd", "/proc/1/root/etc/passwd", "/proc/self/root/etc/passwd"])
def test_ways_out_of_the_root(sandbox: Sandbox, root: Path, path: str) -> None:
    """Neither climbing up nor /proc leads out of the root."""
    assert python(sandbox, root, attempt(f"open({path!r})")) in ("ENOENT", "EACCES", "EPERM")


def test_processes_of_the_host_are_not_there(sandbox: Sandbox, root: Path) -> None:
    """Only the sandbox's processes are seen, and those of the host can't be signalled or traced (SB-03)."""
    pids = python(sandbox, root, "import os; print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))")
    assert len(eval(pids)) <= 3
    assert python(sandbox, root, attempt(f"os.kill({os.getpid() + 100_000}, 0)")) == "ESRCH"


def test_init_cannot_be_read(sandbox: Sandbox, root: Path) -> None:
    """Environment, memory and files of the process that set up the sandbox are out of reach (SB-03)."""
    statements = [f"open('/proc/1/{name}', 'rb').read()" for name in ("environ", "mem", "maps")]
    statements += [f"os.readlink('/proc/1/{name}')" for name in ("cwd", "root", "exe")]
    statements += ["[os.open(f'/proc/1/fd/{number}', 0) for number in os.listdir('/proc/1/fd')]"]
    for statement in statements:
        assert python(sandbox, root, attempt(statement)) in ("EACCES", "EPERM"), statement
    trace = (
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True); print(libc.ptrace(16, 1, 0, 0), ctypes.get_errno())"
    )
    assert python(sandbox, root, trace) == "-1 1"


def test_no_capabilities_and_no_new_privileges(sandbox: Sandbox, root: Path) -> None:
    """Even uid 0 has no capability and can gain none, and no user namespace can be made inside."""
    status = python(sandbox, root, "print(open('/proc/self/status').read())")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {fields[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    unshare = (
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True); print(libc.unshare(0x10000000), ctypes.get_errno())"
    )
    result, number = python(sandbox, root, unshare).split()
    assert (result, number != "0") == ("-1", True)


def test_capabilities_that_are_asked_for(sandbox: Sandbox, root: Path) -> None:
    """A step may keep those that packages' scripts need; they count for uid 0 only."""
    asked = replace(CONFINED, capabilities=frozenset({"chown", "dac_override"}))
    program = "print([l.split()[1] for l in open('/proc/self/status') if l.startswith('CapEff')][0])"
    assert python(sandbox, root, program, asked) == f"{0b11:016x}"
    assert python(sandbox, root, program, replace(asked, uid=10001)) == "0" * 16


NESTED = replace(CONFINED, nested=True, uid=1000, gid=1000)
_ENTER = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
uid = os.getuid()
assert libc.unshare(0x10000000 | 0x20000000 | 0x00020000) == 0, ctypes.get_errno()  # user, pid, mount
open("/proc/self/setgroups", "w").write("deny")
open("/proc/self/uid_map", "w").write(f"0 {uid} 1")
def mounted(flags):
    return ctypes.get_errno() if libc.mount(b"proc", b"/tmp", b"proc", ctypes.c_ulong(flags), None) else 0
if os.fork() == 0:
    try:
        inside()
    finally:
        sys.stdout.flush()
        os._exit(0)
os.wait()
"""


def test_a_nested_proc_is_read_only(sandbox: Sandbox, root: Path) -> None:
    """Who may make namespaces inside gets no /proc that can be written to: its user may be the host's root."""
    program = """
def inside():
    print(mounted(14), mounted(0), mounted(14 | 1), open('/tmp/self/status').readline()[:5])
    for path in ('sys/kernel/core_pattern', 'sys/kernel/hostname', 'sys/vm/swappiness'):
        for top in ('/proc', '/tmp'):
            try:
                open(f'{top}/{path}', 'r+').close()
                print('open', top, path)
            except OSError as error:
                print(error.errno)
    for options in (32 | 4096 | 14, 32 | 14):  # remount it, or its file system, to be writable
        print(libc.mount(b'none', b'/tmp', None, ctypes.c_ulong(options), None))
    print(libc.umount2(b'/proc/sys', 2), libc.umount2(b'/dev/nested', 2), os.path.exists('/dev/nested/proc'))
"""
    found = python(sandbox, root, program + _ENTER, NESTED).split()
    eperm, erofs, eacces = "1", "30", "13"  # the last where the user is not the host's root
    assert found[:4] == [eperm, eperm, "0", "Name:"]
    assert set(found[4:10]) <= {erofs, eacces}
    assert found[10:] == ["-1", "-1", "-1", "-1", "False"]


def test_a_sandbox_in_a_sandbox(sandbox: Sandbox, root: Path, tmp_path: Path) -> None:
    """The launcher works inside of itself, with all that it forbids, and no third one is granted."""
    package = str(Path(module.__file__).parents[2])
    (tmp_path / "inner").mkdir()
    program = f"""
import sys
sys.path.insert(0, {package!r})
from pathlib import Path
from twinbuild.build.sandbox import Bind, Confinement, Sandbox
from twinbuild.process.runner import SubprocessRunner
binds = tuple(Bind(source=path, target=path) for path in {[bind.target for bind in _BINDS]!r})
inner = Path({str(tmp_path / "inner")!r})
for name in ("bin", "lib", "lib64"):
    if Path("/", name).is_symlink():
        (inner / name).symlink_to(Path("/", name).readlink())
script = '''
import ctypes, os
print(os.getuid(), ctypes.CDLL(None).unshare(0x10000000))
try:
    open("/proc/sys/kernel/hostname", "r+")
except OSError as error:
    print(error.errno)
'''
argv = ({PYTHON!r}, "-S", "-c", script)
done = Sandbox(SubprocessRunner()).run(inner, argv, confinement=Confinement(binds=binds))
sys.stderr.buffer.write(done.stderr)
sys.stdout.buffer.write(done.stdout)
sys.exit(done.status)
"""
    more = (Bind(source=package, target=package), Bind(source=str(tmp_path), target=str(tmp_path), writable=True))
    nested = replace(NESTED, binds=(*_BINDS, *more), temporary=("/run",), environment=(("TMPDIR", "/run"),))
    assert python(sandbox, root, program, nested).split() == ["0", "-1", "30"]


@pytest.mark.parametrize(
    "statement",
    [
        "open('/etc/new', 'w')",
        "os.mkdir('/new')",
        "open('/usr/new', 'w')",
        "os.chmod('/usr', 0o700)",
        "os.chmod('/dev/null', 0)",
        "open('/dev/new', 'w')",
        "open('/proc/sys/kernel/hostname', 'w').write('x')",
        "open('/proc/sys/kernel/core_pattern', 'w')",
        "open('/proc/sys/net/ipv4/ip_forward', 'w')",
        "open('/proc/sysrq-trigger', 'w')",
        "os.mknod('/tmp/device', 0o60600, os.makedev(8, 0))",
        "os.chroot('/tmp')",
        "socket.sethostname('x')",
    ],
)
def test_what_may_not_be_changed(sandbox: Sandbox, root: Path, statement: str) -> None:
    """Root directory, binds, devices and the kernel's settings are read-only, also for uid 0 of a root-owned run."""
    assert python(sandbox, root, attempt(statement)) in ("EROFS", "EPERM", "EACCES", "ENOENT")


def test_writable_places(sandbox: Sandbox, root: Path, tmp_path: Path) -> None:
    """/tmp, /dev/shm and what is asked for can be written; the first two are in memory."""
    (tmp_path / "out").mkdir()
    confinement = replace(CONFINED, binds=(*_BINDS, Bind(source=str(tmp_path / "out"), target="/out", writable=True)))
    program = (
        "for p in ('/tmp', '/dev/shm', '/out'): open(p + '/file', 'w').write('x')\n"
        "print(open('/dev/null', 'w').write('x'))"
    )
    assert python(sandbox, root, program, confinement) == "1"
    assert (tmp_path / "out/file").read_bytes() == b"x"
    assert python(sandbox, root, "import os; print(os.listdir('/tmp'))") == "[]"


def test_writable_root(sandbox: Sandbox, root: Path) -> None:
    """A writable root keeps what the command left, and none of the mount points made for it."""
    python(sandbox, root, "open('/made', 'w').write('x')", replace(CONFINED, writable=True, uid=10001))
    assert (root / "made").read_bytes() == b"x"
    assert (root / "made").stat().st_uid == os.geteuid()
    assert not {"proc", "dev", "tmp", "usr", "etc"} & {path.name for path in root.iterdir()}


def test_devices(sandbox: Sandbox, root: Path) -> None:
    """The harmless devices are there, and no others."""
    names = "['fd', 'full', 'null', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'urandom', 'zero']"
    assert python(sandbox, root, "import os; print(sorted(os.listdir('/dev')))") == names
    assert python(sandbox, root, "print(open('/dev/zero', 'rb').read(2), len(open('/dev/urandom', 'rb').read(9)))") == (
        "b'\\x00\\x00' 9"
    )


# The network (NW-07)


NETWORK = {
    "TCP to an address": "socket.create_connection(('192.0.2.1', 80), timeout=5)",
    "UDP to a resolver": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.53', 53))",
    "IPv6": "socket.create_connection(('2001:db8::1', 80), timeout=5)",
    "link-local metadata": "socket.create_connection(('169.254.169.254', 80), timeout=5)",
    "raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "packet socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "vsock": "socket.socket(40, socket.SOCK_STREAM).connect((2, 1024))",
    "kernel crypto socket": "socket.socket(38, socket.SOCK_SEQPACKET)",
    "docker socket": "socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
}


@pytest.mark.parametrize("statement", NETWORK.values(), ids=NETWORK)
def test_no_network(sandbox: Sandbox, root: Path, statement: str) -> None:
    """Every way to a network fails at once."""
    start = time.monotonic()
    assert python(sandbox, root, attempt(statement)) in (
        "ENETUNREACH", "EPERM", "EAFNOSUPPORT", "ENOENT", "EADDRNOTAVAIL", "EACCES",
    )  # fmt: skip
    assert time.monotonic() - start < 10


def test_loopback_of_the_host_is_another(sandbox: Sandbox, root: Path) -> None:
    """A server on the host's 127.0.0.1, and one on an abstract socket, can't be reached from inside."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        name = f"\0twinbuild-test-{os.getpid()}"
        abstract.bind(name)
        abstract.listen()
        port = server.getsockname()[1]
        assert python(sandbox, root, attempt(f"socket.create_connection(('127.0.0.1', {port}))")) == "ECONNREFUSED"
        assert python(sandbox, root, attempt(f"socket.socket(socket.AF_UNIX).connect({name!r})")) == "ECONNREFUSED"


def test_only_the_loopback_interface(sandbox: Sandbox, root: Path) -> None:
    """Netlink shows the sandbox's own interfaces: the loopback alone."""
    assert python(sandbox, root, "import socket; print(socket.if_nameindex())") == "[(1, 'lo')]"


def test_descriptor_through_an_abstract_socket(sandbox: Sandbox, root: Path, tmp_path: Path) -> None:
    """Two sandboxes can't meet at an abstract socket to pass a descriptor of an output (SB-04)."""
    name = f"\0twinbuild-smuggler-{os.getpid()}"
    listen = f"import socket, time; s = socket.socket(socket.AF_UNIX); s.bind({name!r}); s.listen(); time.sleep(30)"
    with sandbox.start(root, (PYTHON, "-S", "-c", listen), log=tmp_path / "log", confinement=CONFINED):
        time.sleep(0.7)
        assert python(sandbox, root, attempt(f"socket.socket(socket.AF_UNIX).connect({name!r})")) == "ECONNREFUSED"


def test_network_of_the_host_when_asked_for(sandbox: Sandbox, root: Path) -> None:
    """With the host's network its loopback is reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        statement = f"socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))"
        assert python(sandbox, root, attempt(statement), replace(CONFINED, network="host")) == "done"


# System calls


def test_calls_that_are_refused(sandbox: Sandbox, root: Path) -> None:
    """Keyrings, BPF, performance events and io_uring are as if the kernel lacked them."""
    if os.uname().machine != "x86_64":
        pytest.skip("numbers are those of x86_64")
    program = (
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "for number in (248, 250, 321, 298, 323, 425, 0x40000000 | 39):\n"
        "    print(libc.syscall(number, 0, 0, 0, 0), ctypes.get_errno(), end=';')"
    )
    assert python(sandbox, root, program) == "-1 38;" * 7


# The end


def _processes(marker: str) -> list[str]:
    """Command lines of this machine's live processes that contain a marker."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if marker in line:
            found.append(line)
    return found


def _background(marker: str) -> str:
    """A program that leaves a child in a session of its own which ignores what can be ignored."""
    return (
        "import os, signal, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    [signal.signal(n, signal.SIG_IGN) for n in range(1, 32) if n not in (9, 17, 19)]\n"
        f"    os.execvp({PYTHON!r}, ['x', '-S', '-c', 'import time; time.sleep(60)  # {marker}'])\n"
        "time.sleep(0.5)"
    )


def test_all_are_dead_when_the_command_ends(sandbox: Sandbox, root: Path) -> None:
    """A child that the command left, in a session of its own, is dead when run returns."""
    marker = f"marker-end-{os.getpid()}"
    python(sandbox, root, _background(marker))
    assert _processes(f"# {marker}") == []


def test_all_are_dead_after_the_time_limit(sandbox: Sandbox, root: Path) -> None:
    """On time-out TB5902 is raised soon, and everything is dead by then."""
    marker = f"marker-time-{os.getpid()}"
    start = time.monotonic()
    with pytest.raises(EnvironmentFault) as caught:
        python(sandbox, root, _background(marker) + "; time.sleep(60)", timeout=2)
    assert caught.value.findings[0].code == "TB5902"
    assert time.monotonic() - start < 10
    assert _processes(f"# {marker}") == []


def test_all_die_with_us(root: Path, tmp_path: Path) -> None:
    """If twinbuild itself is killed with SIGKILL, nothing of the sandbox survives."""
    marker = f"marker-kill-{os.getpid()}"
    child = os.fork()
    if child == 0:
        program = f"import time; time.sleep(60)  # {marker}"
        Sandbox(SubprocessRunner()).run(root, (PYTHON, "-S", "-c", program), confinement=CONFINED)
        os._exit(0)
    for _ in range(200):
        if any(line.startswith(PYTHON) and f"# {marker}" in line for line in _processes(marker)):
            break
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    for _ in range(100):
        if not _processes(f"# {marker}"):
            return
        time.sleep(0.05)
    raise AssertionError(_processes(marker))


# What goes wrong


@pytest.mark.parametrize(
    ("argv", "directory"),
    [(("no-such-program",), "/"), (("/usr",), "/"), (("sh",), "/absent")],
    ids=["name", "dir", "cwd"],
)
def test_command_that_cannot_start(sandbox: Sandbox, root: Path, argv: tuple[str, ...], directory: str) -> None:
    """A missing program or working directory is TB5911 with its name."""
    with pytest.raises(BuildError) as caught:
        sandbox.run(root, argv, confinement=replace(CONFINED, directory=directory))
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.subject) == ("TB5911", argv[0] if directory == "/" else directory)


@pytest.mark.parametrize("name", ["proc", "dev", "tmp"])
def test_planted_link_in_the_place_of_a_mount_point(sandbox: Sandbox, root: Path, tmp_path: Path, name: str) -> None:
    """A tree whose /proc, /dev or /tmp is a link is refused, and nothing is mounted or made behind it (SB-05)."""
    (tmp_path / "canary").mkdir()
    (root / name).symlink_to(tmp_path / "canary")
    with pytest.raises(BuildError) as caught:
        sandbox.run(root, ("true",), confinement=CONFINED)
    assert caught.value.findings[0].code == "TB5911"
    assert list((tmp_path / "canary").iterdir()) == []


def test_bind_of_nothing(sandbox: Sandbox, root: Path) -> None:
    """A directory to bind that isn't there is TB5911."""
    with pytest.raises(BuildError) as caught:
        sandbox.run(root, ("true",), confinement=Confinement(binds=(Bind(source="/absent", target="/x"),)))
    assert caught.value.findings[0].code == "TB5911"


class _Refusing:
    """A machine whose kernel refuses a step: the launcher's report, as it writes it there."""

    def __init__(self, report: str) -> None:
        self.report = report

    def run(
        self,
        argv: tuple[str, ...],
        *,
        environment: tuple[tuple[str, str], ...],
        stdin: bytes = b"",
        directory: Path | None = None,
        timeout: float = 600.0,
    ) -> Completed:
        """Write the report where the configuration says."""
        import json

        length, _, rest = stdin.partition(b"\n")
        if self.report:
            Path(json.loads(rest[: int(length)])["report"]).write_text(self.report)
        return Completed(status=0, stdout=b"", stderr=b"Traceback: boom")


def test_machine_without_namespaces() -> None:
    """Where the kernel refuses, the reason names the step, and there is something to do about it."""
    refusing = _Refusing('{"failure": {"step": "unshare", "errno": 1, "detail": ""}}')
    reason = Sandbox(refusing).available()
    assert reason is not None
    assert "cannot unshare: Operation not permitted" in reason
    with pytest.raises(EnvironmentFault) as caught:
        Sandbox(refusing).run(Path("/nonexistent-root").parent, ("true",), confinement=Confinement(temporary=()))
    assert (caught.value.findings[0].code, caught.value.exit_code) == ("TB5910", 4)


def test_launcher_that_dies() -> None:
    """A launcher that leaves no report is an error with its last words, never a success."""
    reason = Sandbox(_Refusing("")).available()
    assert reason is not None
    assert "Traceback: boom" in reason


@pytest.mark.parametrize(
    ("switch", "value", "remedy"),
    [
        ("unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("max_user_namespaces", "0", "user.max_user_namespaces=10000"),
        ("container", "", "seccomp=unconfined"),
        ("none", "", "allow unprivileged user namespaces"),
    ],
)
def test_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str, value: str, remedy: str) -> None:
    """The hint names the switch of this kernel that forbids namespaces, or the container around us."""
    (tmp_path / switch).write_text(value)
    switches = tuple((str(tmp_path / path.rpartition("/")[2]), bad, do) for path, bad, do in module._SWITCHES)
    monkeypatch.setattr(module, "_SWITCHES", switches)
    monkeypatch.setattr(module, "_CONTAINERS", (str(tmp_path / "container"),))
    reason = Sandbox(_Refusing('{"failure": {"step": "unshare", "errno": 1, "detail": ""}}')).available()
    assert reason is not None
    assert remedy in reason


# Services


SERVER = (
    "import http.server, socket\n"
    "class H(http.server.BaseHTTPRequestHandler):\n"
    "    def do_POST(self):\n"
    "        body = self.rfile.read(int(self.headers['Content-Length']))\n"
    "        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers()\n"
    "        self.wfile.write(body)\n"
    "    def log_message(self, *a): pass\n"
    "print('starting', flush=True)\n"
    "http.server.ThreadingHTTPServer(('HOST', 8000), H).serve_forever()\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Where a service's output goes."""
    yield tmp_path / "log"  # noqa: PT022


def _post(url: str, body: bytes) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_service_is_reached_without_a_network(sandbox: Sandbox, root: Path, log: Path, host: str) -> None:
    """A server inside answers on a socket that was made for us there, though no network leads to it."""
    with sandbox.start(
        root, (PYTHON, "-S", "-c", SERVER.replace("HOST", host)), log=log, confinement=CONFINED
    ) as service:
        with service.connect(8000) as connection:
            connection.sendall(b"POST / HTTP/1.0\r\nContent-Length: 4\r\n\r\nping")
            answer = b""
            while chunk := connection.recv(4096):
                answer += chunk
        assert answer.endswith(b"ping")
        assert not service.ended
    assert service.ended
    assert log.read_bytes() == b"starting\n"


CLIENT = (
    "import socket, time\n"
    "for _ in range(500):\n"
    "    try: s = socket.create_connection(('127.0.0.1', 4318)); break\n"
    "    except ConnectionRefusedError: time.sleep(0.02)\n"
    "s.sendall(b'ping'); print(s.recv(9).decode(), flush=True)\n"
    "time.sleep(60)\n"
)


def test_what_a_service_calls_reaches_us(sandbox: Sandbox, root: Path, log: Path) -> None:
    """A socket that listens inside is handed over: no port of the host is open for it, and one holds a port alone."""
    with sandbox.start(root, (PYTHON, "-S", "-c", CLIENT), log=log, confinement=CONFINED) as service:
        with service.listen(4318) as listener:
            listener.settimeout(30)
            with pytest.raises(OSError), socket.create_connection(("127.0.0.1", 4318), timeout=2):  # noqa: PT011
                pass
            with pytest.raises(EnvironmentFault, match=r"TB5912.*in use"):
                service.listen(4318)
            connection, _ = listener.accept()
            with connection:
                assert connection.recv(9) == b"ping"
                connection.sendall(b"pong")
                while not log.read_bytes():
                    time.sleep(0.02)
        assert not service.ended
    assert log.read_bytes() == b"pong\n"


def test_a_long_temporary_directory_serves(
    sandbox: Sandbox, root: Path, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket's path is limited to 107 bytes, ours to what a file system takes; nothing goes to another directory."""
    long = tmp_path.joinpath(*(letter * 100 for letter in "abc"))
    long.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    command = (PYTHON, "-S", "-c", SERVER.replace("HOST", "127.0.0.1"))
    with sandbox.start(root, command, log=log, confinement=CONFINED) as service:
        service.connect(8000).close()
        assert list(long.glob("twinbuild-*/control"))
    assert list(long.iterdir()) == []


def test_service_published_on_the_host(sandbox: Sandbox, root: Path, log: Path) -> None:
    """A port of the host leads to the service, for many clients at once and for megabytes, and is closed afterwards."""
    command = (PYTHON, "-S", "-c", SERVER.replace("HOST", "127.0.0.1"))
    with sandbox.start(root, command, log=log, confinement=CONFINED) as service, service.publish(8000) as port:
        answers: dict[int, bytes] = {}
        bodies = {number: os.urandom(200_000 * number) for number in range(8)}

        def ask(number: int) -> None:
            answers[number] = _post(f"http://127.0.0.1:{port}/", bodies[number])

        threads = [threading.Thread(target=ask, args=(number,)) for number in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == bodies
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):  # noqa: PT011
        pass


def test_service_that_never_listens(sandbox: Sandbox, root: Path, log: Path) -> None:
    """TB5912 names the port and shows what the service printed."""
    command = ("sh", "-c", "echo waiting for the database; sleep 60")
    with sandbox.start(root, command, log=log, confinement=CONFINED) as service:
        with pytest.raises(EnvironmentFault, match=r"8000.*waiting for the database") as caught:
            service.connect(8000, timeout=1)
        assert caught.value.findings[0].code == "TB5912"


def test_service_that_ends(sandbox: Sandbox, root: Path, log: Path) -> None:
    """A service that fails is reported at once with its status and output, not after the time-out."""
    start = time.monotonic()
    with sandbox.start(root, ("sh", "-c", "echo no model; exit 3"), log=log, confinement=CONFINED) as service:
        with pytest.raises(EnvironmentFault, match=r"status 3.*no model"):
            service.connect(8000)
        assert service.wait() == 3
    assert time.monotonic() - start < 10


def test_service_that_cannot_start(sandbox: Sandbox, root: Path, log: Path) -> None:
    """A service whose program is missing raises the reason."""
    with sandbox.start(root, ("absent",), log=log, confinement=CONFINED) as service, pytest.raises(BuildError):
        service.connect(8000)


def test_stopping_twice(sandbox: Sandbox, root: Path, log: Path) -> None:
    """Stopping is quick and can be repeated; a stopped service counts as ended well."""
    with sandbox.start(root, ("sleep", "60"), log=log, confinement=CONFINED) as service:
        start = time.monotonic()
        service.stop()
        service.stop()
        assert time.monotonic() - start < 5
        assert service.wait() == 0


def test_taken_port_of_the_host(sandbox: Sandbox, root: Path, log: Path) -> None:
    """A port of the host that is taken is TB5912."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        sandbox.start(root, ("sleep", "60"), log=log, confinement=CONFINED) as service,
        pytest.raises(EnvironmentFault) as caught,
        service.publish(8000, host_port=taken.getsockname()[1]),
    ):
        pass
    assert caught.value.findings[0].code == "TB5912"
