"""TB116 and TB73: the rollout of a release, and shadow traffic."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB1160",
        title="a condition that cannot be measured",
        explanation="A condition names a metric of observability.metrics or gives an expression of its own, not both. "
        "Labels, a quantile, a share and a range belong to a metric; quantiles are those of histograms and summaries, "
        "shares are made of counters. Ranges and windows are a second or longer. Argo Rollouts and Flagger fill in "
        "what stands in double braces, so there are none. Write what can be measured.",
    ),
    Code(
        code="TB1161",
        title="numbers of replicas that contradict each other",
        explanation="The maximum is at least the minimum. Where it is above, an autoscaler needs a target: a share of "
        "the processor or memory that environment.resources requests. Where the number is fixed, there is no target.",
    ),
    Code(
        code="TB1162",
        title="a rollout that cannot do what it says",
        explanation="Conditions of 'promote', gates and shadows need a strategy that waits: canary with steps, or "
        "blue_green. A shadow is a step of a canary, as blue_green has no steps; with a baseline it is an experiment "
        "apart from the rollout. To replace a pod there must be one more or one fewer for a while, and to empty a node "
        "one must be missing. Choose another strategy or number, or take out what has no effect.",
    ),
    Code(
        code="TB1163",
        title="a failure mode whose action nothing carries out",
        explanation="A rollback is done by a condition of 'rollback', a stop by one of 'promote', and an alert calls "
        "somebody. The signal of the failure mode is of another kind, so the action would never follow; or two "
        "alerts are named for one call. Name a signal of the right kind, the action that its kind has, or one alert.",
    ),
    Code(
        code="TB1164",
        title="a gate that does not fit",
        explanation="A gate stands before a step's weight, or before 100, the promotion. Who may agree to it is an "
        "approver of governance.roles, where that names any. Correct the weight or the name.",
    ),
    Code(
        code="TB1166",
        title="a name that no cluster takes",
        explanation="In a cluster the service is a host name: it begins with a lower-case letter and leaves room for "
        "-canary, -preview and the variant's name within 63 characters. Give a shorter name in rollout.name.",
    ),
    Code(
        code="TB1167",
        title="a label of a node that Kubernetes does not take",
        explanation="Keys and values of labels and taints have at most 63 letters, digits, '.', '_' and '-', and begin "
        "and end with a letter or digit; a key may stand behind a domain and '/'. A toleration has a value where its "
        "operator is Equal. No node could have another label.",
    ),
    Code(
        code="TB1168",
        title="a router without a route, or the reverse",
        explanation="nginx divides traffic by an Ingress, istio by a VirtualService: name it in traffic.route. Without "
        "a router there is no route.",
    ),
    Code(
        code="TB1169",
        title="neither a number of pods nor a share",
        explanation="Pods are counted (1), or a share of them is given as text ('25%'). Write one of these.",
    ),
    Code(
        code="TB7301",
        title="no traffic to send",
        explanation="`twinbuild shadow` sends the golden requests of the first release's tests, or the requests of a "
        "JSON Lines file. There are none. Add a golden test to the spec, or name a file with --traffic.",
    ),
    Code(
        code="TB7302",
        title="a recorded request that cannot be read",
        explanation='Each line of the file is a JSON object such as {"method": "POST", "path": "/predict", "headers": '
        '{}, "body": {}}: a path that begins with "/", a method of HTTP (POST where it is missing), headers as '
        "text, and any JSON as the body. Correct the line.",
    ),
    Code(
        code="TB7303",
        title="no port to send traffic to",
        explanation="The release's service listens on no port that the release manifest knows. Name one in "
        "serving.ports, and release it again.",
    ),
    Code(
        code="TB7304",
        title="no image that this machine runs",
        explanation="The release has no image, or several, for this machine's architecture. Name a variant with "
        "--variant, or run it on a machine of the image's platform.",
    ),
)
