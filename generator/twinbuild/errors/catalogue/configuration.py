"""Codes of knobs: their definitions in a spec, and values that are checked before they are deployed."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB1140",
        title="a rule that can't be",
        explanation="""\
A rule is one condition over knobs: their names, constants and lists of them, comparisons and `in`, arithmetic, `and`,
`or`, `not`, `X if C else Y`, and min, max, abs and length. Types must fit: durations and amounts of bytes are written
with their unit in quotes ('30s', '512Mi'), and an enum is compared with one of its values.

Nothing else is part of the language, and nothing is ever called or rendered.""",
    ),
    Code(
        code="TB1141",
        title="a rule is broken by the spec itself",
        explanation="""\
The defaults of the knobs, or the values of a stage, break a rule between them: the service would refuse to start.

Change the values or the rule.""",
    ),
    Code(
        code="TB1142",
        title="a knob's kind does not suit it",
        explanation="""\
A feature flag is a bool with an owner and a day on which it expires; a log level is an enum; batch sizes, threads and
ulimits are whole numbers, and a ulimit says which `limit`; memory and shared memory are bytes. The other kinds have
none of these keys.""",
    ),
    Code(
        code="TB1143",
        title="a stage's value is none of the knob",
        explanation="""\
Below `configuration.stages` stands, for each stage, a value by knob: of a knob that there is, of its type, and within
its range. A hyper-parameter is the model's own, and no stage can change it.""",
    ),
    Code(
        code="TB1144",
        title="values of a stage that is none",
        explanation="""\
`configuration.stages` names a stage that `publish.repositories` lacks, so nothing would ever be deployed with these
values. Name a stage that is there, or add it.""",
    ),
    Code(
        code="TB1145",
        title="a feature flag that expired",
        explanation="""\
The flag was to be taken out before the release's date. Take it out with the code behind it, or agree with its owner on
a later day. The release's own date is what counts, so that an old release can always be made again.""",
    ),
    Code(
        code="TB1146",
        title="a hyper-parameter that the model does not have",
        explanation="""\
A knob of the kind hyperparameter documents a value that the model was trained with, so its name and default are those
of `model.hyperparameters`.""",
    ),
    Code(
        code="TB1147",
        title="more configuration than a cluster takes",
        explanation="""\
The values of all knobs together are one ConfigMap, which Kubernetes refuses beyond 1 MiB. Large texts belong in files
of the application or in artifacts of the model.""",
    ),
    Code(
        code="TB7101",
        title="a line of an environment file that is none",
        explanation="""\
An environment file has lines NAME=VALUE, empty lines, and comments that begin with `#`, as Docker and systemd read it.
A name alone would take the value from the environment of whoever runs the command, so it is refused.""",
    ),
    Code(
        code="TB7102",
        title="no such stage",
        explanation="Neither `publish.repositories` nor `configuration.stages` has a stage of that name.",
    ),
    Code(
        code="TB7110",
        title="nothing to measure",
        explanation="""\
`twinbuild measure` sends the golden requests while knobs are at their bounds, so it needs golden tests, and knobs with
a declared `impact` or named with --knob.""",
    ),
    Code(
        code="TB7111",
        title="no such knob to measure",
        explanation="""\
The knob named with --knob is not in `configuration.parameters`, or it is a hyper-parameter, which nobody can turn.""",
    ),
    Code(
        code="TB7112",
        title="no answer with a knob at a value within its range",
        explanation="""\
The service was started with a knob at a bound, and did not answer, or with a status of 500 or more. Its release says
that this value is right. Narrow the range, or add a rule that says under which other knobs it is.""",
    ),
    Code(
        code="TB7113",
        title="a knob does something else than declared",
        explanation="""\
Measured from its lowest to its highest value, a knob changes latency, throughput or memory in another way than its
`impact` says: by more than a tenth, and in every round. Correct the declaration, or find out why.""",
    ),
    Code(
        code="TB7103",
        title="a release without definitions of knobs",
        explanation="""\
The release was made by an older twinbuild, which wrote no `deploy/definitions.json`. Check its spec instead, or make
the release again.""",
    ),
    Code(
        code="TB7104",
        title="a live change of a knob that needs a restart",
        explanation="""\
`check-config --live` holds values against what may change while the service runs. This knob is not declared so
(runtime_change: true): a file of it in /etc/twinbuild/live would change nothing, and would keep the next container from
starting. Deploy the value with the next start.""",
    ),
)
