"""Codes of the resolution of Python requirements (TB20)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code
from twinbuild.errors.catalogue._requirements_text import TEXTS

__all__ = ["CODES"]


def _code(code: str, title: str, explanation: str) -> Code:
    return Code(code=code, title=title, explanation=explanation)


_REQUIREMENTS: Final = (
    _code(
        "TB2001",
        "not a requirement",
        """\
An entry under `dependencies` is not a requirement as PEP 508 defines it, or holds more than one line.

Write project, extras, version and marker, such as `uvicorn[standard]>=0.30; python_version < "3.13"`.""",
    ),
    _code(
        "TB2002",
        "version-control requirement",
        """\
A requirement names a repository. What a repository's address gives can change, it has no digest that an index states,
and building it would run its code on this machine.

Release the code to an index of your own (a directory with a simple index will do) and name project and version.""",
    ),
    _code(
        "TB2003",
        "direct address in a requirement",
        """\
A requirement names an address (`name @ https://…`). Locks hold no address, so that a mirror or an island changes no
digest.

Name project and version; put the wheel on an index of your own and bind the project to it under `indexes`.""",
    ),
    _code(
        "TB2004",
        "local path or editable requirement",
        """\
A requirement names a path or an editable project, which exists on this machine only.

Put the code into the application directory (`source.directory`), or release it to an index.""",
    ),
    _code(
        "TB2005",
        "option line among the requirements",
        """\
An entry begins with `-` or carries an option of pip. pip would obey it silently, and an extra index or `--pre` would
change what everybody gets.

Use the spec's own keys: `indexes`, `constraints`, `exclude_newer`. A pre-release is asked for by its version.""",
    ),
    _code(
        "TB2006",
        "marker that the target cannot answer",
        """\
A requirement's marker asks for the kernel's release or version, or for an extra. The kernel belongs to the machine that
runs the image, not to the image, and the requirements of a spec have no extra.

Decide by `python_version`, `sys_platform` or `platform_machine`, or make two variants.""",
    ),
    _code(
        "TB2007",
        "constraint with extras",
        """\
A constraint bounds the version of a project that something else requires; it cannot ask for extras.

Ask for the extras in a requirement.""",
    ),
    _code(
        "TB2008",
        "package that depends on the kernel",
        """\
What a package requires on this target depends on the kernel's release or version, which is not known when the image is
built. Choosing one of the answers would be a guess.

Choose another version of that package.""",
    ),
)

_CHOICES: Final = (
    _code(
        "TB2010",
        "unknown project",
        """\
The index has no project of that name. Each project is looked for on exactly one index: on `default`, unless a pattern
under `dependencies.indexes` binds it to another.

Check the spelling and the binding.""",
    ),
    _code(
        "TB2011",
        "no such version",
        """\
The project exists, and has files for the target, but none of a version that the requirement admits. Pre-releases count
only where a requirement names one.

Correct the version bounds.""",
    ),
    _code(
        "TB2012",
        "no wheel for the target",
        """\
Versions that fit exist, but only as source or as wheels for other Pythons, platforms or a newer glibc. Source is not
built: that would run its code, with whatever tools this machine has.

Choose a version with a wheel, another Python or base, or build a wheel once and put it on an index of your own.""",
    ),
    _code(
        "TB2014",
        "other Python required",
        """\
What fits declares (`Requires-Python`) that it doesn't support the target's Python.

Choose another version of the package or another `environment.python`.""",
    ),
    _code(
        "TB2015",
        "cut-off leaves nothing",
        """\
All files that fit were uploaded at or after 00:00 UTC of `dependencies.exclude_newer`.

Move the date or ask for an older version.""",
    ),
    _code(
        "TB2016",
        "conflicting requirements",
        """\
No version of one project satisfies all that is required of it. The message names each requirement and who has it.

Loosen one of them. If pins of an earlier lock are in the way, let them move: `twinbuild lock --upgrade NAME`.""",
    ),
    _code(
        "TB2017",
        "withdrawn version",
        """\
The owner of a package withdrew (yanked) the file that would be chosen. A withdrawn file is never added to a lock anew;
one that is pinned already stays usable, since its bytes are in the store.

Ask for another version.""",
    ),
    _code(
        "TB2018",
        "resolution gave up",
        """\
pip tried very many combinations without an answer.

Give closer bounds for direct requirements, or constraints for the projects that they pull in.""",
    ),
    _code(
        "TB2019",
        "upload time unknown",
        """\
A cut-off date is set, but the index doesn't state when a file was uploaded. Taking the file would ignore the date;
leaving it out would hide that it exists.

Use an index with PEP 700 upload times, or remove `exclude_newer`.""",
    ),
    _code(
        "TB2020",
        "digest unknown",
        """\
The index states no SHA-256 for the chosen file, so nobody vouches for its bytes.

Use an index that states digests; most do.""",
    ),
    _code(
        "TB2021",
        "size unknown",
        """\
Neither the index (PEP 700) nor the file's server states the chosen file's size, which a lock needs as a limit for
every later download.

Use another index or mirror.""",
    ),
    _code(
        "TB2022",
        "pinned file changed on the index",
        """\
The index offers a file under the pinned name with another digest. Files of a release never change; this is a mistake
or an attack, and nothing was chosen.

Find out who replaced it before upgrading that project. The pinned bytes are still in the store.""",
    ),
    _code(
        "TB2023",
        "pinned file gone from the index",
        """\
A project's pinned file is no longer on the index. It was not replaced by another version silently.

Find out why it was removed, then run `twinbuild lock --upgrade NAME`. Builds from the present lock still work.""",
    ),
    _code(
        "TB2024",
        "file under a wrong name",
        """\
The index offers a file for a project or version that its name contradicts, or that is not named as a wheel is.

Tell the owner of the index, and don't use the file.""",
    ),
)

