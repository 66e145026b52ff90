"""The entrypoint of every image: does this machine have what the release needs? Then become the service.

    python -I -S /etc/twinbuild/preflight.py [-- COMMAND [ARGUMENT…]]

It reads ``requirements.json`` beside it, looks at the memory, the driver and the devices, and at what is configured
where the release has something to configure (``configured``, ``configuration.json``). Then it executes the command as
if nothing had been before it: same process and signals, and the same environment with the defaults of knobs that
nobody set. Whatever does not fit is one line on standard
error with what was found, what was expected and what to do, and the status is 78 (EX_CONFIG of sysexits.h); 127 and
126 are a command that is missing or is no program, as in a shell. Without a command it only checks.

The standard library of Python 3.9 and later is all that it uses, and little of that: an image has no byte code of it,
so that each module is compiled at every start. Nothing of the application is imported before it is known to fit.
"""

from __future__ import annotations

# ruff: noqa: PTH100, PTH110, PTH118, PTH120, PTH123, PTH208, T201
import _signal  # type: ignore[import-not-found, unused-ignore]  # what ``signal`` stands on, without its enumerations
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Finding = tuple[str, str, str]  # code, what was found and expected, what to do

REFUSED, NO_PROGRAM, NOT_FOUND = 78, 126, 127
FORMAT = "twinbuild/requirements/v1"
VERSION2, VERSION1 = ("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
UNLIMITED = 1 << 62  # bytes: what cgroup v1 says where there is no limit, and no machine has


class Host:
    """Where facts are read: below ``root``; ``cuda`` is the library that is loaded to ask the NVIDIA driver."""

    def __init__(self, root: str = "/", cuda: str = "libcuda.so.1") -> None:
        self.root, self.cuda = root, cuda

    def path(self, name: str) -> str:
        """Where an absolute path lies."""
        return os.path.join(self.root, name.lstrip("/"))

    def read(self, name: str) -> str:
        """The text of a file; nothing where it can't be read."""
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as stream:
                return stream.read(1 << 20)
        except OSError:
            return ""

    def names(self, name: str) -> list[str]:
        """What a directory holds, sorted; nothing where it can't be read."""
        try:
            return sorted(os.listdir(self.path(name)))
        except OSError:
            return []

    def exists(self, name: str) -> bool:
        """Whether there is something at a path."""
        return os.path.exists(self.path(name))


def size(count: int) -> str:
    """Bytes for people, rounded down: ``256 MiB``."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >> power:
            return f"{(count * 100 >> power) / 100:.12g} {unit}"
    return f"{count} bytes"


def memory_limits(host: Host) -> Iterator[tuple[int, str]]:
    """What this container may take, in bytes: its limits in cgroup v2 and v1, those above it, and the machine's all."""
    for line in host.read("/proc/meminfo").splitlines():
        if line.startswith("MemTotal:") and line.split()[1:2] and line.split()[1].isdigit():
            yield int(line.split()[1]) << 10, "all that the machine has"
    found = [(host.read(file).strip(), file) for file in limit_files(host)]
    stat = f"{VERSION1[0]}/memory.stat"  # of groups above that are not seen here, too
    entries = [line.partition(" ") for line in host.read(stat).splitlines()]
    found += [(text, stat) for name, _, text in entries if name == "hierarchical_memory_limit"]
    for text, where in found:
        if text.isdigit() and int(text) < UNLIMITED:
            yield int(text), where


def limit_files(host: Host) -> Iterator[str]:
    """The files that may hold a limit: of the group that is mounted as the root, of this one, and of those between."""
    groups = [(VERSION2, "/"), (VERSION1, "/")]
    for line in host.read("/proc/self/cgroup").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        if not controllers:
            groups.append((VERSION2, path))
        elif "memory" in controllers.split(","):
            groups.append((VERSION1, path))
    for (mount, name), group in groups:
        parts = group.strip("/").split("/")
        for depth in range(len(parts) + 1 if ".." not in parts else 0):  # such a path leads out of what is seen here
            yield "/".join((mount, *filter(None, parts[:depth]), name))


def check_memory(requirements: dict[str, Any], host: Host) -> Iterator[Finding]:
    """The memory that the release asks for is there, and the container may take it."""
    wanted = requirements["memory"]
    if not wanted:
        return
    found = min(memory_limits(host), default=None)
    if found is None:
        remedy = "mount /proc: there is neither /proc/meminfo nor a limit in /sys/fs/cgroup"
        yield "TB5407", f"can't tell how much memory there is, expected {size(wanted)}", remedy
    elif found[0] < wanted:
        sentence = f"got {size(found[0])} of memory ({found[1]}), expected at least {size(wanted)}"
        yield "TB5401", sentence, "raise the container's limit, or take a machine with more"


def check_accelerator(requirements: dict[str, Any], host: Host) -> Iterator[Finding]:
    """The driver and the devices that the variant was made for are there."""
    if requirements["accelerator"]["kind"] == "none":
        return
    if __package__:
        from twinbuild.build import accelerators
    else:
        beside()
        import accelerators  # type: ignore[import-not-found, no-redef, unused-ignore]
    yield from accelerators.check(requirements["accelerator"], host)


def beside() -> None:
    """The modules beside this one can be imported: from the last place, so that no other is shadowed."""
    place = os.path.dirname(os.path.abspath(__file__))
    if place not in sys.path:
        sys.path.append(place)


CHECKS = (check_memory, check_accelerator)


def check_configuration(
    text: str, environment: dict[bytes, bytes], host: Host
) -> tuple[dict[bytes, bytes], list[Finding]]:
    """The variables that are to be set because nobody did, and everything that is wrong with what is configured."""
    if __package__:
        from twinbuild.build import configured
    else:
        beside()
        import configured  # type: ignore[import-not-found, no-redef, unused-ignore]
    document = document_of(text, configured.FORMAT)
    texts = {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()}
    least = min(memory_limits(host), default=None)
    missing, found = configured.check(document, texts, host, least[0] if least is not None else None)
    return {os.fsencode(name): value.encode("utf-8", "surrogateescape") for name, value in missing.items()}, found


def document_of(text: str, version: str) -> dict[str, Any]:
    """A document of a format. Raises ValueError where it is none."""
    try:
        document = decoded(text)
    except (ImportError, StopIteration, SystemError):  # no such part, or no JSON
        from json import loads

        document = loads(text)
    if not isinstance(document, dict) or document.get("apiVersion") != version:
        raise ValueError(f"no {version}")
    return document


def requirements_of(text: str) -> dict[str, Any]:
    """The document of what is needed. Raises ValueError where it is none."""
    return document_of(text, FORMAT)


def decoded(text: str) -> object:
    """JSON, by the part of ``json`` that needs no regular expressions: the rest would take longer than all of this."""
    from _json import make_scanner  # type: ignore[import-not-found, unused-ignore]

    class Context:
        strict, memo = True, {}  # type: ignore[var-annotated]
        object_hook = object_pairs_hook = None
        parse_float, parse_int = float, int
        parse_constant = None

    scan: Callable[[str, int], tuple[object, int]] = make_scanner(Context)  # type: ignore[arg-type, unused-ignore]
    return scan(text, 0)[0]


def findings(requirements: dict[str, Any], host: Host) -> list[Finding]:
    """Everything that does not fit."""
    return [finding for check in CHECKS for finding in check(requirements, host)]


def initial_environment(host: Host) -> dict[bytes, bytes]:
    """The environment at the start: Python adds LC_CTYPE to its own where the locale is C (PEP 538)."""
    try:
        with open(host.path("/proc/self/environ"), "rb") as stream:
            entries = [entry.partition(b"=") for entry in stream.read().split(b"\0")]
    except OSError:
        return dict(os.environb)
    found: dict[bytes, bytes] = {}
    for name, equals, value in entries:
        if equals:
            found.setdefault(name, value)  # of two, a program sees the first
    return found


def become(command: list[str], environment: dict[bytes, bytes]) -> int:
    """Execute the command; says why and returns a status where that can't be."""
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores them, and what is ignored stays so
        _signal.signal(number, _signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606  no shell is wanted
    except OSError as error:
        print(f"twinbuild: cannot start {command[0]!r}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, (FileNotFoundError, NotADirectoryError)) else NO_PROGRAM


def main(arguments: list[str], place: str, host: Host) -> int:
    """Check, say what does not fit, or become the command. ``place`` is where this program lies."""
    name = "twinbuild"
    sys.dont_write_bytecode = True
    directory = os.path.dirname(os.path.abspath(place))
    environment = initial_environment(host)
    try:
        with open(os.path.join(directory, "requirements.json"), encoding="utf-8") as file:
            requirements = requirements_of(file.read())
        name = "{name} {version} ({variant})".format(**requirements)
        found = findings(requirements, host)
        if requirements["configured"]:
            with open(os.path.join(directory, "configuration.json"), encoding="utf-8") as file:
                missing, wrong = check_configuration(file.read(), environment, host)
            environment.update(missing)
            found += wrong
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        found = [("TB5410", f"can't check what it needs: {error!r}", "build the image again")]
    for code, sentence, remedy in found:
        print(f"{name} refuses to start: {code}: {sentence}; {remedy}", file=sys.stderr)
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if found or not command:
        return REFUSED if found else 0
    return become(command, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.argv[0], Host()))
