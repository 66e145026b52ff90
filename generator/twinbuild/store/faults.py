"""OSError at the border of the store, as errors that say what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import EnvironmentFault, IntegrityError, InternalError, Location, LockError
from twinbuild.model.digest import Digest
from twinbuild.store.layout import STORE, Form

__all__ = ["after_commit", "damaged", "misplaced", "missing", "other_bytes", "translated", "unreadable"]

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@contextmanager
def translated(path: str, *, reading: bool = False, form: Form = STORE) -> Iterator[None]:
    """OSError in the body becomes EnvironmentFault TB3105 (reading), TB3107 (full), TB3108 (else)."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        where = Location(subject=path)
        if error.errno in _FULL:
            raise EnvironmentFault.of(
                "TB3107",
                f"no space left for the {form.name}: {reason}",
                hint=form.hint(
                    "TB3107", "free some space (`twinbuild store gc`) or choose another directory with TWINBUILD_STORE"
                ),
                where=where,
            ) from error
        if reading:
            raise unreadable(path, error, form=form) from error
        raise EnvironmentFault.of(
            "TB3108",
            f"the {form.name} cannot be written: {reason}",
            hint=form.hint("TB3108", "restore write permission or choose another directory with TWINBUILD_STORE"),
            where=where,
        ) from error


def after_commit() -> InternalError:
    """TB3115: a writer was used after it had finished its blob."""
    return InternalError.of("TB3115", "a finished blob was written to", hint="report this as a defect of twinbuild")


def unreadable(path: str, error: OSError, *, form: Form = STORE) -> EnvironmentFault:
    """TB3105: the operating system refused a file of the store."""
    return EnvironmentFault.of(
        "TB3105",
        f"cannot be read: {os.strerror(error.errno) if error.errno else error}",
        hint=form.hint("TB3105", "run `twinbuild store verify --repair`; if it stays so, check the disk"),
        where=path,
    )


def missing(digest: Digest, *, needed_by: str = "", form: Form = STORE) -> LockError:
    """TB3102: there is no such blob."""
    return LockError.of(
        "TB3102",
        f"not in the {form.name}{', and needed by ' if needed_by else ''}{needed_by}",
        hint=form.hint(
            "TB3102",
            "run `twinbuild fetch` to bring what the lock names, `twinbuild build` to make again what was built",
        ),
        where=str(digest),
    )


def other_bytes(digest: Digest, size: int, expected: Digest) -> IntegrityError:
    """TB3101: what was written has another digest than it was to have."""
    return IntegrityError.of(
        "TB3101",
        f"the bytes have digest {digest}, expected {expected} ({counted(size, 'byte')})",
        hint="fetch again; if it stays so, the source no longer has what the lock names",
        where=str(expected),
    )


def damaged(digest: Digest, problem: str, *, form: Form = STORE) -> IntegrityError:
    """TB3103: what lies under a digest is something else."""
    return IntegrityError.of(
        "TB3103",
        f"the stored bytes are damaged: {problem}",
        hint=form.hint("TB3103", "run `twinbuild store verify --repair`, then `twinbuild fetch`"),
        where=str(digest),
    )


def misplaced(digest: Digest, kind: str, *, form: Form = STORE) -> IntegrityError:
    """TB3104: something that is not a regular file lies in the place of a blob."""
    return IntegrityError.of(
        "TB3104",
        f"{kind} lies in the place of a blob, expected a regular file",
        hint=form.hint("TB3104", "find out who put it there; `twinbuild store verify --repair` moves it to quarantine"),
        where=str(digest),
    )
