"""The files of a new project, made from the template of a family and from values that somebody chose.

1. Values are read by the type of their variable; all that is wrong is said at once.
2. Templates (``*.j2``) run in Jinja's sandbox. Whatever ``{{ }}`` prints becomes a quoted token; only what ``super()``,
   ``self.block()``, macros and block assignments give is text of the template itself, and passes.
3. The text is read as YAML. Each token must be one whole scalar, and is then replaced by that value as a scalar. So no
   value can be anything but a value, whatever the template's author forgot.
4. Files without ``.j2`` are copied.

Work is not bounded here: ``build.family`` runs it in a process that is.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from twinbuild.codec.nodes import MappingNode, Node, ScalarNode, SequenceNode
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.codec.yamltext import as_scalar
from twinbuild.errors import Finding, Location, SpecError
from twinbuild.model.family import Family, FamilyFile, Written
from twinbuild.render.variables import Value, chosen_values

__all__ = ["SPEC_TEMPLATE", "instantiate", "project_paths", "written_paths"]

SPEC_TEMPLATE: Final = "release.yaml.j2"
_SUFFIX: Final = ".j2"
_FILES: Final = "files/"
_STRUCTURED: Final = (".yaml", ".yml", ".json")
_PLAIN: Final = (".md",)  # a text for people; what programs read is quoted, or refused
_LARGEST: Final = 1 << 20  # characters of a rendered text
_TOKEN: Final = re.compile(r'"twinbuild-value-(\d+)"')
_TRACE: Final = re.compile(r"twinbuild-value-\d+", re.IGNORECASE)
_REMEDY: Final = "see docs/families.md on templates; `twinbuild family test DIR` tries them"


class _Text(str):
    """Text that a template itself made of its own parts: its values are tokens already."""

    __slots__ = ()


def instantiate(family: Family, given: Mapping[str, str], standard: Mapping[str, str]) -> tuple[Written, ...]:
    """All files of a project, sorted by path; ``release.yaml.j2`` makes the file named ``release.yaml``.

    ``given`` are values as people write them (``--set``), ``standard`` those that every family has.
    Raises UsageError TB7502 to TB7504 for values, SpecError TB7510 to TB7513 for templates.
    """
    values = chosen_values(family, given)
    known = {**standard, **values, "family": family.sheet.reference}
    renderer = _Renderer(family, known)
    written = []
    findings: list[Finding] = []
    for path, (owner, file) in project_paths(family, values).items():
        try:
            content = renderer.render(owner, file) if file.path.endswith(_SUFFIX) else file.content
        except SpecError as error:
            findings += error.findings
            continue
        written.append(Written(path=path, content=content, executable=file.executable))
    if findings:
        raise SpecError(tuple(findings))
    return tuple(written)


def written_paths(family: Family) -> frozenset[str]:
    """Paths in the project of all files that the family or one below it has, whatever its variables say."""
    return frozenset(
        file.path.removeprefix(_FILES).removesuffix(_SUFFIX)
        for each in family.chain
        for file in each.files
        if file.path.startswith(_FILES)
    )


def project_paths(family: Family, values: Mapping[str, Value]) -> dict[str, tuple[Family, FamilyFile]]:
    """Paths in the project with the file that each comes from, and its family; sorted. Raises SpecError TB7513."""
    found: dict[str, tuple[Family, FamilyFile]] = {}
    for each in family.chain:
        found = {path: entry for path, entry in found.items() if path not in each.sheet.without}
        for file in each.files:
            if file.path != SPEC_TEMPLATE and not file.path.startswith(_FILES):
                continue
            path = file.path.removeprefix(_FILES).removesuffix(_SUFFIX)
            if path in found and found[path][0] is each:
                raise SpecError.of(
                    "TB7513",
                    f"the family writes {path!r} twice: {found[path][1].path} and {file.path}",
                    hint="rename one of them, or take it out",
                    where=Location(file=f"{each.directory}/{file.path}"),
                )
            found[path] = (each, file)
    for each in family.chain:
        for rule in each.sheet.optional:
            if values.get(rule.when) is not True:
                found = {
                    path: entry
                    for path, entry in found.items()
                    if path != rule.path and not path.startswith(f"{rule.path}/")
                }
    return dict(sorted(found.items()))


class _Renderer:
    """The templates of a family and of those that it extends, in one environment."""

    def __init__(self, family: Family, values: Mapping[str, object]) -> None:
        import jinja2
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        class Sandbox(ImmutableSandboxedEnvironment):
            @staticmethod
            def concat(parts: Iterable[str]) -> str:
                return _Text("".join(parts))

        self._sources = {
            f"{each.sheet.name}/{file.path}": file.content.decode("utf-8", "replace")
            for each in family.chain
            for file in each.files
            if file.path.endswith(_SUFFIX)
        }
        self._values = values
        self._tokens: list[tuple[Value, str, int]] = []
        self._printed: Callable[[object], str] = self._token
        self._environment = Sandbox(
            loader=jinja2.FunctionLoader(self._source),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            cache_size=0,  # so that constants, too, are printed for the file at hand
            finalize=self._print,
        )
        del self._environment.globals["lipsum"], self._environment.filters["random"]  # another text in each run

    def render(self, owner: Family, file: FamilyFile) -> bytes:
        """The bytes of one file. Raises SpecError TB7510 to TB7513."""
        shown = f"{owner.directory}/{file.path}"
        target = file.path.removesuffix(_SUFFIX)
        structured = target.endswith(_STRUCTURED)
        if not structured and not target.endswith(_PLAIN):
            raise SpecError.of(
                "TB7513",
                f"got a template for {target!r}, expected one for {', '.join((*_STRUCTURED, *_PLAIN))}",
                hint="copy the file as it is, and have it read its values from the environment or a JSON file",
                where=Location(file=shown),
            )
        self._tokens.clear()
        self._printed = self._token if structured else _words
        text = self._run(f"{owner.sheet.name}/{file.path}", owner)
        if len(text) > _LARGEST:
            raise SpecError.of(
                "TB7512",
                f"the template makes {len(text)} characters, expected at most {_LARGEST}",
                hint="write less: large files are copied, without .j2",
                where=Location(file=shown),
            )
        return (self._placed(text, shown) if structured else text).encode()

    def _run(self, name: str, owner: Family) -> str:
        import jinja2
        from jinja2 import nodes

        try:
            for source, text in self._sources.items():
                tree = self._environment.parse(text, name=source)
                for block in (*tree.find_all(nodes.FilterBlock), *tree.find_all(nodes.EvalContextModifier)):
                    message = "filter and autoescape blocks are not used here"
                    raise jinja2.TemplateSyntaxError(message, block.lineno, source)
            return str(self._environment.get_template(name).render(self._values))
        except (
            *(jinja2.TemplateError, ArithmeticError, LookupError),
            *(RecursionError, TypeError, ValueError),
        ) as error:
            place, line = _raised_at(error)
            family, _, path = (place or name).partition("/")
            directory = owner.directory if family == owner.sheet.name else family
            raise SpecError.of(
                "TB7510",
                f"the template fails: {type(error).__name__}: {str(error)[:300]}",
                hint=_REMEDY,
                where=Location(file=f"{directory}/{path}", line=line),
            ) from error

    def _source(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        """A template's text, and its name as that of a file: Jinja's tracebacks then say which template fails."""
        return (self._sources[name], name, lambda: True) if name in self._sources else None

    def _print(self, value: object) -> str:
        """What ``{{ }}`` prints, by the file at hand."""
        return self._printed(value)

    def _token(self, value: object) -> str:
        """What stands for a value until the text was read."""
        if isinstance(value, _Text):
            return value
        _undefined(value)
        if not isinstance(value, (str, int, float)):
            message = f"got {type(value).__name__} to print, expected a text, a number or true or false"
            raise TypeError(message)
        if isinstance(value, str) and _TRACE.search(value):
            message = "a value is inside of another: print what a macro or a block gives as it is"
            raise ValueError(message)
        self._tokens.append((value, *_template_line()))
        return f'"twinbuild-value-{len(self._tokens) - 1}"'

    def _placed(self, text: str, shown: str) -> str:
        """The text with its values, each of which is one scalar of the document."""
        root, findings = parse_yaml(SourceText(name=shown, content=text.encode()))
        if findings or root is None:
            first = findings[0]
            raise SpecError.of(
                "TB7511",
                f"what the template makes is no YAML: {first.message} (line {first.where.line} of the text: "
                f"{_TRACE.sub('…', text.split(chr(10))[first.where.line - 1])[:120]!r})",
                hint=_REMEDY,
                where=Location(file=shown),
            )
        whole = Counter(scalar.mark.line for scalar in _scalars(root) if not scalar.plain and _is_token(scalar.text))
        findings = tuple(
            self._misplaced(line, shown)
            for number, line in enumerate(text.split("\n"), 1)
            if len(_TRACE.findall(line)) != whole[number]
        )
        if findings:
            raise SpecError(findings)
        as_json = shown.endswith(f".json{_SUFFIX}")
        scalar = json.dumps if as_json else as_scalar
        placed = _TOKEN.sub(lambda found: scalar(self._tokens[int(found[1])][0]), text)
        if as_json:
            try:
                json.loads(placed, parse_constant=_no_constant)
            except (ValueError, RecursionError) as error:
                raise SpecError.of(
                    "TB7511",
                    f"what the template makes is no JSON: {str(error)[:200]}",
                    hint=_REMEDY,
                    where=Location(file=shown),
                ) from error
        return placed

    def _misplaced(self, line: str, shown: str) -> Finding:
        found = [int(number[16:]) for number in _TRACE.findall(line)]
        place = next((self._tokens[number][1:] for number in found if number < len(self._tokens)), ("", 0))
        _, _, path = place[0].partition("/")
        return Finding(
            code="TB7511",
            message=f"a value is not a whole scalar here: {_TRACE.sub('…', line).strip()[:120]!r}",
            hint="print the whole scalar from one expression: {{ 'prefix-' ~ name }}; no value is a key or a comment",
            where=Location(file=f"{shown.removesuffix(path)}{path}" if path else shown, line=place[1]),
        )


def _no_constant(name: str) -> object:
    message = f"{name} is no number of JSON"
    raise ValueError(message)


def _is_token(text: str) -> bool:
    return _TOKEN.fullmatch(f'"{text}"') is not None


def _scalars(node: Node) -> Iterable[ScalarNode]:
    """The scalars of a document that are values; no keys."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from _scalars(item)
    else:
        assert isinstance(node, MappingNode)
        for _, item in node.entries:
            yield from _scalars(item)


def _words(value: object) -> str:
    """A value in a text for people."""
    _undefined(value)
    return value if isinstance(value, str) else str(value)


def _undefined(value: object) -> None:
    import jinja2

    if isinstance(value, jinja2.Undefined):
        str(value)  # raises UndefinedError with the name


def _template_line() -> tuple[str, int]:
    """The template that prints just now, and its line; nothing while constants are compiled."""
    frame: Any = sys._getframe(3)  # noqa: SLF001
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None:
            return str(template.name), int(template.get_corresponding_lineno(frame.f_lineno))
        frame = frame.f_back
    return "", 0


def _raised_at(error: BaseException) -> tuple[str, int]:
    """Template and line of an error: what a syntax error states, else the innermost frame of a template."""
    if getattr(error, "lineno", None):
        return str(getattr(error, "name", "") or ""), int(error.lineno)  # type: ignore[attr-defined]
    place = ("", 0)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename  # Jinja rewrites the frames of templates: their names, their lines
        if name.endswith(_SUFFIX):
            place = (name, trace.tb_lineno)
        trace = trace.tb_next
    return place
