"""Codes of behaviour tests (TB72)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB7201",
        title="the service did not run",
        explanation="""\
The built image was started in a sandbox for its tests. It ended, or it was not ready in time: the probe of
serving.health (startup, readiness or liveness) must answer 200 to 399, or, without one, its ports must take
connections. What it printed last is in the message.

Run it by hand with `twinbuild run`, and look at its output; where the probe's line is shown, let the service answer
there, or correct the probe.""",
    ),
    Code(
        code="TB7202",
        title="a golden test failed",
        explanation="""\
The service's answer is not the one that the spec expects: another status, or another value in the JSON body. The
message names the first place where they differ as a JSON pointer (RFC 6901). Numbers may differ by `tolerance`,
absolute or relative to the expected one; everything else must be equal, and an object must have the expected keys and
no others.

Mend the model or the service; or, if the new answer is right, write it down as the expected one.""",
    ),
    Code(
        code="TB7203",
        title="no answer to a test",
        explanation="""\
The service closed the connection, did not answer in time, or answered with something that is no HTTP.

Look at the service's log with `twinbuild run`.""",
    ),
    Code(
        code="TB7204",
        title="one image answers in two ways",
        explanation="""\
The same request to two starts of one image, or to one start under load, got bodies with other bytes. Only status and
body are compared, no headers. Common causes: a random seed, sums that depend on the number of threads, a time or an
identifier in the body, and batching that mixes requests.

Fix seeds and threads, and leave what differs from call to call out of the body.""",
    ),
    Code(
        code="TB7205",
        title="a limit of latency or throughput is exceeded",
        explanation="""\
`tests.performance` limits the time to answer (percentiles by the nearest rank) or asks for a number of answers per
second. A busy machine only makes it slower, so up to three rounds are run, and one that keeps all limits is enough:
here none was.

Make the service faster, or set a limit that it can keep on the machines that make releases.""",
    ),
    Code(
        code="TB7206",
        title="the service starts too slowly",
        explanation="""\
`tests.performance.startup` limits the time from the start of the sandbox until the service is ready; the faster of two
starts counts.

Load less at the start, or raise the limit.""",
    ),
    Code(
        code="TB7207",
        title="the service takes too much memory",
        explanation="""\
`tests.performance.memory` limits what the service had at most while it was tested: of one process its peak resident
set, files that it maps among it; of several what they have in the end, where a page in common counts once.

Load less, or raise the limit.""",
    ),
    Code(
        code="TB7208",
        title="the service was killed for its memory",
        explanation="""\
The service runs under `environment.resources.memory.limit`, as its container will. All its processes together had more
memory for themselves than that, and were killed. Kubernetes would have killed it, too.

Raise the limit, or load less at once.""",
    ),
    Code(
        code="TB7209",
        title="the model has become worse",
        explanation="""\
The service answered the evaluation set of `tests.accuracy`, and the metric is worse than the threshold. The metrics are
defined in docs/test.md.

Release the model that was as good as that, or find out what has become worse: model, preprocessing or a dependency.""",
    ),
    Code(
        code="TB7210",
        title="an evaluation set that is not the pinned one",
        explanation="""\
The spec pins each evaluation set by its SHA-256, and the file has another one. An accuracy over other data says
nothing.

Restore the file; or, if it was changed on purpose, write its new SHA-256 into the spec.""",
    ),
    Code(
        code="TB7211",
        title="an evaluation set that cannot be read",
        explanation="""\
An evaluation set is JSON Lines: each line an object of `request` (any JSON, the body to post) and `label` (a number
or a truth value; a list of them where `prediction` has a `*`). The finding names the line.

Correct that line.""",
    ),
    Code(
        code="TB7212",
        title="nothing can be measured",
        explanation="""\
An answer to a request of the evaluation set is not of status 200 to 299, is no JSON, or has no number at `prediction`;
or the metric needs what the labels do not have, such as two classes.

Correct `prediction`, `metric` or the evaluation set, or mend the service.""",
    ),
    Code(
        code="TB7213",
        title="a data schema that is none",
        explanation="""\
A file of `model.schemas` is no JSON, no JSON Schema, or refers to another document: a data schema is one file, and
nothing is fetched.

Correct the file, or inline what it refers to below `$defs`.""",
    ),
    Code(
        code="TB7214",
        title="a golden test that the input schema refuses",
        explanation="""\
The request of a golden test is not as `model.schemas.input` says. One of the two is wrong.

Correct it; or write `schemas: false` in the test, where it is of an endpoint that the schema is not about.""",
    ),
    Code(
        code="TB7215",
        title="an answer that the output schema refuses",
        explanation="""\
The service's answer to a golden test is not as `model.schemas.output` says, so its clients would be misled.

Mend the service, or correct the schema.""",
    ),
    Code(
        code="TB7216",
        title="the service takes what the input schema refuses",
        explanation="""\
Requests were made from a golden test by taking a required key out, and by putting a value of another kind in. The
input schema refuses them, and the service did not: it must answer 400 to 499.

Check requests before the model sees them, or correct the schema.""",
    ),
    Code(
        code="TB7217",
        title="an undeclared environment variable",
        explanation="""\
While the golden tests ran, the application's own code asked for an environment variable that no part of the spec names:
what it gets there would be decided by whoever starts the container. The message has file and line. Only look-ups in
Python code below `source.target` are seen (os.environ, os.getenv); those of packages are not.

Declare it as a knob's `environment`, in `serving.environment` or as a secret; or do not ask for it.""",
    ),
    Code(
        code="TB7218",
        title="a hyper-parameter that the model was not made with",
        explanation="""\
`model.hyperparameters` says one value, and the model's own file another. Files of skops and LightGBM's text say what
they were trained with; of other formats nothing can be compared.

Write down the value of the artifact, or release the artifact that was meant.""",
    ),
    Code(
        code="TB7219",
        title="the log level has no effect",
        explanation="""\
The knob of the kind log_level was set to its most severe value, and the service still wrote lines of a lesser level in
answer to the golden tests. Set the level of every logger from the knob's variable, those of libraries included.""",
    ),
    Code(
        code="TB7220",
        title="an image that must be tested was not",
        explanation="""\
This machine cannot run the image: it is of another platform, it needs an accelerator, or there is no sandbox. Where
`tests.required` names its variant, or nothing but a missing sandbox stood in the way, an untested image is not
released.

Release on a machine that can run it, or change `tests.required`.""",
    ),
    Code(
        code="TB7230",
        title="a change at run time has no effect",
        explanation="""\
The knob may change while the service runs (runtime_change: true). The file /etc/twinbuild/live/VARIABLE was written, or
taken away again, and after the time that tests.changes allows the answer to the golden test was not the expected one.
Read the file at each request, or when it changes; or allow more time with `within`.""",
    ),
    Code(
        code="TB7231",
        title="a text that is no value is taken over at run time",
        explanation="""\
A text that is no value of the knob's type was written to /etc/twinbuild/live/VARIABLE, and the service then answered
otherwise, or not at all. Nothing checks what is changed while a service runs but the service itself: it must keep what
it was started with.""",
    ),
    Code(
        code="TB7232",
        title="a knob that needs a restart changed without one",
        explanation="""\
The knob is not declared as one that may change at run time, and still the service took over the file
/etc/twinbuild/live/VARIABLE while it ran. Declare it with runtime_change: true, or read its variable at the start
alone.""",
    ),
    Code(
        code="TB7233",
        title="another value of a knob has no effect after a restart",
        explanation="""\
The service was started with the value of tests.changes in the knob's variable, and the answer to the golden test was
not the expected one. Let the service take the variable over, or mend what is expected.""",
    ),
    Code(
        code="TB7234",
        title="a change of a knob that shows nothing",
        explanation="""\
By default the service already answers the golden test as tests.changes expects it to with the other value: the test
would pass for a service that does not look at the knob at all. Choose a value that changes the answer, or expect the
answer more exactly.""",
    ),
)
