"""A Dockerfile that builds by hand, from the context that ``fetch --into`` writes, what the assembler builds.

No value of the spec can become an instruction: values stand in double quotes or in JSON, escaped as the Dockerfile
reference says (sections "Environment replacement" and "Exec form"); paths of files stand in the context, not here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twinbuild.errors import Location, SpecError
from twinbuild.model.plan import (
    AddedPackagesRecipe,
    ApplicationRecipe,
    ArtifactRecipe,
    DebianRecipe,
    Derivation,
    ImageConfig,
    SkeletonRecipe,
    WheelsRecipe,
)
from twinbuild.render.hermetic import unhermetic
from twinbuild.render.stages import stages_of

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["SiteTemplate", "passed_values", "render_dockerfile", "render_text", "require_hermetic"]

_LARGEST: Final = 1 << 20  # characters

_LAYOUT: Final = "oci-layout:"
_SPECIAL: Final = re.compile(r"([\\\"'$])")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ADDRESS: Final = re.compile(r"<[^<>]{1,200} at 0x[0-9a-f]{4,16}>", re.IGNORECASE)
_BREAKS: Final = frozenset("\n\r\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTemplate:
    """A template of the user's, and its path for messages."""

    name: str
    text: str


def render_dockerfile(
    template: str, derivation: Derivation, *, base_diff_id: str, pip: str, site: SiteTemplate | None = None
) -> str:
    """The text for one image. ``template`` is Jinja2; ``pip`` the version that installs the wheels.

    ``site`` is a template that extends it under the name ``Dockerfile.j2``; it is run in Jinja's sandbox, which does
    not bound its work: ``build.templating`` does. What a Dockerfile cannot hold, a value with a line break, is an
    argument of the build (``passed_values``).
    Raises SpecError TB5230 where the site's template fails, TB5231 where the text would need more than its context.
    """
    text = render_text(template, derivation, base_diff_id=base_diff_id, pip=pip, site=site)
    require_hermetic(text, derivation, site)
    return text


def require_hermetic(text: str, derivation: Derivation, site: SiteTemplate | None) -> None:
    """Raises SpecError TB5231 where a rendered Dockerfile would need more than its context."""
    findings = unhermetic(text, name=site.name if site is not None else "Dockerfile.j2", base=_image(derivation))
    if findings:
        raise SpecError(findings)


def render_text(
    template: str, derivation: Derivation, *, base_diff_id: str, pip: str, site: SiteTemplate | None
) -> str:
    """What the templates make, not yet looked at as a Dockerfile. Raises SpecError TB5230."""
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    recipes = [layer.recipe for layer in derivation.layers]
    debian = next((recipe for recipe in recipes if isinstance(recipe, DebianRecipe)), None)
    skeleton = next(recipe for recipe in recipes if isinstance(recipe, SkeletonRecipe))
    wheels = [recipe for recipe in recipes if isinstance(recipe, WheelsRecipe)]
    config = derivation.config
    passed = {text: argument for argument, text in passed_values(config)}
    variables = {name: value for name, value in config.environment if _NAME.fullmatch(name)}
    labels = {name: value for name, value in config.labels if _BREAKS.isdisjoint(name)}
    unwritable = [name for name, _ in config.environment if name not in variables]
    unwritable += [f"label {name}" for name, _ in config.labels if name not in labels]

    def argument(value: str) -> str:
        return passed.get(value, "")

    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.DictLoader({"Dockerfile.j2": template}),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    del environment.globals["lipsum"], environment.filters["random"]  # another text in each run
    environment.globals.update(quoted=_quoted, escaped=_escaped, json=_json, comment=_comment, argument=argument)
    values: dict[str, object] = {
        "title": f"{derivation.name} {derivation.version}, {derivation.variant} on {derivation.platform}",
        "tag": f"{derivation.name}:{derivation.version.replace('+', '_')}",  # no tag has a plus sign
        "epoch": derivation.source_date_epoch,
        "debs": len(debian.debs) if debian is not None else 0,
        "added": len(recipes[0].debs) if isinstance(recipes[0], AddedPackagesRecipe) else 0,
        "image": _image(derivation),
        "layout": _layout(derivation),
        "base_diff_id": base_diff_id,
        "wheels": sum(len(recipe.wheels) for recipe in wheels),
        "pip": pip,
        "prefix": skeleton.prefix,
        "python": skeleton.python,
        "executable": f"/{skeleton.executable}",
        "bytecode": any(
            isinstance(recipe, (WheelsRecipe, ApplicationRecipe)) and recipe.bytecode is not None for recipe in recipes
        ),
        "steps": stages_of(derivation),
        "model": any(isinstance(recipe, ArtifactRecipe) for recipe in recipes),
        "target": config.working_directory,
        "environment": list(variables.items()),
        "labels": list(labels.items()),
        "unwritable": unwritable,
        "ports": [port for port in config.exposed_ports if "/" in port],  # a base's without protocol come with it
        "directory": config.working_directory,
        "signal": config.stop_signal,
        "user": config.user,
        "entrypoint": config.entrypoint,
        "command": config.command,
    }
    return _rendered(environment, template, site, values)


