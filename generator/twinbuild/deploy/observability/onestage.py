"""Expressions of a spec narrowed to one stage: what asks for a metric asks for the pods of that stage.

Two stages whose pods one Prometheus scrapes publish the same metrics. A series without a label of the stage (another
way of scraping than ours) is still taken: an alert that can never fire would be worse than one that looks too far.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from twinbuild.deploy.rollout.scraped import label_of
from twinbuild.deploy.rollout.target import STAGE
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.watching import watched

__all__ = ["of_one_stage"]

_LABEL: Final = label_of(STAGE)
_STRING: Final = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
_TOKEN: Final = re.compile(
    rf"(?P<string>{_STRING})|(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<braces>\{{(?:{_STRING}|[^\"'`}}])*\}})|[0-9.]+\w*|.",
    re.DOTALL | re.ASCII,
)


def of_one_stage(spec: ReleaseSpec, expression: str, stage: str) -> str:
    """The expression with a matcher for the stage behind each name of a metric that the pods publish.

    It stays as it is, letter by letter, but for that; wholly where there is no stage, or a name means something else.
    """
    import promql_parser as ql

    if not stage:
        return expression
    sources = {metric.name: metric.source for metric in spec.observability.metrics}
    series = watched(spec.observability).items()
    own = frozenset(name for name, each in series if sources.get(each.metric, "service") == "service")
    matcher = f'{_LABEL}=~"{stage}|"'
    found = "".join(_narrow(expression, own, matcher))
    try:
        before, after = str(ql.parse(expression)), str(ql.parse(found))
    except ValueError:  # a label with the name of a metric; or a spec that nobody checked
        return expression
    return found if after.replace(f",{matcher}", "").replace(f"{{{matcher}}}", "{}") == before else expression


def _narrow(text: str, own: frozenset[str], matcher: str) -> Iterator[str]:
    """The tokens of a text; a selector of one of these metrics has the matcher, too."""
    open_, blanks = False, ""  # behind a metric's name, whose braces may follow
    for token in _TOKEN.finditer(text):
        if open_ and token[0].isspace():
            blanks += token[0]
            continue
        if open_ and token["braces"] is not None:
            inner = token[0][1:-1].rstrip().rstrip(",")
            more = inner if _LABEL in inner else f"{inner},{matcher}" if inner.strip() else matcher
            yield f"{blanks}{{{more}}}"
            open_, blanks = False, ""
            continue
        if open_:
            yield f"{{{matcher}}}{blanks}"
        yield token[0]
        open_, blanks = token["name"] is not None and token[0] in own, ""
    if open_:
        yield f"{{{matcher}}}{blanks}"
