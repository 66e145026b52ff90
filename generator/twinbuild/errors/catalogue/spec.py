"""TB11: the values of a spec, overlays, and files that it names."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB1101",
        title="an unknown key",
        explanation=(
            "The section has no such key, so it would have no effect. The message suggests the key that was "
            "probably meant, or lists those that there are. `twinbuild schema` writes a schema with which an "
            "editor completes and checks keys."
        ),
    ),
    Code(
        code="TB1102",
        title="a key is missing",
        explanation=("The section needs the key and there is no safe default. Add it."),
    ),
    Code(
        code="TB1103",
        title="a value of the wrong type",
        explanation=(
            "The value is text, a number, a list or a mapping where another of these belongs, or the key has no "
            "value at all. Nothing is converted: text in quotes is never a number. Give a value of the type that "
            "the message names, or take the key out."
        ),
    ),
    Code(
        code="TB1104",
        title="a value does not have the right form",
        explanation=(
            "Names, versions and the like stand in file names, image names and addresses, so they use few "
            "characters. The message shows the pattern, and names a character beyond ASCII, which may look just "
            "like an allowed one."
        ),
    ),
    Code(
        code="TB1105",
        title="a value out of range",
        explanation=(
            "The number is too small or too large, or a list has too few entries. Choose one within the range "
            "that is shown."
        ),
    ),
    Code(
        code="TB1106",
        title="not one of the choices",
        explanation=("The key takes one of a few words. Use one of those that the message lists."),
    ),
    Code(
        code="TB1107",
        title="text that needs quotes",
        explanation=(
            "Without quotes YAML reads the value as a number, a truth value or a date: 3.10 becomes 3.1. The key "
            "takes text. Put the value in quotes."
        ),
    ),
    Code(
        code="TB1108",
        title="an unsafe path",
        explanation=(
            "Paths of files are relative to the spec and stay below its directory; paths in the image are "
            "absolute. Neither has '..', '.', empty parts or backslashes, and none lies in /proc, /sys or /dev, or "
            "goes through a link such as /lib. Files of the model and of the application stay out of what packages and "
            "twinbuild own: /usr/bin and /usr/lib, /etc/passwd, /opt/venv, /etc/twinbuild. Write the path so."
        ),
    ),
    Code(
        code="TB1109",
        title="a malformed digest",
        explanation=(
            "Digests are SHA-256: 64 lower-case hexadecimal digits. Other algorithms, upper case and shortened "
            "digests are not taken. `sha256sum FILE` prints it."
        ),
    ),
    Code(
        code="TB1110",
        title="a malformed requirement",
        explanation=(
            "Requirements are written as PEP 508 has them: a name, extras in brackets, a version range, and a "
            "marker after a semicolon, such as uvicorn[standard]>=0.30; python_version >= '3.11'."
        ),
    ),
    Code(
        code="TB1111",
        title="a secret in the spec",
        explanation=(
            "The value has the form of a credential, or stands under a key that says so. A spec is committed, and "
            "goes into manifests and images. Every message masks the value. Take it out, make a new one if it was "
            "ever committed, and name the place where it is kept under `secrets`. Where the value is no secret, "
            "call its key otherwise."
        ),
    ),
    Code(
        code="TB1112",
        title="an environment variable that a spec may not set",
        explanation=(
            "Variables such as LD_PRELOAD, PYTHONPATH and PATH decide which code runs, and others belong to the "
            "image itself. Values have no line breaks. Take the variable out, or give it another name."
        ),
    ),
    Code(
        code="TB1113",
        title="another version of the format",
        explanation=(
            "apiVersion says by which rules the spec is read; this tool knows twinbuild/v1. For a newer version "
            "use a newer twinbuild. An older spec needs a look at each key."
        ),
    ),
    Code(
        code="TB1114",
        title="another kind of document",
        explanation=("A spec has kind: Release. This file seems to be of another kind."),
    ),
    Code(
        code="TB1115",
        title="something is given twice",
        explanation=(
            "Two entries have one name, lie at one place in the image, or set one variable, so that one of them "
            "would be lost. Rename one, or take it out."
        ),
    ),
    Code(
        code="TB1116",
        title="values that contradict each other",
        explanation=(
            "Each value is fine alone, but not with another one: two bases, a CUDA version without CUDA, steps of "
            "a strategy that has none. The message says which."
        ),
    ),
    Code(
        code="TB1117",
        title="a name that is not there",
        explanation=(
            "The value names a port, a secret or a platform that no other part of the spec has. Add it there, or "
            "correct the name."
        ),
    ),
    Code(
        code="TB1118",
        title="a malformed reference to a secret",
        explanation=(
            "Each provider has its own form: env takes the name of a variable, file an absolute path, vault "
            "PATH#KEY, kubernetes SECRET/KEY. None has '..'."
        ),
    ),
    Code(
        code="TB1119",
        title="a malformed image name",
        explanation=(
            "An image is HOST/NAME:TAG, HOST/NAME@sha256:DIGEST or both, in lower case. The tag latest is "
            "refused: it names another image every day. A repository has no tag."
        ),
    ),
    Code(
        code="TB1120",
        title="a platform that is not supported",
        explanation=("Images are built for linux/amd64 and linux/arm64. Write one of these."),
    ),
    Code(
        code="TB1121",
        title="a malformed date",
        explanation=(
            "Dates are days (2026-11-01: midnight in UTC) or RFC 3339 times (2026-11-01T12:00:00Z), from 1980, "
            "where archive formats begin, to 2106. metadata.date may also be the word commit."
        ),
    ),
    Code(
        code="TB1122",
        title="a malformed address",
        explanation=(
            "An address has a scheme (https, http, ssh; wheel: for artifacts), a host in lower case, and no "
            "spaces or credentials."
        ),
    ),
    Code(
        code="TB1123",
        title="a malformed duration or amount",
        explanation=(
            "Durations are a number and ms, s, m, h, d, w or y, such as 250ms or 10m. Amounts are a number and m, "
            "k, M, G, T, Ki, Mi, Gi or Ti, such as 250m or 512Mi. There is no space and no 'B' at the end."
        ),
    ),
    Code(
        code="TB1124",
        title="a knob that contradicts itself",
        explanation=(
            "A knob's default, minimum and maximum have the knob's type; the default lies within the range, or is "
            "one of the values of an enum."
        ),
    ),
    Code(
        code="TB1125",
        title="an overlay that does not fit",
        explanation=(
            "Mappings merge by key, lists of named entries by name; other lists and single values are replaced; "
            "null deletes a key; `$patch: replace` replaces a mapping, `$patch: delete` in an entry of a list "
            "deletes the entry. What is deleted must be there, and a value is replaced by one of its own kind."
        ),
    ),
    Code(
        code="TB1126",
        title="text that is empty, too long or on several lines",
        explanation=(
            "Names and titles are one line of at most 500 characters, descriptions at most 20,000. Empty text "
            "says nothing: leave the key out."
        ),
    ),
    Code(
        code="TB1127",
        title="a Python version that is not supported",
        explanation=(
            "Write the minor version in quotes, such as '3.11': the lock pins the exact one that the base has. "
            "Without quotes 3.10 is the number 3.1."
        ),
    ),
    Code(
        code="TB1128",
        title="more findings than are shown",
        explanation=(
            "A hundred findings are shown. Often one mistake, such as wrong indentation, is the cause of "
            "many: correct the first ones and run the command again."
        ),
    ),
    Code(
        code="TB1150",
        title="a header that cannot be sent",
        explanation=(
            "A golden test's request has a header whose name or value no HTTP message can hold, or one that belongs to "
            "the connection, such as Host or Content-Length. Take it out, or correct it."
        ),
    ),
    Code(
        code="TB1151",
        title="a body where there is none",
        explanation=(
            "GET, HEAD and OPTIONS requests are sent without a body, and the answer to HEAD has none. Take the body "
            "out, or use another method."
        ),
    ),
    Code(
        code="TB1152",
        title="a tolerance without a number",
        explanation=(
            "`tolerance` says how far numbers of the expected body may differ, and the expected body has none. Take "
            "it out, or expect a number."
        ),
    ),
    Code(
        code="TB1153",
        title="limits that nothing can keep",
        explanation=(
            "A limit of `tests.performance` is zero, contradicts another one (a higher percentile is never below a "
            "lower one), or more requests are to be under way than are sent. Correct it."
        ),
    ),
    Code(
        code="TB1155",
        title="an accuracy test that cannot be",
        explanation=(
            "The threshold of `tests.accuracy` is outside of what its metric can reach, its cutoff is of no use, or "
            "its `prediction` is no JSON pointer. Correct it."
        ),
    ),
    Code(
        code="TB1156",
        title="a change of a knob that could show nothing",
        explanation="""\
