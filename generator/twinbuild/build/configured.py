"""Beside ``preflight``, in images that have something to configure: whether it is set up as the release says.

Knobs are in their ranges and their rules hold, secrets are there, the model's artifacts are the released ones, and the
container has the limits and the shared memory that are asked for. As ``preflight`` is, it is plain Python 3.9 with the
standard library, and imports nothing of twinbuild but ``knobs``, which lies beside it, too.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from io import BufferedReader
    from typing import Any

    from twinbuild.build.preflight import Finding, Host

if __package__:
    from twinbuild.model import knobs
else:
    import knobs  # type: ignore[import-not-found, no-redef, unused-ignore]

FORMAT = "twinbuild/configuration/v1"
SMALL = 4 << 20  # bytes of a file that is hashed before OpenSSL would be loaded
CHUNK = 1 << 20


def check(
    document: dict[str, Any], environment: Mapping[str, str], host: Host, memory: int | None
) -> tuple[dict[str, str], list[Finding]]:
    """The variables that are to be set because nobody did, and everything that is wrong.

    ``memory`` is what the container may take, in bytes, as far as that is known.
    """
    parameters = [knob for knob in document["parameters"] if knob["environment"]]
    given = {
        knob["name"]: environment[knob["environment"]] for knob in parameters if knob["environment"] in environment
    }
    texts, found = knobs.check(document, given)
    missing = {knob["environment"]: texts[knob["name"]] for knob in parameters if knob["name"] not in given}
    live, unfit = changed(parameters, host)
    found += unfit
    if live:  # what the service will go by, once it reads them itself
        texts, wrong_live = knobs.check(document, {**given, **live})
        found += [each for each in wrong_live if each not in found]
    for knob in parameters:
        value, wrong = knobs.finding(knob, texts[knob["name"]])
        if wrong is None:
            found += asked_of_the_container(knob, value, host, memory)
    found += secrets(document["secrets"], environment, host)
    found += artifacts(document["artifacts"], host)
    return missing, found


def changed(parameters: list[dict[str, Any]], host: Host) -> tuple[dict[str, str], list[Finding]]:
    """What files of ``live`` set, by knob, as text: a container that starts later must be able to go by them.

    Hidden files are what a volume of Kubernetes keeps its books with.
    """
    texts: dict[str, str] = {}
    found: list[Finding] = []
    variables = {knob["environment"]: knob for knob in parameters}
    for name in host.names(knobs.LIVE) if any(knob.get("live") for knob in parameters) else []:
        if name.startswith("."):
            continue
        knob, shown = variables.get(name), name if name.isascii() and name.isprintable() else ascii(name)
        if knob is None or not knob.get("live"):
            what = f"sets {knob['name']}, which needs a restart" if knob else "is the variable of no knob"
            able = ", ".join(each["environment"] for each in parameters if each.get("live"))
            sentence = f"{knobs.LIVE}/{shown} {what}, expected some of {able}"
            found.append(("TB5423", sentence, "take it out there; set the variable where the service is started"))
            continue
        try:
            with opened(host.path(f"{knobs.LIVE}/{name}")) as stream:
                content = stream.read(8 * knobs.LONGEST)
            text, reason = content.decode().removesuffix("\n"), ""
        except (OSError, ValueError) as error:
            text, reason = "", (error.strerror or "?") if isinstance(error, OSError) else "it is no UTF-8"
        if len(text) > knobs.LONGEST:
            reason = f"it has more than {knobs.LONGEST} characters"
        if reason:
            sentence = f"{knob['name']} ({name}) can't be read from {knobs.LIVE}/{name}: {reason}"
            found.append(("TB5423", sentence, "mount a file of its value there, or none"))
        else:
            texts[knob["name"]] = text
    return texts, found


def asked_of_the_container(knob: dict[str, Any], value: Any, host: Host, memory: int | None) -> Iterator[Finding]:
    """A limit of processes is raised as far as it may be; memory and shared memory must be there."""
    name = f"{knob['name']} ({knob['environment']})"
    if knob["kind"] == "ulimit":
        import resource

        number = getattr(resource, f"RLIMIT_{knob['limit'].upper()}")
        soft, hard = resource.getrlimit(number)
        unlimited = resource.RLIM_INFINITY
        if hard not in (unlimited, -1) and hard < value:
            remedy = f"start the container with --ulimit {knob['limit']}={value}"
            yield "TB5417", f"{name} asks for {value} as the limit {knob['limit']}, got at most {hard}", remedy
        elif soft not in (unlimited, -1) and soft < value:
            resource.setrlimit(number, (value, hard))
    elif knob["kind"] == "shared_memory":
        wanted = value // knobs.MILLION
        try:
            place = os.statvfs(host.path("/dev/shm"))  # noqa: S108  that is where it is
            there = place.f_blocks * place.f_frsize
        except OSError:
            there = 0
        if there < wanted:
            remedy = f"start the container with --shm-size={wanted}, or mount a volume of memory at /dev/shm"
            yield "TB5418", f"{name} asks for {wanted} bytes of shared memory, got {there}", remedy
    elif knob["kind"] == "memory" and memory is not None and value > memory * knobs.MILLION:
        remedy = "choose a smaller value, or raise the container's limit"
        yield "TB5422", f"{name} asks for {value // knobs.MILLION} bytes of memory, got {memory}", remedy


def secrets(references: list[dict[str, str]], environment: Mapping[str, str], host: Host) -> Iterator[Finding]:
    """Secrets that the environment or a file holds are there, and not empty. What they are is looked at by nobody."""
    for secret in references:
        where = secret["reference"]
        if secret["provider"] == "env" and not environment.get(where):
            state = "empty" if where in environment else "not set"
            sentence = f"secret {secret['name']}: the variable {where} is {state}, expected a value"
            yield "TB5415", sentence, f"start the container with {where} from where the secret is kept"
        elif secret["provider"] == "file":
            try:
                with opened(host.path(where)) as stream:
                    problem = "" if stream.read(1) else "is empty"
            except OSError as error:
                problem = f"can't be read ({error.strerror})"
            if problem:
                sentence = f"secret {secret['name']}: the file {where} {problem}, expected the secret"
                yield "TB5415", sentence, "mount it there, readable for the service's user"


def artifacts(wanted: dict[str, Any], host: Host) -> Iterator[Finding]:
    """The files of the model have their size and, unless the release says otherwise, their digest."""
    for file in wanted["files"]:
        problem = unlike(host.path(file["path"]), file, every_byte=wanted["check"] == "digest")
        if problem:
            sentence = f"artifact {file['name']}: {file['path']} {problem}"
            yield "TB5416", sentence, "mount nothing over it; pull the image again"


def unlike(path: str, expected: Mapping[str, Any], *, every_byte: bool) -> str:
    """Why a file is not the released one; nothing where it is."""
    try:
        with opened(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size != expected["size"]:
                return f"has {size} bytes, expected {expected['size']}"
            if not every_byte:
                return ""
            digest = sha256(size)()
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        return f"can't be read ({error.strerror})"
    found: str = digest.hexdigest()
    return "" if found == expected["sha256"] else f"has the SHA-256 {found}, expected {expected['sha256']}"


def opened(path: str) -> BufferedReader:
    """A regular file to read. Raises OSError; a pipe that nobody writes to is refused, too, and not waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "it is no regular file")
    return os.fdopen(handle, "rb")


def sha256(size: int) -> Callable[[], Any]:
    """The implementation that is quickest for so many bytes: OpenSSL's takes time to load, the other to hash."""
    if size <= SMALL:
        for module in ("_sha2", "_sha256"):  # since Python 3.12, and before
            try:
                found: Callable[[], Any] = __import__(module).sha256
            except ImportError:
                continue
            return found
    from hashlib import sha256 as complete

    return complete
