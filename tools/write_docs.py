"""Writes the generated pages of the documentation: `make docs`. Tests compare them with what this gives."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from twinbuild.cli.__main__ import cli
from twinbuild.codec.schema import policy_schema_text, schema_text, spec_schema
from twinbuild.deploy.accelerator.frameworks import FRAMEWORKS
from twinbuild.deploy.accelerator.sonames import SOURCE as SONAMES_SOURCE
from twinbuild.deploy.accelerator.table import CUDA, ROCM
from twinbuild.describe.manifestschema import manifest_schema_text
from twinbuild.describe.policyinput import policy_input_schema_text
from twinbuild.errors.catalogue import __doc__ as rooms
from twinbuild.errors.catalogue import all_codes
from twinbuild.model.digest import Digest
from twinbuild.pipeline.family.beginning import FAMILY_SPEC, project_files
from twinbuild.pipeline.family.families import find_family, shipped_catalogue
from twinbuild.process.runner import SubprocessRunner

NAMES: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
DOCS = Path(__file__).resolve().parents[1] / "docs"
NOTE = "<!-- Written by `make docs`: change {}, not this page. -->\n"
SIMPLE = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false", "null": "null"}


def pages() -> dict[str, str]:
    """Every generated file below ``docs``, with its text."""
    return {
        "formats/release.schema.json": schema_text(),
        "formats/manifest.schema.json": manifest_schema_text(),
        "formats/policy.schema.json": policy_schema_text(),
        "formats/policy-input.schema.json": policy_input_schema_text(),
        "spec.md": spec_page(),
        "errors.md": errors_page(),
        "cli.md": cli_page(),
        "variants.md": variants_page(),
        "families.md": families_page(),
    }


def families_page() -> str:
    """docs/families.md as it is, with digests and files as the shipped families now give them."""
    given = {"summary": "Ranks customers: who may leave?", "team": "retention"}
    scikit, xgboost = (find_family(name, (shipped_catalogue(),)) for name in ("scikit-learn", "xgboost"))
    begun, tried = (
        project_files(
            family,
            values,
            directory_name="churn",
            today="2026-11-26",
            committed=False,
            runner=SubprocessRunner(),
            interpreter=Path(sys.executable),
        )
        for family, values in ((scikit, given), (xgboost, {}))
    )
    pin = next(Digest.of(file.content).hex for file in begun if file.path == FAMILY_SPEC)
    text = (DOCS / "families.md").read_text("utf-8")
    for pattern, now in (
        (r'(?<=sha256: ")[0-9a-f]{64}|(?<=sha256: )[0-9a-f]{64}|(?<=, expected )[0-9a-f]{64}', pin),
        (r"(?<=\ndigest: )[0-9a-f]{64}", scikit.digest.hex),
        (r"(?<=family   xgboost@1\.0\.0  sha256:)[0-9a-f]{64}", xgboost.digest.hex),
        (r"(?<=\nproject  )[0-9]+", str(len(tried))),
        (r"(?<=\n)(churn/\S+ written\n)+(?=next: )", "".join(f"churn/{file.path} written\n" for file in begun)),
    ):
        text, count = re.subn(pattern, now, text)
        assert count, pattern
    return text


def variants_page() -> str:
    """docs/variants.md as it is, with its tables of what fits what as the data is."""
    text = (DOCS / "variants.md").read_text("utf-8")
    for name, lines in (("cuda", _cuda()), ("rocm", _rocm()), ("python", _pythons()), ("sources", _sources())):
        start, end = f"<!-- {name}: written by `make docs` -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        text = "\n".join((before + start.rstrip("\n"), *lines, end + after))
    return text


def _cuda() -> Iterator[str]:
    yield "| CUDA | oldest driver | its own driver | cuDNN | compute capabilities |"
    yield "|---|---|---|---|---|"
    for family in CUDA:
        cudnn, before = ", ".join(map(str, family.cudnn)), family.toolkits[0]
        for toolkit in family.toolkits:
            same = toolkit.devices and toolkit is not before and toolkit.devices == before.devices
            before = before if same else toolkit
            devices = f"as {before.version}" if same else ", ".join(toolkit.devices) or "no source"
            whole = "." in toolkit.driver
            driver = toolkit.driver if whole else f"branch {toolkit.driver}" if toolkit.driver else "no source"
            yield f"| {toolkit.version} | {family.driver} | {driver} | {cudnn} | {devices} |"


def _rocm() -> Iterator[str]:
    yield "| ROCm | branches of the AMD GPU driver | devices that AMD supports |"
    yield "|---|---|---|"
    for release in ROCM:
        yield f"| {release.version} | {', '.join(release.drivers)} | {', '.join(release.devices)} |"


def _pythons() -> Iterator[str]:
    minors = sorted({python for row in FRAMEWORKS for python, _ in row.pythons}, key=lambda text: int(text[2:]))
    yield f"| CPython | {' | '.join(minors)} |"
    yield "|---" * (len(minors) + 1) + "|"
    for row in FRAMEWORKS:
        newest = dict(row.pythons)
        yield f"| {row.name} | {' | '.join(newest.get(minor, 'none') for minor in minors)} |"


def _sources() -> Iterator[str]:
    sources = [source for row in (*CUDA, *ROCM) for source in row.sources]
    sources += [SONAMES_SOURCE, *(row.source for row in FRAMEWORKS)]
    for source in dict.fromkeys(sources):
        yield f"- {source.title} (read {source.read})"


def spec_page() -> str:
    """The reference of ``release.yaml``: a table for each section, in the order of the file."""
    schema: dict[str, Any] = spec_schema()
    lines = [
        "# release.yaml",
        "",
        NOTE.format("the models in `generator/twinbuild/model/spec/`"),
        *_prose(
            "Each section is a mapping; keys that are not listed are refused. Text is never taken for a "
            "number, nor a number for text: quote `'3.10'`. "
            "[formats/release.schema.json](formats/release.schema.json) says the same for editors, and "
            "[overlays.md](overlays.md) how several files become one spec."
        ),
        "",
        *_prose(
            "`governance.roles`, `approvals`, `retention` and `classification` are checked, and stand in the manifest "
            "and on the release's page. None asks who runs it or waits for an approval; `archive prune` keeps a "
            "release for its `retention`. Approvers of `rollout.gates` must be among `roles.approvers`."
        ),
        "",
    ]
    for name, path in _order(schema):
        definition = schema if name == "" else schema["$defs"][name]
        lines += [f"## {path or 'The whole file'}", "", _text(definition["description"]), ""]
        lines += ["| key | type | default | description |", "|---|---|---|---|"]
        required = set(definition.get("required", ()))
        for key, entry in definition.get("properties", {}).items():
            default = "**required**" if key in required else _default(entry)
            what = _text(entry["description"])
            rule = _rule(entry)
            lines.append(f"| `{key}` | {_type(entry, schema)} | {default} | {what}{' ' + rule if rule else ''} |")
        lines.append("")
    return "\n".join(lines)


def _order(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Definitions in the order in which the file names them, each once, with the path to its first use."""
    seen: set[str] = set()
    waiting = [("", "")]
    while waiting:
        name, path = waiting.pop(0)
        yield name, path
        definition = schema if name == "" else schema["$defs"][name]
        found = []
        for key, entry in definition.get("properties", {}).items():
            for below, suffix in _references(entry):
                if below not in seen:
                    seen.add(below)
                    found.append((below, f"{path + '.' if path else ''}{key}{suffix}"))
        waiting = found + waiting


