"""What a plan of rules (OPA's intermediate representation, JSON) shows of faults that an evaluation would pass over.

The compiler that we use takes a variable that nothing gives a value, a function that is not there, and a key that the
input never has, and answers "nothing to object to": the rule would be silent for ever. So every plan is looked through.
Statements run in their order, and a local that is read before anything wrote it has no value. This is stricter than
OPA, which puts expressions into an order in which they have values: what passes here passes there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from twinbuild.codec.rego.builtins import PURE
from twinbuild.codec.rego.shape import Shape

__all__ = ["Module", "PlanFault", "Plans", "Rule", "plan_faults", "plan_rules"]

Plans = Mapping[str, Any]
"""Plans of files by name, as JSON."""
_INPUT, _DATA = 0, 1  # locals that hold them
_DECIDES: Final = re.compile(r"(deny|violation|warn)(_[a-zA-Z0-9]+)*", re.ASCII)  # as Conftest has it
_VERBS: Final = ("deny", "violation", "warn")
_EXCEPTION: Final = re.compile(r"exception(_[a-zA-Z0-9]+)*", re.ASCII)
_WRITES: Final = ("target", "result")
_READS: Final = ("source", "array", "object", "set", "a", "b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A file: its name, its package, and whether it is to have rules (or is a library)."""

    name: str
    package: tuple[str, ...]
    decides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFault:
    """A fault with its code, at a line and column (from 1; 0: unknown) of a file."""

    code: str
    message: str
    hint: str
    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that decides: package and name, and the files (with the line) where it begins."""

    package: tuple[str, ...]
    name: str
    files: tuple[str, ...]

    @property
    def title(self) -> str:
        """As people write it: ``main.deny``."""
        return ".".join((*self.package, self.name))


@dataclass(frozen=True, slots=True)
class _Place:
    """A row and column from 0 of a file by its index."""

    file: int = -1
    row: int = -1
    column: int = 0


def plan_rules(alone: Plans, modules: tuple[Module, ...]) -> tuple[Rule, ...]:
    """The rules that decide, sorted. ``alone`` are the plans of the files, each by itself."""
    found: dict[tuple[str, ...], list[str]] = {}
    for module in modules:
        for function in _functions(alone[module.name]) if module.decides else ():
            path = tuple(function["path"][1:])
            if path[:-1] == module.package and _DECIDES.fullmatch(path[-1]):
                found.setdefault(path, []).append(f"{module.name}:{_begin(function).row + 1}")
    return tuple(Rule(package=path[:-1], name=path[-1], files=tuple(files)) for path, files in sorted(found.items()))


def plan_faults(plan: Any, alone: Plans, modules: tuple[Module, ...], shape: Shape) -> Iterator[PlanFault]:
    """Every fault of a plan of all files, and of those of each. ``shape`` is what the input may have."""
    names = [str(each["value"]) for each in plan["static"]["files"]]
    strings = [each["value"] for each in plan["static"]["strings"]]
    functions = {function["name"] for function in _functions(plan)}
    builtins = {each["name"] for each in plan["static"]["builtin_funcs"]}
    for function in _functions(plan):
        walk = _Walk(names, strings, functions, builtins, shape)
        walk.locals.update(function["params"])
        walk.blocks(function["blocks"], _Place())
        yield from walk.faults
    called = frozenset(_called(plan["funcs"]))
    for module in modules:
        own = _functions(alone[module.name])
        for function in own:
            yield from _kind(function, module)
        if module.decides:
            yield from _silent(own, module)
            yield from _unasked(own, module, called)


def _functions(plan: Any) -> list[Any]:
    found: list[Any] = plan["funcs"]["funcs"]
    return found


def _kind(function: Any, module: Module) -> Iterator[PlanFault]:
    """A rule that decides must be a set, in a file that is to decide; nobody evaluates another one."""
    path = tuple(function["path"][1:])
    name = path[len(module.package)]
    title = ".".join(path)
    if name in ("input", "data"):
        message, hint = f"{title} hides what is called so in every rule", "give it another name"
    elif _EXCEPTION.fullmatch(name):
        message, hint = f"{title}: exceptions in Rego are not taken", "make an exception in policy.yaml"
    elif not _DECIDES.fullmatch(name):
        return
    elif not module.decides:
        message, hint = f"{title} is in a library, where nobody asks for it", "name the file under `files`"
    elif len(path) != len(module.package) + 1 or len(function["params"]) != 2 or not _is_set(function):
        message = f"{title} is no set of messages: what it says might not count"
        hint = f"write `{name} contains msg if {{ … }}`"
    else:
        return
    yield _fault("TB8895", message, hint, _begin(function), [module.name])


def _is_set(function: Any) -> bool:
    """Whether it begins as an empty set: then it has an answer in any case."""
    statements = [each for block in function["blocks"][:1] for each in block["stmts"]]
    return any(each["type"] == "MakeSetStmt" and each["stmt"]["target"] == function["return"] for each in statements)


def _silent(own: list[Any], module: Module) -> Iterator[PlanFault]:
    """A file that is to decide and has no rule that does: a name was misspelt."""
    names = {str(function["path"][1 + len(module.package)]): _begin(function) for function in own}
    if any(_DECIDES.fullmatch(name) for name in names):
        return
    near = [each for name in _VERBS for each in get_close_matches(name, names)]
    has = f"it has {', '.join(sorted(names)[:5])}" if names else "it has no rules at all"
    message = f"{module.name} decides nothing: it defines no deny, violation or warn; {has}"
    hint = "write `deny contains msg if { … }`, or name the file under `libraries`"
    yield _fault("TB8895", message, hint, names[near[0]] if near else _Place(0), [module.name])


def _called(node: Any) -> Iterator[str]:
    """Names of the functions that are called anywhere."""
    if isinstance(node, dict):
        if isinstance(node.get("func"), str):
            yield node["func"]
        node = list(node.values())
    for each in node if isinstance(node, list) else ():
        yield from _called(each)


def _unasked(own: list[Any], module: Module, called: frozenset[str]) -> Iterator[PlanFault]:
    """A set of messages beside those that decide, which nobody asks for, and nearly called as they are."""
    if not any(_DECIDES.fullmatch(str(function["path"][-1])) for function in own):
        return  # ``_silent`` says it
    for function in own:
        name = str(function["path"][-1])
        if _DECIDES.fullmatch(name) or function["name"] in called or not _is_set(function):
            continue
        near = get_close_matches(name.partition("_")[0].lower(), _VERBS, 1, 0.75)
        if near and len(function["params"]) == 2:
            message = f"{'.'.join(function['path'][1:])} is asked for by nobody, and is nearly called {near[0]}"
            yield _fault("TB8895", message, f"write `{near[0]}`, or take it out", _begin(function), [module.name])


def _fault(code: str, message: str, hint: str, place: _Place, names: list[str]) -> PlanFault:
    where = names[place.file] if 0 <= place.file < len(names) else ""
    line, column = (place.row + 1, place.column + 1) if place.row >= 0 else (0, 0)
    return PlanFault(code=code, message=message, hint=hint, file=where, line=line, column=column)


def _place(statement: Any, before: _Place) -> _Place:
    if "file" not in statement:
        return before
    return _Place(statement["file"], statement["row"], statement["col"])


def _begin(function: Any) -> _Place:
    """Where a function of a file's own plan begins: its first statement that has a place, wherever it is nested."""
    pending = list(function["blocks"])
    while pending:
        for each in pending.pop(0)["stmts"]:
            statement = each["stmt"]
            if "file" in statement:
                return _place(statement, _Place())
            pending += statement.get("blocks") or ([statement["block"]] if "block" in statement else [])
    return _Place(0)


