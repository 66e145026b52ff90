"""``release.yaml`` and its overlays to a ReleaseSpec, with every finding at its place.

1. Each file is read as YAML (``codec.yaml``). Findings of the text end here: values would be guesses.
2. Overlays are merged into the first file (``codec.overlay``).
3. Values that look like secrets are refused, and masked in every finding.
4. The tree is checked against the models; all that is wrong is said at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from twinbuild.codec.family import expanded
from twinbuild.codec.findings import Described, describe, empty_values, is_echo, pointer
from twinbuild.codec.marked import place_of, text_lines
from twinbuild.codec.mask import assignment, find_credentials, looks_secret, mask
from twinbuild.codec.nodes import MappingNode, Mark, Path, ScalarNode, SequenceNode, find, walk
from twinbuild.codec.overlay import merge
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.errors import Finding, Location, SpecError
from twinbuild.model.spec import ReleaseSpec

__all__ = ["LoadedSpec", "SourceText", "load_spec"]

_REMEDY = "take it out, and if it was ever committed make a new one; name where it is kept under 'secrets'"

_MAXIMUM = 100  # findings that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSpec:
    """A spec, and the tree of nodes that says in which file and line each of its values was written."""

    spec: ReleaseSpec
    root: MappingNode
    lines: tuple[tuple[str, tuple[str, ...]], ...]  # the lines of each file, by the file's name
    files: tuple[tuple[str, MappingNode], ...]  # the tree of each file by its name, before they were merged

    def where(self, *path: int | str) -> Location:
        """The place of the value at a path of keys and indexes, or of the nearest value above it."""
        node, taken = find(self.root, path)
        return place_of(node.mark, dict(self.lines)[node.mark.file], pointer(taken))


def load_spec(sources: tuple[SourceText, ...]) -> LoadedSpec:
    """The spec of a file (the first) and its overlays.

    Raises SpecError with all findings: TB10xx of the text, or else TB11xx of the values.
    """
    assert sources
    lines = {source.name: text_lines(source.content) for source in sources}
    roots, findings = _read(sources, lines)
    described, secrets = _credentials(lines)
    if findings:
        raise SpecError(_finished([*findings, *_located(described, lines)], secrets))
    root = _merged(roots, described)
    for path, node in _named_secrets(root):
        secrets += [line.strip() for line in node.text.split("\n")]
        if not any(mark.file == node.mark.file and mark.line == node.mark.line for *_, mark, _ in described):
            message = f"the value of {path[-1]!r} looks like a secret (masked)"
            described.append(("TB1111", message, _REMEDY, node.mark, path))
    spec = _validated(root, described)
    if spec is None or described:
        raise SpecError(_finished(_located(described, lines), secrets))
    files = tuple((source.name, tree) for source, tree in zip(sources, roots, strict=True))
    return LoadedSpec(spec=spec, root=root, lines=tuple(lines.items()), files=files)


def _validated(root: MappingNode, described: list[Described]) -> ReleaseSpec | None:
    """The spec of a tree; what is wrong with it is added to ``described``."""
    values: list[Described] = []
    spec: ReleaseSpec | None = None
    try:
        spec = ReleaseSpec.model_validate(root.to_python())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)[: 5 * _MAXIMUM]
        values += [describe(root, detail) for detail in details if not is_echo(root, detail)]
    known = {value[-1] for value in values}
    values += [empty for empty in empty_values(root) if empty[-1] not in known]
    outdated = [value for value in values if value[0] == "TB1113"]
    described += outdated or values  # the rules of another version are not known here
    return spec


def _read(
    sources: tuple[SourceText, ...], lines: Mapping[str, tuple[str, ...]]
) -> tuple[list[MappingNode], list[Finding]]:
    roots: list[MappingNode] = []
    findings: list[Finding] = []
    for below, source in zip((None, *sources), sources, strict=False):
        root, found = parse_yaml(source)
        findings += found
        if isinstance(root, MappingNode):
            roots.append(expanded(root, below.content if below is not None else None))
        elif not found:
            findings.append(_no_mapping(source.name, lines[source.name]))
    return roots, findings


def _merged(roots: list[MappingNode], described: list[Described]) -> MappingNode:
    def refuse(code: str, message: str, hint: str, mark: Mark) -> None:
        described.append((code, message, hint, mark, ()))

    root = roots[0]
    for overlay in roots[1:]:
        root = merge(root, overlay, refuse)
    return root


def _no_mapping(name: str, lines: tuple[str, ...]) -> Finding:
    return Finding(
        code="TB1013",
        message="the file holds no mapping of keys to values",
        hint="begin a spec with apiVersion: twinbuild/v1",
        where=Location(file=name, line=1, column=1, excerpt=lines[0]),
    )


def _credentials(lines: Mapping[str, tuple[str, ...]]) -> tuple[list[Described], list[str]]:
    """Credentials of a known shape anywhere in the files, comments included, and their texts."""
    described: list[Described] = []
    secrets: list[str] = []
    for name, content in lines.items():
        text = "\n".join(content)
        for position, kind, secret in find_credentials(text):
            line = text.count("\n", 0, position) + 1
            column = position - text.rfind("\n", 0, position)
            mark = Mark(file=name, line=line, column=column, width=len(secret))
            described.append(("TB1111", f"this looks like {kind} (masked)", _REMEDY, mark, ()))
            secrets.append(secret)
            if len(secrets) >= _MAXIMUM:
                break
    return described, secrets


def _named_secrets(root: MappingNode) -> list[tuple[Path, ScalarNode]]:
    """Scalars whose key, or the name of whose knob, says that they are secrets."""
    found: list[tuple[Path, ScalarNode]] = []
    for path, node in walk(root):
        if not path or not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            continue
        if path[-2:] == ("authentication", "secret"):  # the name of an entry of `secrets`
            continue
        key, value = assignment(node.text)
        if not key:
            key, value = _key_of(root, path), node.text
        if looks_secret(key, value):
            found.append((path, node))
    return found


def _key_of(root: MappingNode, path: Path) -> str:
    """What names a scalar: its key; a knob's name for its default; the option before an argument."""
    last = path[-1]
    above, _ = find(root, path[:-1])
    if isinstance(above, MappingNode) and last == "default":
        name = above.get("name")
        return name.text if isinstance(name, ScalarNode) else ""
    if isinstance(above, SequenceNode) and isinstance(last, int):
        before = above.items[last - 1] if last else None
        return before.text if isinstance(before, ScalarNode) and before.text.startswith("-") else ""
    return str(last)


