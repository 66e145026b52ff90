"""How a release was tried: builds, golden tests, changes of knobs, limits, and what no test could show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinbuild.codec.markdown import bullets, code, text
from twinbuild.model.knobs import written

__all__ = ["trials"]


def trials(manifest: dict[str, Any]) -> Iterator[str]:
    """The lines of a release manifest's page about tests; what one machine measured is not among them."""
    verification, tests = manifest["verification"], manifest["tests"]
    live = {knob["name"] for knob in manifest["configuration"].get("parameters", ()) if knob.get("runtime_change")}
    yield from bullets(
        [
            (
                f"built {verification['builds']} times under {len(verification['variations'])} variations: "
                f"{text(verification['verdict'])}"
            ),
            *(
                f"{text(one['variant'])} {text(one['platform'])}: {text(one['verdict'])}"
                + (f" ({text(one['reason'])})" if one.get("reason") else "")
                for one in tests.get("images", ())
            ),
            *(
                f"golden test {text(one['name'])}" + (f": {text(one['description'])}" if one.get("description") else "")
                for one in tests.get("golden", ())
            ),
            *(_change(one, live) for one in tests.get("changes", ())),
            *(
                f"{text(one['metric'])} of {code(one['dataset'])} is no worse than {text(one['threshold'])}"
                for one in tests.get("accuracy", ())
            ),
            *(
                f"{text(key)}: {text(value)}"
                for key, value in sorted((tests.get("performance") or {}).items())
                if key not in ("requests", "concurrency")
            ),
            *(
                f"not shown of {text(one['variant'])} {text(one['platform'])}: {code(each['proof'])}: "
                f"{text(each['reason'])}"
                for one in tests.get("images", ())
                for each in one.get("not_proven", ())
            ),
        ]
    )
    yield from (
        "`provenance.intoto.json` says from what and by what the images were built, `tests.intoto.json` (where an",
        "image was tested) what its tests saw, and `run.json` the commit, the mirrors and the machine of the last run.",
        "",
    )


def _change(one: dict[str, Any], live: set[str]) -> str:
    how = f"live, within {text(one['within'])}" if one["knob"] in live else "with a restart"
    said = f"knob {text(one['knob'])} set to {code(written(one['value']))} {how}, by golden test {text(one['golden'])}"
    return said + (f": {text(one['description'])}" if one.get("description") else "")