class _Walk:
    """The statements of a function in their order: which locals have values, and what of the input they hold."""

    def __init__(
        self, names: list[str], strings: list[str], functions: set[str], builtins: set[str], shape: Shape
    ) -> None:
        self._names, self._strings, self._functions, self._builtins = names, strings, functions, builtins
        self.locals: set[int] = {_INPUT, _DATA}
        self._shapes: dict[int, Shape] = {_INPUT: shape}
        self.faults: list[PlanFault] = []

    def blocks(self, blocks: Any, place: _Place) -> None:
        """Walk through these. Raises LookupError, TypeError for what is no plan."""
        for block in blocks:
            for each in block["stmts"]:
                place = _place(each["stmt"], place)
                self._statement(each["type"], each["stmt"], place)

    def _statement(self, kind: str, statement: Any, place: _Place) -> None:
        for local in _read(kind, statement):
            self._require(local, place)
            if local == _DATA and kind != "CallStmt":
                self._no_data(statement, place)
        if kind in ("CallStmt", "CallDynamicStmt"):
            self._call(kind, statement, place)
        if kind == "DotStmt":
            self._dot(statement, place)
        elif kind == "ScanStmt":
            self._scan(statement)
        elif kind == "AssignVarStmt":
            self._assign(statement)
        self.locals.update(statement[key] for key in _WRITES if key in statement)
        nested = statement.get("blocks") or ([statement["block"]] if "block" in statement else [])
        self.blocks(nested, place)

    def _require(self, local: int, place: _Place) -> None:
        if local in self.locals:
            return
        self.locals.add(local)  # once is enough
        self._say(
            "TB8894",
            "a variable is read here that nothing gave a value before",
            "give it one first (`some x in …`, `x := …`), or correct its name",
            place,
        )

    def _no_data(self, statement: Any, place: _Place) -> None:
        """Rules of other files are called; what is asked of the data itself is nowhere."""
        key = statement.get("key", {})
        name = f"data.{self._strings[key['value']]}" if key.get("type") == "string_index" else "data"
        hint = "correct the name of the package or the rule; name the file under `files` or `libraries`"
        self._say("TB8894", f"{name} is asked for something that no rule defines: there is no other data", hint, place)

    def _call(self, kind: str, statement: Any, place: _Place) -> None:
        if kind == "CallDynamicStmt":
            self._say("TB8893", "a function is called whose name is computed", "name it", place)
            return
        name = str(statement["func"])
        if name in self._functions:
            return
        if name not in self._builtins:
            known = sorted({*PURE, *(each.removeprefix("g0.data.") for each in self._functions)})
            near = get_close_matches(name, known, 1)
            self._say("TB8894", f"there is no function {name}", f"write {near[0]}" if near else "define it", place)
        elif name not in PURE:
            message = f"{name} is refused: its answer depends on more than what it is given, or changes"
            self._say("TB8893", message, "judge by the input alone: `input.at` is the time of judgement", place)

    def _dot(self, statement: Any, place: _Place) -> None:
        source, key = statement["source"], statement["key"]
        self._forget(statement["target"])
        shape = self._shapes.get(source["value"]) if source["type"] == "local" else None
        if shape is None or key["type"] != "string_index":
            if shape is not None and shape.items is not None and key["type"] == "local":
                self._shapes[statement["target"]] = shape.items
            return
        name = self._strings[key["value"]]
        below = shape.key(name)
        if below is not None:
            self._shapes[statement["target"]] = below
        elif shape.closed:
            near = get_close_matches(name, shape.names, 1)
            hint = f"write {near[0]!r}" if near else f"it has {', '.join(sorted(shape.names)[:12])}"
            self._say("TB8894", f"{shape.title} never has a key {name!r}", hint, place)

    def _scan(self, statement: Any) -> None:
        shape = self._shapes.get(statement["source"])
        self.locals.update((statement["key"], statement["value"]))
        self._forget(statement["value"])
        self._forget(statement["key"])
        if shape is not None and shape.items is not None:
            self._shapes[statement["value"]] = shape.items

    def _assign(self, statement: Any) -> None:
        source = statement["source"]
        shape = self._shapes.get(source["value"]) if source["type"] == "local" else None
        again = statement["target"] in self.locals
        self._forget(statement["target"])
        if shape is not None and not again:
            self._shapes[statement["target"]] = shape

    def _forget(self, local: int) -> None:
        self._shapes.pop(local, None)

    def _say(self, code: str, message: str, hint: str, place: _Place) -> None:
        fault = _fault(code, message, hint, place, self._names)
        if fault not in self.faults:
            self.faults.append(fault)


def _read(kind: str, statement: Any) -> Iterator[int]:
    """Locals that a statement reads. Whether one is defined may be asked of any that was reset."""
    for value in (*statement.values(), *statement.get("args", ()), *statement.get("path", ())):
        if isinstance(value, dict) and value.get("type") == "local":
            yield value["value"]
    for key in _READS:
        if type(statement.get(key)) is int:
            yield statement[key]
    if kind == "WithStmt":
        yield statement["local"]