def _located(described: list[Described], lines: dict[str, tuple[str, ...]]) -> list[Finding]:
    return [
        Finding(code=code, message=message, hint=hint, where=place_of(mark, lines[mark.file], pointer(path)))
        for code, message, hint, mark, path in described
    ]


def _finished(findings: list[Finding], secrets: list[str]) -> tuple[Finding, ...]:
    """The findings in the order of the files, each once, without any secret."""
    known = tuple(dict.fromkeys(secrets))
    order = {name: index for index, name in enumerate(dict.fromkeys(finding.where.file for finding in findings))}
    findings = sorted(
        dict.fromkeys(findings),
        key=lambda found: (order[found.where.file], found.where.line, found.where.column),
    )
    excerpts = {excerpt: mask(excerpt, known) for excerpt in {finding.where.excerpt for finding in findings}}
    clean = [
        replace(
            finding,
            message=mask(finding.message, known),
            hint=mask(finding.hint, known),
            where=replace(finding.where, excerpt=excerpts[finding.where.excerpt]),
        )
        for finding in findings[:_MAXIMUM]
    ]
    if len(findings) > _MAXIMUM:
        clean.append(
            Finding(
                code="TB1128",
                message="there are more findings",
                hint="correct those above first",
                where=Location(file=clean[-1].where.file),
            )
        )
    return tuple(clean)
