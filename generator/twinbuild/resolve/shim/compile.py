"""The program: pip-compile with everything in place."""

from __future__ import annotations

import json
import os
import pathlib
import shlex
import sys
import tempfile
from typing import Any

import pip
from pip._internal.exceptions import PipError
from piptools.scripts.compile import cli

from .asked import Refusal, Target
from .chosen import explain, wheels
from .patches import patch

__all__ = ["main"]


def arguments(request: dict[str, Any], directory: pathlib.Path) -> list[str]:
    """pip-compile's command line; it exists in this process only, so addresses show up in no process list."""
    source, constraints, output = (directory / name for name in ("in.txt", "constraints.txt", "out.txt"))
    source.write_text("".join(f"{line}\n" for line in request["requirements"]), "utf-8")
    constraints.write_text("".join(f"{line}\n" for line in request["constraints"]), "utf-8")
    if request["pins"]:  # an existing output is how pip-compile is told what to keep
        pins = (f"{name}=={pin['version']}\n" for name, pin in sorted(request["pins"].items()))
        output.write_text("".join(pins), "utf-8")
    first, *others = list(request["indexes"].values()) or [""]
    located = [f"--index-url={first}" if first else "--no-index"]
    located += [f"--extra-index-url={address}" for address in others]
    options = [*request["options"], "--constraint", str(constraints), "--output-file", str(output)]
    return [*options, "--pip-args", shlex.join([*request["pip_options"], *located]), str(source)]


def answer(request: dict[str, Any], directory: pathlib.Path) -> dict[str, Any]:
    """Resolve and say what was chosen, or why nothing was."""
    target = Target(request)
    patch(target)
    try:
        cli.main(arguments(request, directory), standalone_mode=False)
        return {
            "pip": pip.__version__,
            "wheels": wheels(target),
            "text": (directory / "out.txt").read_text("utf-8"),
            "pages": {name: target.pages[name] for name in request["pins"] if name in target.pages},
        }
    except Refusal as refusal:
        return {"error": refusal.facts}
    except PipError as error:
        return {"error": explain(error, target)}


def main() -> None:
    """Keep standard output for the answer alone, and pip's configuration out."""
    out = os.dup(1)
    os.dup2(2, 1)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        del os.environ[name]
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    request = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="twinbuild-resolve-") as directory:
        result = answer(request, pathlib.Path(directory))
    with os.fdopen(out, "w", encoding="utf-8") as stream:
        json.dump(result, stream)
