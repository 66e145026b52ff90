"""Rules in Rego, compiled in a process of their own, and a policy that names files of them."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import twinbuild
from fakes.governed import POLICY
from twinbuild.codec.policyfile import LoadedPolicy, load_policy
from twinbuild.codec.rego.plan import Module, PlanFault, plan_faults
from twinbuild.codec.rego.shape import Shape, shape_of
from twinbuild.codec.rego.syntax import package_of
from twinbuild.codec.yaml import SourceText
from twinbuild.describe.policyinput import policy_input_schema

__all__ = ["SHAPE", "faults_of", "modules_of", "plan_of", "rego_policy", "rego_text", "write_rego"]

SHAPE: Final[Shape] = shape_of(policy_input_schema())


def modules_of(files: dict[str, str], libraries: tuple[str, ...] = ()) -> tuple[Module, ...]:
    """What is known of files before they are compiled."""
    return tuple(
        Module(name=name, package=package_of(text), decides=name not in libraries) for name, text in files.items()
    )


_COMPILE: Final = """
import pickle, sys
from pathlib import Path
from twinbuild.pipeline.governing.rego.engine import compiled
files, place = pickle.load(sys.stdin.buffer)
sys.stdout.buffer.write(pickle.dumps(compiled(files, Path(place))))
"""


def plan_of(files: dict[str, str], place: Path) -> tuple[Any, dict[str, Any], tuple[PlanFault, ...]]:
    """The plan of files, those of each, and why there are none: in a process of its own, which the engine may end."""
    done = subprocess.run(
        [sys.executable, "-c", _COMPILE],
        input=pickle.dumps((files, str(place))),
        env={"PYTHONPATH": str(Path(twinbuild.__file__).parents[1])},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    found: tuple[Any, dict[str, Any], tuple[PlanFault, ...]] = pickle.loads(done.stdout)
    return found


def faults_of(text: str, place: Path) -> list[str]:
    """Codes and places of all faults of one file in the package main."""
    files = {"x.rego": f"package main\n{text}"}
    plan, alone, faults = plan_of(files, place)
    found = faults or tuple(plan_faults(plan, alone, modules_of(files), SHAPE))
    return [f"{each.code} {each.line}:{each.column}" for each in found]


def rego_text(files: dict[str, str], libraries: tuple[str, ...] = (), *, stages: str = "[production]") -> str:
    """A policy with one section, called house, of these files."""
    found = POLICY + f"rego:\n  - name: house\n    stages: {stages}\n"
    for key, names in (("files", [name for name in files if name not in libraries]), ("libraries", libraries)):
        lines = [f"{{file: {name}, sha256: {hashlib.sha256(files[name].encode()).hexdigest()}}}" for name in names]
        found += f"    {key}: [{', '.join(lines)}]\n" if lines else ""
    return found


def write_rego(place: Path, files: dict[str, str], libraries: tuple[str, ...] = (), **more: str) -> Path:
    """The files and the policy in a directory; the policy's file."""
    place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (place / name).write_bytes(text.encode())
    path = place / "policy.yaml"
    path.write_text(rego_text(files, libraries, **more), encoding="utf-8")
    return path


def rego_policy(place: Path, files: dict[str, str], libraries: tuple[str, ...] = (), **more: str) -> LoadedPolicy:
    """The policy of ``write_rego``, read."""
    path = write_rego(place, files, libraries, **more)
    return load_policy(SourceText(name=str(path), content=path.read_bytes()))