def _rendered(environment: Environment, template: str, site: SiteTemplate | None, values: dict[str, object]) -> str:
    if site is None:
        return environment.from_string(template).render(values)
    import jinja2

    try:
        text = environment.from_string(site.text).render(values)
    except (
        *(jinja2.TemplateError, ArithmeticError, LookupError),
        *(MemoryError, RecursionError, TypeError, ValueError),
    ) as error:
        line = getattr(error, "lineno", None) or 0
        raise SpecError.of(
            "TB5230",
            f"the template fails: {type(error).__name__}: {str(error)[:300]}",
            hint="extend Dockerfile.j2 and override its blocks: docs/dockerfile.md lists blocks and values",
            where=Location(file=site.name, line=line),
        ) from error
    if (address := _ADDRESS.search(text)) is not None:
        raise SpecError.of(
            "TB5230",
            f"the template prints an object with its place in memory, which differs in each run: {address[0]!r}",
            hint="print texts and numbers alone: call the function, or take a field of it",
            where=Location(file=site.name),
        )
    if len(text) > _LARGEST:
        raise SpecError.of(
            "TB5230",
            f"the template makes {len(text)} characters, at most {_LARGEST}",
            hint="write less: files belong into the context",
            where=Location(file=site.name),
        )
    return text


def _image(derivation: Derivation) -> str:
    """What FROM names: a base image by digest, "" for a base of packages. A layout has a name that is nowhere."""
    base = derivation.base
    if base is None:
        return ""
    return f"{'layout.invalid/base' if _layout(derivation) else base.reference}@{base.manifest}"


def _layout(derivation: Derivation) -> str:
    """A base in an OCI layout as ``--build-context`` takes it; "" for any other."""
    base = derivation.base
    if base is None or not base.reference.startswith(_LAYOUT):
        return ""
    return f"oci-layout://{base.reference.removeprefix(_LAYOUT)}@{base.manifest}"


def passed_values(config: ImageConfig) -> tuple[tuple[str, str], ...]:
    """Values of variables and labels that have line breaks: the build argument that each is passed by, and the text."""
    texts = (value for _, value in (*config.environment, *config.labels) if not _BREAKS.isdisjoint(value))
    return tuple((f"TWINBUILD_TEXT_{number}", text) for number, text in enumerate(dict.fromkeys(texts), 1))


def _quoted(value: str) -> str:
    """In double quotes, where a backslash, a quote and a dollar sign have a meaning."""
    return '"' + re.sub(r"([\\\"$])", r"\\\1", value) + '"'


def _escaped(value: str) -> str:
    """Without quotes, as in WORKDIR."""
    return _SPECIAL.sub(r"\\\1", value)


def _json(value: str | Sequence[str]) -> str:
    """JSON in ASCII, which exec forms are; no variable is replaced in them."""
    return json.dumps(value if isinstance(value, str) else list(value))


def _comment(value: str) -> str:
    """One printable line."""
    return "".join(character if character.isprintable() else " " for character in value)