def _references(entry: dict[str, Any], suffix: str = "") -> Iterator[tuple[str, str]]:
    if "$ref" in entry:
        yield entry["$ref"].rpartition("/")[2], suffix
    for choice in entry.get("anyOf", ()):
        yield from _references(choice, suffix)
    if isinstance(entry.get("items"), dict):
        yield from _references(entry["items"], suffix + "[]")
    if isinstance(entry.get("additionalProperties"), dict):
        yield from _references(entry["additionalProperties"], suffix + ".NAME")


def _type(entry: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        path = dict(_order(schema)).get(name, name)
        return f"[{name}](#{_anchor(path)})"
    if "const" in entry:
        return f"`{entry['const']}`"
    if "enum" in entry:
        return ", ".join(f"`{value}`" for value in entry["enum"])
    if "anyOf" in entry:
        return " or ".join(_type(choice, schema) for choice in entry["anyOf"])
    kind = entry.get("type")
    if kind == "array":
        return f"list of {_type(entry.get('items', {}), schema)}"
    if kind == "object":
        values = entry.get("additionalProperties")
        return f"mapping to {_type(values, schema)}" if isinstance(values, dict) and values else "mapping"
    return SIMPLE.get(kind, "any value") if isinstance(kind, str) else "any value"


def _anchor(path: str) -> str:
    """As GitHub makes it: lower case, without punctuation."""
    return re.sub(r"[^a-z0-9_ -]", "", path.lower()).replace(" ", "-")


def _default(entry: dict[str, Any]) -> str:
    if "default" not in entry or entry["default"] in (None, {}, [], ""):
        return ""
    value = entry["default"]
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _rule(entry: dict[str, Any]) -> str:
    bounds = [
        f"{word} {entry[key]}"
        for key, word in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "above"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "below"),
            ("minItems", "entries: at least"),
            ("maxItems", "entries: at most"),
            ("minLength", "characters: at least"),
            ("maxLength", "characters: at most"),
        )
        if key in entry
    ]
    if "pattern" in entry:
        pattern = entry["pattern"].replace("|", "\\|")
        bounds.append(f"matches `{pattern}`")
    return f"({'; '.join(bounds)})" if bounds else ""


