"""The tests of a release: the manifest's section, and an in-toto statement of what was seen when they ran.

The section holds what is the same on every machine: inputs, expected answers, limits and verdicts. What one machine
saw (times, memory, digests of answers whose last digits depend on the processor) is the statement's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from twinbuild import __version__
from twinbuild.codec.canonical import Json, canonical, digest_of
from twinbuild.describe.naming import BUILDER
from twinbuild.describe.plain import plain
from twinbuild.model.digest import Digest
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.trial import REASONS, Outcome, Passed

__all__ = ["STATEMENT", "part_of_tests", "statement_of_tests"]

STATEMENT: Final = "tests.intoto.json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"


def part_of_tests(
    spec: ReleaseSpec, outcomes: tuple[Outcome, ...], files: tuple[tuple[str, Digest, int], ...]
) -> dict[str, Json]:
    """What stands in the section ``tests`` beside the spec's own: digests of inputs and expected answers, verdicts.

    ``files`` are those of the project that tests read: path, digest, size.
    """
    return {
        "digests": [
            {
                "golden": golden.name,
                "request": str(digest_of(plain(golden.request))),
                "expect": str(digest_of(plain(golden.expect))),
            }
            for golden in spec.tests.golden
        ],
        "files": [{"path": path, "sha256": digest.hex, "size": size} for path, digest, size in files],
        "images": [
            {
                "variant": outcome.variant,
                "platform": str(outcome.platform),
                "digest": str(outcome.image),
                **({"verdict": "passed"} if isinstance(outcome, Passed) else _untested(REASONS[outcome.reason])),
            }
            for outcome in outcomes
        ],
    }


def _untested(reason: str) -> dict[str, Json]:
    return {"verdict": "untested", "reason": reason}


def statement_of_tests(spec: ReleaseSpec, outcomes: tuple[Outcome, ...]) -> bytes | None:
    """A Statement v1 with a test-result predicate v0.1 about the images that were tested; None where none was.

    ``observed`` is our addition to the predicate: figures by image. The rest of it is in-toto's.
    """
    passed = [outcome for outcome in outcomes if isinstance(outcome, Passed)]
    if not passed:
        return None
    metadata = spec.metadata
    tests = digest_of(plain(spec.tests))
    names: list[Json] = [name for outcome in passed for name in _names(spec, outcome)]
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": [
                {
                    "name": f"{metadata.name}:{metadata.version}-{outcome.variant}-{outcome.platform.file_part}",
                    "digest": {"sha256": outcome.image.hex},
                }
                for outcome in passed
            ],
            "predicateType": _PREDICATE,
            "predicate": {
                "result": "PASSED",
                "configuration": [{"name": "tests", "digest": {"sha256": tests.hex}}],
                "passedTests": names,
                "warnedTests": [],
                "failedTests": [],
                "observed": {
                    f"{outcome.variant}-{outcome.platform.file_part}": json.loads(outcome.observed)
                    for outcome in passed
                },
                "tester": {"id": BUILDER, "version": {"twinbuild": __version__}},
            },
        }
    )


def _names(spec: ReleaseSpec, outcome: Passed) -> Iterator[Json]:
    """Every test that an image passed, in order."""
    prefix = f"{outcome.variant}-{outcome.platform.file_part}"
    for golden in spec.tests.golden:
        yield f"{prefix}/golden/{golden.name}"
    if spec.tests.golden:
        yield f"{prefix}/two-starts-one-answer"
    observed = json.loads(outcome.observed)
    for name in observed.get("metrics", ()):
        yield f"{prefix}/metric/{name}"
    for accuracy in spec.tests.accuracy:
        yield f"{prefix}/accuracy/{accuracy.name}"
    if observed.get("environment_watched"):
        yield f"{prefix}/no-undeclared-variable"
    if observed.get("refused_requests"):
        yield f"{prefix}/input-schema-enforced"
    for name in observed.get("fallbacks", ()):
        yield f"{prefix}/fallback/{name}"
    if "traces" in observed:
        yield f"{prefix}/traces"
    for key in sorted(observed.get("limits", {})):
        yield f"{prefix}/limit/{key}"
