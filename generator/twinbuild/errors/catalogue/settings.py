"""Codes of settings, the command line and output (TB80)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB8001",
        title="command line that cannot be used",
        explanation="""\
A verb, an option or an argument is unknown, missing or malformed.

See `twinbuild --help`, or `twinbuild VERB --help`.""",
    ),
    Code(
        code="TB8002",
        title="the operating system refused",
        explanation="""\
A file or directory outside of the store could not be read or written: permissions, a full disk, a missing directory.
The message names it.

Give the rights that are missing, make room, or name another place.""",
    ),
    Code(
        code="TB8003",
        title="temporary directory that cannot be used",
        explanation="""\
Builds unpack into `twinbuild-UID` below TMPDIR (or /tmp), a directory that only you may write to. It cannot be made, or
something else has that name: another user could then change what is built.

Set TMPDIR to a directory that you can write to, and remove what lies there if it isn't yours.""",
    ),
    Code(
        code="TB8010",
        title="no spec",
        explanation="""\
There is no file of that name, it cannot be read, or the directory has no release.yaml. A release (its directory, its
release manifest) is no spec either.

Name the spec, or a directory with a release.yaml; the default is the current directory.""",
    ),
    Code(
        code="TB8011",
        title="no such code",
        explanation="""\
Codes are `TB` and four digits; an error shows its own in brackets.

`twinbuild explain` without a code lists all.""",
    ),
    Code(
        code="TB8012",
        title="no such image",
        explanation="""\
The release has several images, or none of the variant that was asked for.

Choose one with `--variant`; the message lists them.""",
    ),
    Code(
        code="TB8013",
        title="port in use",
        explanation="""\
The port on this machine that should lead to the service cannot be listened on: mostly another program has it.

Choose another with `--publish`, or end that program.""",
    ),
    Code(
        code="TB8020",
        title="output that is somebody else's",
        explanation="""\
The place of the output is a link, a file, or a directory that holds something else than an older output of the same
kind: files that twinbuild did not write, or a release where a catalogue is to be written. Or it is a release with
signatures or approvals that the archive which is to replace it never had, or lost. Nothing of it is deleted.

Name another output, or move what lies there away.""",
    ),
    Code(
        code="TB8021",
        title="a spec is there already",
        explanation="""\
`twinbuild init` writes a first spec, and never over one that is there.

Edit the spec that is there, or name another directory.""",
    ),
    Code(
        code="TB8022",
        title="output that changed while it was written",
        explanation="""\
Between the moment when a release was laid out and the moment when its files were noted, somebody else wrote to them,
added or removed one. What lies there is not what was built twice.

Run the command again when nothing else writes there (a synchronising program, an editor, a second machine), or name
another output.""",
    ),
    Code(
        code="TB8023",
        title="a directory that another process keeps to itself",
        explanation="""\
Who signs, approves, changes a trust root or takes a step of a record is alone in its directory for as long as that
takes, and so is who puts a release in the place of one that lies there. Another process was for longer than anybody
waits: a minute, or three where somebody may have to touch a token. The message names it where the kernel does.

Run the command again when that one has ended. A process that was killed holds nothing; but whoever may read a directory
may hold its lock, too: let others read records and trust roots from a copy.""",
    ),
    Code(
        code="TB8030",
        title="twinbuild.toml is not TOML",
        explanation="""\
The settings file cannot be read as a TOML document in UTF-8.

Correct the text at the line that the message names.""",
    ),
    Code(
        code="TB8031",
        title="unknown key in twinbuild.toml",
        explanation="""\
Keys that twinbuild does not know are refused: a misspelt key would else silently change nothing.

Correct the key; the message names the nearest.""",
    ),
    Code(
        code="TB8032",
        title="wrong value in twinbuild.toml",
        explanation="""\
The value is of another type, out of its range, or no address.

Write what the message expects.""",
    ),
    Code(
        code="TB8033",
        title="wrong value of an environment variable",
        explanation="""\
A variable that configures twinbuild has a value that it cannot have, or its name is misspelt.

Set it to what the message expects, or unset it.""",
    ),
    Code(
        code="TB8034",
        title="a store inside of the project",
        explanation="""\
`store` in twinbuild.toml leads into the project, or into the repository that it is a part of. What was built, and that
it was built twice, is taken from the store: one that was committed with the sources could say that of anything.

Name a directory outside of the repository, or set TWINBUILD_STORE yourself.""",
    ),
    Code(
        code="TB8043",
        title="an audit log without its key, or a key without its log",
        explanation="`TWINBUILD_AUDIT_LOG` names the log that `release` and `sign` write to, and `TWINBUILD_AUDIT_KEY` "
        "the private key that the log is signed with. One is set, the other is not. Set both, or neither.",
    ),
    Code(
        code="TB8044",
        title="a release that was made, and not recorded",
        explanation="`TWINBUILD_ARCHIVE` or `TWINBUILD_AUDIT_LOG` asks that a release is archived or logged when it is "
        "made or signed. That failed, and the message says what was done and what was not; the reason stands beside "
        "it. Correct that and run the same command again: what was done already is not done twice.",
    ),
    Code(
        code="TB8042",
        title="no image to compare",
        explanation="`compare` takes directories: releases, or OCI image layouts as `build --output` and skopeo write "
        "them. Name one, with @sha256:… if it holds several images.",
    ),
    Code(
        code="TB8041",
        title="unknown builders",
        explanation="`release --builders` takes `embedded` or `embedded,docker`. The embedded assembler is always "
        "among them, so that a machine without Docker arrives at the same release digest.",
    ),
    Code(
        code="TB8040",
        title="a template is missing",
        explanation="""\
The templates that are shipped with twinbuild are not beside it.

Install twinbuild again.""",
    ),
)