tests.changes gives a knob another value and says how the answer to a golden test's request changes with it. The value
is the default, is none that the knob may have, or breaks a rule; or the expected answer is the one without the change,
so that the test could not fail.""",
    ),
    Code(
        code="TB1157",
        title="a knob that may change at run time, and is never changed",
        explanation="""\
That a knob takes effect while the service runs is a promise to whoever operates it, and a promise that nothing tries is
none. Add an entry to tests.changes: another value, a golden test, and the answer that shows the change.""",
    ),
    Code(
        code="TB1154",
        title="tests that ask nothing",
        explanation=(
            "Limits of latency and throughput are measured with the requests of golden tests, these are sent to a "
            "port of the service, and variants that must be tested need a test. Add what is missing."
        ),
    ),
    Code(
        code="TB1180",
        title="no family and version",
        explanation="`extends` names a family and its version as FAMILY@VERSION, such as scikit-learn@1.0.0. "
        "`twinbuild family list` shows both.",
    ),
    Code(
        code="TB1181",
        title="a name that every family has",
        explanation="Variables such as `name` and `team` are there in every family, and Jinja has names of its own. "
        "Choose another name.",
    ),
    Code(
        code="TB1182",
        title="rules that do not go with a variable's type",
        explanation="Values belong to an enum, a pattern to a string, a minimum and a maximum to numbers. Take out "
        "what does not belong, or change the type.",
    ),
    Code(
        code="TB1183",
        title="a digest of nothing",
        explanation="`sha256` in a family.yaml pins the family that `extends` names. Add that, or take the digest out.",
    ),
    Code(
        code="TB1184",
        title="an overlay that extends",
        explanation="An overlay names no other file. `extends` belongs into the spec itself.",
    ),
    Code(
        code="TB1190",
        title="a feature view that is not pinned",
        explanation=(
            "A feature store's view changes under its name. Name its `snapshot`, or the version of the registry, "
            "and the SHA-256 of its schema, so that the release says which inputs the model was made for."
        ),
    ),
    Code(
        code="TB1191",
        title="a preprocessing step that is nowhere",
        explanation=(
            "A step is `module:attribute` of the application, or the name of a build step of `environment.steps`. "
            "There is no build step of that name."
        ),
    ),
)
