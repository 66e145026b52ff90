"""Code of preprocessing steps, which must be there, and the data schemas, which a release carries.

Nothing is imported or executed: code is read as text.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import Final

from twinbuild.errors import Finding, SpecError, TwinbuildError
from twinbuild.net.files import open_beneath, open_directory
from twinbuild.pipeline.project import Project

__all__ = ["refuse_undeclared", "schema_files"]

_LARGEST: Final = 4 << 20  # bytes of a schema or of a module


def refuse_undeclared(project: Project) -> None:
    """Hold what the spec declares against the project's files.

    Raises SpecError TB7611 with a finding for each preprocessing step that names no code.
    """
    findings = tuple(_steps(project))
    if findings:
        raise SpecError(findings)


def schema_files(project: Project) -> dict[str, bytes]:
    """The data schemas, ``input`` and ``output``, as they lie in the project; what cannot be read is left out."""
    found: dict[str, bytes] = {}
    for side in ("input", "output"):
        path = getattr(project.spec.model.schemas, side)
        content = _read(project, path) if path is not None else None
        if content is not None:
            found[side] = content
    return found


def _read(project: Project, path: str) -> bytes | None:
    """The bytes of a file of the project, which may not lead out of it; None where there is none that can be read."""
    root = open_directory(str(project.directory))
    try:
        with open_beneath(root, path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as stream:
            content = stream.read(_LARGEST + 1)
    except TwinbuildError:
        return None
    finally:
        os.close(root)
    return content if len(content) <= _LARGEST else None


def _steps(project: Project) -> Iterator[Finding]:
    for section in ("source", "model"):
        for index, step in enumerate(getattr(project.spec, section).preprocessing):
            if ":" not in step.step:  # a build step, which the spec has
                continue
            why = _missing(project, step.step)
            if why:
                yield Finding(
                    code="TB7611",
                    message=f"the preprocessing step {step.name!r} names {step.step!r}: {why}",
                    hint="name the function or method of the application that really runs, as module:attribute",
                    where=project.loaded.where(section, "preprocessing", index, "step"),
                )


def _missing(project: Project, name: str) -> str:
    """Why there is no such code in the application; "" where there is."""
    module, _, attribute = name.partition(":")
    base = f"{project.spec.source.directory}/{module.replace('.', '/')}"
    for path in (f"{base}.py", f"{base}/__init__.py"):
        content = _read(project, path.removeprefix("./"))
        if content is None:
            continue
        try:
            tree: ast.AST = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return f"{path} is no Python"
        for part in attribute.split("."):
            below = _defined(tree, part)
            if below is None:
                return f"{path} defines no {part!r}"
            tree = below
        return ""
    return f"the application has no module {module!r}"


def _defined(tree: ast.AST, name: str) -> ast.AST | None:
    """What a module or class defines under a name; the node itself for what is assigned or imported."""
    found: ast.AST | None = None
    for node in getattr(tree, "body", ()) if isinstance(tree, (ast.Module, ast.ClassDef)) else ():
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if node.name == name:
                found = node
            case ast.Assign():
                names = [each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                found = node if name in names else found
            case ast.AnnAssign(target=ast.Name(id=target)) if target == name and node.value is not None:
                found = node
            case ast.ImportFrom() | ast.Import():
                names = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
                found = node if name in names else found
    return found
