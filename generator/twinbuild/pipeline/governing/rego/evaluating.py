"""Have rules in Rego compiled and evaluated in a process of their own, and take its answer as what it is: a text.

Nothing here passes in silence. Without the engine there is an error, a file with a fault is refused before anything is
judged, and a rule that fails counts as one that refuses.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from twinbuild.build.bounded import TOO_MUCH, run_bounded
from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.marked import excerpt_of
from twinbuild.codec.policyfile import LoadedPolicy
from twinbuild.describe.policyinput import policy_input_schema
from twinbuild.errors import EnvironmentFault, Finding, Location, PolicyRefused
from twinbuild.model.governed import RegoAnswer
from twinbuild.model.policy import RegoRules
from twinbuild.pipeline.governing.rego.engine import NOT_LOADED
from twinbuild.pipeline.governing.rego.files import RegoSource, read_sources
from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner

__all__ = ["check_rego", "judge_rego"]

_ENGINE: Final = "1.5."  # another one may read the same text otherwise
_EXTRA: Final = "install twinbuild with its extra: `pip install 'twinbuild[rego]'`"
_LIBRARIES: Final = "install the library that it names: libatomic.so.1 is in Debian's and Ubuntu's package libatomic1"
SECONDS: Final = 30  # of processor time; a bill of materials of half a megabyte takes two
MEMORY: Final = 2 << 30  # bytes; it takes 60 MB
_LARGEST: Final = 16 << 20  # bytes of an answer
_MOST: Final = 1000  # messages of a rule
_LONGEST: Final = 500  # characters of a message
_LESS: Final = "let its rules loop over a few values, and its patterns be plain"


def check_rego(policy: LoadedPolicy, directory: Path, *, beside: str = "") -> tuple[tuple[str, bytes], ...]:
    """The files of Rego that a policy names, read and compiled; () where it names none.

    Raises PolicyRefused TB8892 to TB8895 and TB8897 with every fault at its place, EnvironmentFault TB8891 where the
    engine is not there.
    """
    found: dict[str, bytes] = {}
    for index, rules in enumerate(policy.value.rego):
        sources = read_sources(policy, rules, index, directory, beside=beside)
        _run(rules, sources, None)
        found |= {source.file: source.text.encode() for source in sources}
    return tuple(found.items())


def judge_rego(
    policy: LoadedPolicy, about: tuple[tuple[int, RegoRules], ...], directory: Path, *, beside: str, document: Json
) -> tuple[RegoAnswer, ...]:
    """What the rules of these sections (with their places) say of a document. Raises as ``check_rego``.

    A rule that fails has a ``fault``; so has every rule of a section that was not done in time.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return tuple(
        answer
        for index, rules in about
        for answer in _run(rules, read_sources(policy, rules, index, directory, beside=beside), text)
    )


def _run(rules: RegoRules, sources: tuple[RegoSource, ...], document: str | None) -> tuple[RegoAnswer, ...]:
    _require_engine(rules)
    request = {
        "modules": [
            {"name": each.file, "text": each.text, "package": each.package, "decides": each.decides} for each in sources
        ],
        "schema": _schema(),
        "input": document,
        "bounds": (SECONDS, MEMORY),
    }
    with tempfile.TemporaryDirectory(prefix="twinbuild-rego-") as scratch:
        done = run_bounded(
            "twinbuild.pipeline.governing.rego.engine",
            request,
            runner=SubprocessRunner(limit=_LARGEST),
            interpreter=Path(sys.executable),
            directory=Path(scratch),
        )
    if done.status == NOT_LOADED:
        raise _no_engine(rules, f"regopy does not load: {_last_said(done)}", _LIBRARIES)
    if done.status:
        return _unknown(rules, sources, _why_it_ended(done), document)
    try:
        return _answers(rules, sources, parse_json("the engine's answer", done.stdout)[0])
    except (JsonProblem, LookupError, TypeError, ValueError, AttributeError):
        return _unknown(rules, sources, "the engine's answer cannot be read", document)


