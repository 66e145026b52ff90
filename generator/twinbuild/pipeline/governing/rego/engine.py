"""The process that compiles and evaluates rules in Rego: no network, no files, so much time and memory, and no more.

Rules come from a signed trust root, and what they judge does not: an author may write what makes a pattern search for
years. And the engine is a large program in C++. So it runs alone, with an empty environment; when it is loaded, this
process shuts itself into an empty directory (Landlock) and gives up sockets and signals (seccomp). Before it gets what
it judges it gives up opening files at all, so that a kernel without Landlock leaves nothing open but what it has.

The answer is JSON on standard output; what the engine prints goes nowhere.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from twinbuild.build.bounded import TOO_MUCH, bound
from twinbuild.build.confined import WRITE, confine
from twinbuild.build.seccomp import program
from twinbuild.codec.rego.plan import Module, PlanFault, plan_faults, plan_rules
from twinbuild.codec.rego.shape import shape_of
from twinbuild.codec.rego.syntax import NOT_REGO, said_by_compiler

__all__ = ["NOT_LOADED", "answered", "compiled"]

NOT_LOADED: Final = 4  # status where the engine's library is there and does not load

_LONGEST: Final = 300
_OTHERWISE: Final = {"fault": "the engine reads the input otherwise than it is written"}
_NOWHERE: Final = "twinbuild/nothing"  # an entry point has to be named


def _main() -> int:
    """Answer the request of standard input. The working directory is empty, and ours."""
    request = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  it is our own parent's
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        import regopy  # noqa: F401  the library is loaded before its files are out of reach
    except (ImportError, OSError) as error:  # a wheel may need libraries of the system
        sys.stderr.write(f"{error}\n")
        return NOT_LOADED
    os.environ.clear()
    seconds, memory = request["bounds"]
    bound(seconds=seconds, memory=memory, reserved=True)  # it has reserved 256 GiB, and uses little of them
    confine(".", program(os.uname().machine, alone=True), rights=WRITE)
    try:
        answer = answered(request, compiled_all=_open_nothing)
    except MemoryError:
        return TOO_MUCH
    with answers:
        json.dump(answer, answers)
    return 0


def _open_nothing() -> None:
    """What is judged is hostile, and comes now: no file can be opened any more, with Landlock or without it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def answered(request: Any, *, compiled_all: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """The faults of the request's files, or their rules and what each says of its input (None: nothing is asked).

    ``compiled_all`` is called when the rules are compiled, for which the engine writes files, and before it gets the
    input.
    """
    modules = tuple(
        Module(name=each["name"], package=tuple(each["package"]), decides=each["decides"])
        for each in request["modules"]
    )
    sources = {each["name"]: each["text"] for each in request["modules"]}
    plan, alone, faults = compiled(sources, Path())
    rules: list[dict[str, Any]] = []
    if not faults:
        faults = tuple(plan_faults(plan, alone, modules, shape_of(request["schema"])))
    if not faults:
        rules = [{**asdict(rule), "title": rule.title} for rule in plan_rules(alone, modules)]
        if request["input"] is not None:
            compiled_all()
            engine = _interpreter(sources)
            engine.set_input_term(request["input"])
            same = _reads(engine, request["input"])
            rules = [{**rule, **(_evaluated(engine, rule) if same else _OTHERWISE)} for rule in rules]
    return {"faults": [asdict(fault) for fault in faults], "rules": rules}


def _interpreter(sources: dict[str, str]) -> Any:
    from regopy import Interpreter, LogLevel

    engine = Interpreter()
    engine.log_level = LogLevel.NONE
    engine.strict_built_in_errors = True
    for name, text in sources.items():
        engine.add_module(name, text)
    return engine


def compiled(sources: dict[str, str], place: Path) -> tuple[Any, dict[str, Any], tuple[PlanFault, ...]]:
    """The plan of all files together, that of each by itself, and why there is none: errors of all files at once.

    ``place`` is a directory for what the engine writes.
    """
    from regopy import RegoError

    faults: list[PlanFault] = []
    alone: dict[str, Any] = {}
    for name, text in sources.items():
        try:
            alone[name] = _plan({name: text}, place / name)
        except RegoError as error:
            faults += said_by_compiler(str(error), sources)
    if faults:
        return None, {}, tuple(faults)
    try:
        return _plan(sources, place / "plan"), alone, ()
    except RegoError as error:
        return None, {}, said_by_compiler(str(error), sources)


def _plan(sources: dict[str, str], place: Path) -> Any:
    engine = _interpreter(sources)
    engine.save_bundle(str(place), engine.build(None, [_NOWHERE]))
    return json.loads((place / "plan.json").read_bytes())


def _reads(engine: Any, text: str) -> bool:
    """Whether the engine has the input as it is: it takes it as a term of Rego, not as JSON."""
    output = engine.query("input")
    return bool(output.ok() and output.results[0].expressions[0] == json.loads(text))


def _evaluated(engine: Any, rule: dict[str, Any]) -> dict[str, Any]:
    """What a rule says: JSON, or why nobody knows."""
    from regopy import RegoError

    query = ".".join(("data", *rule["package"], rule["name"]))
    try:
        output = engine.query(query)
        if not output.ok():
            return _failed("".join(output.node().at(index).json() for index in range(len(output.node()))))
        results = [result.expressions for result in output.results]
    except RegoError as error:
        return _failed(str(error))
    except ValueError as error:  # the engine's answer is no JSON: it is an error, written as its tree
        return _failed(str(getattr(error, "doc", "")))
    if len(results) != 1 or len(results[0]) != 1:
        return {"fault": "it has no answer"}
    return {"value": results[0][0]}


def _failed(said: str) -> dict[str, Any]:
    messages = dict.fromkeys(fault.message.removeprefix(NOT_REGO) for fault in said_by_compiler(said, {}))
    return {"fault": "; ".join(messages)[:_LONGEST]}


if __name__ == "__main__":
    sys.exit(_main())