def _prose(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), 118, break_long_words=False, break_on_hyphens=False)


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _starts(prefix: str) -> tuple[str, ...]:
    """With what the codes of a range begin: ``40-1`` is TB40 and TB41."""
    first, _, last = prefix.partition("-")
    return tuple(f"TB{first[:-1]}{digit}" for digit in range(int(first[-1]), int(last or first[-1]) + 1))


def errors_page() -> str:
    """All codes with their explanations, by room."""
    rows = re.findall(r"^TB(\S+) +``(\w+)`` +(.+)$", rooms or "", re.MULTILINE)
    lines = [
        "# Errors",
        "",
        NOTE.format("`generator/twinbuild/errors/catalogue/`"),
        *_prose(
            "Every error has a code that never changes its meaning, one sentence with what was found and "
            "what was expected, an address, and what to do. `twinbuild explain CODE` prints the entry; with "
            "`--json` an error is one object on standard error: `exit_code` and `findings`, each with "
            "`code`, `message`, `remedy` and, where they are known, `file`, `line`, `column`, `pointer` or "
            "`subject`."
        ),
        "",
        *_prose(
            "Exit codes: 0 done · 1 a check or comparison found a difference · 2 spec or usage · 3 lock "
            "stale or incomplete · 4 fetch or environment · 5 integrity · 6 build failed · 7 not "
            "reproducible · 8 refused by policy · 70 a defect of twinbuild · 130 interrupted · 141 nobody "
            "reads the output."
        ),
        "",
    ]
    codes = all_codes()
    rest = dict(codes)
    starts = {prefix: _starts(prefix) for prefix, _, _ in rows}
    for prefix, _, about in rows:
        lines += [f"## TB{prefix}: {about}", ""]
        for code in codes:
            known = [each for each, start in starts.items() if code.startswith(start)]
            if known and max(known, key=lambda each: len(starts[each][0])) == prefix:
                entry = rest.pop(code)
                lines += [f"### {code}: {entry.title}", "", entry.explanation, ""]
    assert not rest, f"codes of no room: {sorted(rest)}"
    return "\n".join(lines)


_EXITS = (
    "| exit | what it means |",
    "|---|---|",
    "| 0 | done |",
    "| 1 | a check or a comparison found a difference, or a search nothing |",
    "| 2 | the spec, another file that people write, or the command line is wrong |",
    "| 3 | the lock is stale or incomplete |",
    "| 4 | the network, the disk or another part of the environment failed: trying again may help |",
    "| 5 | bytes are not what they should be, or are missing: trying again does not help |",
    "| 6 | a build or a test failed |",
    "| 7 | not reproducible: built again, it is something else |",
    "| 8 | refused by a policy, or a signature is bad or missing |",
    "| 70 | a defect of twinbuild |",
    "| 129, 130, 141, 143 | it was ended: the terminal went away, Ctrl-C, nobody reads what it prints, SIGTERM |",
)


def cli_page() -> str:
    """The help of every verb, as a terminal of 100 columns shows it."""
    lines = [
        "# Command line",
        "",
        NOTE.format("the verb in `generator/twinbuild/cli/`"),
        *_prose(
            "Results go to standard output; progress, logs and errors go to standard error. `--json` gives "
            "one JSON object (or list) on standard output and turns progress off; an error is then one JSON "
            "object on standard error, see [errors.md](errors.md). A verb that found something and refuses it gives "
            "both: `policy check` its verdicts, and the error. Keys of these objects keep their name and meaning; "
            "others may come beside them. `NO_COLOR` and `TERM=dumb` are honoured."
        ),
        "",
        *_EXITS,
        "",
    ]
    for path, command in _commands(cli, ("twinbuild",)):
        with click.Context(
            command, info_name=" ".join(path), terminal_width=100, max_content_width=100, **NAMES
        ) as context:
            lines += [f"## {' '.join(path)}", "", "```", command.get_help(context).rstrip(), "```", ""]
    return "\n".join(lines)


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                if below is not None:
                    yield from _commands(below, (*path, name))


def main() -> None:
    """Write what changed."""
    for name, text in pages().items():
        path = DOCS / name
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"docs/{name} written", file=sys.stderr)


if __name__ == "__main__":
    main()