_INDEXES: Final = (
    _code(
        "TB2030",
        "index does not answer",
        """\
An index failed for one project. Only the answer "not found" means that a project isn't there: going on after any other
failure would silently choose different versions of the projects that need it.

Try again; check address, proxy and certificates in the settings.""",
    ),
    _code(
        "TB2031",
        "index refuses us",
        """\
An index wants credentials, or refused those that it got.

Give them in the settings, in the netrc file or in a keyring; never in the spec.""",
    ),
    _code(
        "TB2032",
        "not a package index",
        """\
What answers is not a simple index (PEP 503 or 691).

Give the base address of the simple API.""",
    ),
    _code(
        "TB2033",
        "index sends us elsewhere",
        """\
A project is bound to an index, which answers with another host's page. Some private indexes forward what they don't
have to a public one; then anybody who registers the name there decides what is installed.

Switch that off on the index, or correct the binding.""",
    ),
    _code(
        "TB2034",
        "index without an address",
        """\
An index that the spec names has no address on this machine.

Name it in `[indexes]` of `twinbuild.toml` or by its variable (TWINBUILD_INDEX_TORCH_CPU for `torch-cpu`), or in the
spec if it is your own; `default` is pip's own. docs/settings.md lists all settings.""",
    ),
    _code(
        "TB2035",
        "project bound to two indexes",
        """\
Patterns of two indexes match one project. Which index answers must not depend on their order.

Make the patterns under `dependencies.indexes` distinct.""",
    ),
    _code(
        "TB2036",
        "unsafe index address",
        """\
An index's address is neither https nor a directory. The index states the digests that the lock pins: over plain http,
anybody on the way could state others.

Use https, an absolute directory, or http on this machine's loopback.""",
    ),
    _code(
        "TB2037",
        "credentials in the spec",
        """\
An index address in the spec holds a user, a password or a variable. A spec is committed and shown.

Remove it (and change the password); keep credentials in the settings, the netrc file or a keyring.""",
    ),
)

_PROGRAMS: Final = (
    _code(
        "TB2040",
        "no virtual environments here",
        """\
pip-compile runs in an environment of its own, which the host's Python makes with `venv` and `ensurepip`; this one lacks
them or failed.

Install python3-venv (Debian, Ubuntu), or run twinbuild with a complete Python.""",
    ),
    _code(
        "TB2041",
        "resolver not installed",
        """\
pip could not install the pinned versions of pip, pip-tools and what they need, with their hashes, from `default`.

Make the index reachable; on an island, let it carry the files that lockfiles/resolver.txt names.""",
    ),
    _code(
        "TB2042",
        "pip does not say where its index is",
        """\
The index `default` is the one that pip is configured with, but no pip was found to ask, or its configuration is broken.

Install python3-pip or python3-venv, repair pip's configuration, or name the address in the settings.""",
    ),
    _code(
        "TB2043",
        "resolver failed",
        """\
pip-compile ended in a way that we don't know. The message is its own, with addresses taken out.

Try again. If it persists, report it with the requirements that caused it.""",
    ),
    _code(
        "TB2044",
        "resolver's lock missing",
        """\
This installation of twinbuild lacks the list of the resolver's own pinned packages, or the list is damaged.

Install twinbuild again.""",
    ),
    _code(
        "TB2045",
        "resolving while offline",
        """\
Resolving asks an index, and this run may not use the network.

Run `twinbuild lock` online. Building needs no network.""",
    ),
    _code(
        "TB2046",
        "two accounts of one resolution differ",
        """\
pip-compile's output and what was read from pip's resolver disagree. Nothing was locked.

This is a defect of twinbuild: report it with the requirements.""",
    ),
    _code(
        "TB2047",
        "invalid pylock.toml",
        """\
The export would not be a valid PEP 751 file. Nothing was written.

This is a defect of twinbuild: report it.""",
    ),
)

CODES: Final[tuple[Code, ...]] = (*_REQUIREMENTS, *_CHOICES, *_INDEXES, *_PROGRAMS, *TEXTS)
