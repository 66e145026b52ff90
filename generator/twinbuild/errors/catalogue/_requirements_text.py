"""Codes of requirements texts under ``lockfiles/`` (TB2050 to TB2059), a part of ``python``."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["TEXTS"]


def _code(code: str, title: str, explanation: str) -> Code:
    return Code(code=code, title=title, explanation=explanation)


TEXTS: Final[tuple[Code, ...]] = (
    _code(
        "TB2050",
        "requirements text unreadable",
        """\
A file under lockfiles/ is not UTF-8 text with LF line ends, or holds an unresolved merge conflict.

Resolve conflicts in release.yaml and run `twinbuild lock`.""",
    ),
    _code(
        "TB2051",
        "option in a requirements text",
        """\
A file under lockfiles/ holds an option such as `--extra-index-url`, which pip would obey silently.

Run `twinbuild lock`, which writes the file anew; look at who added the line.""",
    ),
    _code(
        "TB2052",
        "variable in a requirements text",
        """\
A file under lockfiles/ holds `${NAME}`, which pip replaces by the environment's value.

Run `twinbuild lock`, which writes the file anew.""",
    ),
    _code(
        "TB2053",
        "reference in a requirements text",
        """\
A file under lockfiles/ refers to another file, a repository, a path or an address.

Run `twinbuild lock`, which writes the file anew.""",
    ),
    _code(
        "TB2054",
        "not an exact pin",
        """\
A line under lockfiles/ is not `name==version --hash=sha256:…` with a normalised name: pip also takes ranges, wildcards
and `===` together with hashes, and then the version may vary.

Run `twinbuild lock`, which writes the file anew.""",
    ),
    _code(
        "TB2055",
        "not exactly one SHA-256",
        """\
A pin under lockfiles/ has no hash, several, a short one, one of another algorithm, or one in upper case. Each project
has one chosen file and therefore one hash.

Run `twinbuild lock`, which writes the file anew.""",
    ),
    _code(
        "TB2056",
        "project pinned twice",
        """\
A file under lockfiles/ names one project twice (names are compared normalised); pip would take either.

Run `twinbuild lock`, which writes the file anew.""",
    ),
    _code(
        "TB2057",
        "other projects than the lock",
        """\
A file under lockfiles/ names projects that release.lock lacks, or lacks some that it names.

Run `twinbuild lock`, which writes the file anew.""",
    ),
    _code(
        "TB2058",
        "other file than the lock",
        """\
A file under lockfiles/ pins another version or another file of a project than release.lock.

Run `twinbuild lock`, which writes the file anew; look at who changed the line.""",
    ),
    _code(
        "TB2059",
        "credentials in a requirements text",
        """\
A file under lockfiles/ holds an address with a user or password.

Change that password: it may have been committed. Then run `twinbuild lock`, which writes the file anew.""",
    ),
)
