"""How a command ends: errors become text or JSON on standard error, and a number."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final

import click

from twinbuild.errors import Finding, InternalError, TwinbuildError, UsageError

__all__ = ["color_wanted", "end_in_order", "findings_json", "open_streams", "run", "shown"]

_USAGE: Final = 2
_INTERRUPTED: Final = 130
_NOBODY_READS: Final = 141  # as if SIGPIPE had ended it
_LONGEST: Final = 500  # characters of an argument that a message repeats


class _Told(BaseException):
    """SIGTERM or SIGHUP: end, and clear away what would stay behind."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def open_streams() -> None:
    """Let the null device stand in for standard streams that are closed.

    Else the first file that is opened takes such a number, and what a program that is started prints goes into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            os.set_inheritable(number, True)  # noqa: FBT003  it has no name
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # what a program prints is passed on by their ``buffer``
            stream = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
            setattr(sys, name, io.TextIOWrapper(stream, errors="backslashreplace", write_through=True))


def end_in_order() -> None:
    """Let SIGTERM and SIGHUP unwind the command like Ctrl-C does, in this process and not in its workers."""
    ours = os.getpid()
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as ``cli.start`` left it
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def told(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != ours:
            os._exit(128 + number)
        signal.signal(number, signal.SIG_IGN)  # once: the way out is short
        raise _Told(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # under nohup it stays ignored
            signal.signal(number, told)


def color_wanted(stream: object) -> bool:
    """Whether to colour what goes to a stream (NO_COLOR, FORCE_COLOR, TERM=dumb)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and os.environ.get("TERM") != "dumb"


def shown(path: object) -> str:
    """A path in a line of text: what steers a terminal, or begins another line of a log, is written out."""
    return "".join(character if character.isprintable() else f"<U+{ord(character):04X}>" for character in str(path))


def findings_json(error: TwinbuildError) -> str:
    """An error as one JSON object: exit code and findings, in which secrets are masked as they are for people."""
    return json.dumps({"exit_code": error.exit_code, "findings": [_finding(item) for item in error.findings]})


def _finding(finding: Finding) -> dict[str, object]:
    from twinbuild.codec.mask import mask, mask_path  # late, as in ``_failed``

    where = finding.where
    address: dict[str, object] = {
        "file": mask_path(where.file),
        "line": where.line,
        "column": where.column,
        "pointer": mask(where.pointer),
        "subject": mask(where.subject),
    }
    return {
        "code": finding.code,
        "message": mask(finding.message),
        "remedy": mask(finding.hint),
        **{key: value for key, value in address.items() if value},
    }


def run(cli: click.Group, arguments: Sequence[str]) -> int:
    """Run the command line; the exit status. Never lets an exception through."""
    wants_json = "--json" in arguments
    try:
        status = _invoke(cli, arguments)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a reader who went away or a full disk is an error like others
    except (_Told, click.exceptions.Exit, click.exceptions.Abort) as error:
        return _ended(error)
    except click.ClickException as error:
        return _usage(error, wants_json=wants_json)
    except TwinbuildError as error:
        return _failed(error, wants_json=wants_json)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return _NOBODY_READS
    except OSError as error:
        _forget_output()
        return _failed(_translated(error), wants_json=wants_json)
    except Exception as error:  # noqa: BLE001  the last border: our bug, said as such
        return _crashed(error, wants_json=wants_json)
    return status if isinstance(status, int) else 0


def _ended(error: BaseException) -> int:
    match error:
        case _Told():
            return 128 + error.number
        case click.exceptions.Exit():
            return error.exit_code
    return _INTERRUPTED


def _invoke(cli: click.Group, arguments: Sequence[str]) -> object:
    if "_TWINBUILD_COMPLETE" in os.environ:  # asked by a shell's completion script
        return cli.main(args=list(arguments), standalone_mode=False, prog_name="twinbuild")
    with cli.make_context("twinbuild", list(arguments)) as context:
        return cli.invoke(context)


def _forget_output() -> None:
    """Let what standard output still holds go nowhere, so that the interpreter's last flush is quiet."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: TwinbuildError, *, wants_json: bool) -> int:
    if wants_json:
        click.echo(findings_json(error), err=True)
    else:
        from twinbuild.codec.excerpt import render_findings

        click.echo(render_findings(error.findings, color=color_wanted(sys.stderr)), err=True, color=True)
    return error.exit_code


def _usage(error: click.ClickException, *, wants_json: bool) -> int:
    if wants_json:
        finding = Finding(code="TB8001", message=error.format_message()[:_LONGEST], hint="see `twinbuild --help`")
        click.echo(findings_json(UsageError((finding,))), err=True)
    else:
        from twinbuild.codec.mask import mask

        text = io.StringIO()
        error.show(text)
        click.echo(mask(text.getvalue()), nl=False, err=True)
    return _USAGE


def _remedy(number: int | None) -> str:
    match number:
        case errno.ENOSPC | errno.EDQUOT:
            return "make room on the disk of the output, of the store or of TMPDIR"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "give the rights that are missing, or name another place"
        case errno.EEXIST | errno.ENOTDIR | errno.EISDIR | errno.ENOENT:
            return "move away what is in the way, make what is missing, or name another place"
    return "name another place, or mend what the system says"


def _translated(error: OSError) -> TwinbuildError:
    from twinbuild.errors import EnvironmentFault

    return EnvironmentFault.of(
        "TB8002",
        f"{error.strerror or error}",
        hint=_remedy(error.errno),
        where=str(error.filename or ""),
    )


def _crashed(error: Exception, *, wants_json: bool) -> int:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    defect = InternalError.of(
        "TB9000",
        f"{type(error).__name__}: {error} (in {last.name}, line {last.lineno} of {os.path.basename(last.filename)})",  # noqa: PTH119
        hint="report this as a defect of twinbuild; TWINBUILD_TRACEBACK=1 shows the whole traceback",
    )
    if os.environ.get("TWINBUILD_TRACEBACK"):
        traceback.print_exception(error)
    return _failed(defect, wants_json=wants_json)
