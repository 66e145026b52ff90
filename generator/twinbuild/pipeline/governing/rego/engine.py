"""The process that compiles and evaluates rules in Rego: no network, no files, so much time and memory, and no more.

Rules come from a signed trust root, and what they judge does not: an author may write what makes a pattern search for
years. And the engine is a large program in C++. So it runs alone, with an empty environment; when it is loaded, this
process shuts itself into an empty directory (Landlock) and gives up sockets and signals (seccomp).

The answer is JSON on standard output; what the engine prints goes nowhere.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from twinbuild.build.bounded import TOO_MUCH, bound
from twinbuild.build.confined import WRITE, confine
from twinbuild.build.seccomp import program
from twinbuild.codec.rego.plan import Module, PlanFault, plan_faults, plan_rules
from twinbuild.codec.rego.shape import shape_of
from twinbuild.codec.rego.syntax import said_by_compiler

__all__ = ["MEMORY", "SECONDS"]

SECONDS: Final = 60  # of processor time; a bill of materials of half a megabyte takes one
MEMORY: Final = 2 << 30  # bytes; it takes 60 MB
_LONGEST: Final = 300
_NOWHERE: Final = "twinbuild/nothing"  # an entry point has to be named


def _main() -> int:
    """Answer the request of standard input. The working directory is empty, and ours."""
    request = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  it is our own parent's
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    import regopy  # noqa: F401  the library is loaded before its files are out of reach

    os.environ.clear()
    bound(seconds=SECONDS, memory=MEMORY, reserved=True)  # it has reserved 256 GiB, and uses little of them
    confine(".", program(os.uname().machine, alone=True), rights=WRITE)
    try:
        answer = _answer(request)
    except MemoryError:
        return TOO_MUCH
    with answers:
        json.dump(answer, answers)
    return 0


def _answer(request: Any) -> dict[str, Any]:
    modules = tuple(
        Module(name=each["name"], package=tuple(each["package"]), decides=each["decides"])
        for each in request["modules"]
    )
    sources = {each["name"]: each["text"] for each in request["modules"]}
    plan, faults = _compiled(sources)
    rules: list[dict[str, Any]] = []
    if not faults:
        faults = tuple(plan_faults(plan, modules, shape_of(request["schema"])))
    if not faults:
        rules = [{**asdict(rule), "title": rule.title} for rule in plan_rules(plan, modules)]
        if request["input"] is not None:
            engine = _interpreter(sources)
            engine.set_input_term(request["input"])
            rules = [{**rule, **_evaluated(engine, rule)} for rule in rules]
    return {"faults": [asdict(fault) for fault in faults], "rules": rules}


def _interpreter(sources: dict[str, str]) -> Any:
    from regopy import Interpreter, LogLevel

    engine = Interpreter()
    engine.log_level = LogLevel.NONE
    engine.strict_built_in_errors = True
    for name, text in sources.items():
        engine.add_module(name, text)
    return engine


def _compiled(sources: dict[str, str]) -> tuple[Any, tuple[PlanFault, ...]]:
    """The plan of all files together, or why there is none: first each is read alone, for all errors at once."""
    from regopy import RegoError

    faults: list[PlanFault] = []
    for name, text in sources.items():
        try:
            _interpreter({name: text})
        except RegoError as error:
            faults += said_by_compiler(str(error), sources)
    if faults:
        return None, tuple(faults)
    try:
        engine = _interpreter(sources)
        engine.save_bundle("plan", engine.build(None, [_NOWHERE]))
        return json.loads(Path("plan/plan.json").read_bytes()), ()
    except RegoError as error:
        return None, said_by_compiler(str(error), sources)


def _evaluated(engine: Any, rule: dict[str, Any]) -> dict[str, Any]:
    """What a rule says: JSON, or why it says nothing."""
    from regopy import RegoError

    query = ".".join(("data", *rule["package"], rule["name"]))
    try:
        output = engine.query(query)
        results = [result.expressions for result in output.results] if output.ok() else []
    except RegoError as error:
        fault = said_by_compiler(str(error), {})[0].message.removeprefix("this is not Rego: ")
        return {"fault": fault[:_LONGEST]}
    except ValueError as error:  # the engine's answer is no JSON: it is an error, written as its tree
        text = str(getattr(error, "doc", ""))
        return {"fault": said_by_compiler(text, {})[0].message.removeprefix("this is not Rego: ")[:_LONGEST]}
    if len(results) != 1 or len(results[0]) != 1:
        return {
            "fault": "an error in a function that it calls, or two values for one rule" if not results else "no answer"
        }
    return {"value": results[0][0]}


if __name__ == "__main__":
    sys.exit(_main())
