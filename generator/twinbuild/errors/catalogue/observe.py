"""What can be seen of a running service: metrics, alerts, logs, traces, and the proof that they are there."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB1170",
        title="no PromQL",
        explanation="The expression of an alert or of a gate can't be parsed as PromQL, or its value is no instant "
        "vector, as rules need it: a number alone, a text, or a range without a function over it. Experimental "
        "functions, and selectors without a fixed metric name, are refused too. The message is the parser's; "
        "`promtool check rules` on the rendered file says the same.",
    ),
    Code(
        code="TB1171",
        title="an expression reads a metric that is not declared",
        explanation="Every metric in an alert or gate is one of `observability.metrics`, or `up`, which Prometheus "
        "makes itself. A histogram NAME is read as NAME_bucket, NAME_sum and NAME_count. A metric that the mesh or the "
        "cluster publishes is declared with `source: mesh` or `source: cluster`; that it exists can't be proven here.",
    ),
    Code(
        code="TB1172",
        title="an expression asks for a label that the metric has not",
        explanation="A matcher, `by (...)` or `on (...)` names a label that the declaration of the metric lacks. Such "
        "an expression selects nothing, or groups everything as one, without a word. Labels that the scrape adds "
        "(job, instance, namespace, pod, container, service, endpoint, node, cluster) need no declaration.",
    ),
    Code(
        code="TB1173",
        title="no unit test of an alert can be derived",
        explanation="From a comparison, series are derived under which the alert fires, and others under which it is "
        "silent; they become the alert's unit test for promtool. Of some expressions nothing can be derived. Then the "
        "spec gives the series below the alert's `tests`: `firing: [{series: 'NAME{LABEL=\"VALUE\"}', values: "
        "0+60x30}]`, and `silent` likewise.",
    ),
    Code(
        code="TB1174",
        title="metrics that contradict each other or Prometheus",
        explanation="The name of a label is none that Prometheus takes, or one that it sets itself (le, quantile, and "
        "those that begin with __); two metrics would be stored under one name, as a histogram X and a counter "
        "X_count would; or a metric of the mesh or the cluster names a port of the service.",
    ),
    Code(
        code="TB1175",
        title="log fields that contradict each other",
        explanation="A line of plain text has no fields to declare, and a field is either in every line (`fields`) or "
        "in some (`optional`).",
    ),
    Code(
        code="TB1176",
        title="traces that contradict each other",
        explanation="Tracing is enabled but has no exporter, or a sampling ratio of 0, so that no trace would ever be "
        "sent; or it has an address to which none is sent.",
    ),
    Code(
        code="TB1177",
        title="no series of a unit test",
        explanation="The values of a series are words with one blank between: a number, `_` (no sample), `stale`, or "
        "`a+bxN` for a and N more values, each greater by b. A series is a metric with labels that have exact values: "
        '`requests_total{path="/predict"}`. The values come one a minute.',
    ),
    Code(
        code="TB1178",
        title="a fallback that nothing tries",
        explanation="A service says what happens where another service does not answer, and nothing shows that it "
        "does. Give the variable in which the service finds the other's address (`environment`), and mark a golden "
        "test that must pass without it (`fallback: NAME`). A service without time to answer is refused, too.",
    ),
    Code(
        code="TB1179",
        title="authentication that is not whole",
        explanation="`authentication` of a service says how its secret is shown: `bearer` (RFC 6750), `basic` "
        "(RFC 7617), `mtls` (a client certificate), or `header`, which needs the name of one: `header: X-API-Key`. The "
        "other schemes have no header of their own.",
    ),
    Code(
        code="TB7401",
        title="no metrics where they are said to be",
        explanation="Before a release each image is started, its golden tests are asked, and the place of "
        "`observability.scrape` is read as Prometheus would. It answered with another status than 200, or with "
        "something that is no exposition of metrics.",
    ),
    Code(
        code="TB7402",
        title="a metric that is relied upon is not there",
        explanation="An alert, a condition of the rollout, or the declaration itself names a metric that the running "
        "service does not publish after its golden tests. Such an alert never fires, and such a gate never decides. "
        "Correct the name, let a golden test reach the code that makes the metric, or initialise its labels at the "
        "start, so that a rate can be seen from the first event on.",
    ),
    Code(
        code="TB7403",
        title="a metric of another type",
        explanation="The TYPE line of what the service publishes says another type than the spec. Rates are for "
        "counters, quantiles for histograms: rules on a wrong type give numbers that mean nothing. A metric without a "
        "TYPE line is `unknown`.",
    ),
    Code(
        code="TB7404",
        title="a metric with other labels",
        explanation="A series that the service publishes has not the labels that are declared for it (`le` and "
        "`quantile` aside). Expressions that match or group by them would select nothing.",
    ),
    Code(
        code="TB7405",
        title="a log line that is not as declared",
        explanation="What the service printed, until its golden tests were answered, has a line that is not in the "
        "declared format, lacks a field of `observability.logs.fields`, or has one that is neither there nor in "
        "`optional`. Servers and native libraries often write lines of their own: configure their loggers, too.",
    ),
    Code(
        code="TB7406",
        title="another identity than the one that was told",
        explanation="`twinbuild_release_info`, or the fields `image` and `release` of a log line, do not have the "
        "digests that the service was given in TWINBUILD_IMAGE and TWINBUILD_RELEASE. A deployment gives the real "
        "ones; in a trial the release is not known yet, and a stand-in takes its place.",
    ),
    Code(
        code="TB7407",
        title="traces that do not arrive as declared",
        explanation="Requests with evenly spaced `traceparent` headers were sent, and a receiver beside the service "
        "counted the traces that came by OTLP over HTTP. Their share is not `sample_ratio`, their spans do not hang "
        "on the sent ones, or their resource does not say which image and release they are from. A deployment sets "
        "OTEL_TRACES_SAMPLER=traceidratio and its argument: a service that follows its caller (`parentbased`) samples "
        "whatever the caller samples.",
    ),
    Code(
        code="TB7408",
        title="a fallback takes too long",
        explanation="The other service took the connection and said nothing. The service under test answered, but "
        "later than the time-out of the other service and its retries allow.",
    ),
    Code(
        code="TB7409",
        title="a service that should be asked was not",
        explanation="A golden test is marked for the fallback of a service, and while it was asked nobody connected to "
        "that service's address. Whatever answered was not the fallback. The address is in the variable that the "
        "service's `environment` names, and has no network but the loopback: no proxy, no fixed address.",
    ),
    Code(
        code="TB7410",
        title="a file of measurements that is none",
        explanation="`twinbuild simulate --series FILE` reads YAML with `series`, a mapping from the names of the "
        "rollout's conditions to values as promtool writes them, and `interval`, the time between two of them.",
    ),
    Code(
        code="TB7411",
        title="a rollout that is too long to be played",
        explanation="`twinbuild simulate` plays at most 100,000 moments of a rollout. Conditions are looked at so "
        "often that the shortest window has two moments; with pauses of weeks that is too often.",
    ),
    Code(
        code="TB7412",
        title="a release whose rollout cannot be played",
        explanation="`twinbuild simulate` reads `rollout` and `observability` of a release manifest. They are not as "
        "this version writes them, or an overlay was given, which is merged over a spec alone. Release it again, or "
        "name the spec.",
    ),
    Code(
        code="TB7413",
        title="a gate or an alert on a series that the service does not publish",
        explanation="""\
A condition of the rollout chooses series by the values of labels (or a summary's by its quantile), or an expression of
an alert or a condition does, and after the golden tests the service publishes none with these values. In production it
would never be measured: nothing promoted, nothing rolled back, nobody called.

What an expression reads within absent(), on a side of `or`, or to the right of `unless` is not asked for, nor are
labels that a scrape adds. Values are compared as they stand: /predict is not /Predict. Correct the value, ask for it in
a golden test, or let the service publish it with 0 at its start.""",
    ),
)