@functools.cache
def _schema() -> dict[str, Any]:
    return policy_input_schema()


def _unknown(
    rules: RegoRules, sources: tuple[RegoSource, ...], why: str, document: str | None
) -> tuple[RegoAnswer, ...]:
    """The one answer where there is none; an error where nothing was asked yet."""
    if document is None:
        raise PolicyRefused.of("TB8896", f"{rules.name}: {why}", hint=_LESS, where=Location(file=str(sources[0].path)))
    return (RegoAnswer(rules=rules.name, file=sources[0].file, rule="", fault=why),)


def _require_engine(rules: RegoRules) -> None:
    try:
        found = version("regopy") if importlib.util.find_spec("regopy") is not None else ""
    except PackageNotFoundError:
        found = ""
    if not found.startswith(_ENGINE):
        why = f"regopy {found} is installed, expected {_ENGINE}*" if found else "regopy is not installed"
        raise _no_engine(rules, why, _EXTRA)


def _no_engine(rules: RegoRules, why: str, hint: str) -> EnvironmentFault:
    return EnvironmentFault.of(
        "TB8891", f"the policy has rules in Rego ({rules.name}), and {why}", hint=hint, where="policy"
    )


def _why_it_ended(done: Completed) -> str:
    if done.status in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"the rules are not done after {SECONDS} seconds of processor time"
    if done.status == TOO_MUCH or b"bad_alloc" in done.stderr:
        return f"the rules need more than {MEMORY >> 20} MiB of memory"
    by = f" ended by {signal.Signals(-done.status).name} and" if done.status < 0 else ""
    return f"the rules cannot be evaluated: the engine{by} said {_last_said(done)}"


def _last_said(done: Completed) -> str:
    lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:_LONGEST] if lines else "nothing"


def _answers(rules: RegoRules, sources: tuple[RegoSource, ...], answer: Any) -> tuple[RegoAnswer, ...]:
    by_name = {source.file: source for source in sources}
    findings = tuple(_finding(each, by_name.get(each["file"], sources[0])) for each in answer["faults"])
    if findings:
        raise PolicyRefused(findings)
    found = tuple(_said(rules, each) for each in answer["rules"])
    if not found:
        raise ValueError
    return found


def _finding(fault: Any, source: RegoSource) -> Finding:
    line, column = int(fault["line"]), int(fault["column"])
    excerpt = excerpt_of(source.text.split("\n"), line)
    return Finding(
        code=str(fault["code"]),
        message=str(fault["message"]),
        hint=str(fault["hint"]),
        where=Location(file=str(source.path), line=line, column=column, excerpt=excerpt),
    )


def _said(rules: RegoRules, each: Any) -> RegoAnswer:
    messages: tuple[str, ...] = ()
    fault = str(each.get("fault", ""))
    if "value" in each:
        try:
            messages = tuple(_messages(each["value"]))
        except ValueError as error:
            fault = str(error)
    file = ", ".join(str(name) for name in each["files"])
    return RegoAnswer(rules=rules.name, file=file, rule=str(each["title"]), messages=messages, fault=fault)


def _messages(value: Any) -> Iterator[str]:
    """The messages of a set: texts, or objects with a text ``msg``. Raises ValueError for anything else."""
    if not isinstance(value, list):
        raise ValueError(f"it is {type(value).__name__}, expected a set of messages")  # noqa: TRY004  one for all
    found = []
    for each in value:
        text = each.get("msg") if isinstance(each, dict) else each
        if not isinstance(text, str) or not text.strip():
            shown = json.dumps(each, ensure_ascii=False)[:80]
            raise ValueError(f"it says {shown}, expected a text, or an object with a text `msg`")
        found.append(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
    found.sort()
    yield from found[:_MOST]
    if len(found) > _MOST:
        yield f"and {len(found) - _MOST} more"
