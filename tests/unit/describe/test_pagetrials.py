"""``describe.pagetrials``: what was changed, and what no test could show."""

from __future__ import annotations

import json

from tests.unit.describe.test_page import MANIFEST

from twinbuild.describe.pagetrials import trials


def test_changes_and_open_claims() -> None:
    """How each knob was changed, every claim that is open with its reason, and where the rest stands."""
    document = json.loads(json.dumps(MANIFEST))
    claim = {"proof": "traces", "reason": "only OTLP is received by a test"}
    document["tests"]["images"] = [
        {"variant": "cpu", "platform": "linux/amd64", "verdict": "passed", "not_proven": [claim]}
    ]
    page = "\n".join(trials(document))
    for said in (
        "- knob decision\\_threshold set to `0.999` live, within 200ms, by golden test burst-of-foreign-payments: The ",
        "- knob batch\\_limit set to `1` with a restart, by golden test both-at-once: A longer request",
        "- not shown of cpu linux/amd64: `traces`: only OTLP is received by a test",
        "`provenance.intoto.json`",
        "`tests.intoto.json`",
        "`run.json` the commit",
    ):
        assert said in page, said
