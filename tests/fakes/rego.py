"""Rules in Rego, compiled in a process of their own, and a policy that names files of them."""

from __future__ import annotations

import ctypes
import hashlib
import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

import twinbuild
from fakes.governed import POLICY
from twinbuild.codec.policyfile import LoadedPolicy, load_policy
from twinbuild.codec.rego.plan import Module, PlanFault, plan_faults
from twinbuild.codec.rego.shape import Shape, shape_of
from twinbuild.codec.rego.syntax import package_of
from twinbuild.codec.yaml import SourceText
from twinbuild.describe.policyinput import policy_input_schema

__all__ = [
    "NEEDS_ENGINE",
    "answered",
    "faults_of",
    "modules_of",
    "plan_of",
    "rego_policy",
    "rego_text",
    "shape",
    "write_rego",
]


@cache
def shape() -> Shape:
    """What a policy may ask for."""
    return shape_of(policy_input_schema())


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


NEEDS_ENGINE: Final = pytest.mark.skipif(
    not _loads("libatomic.so.1"), reason="regopy needs libatomic.so.1 (Debian's package libatomic1)"
)


def modules_of(files: dict[str, str], libraries: tuple[str, ...] = ()) -> tuple[Module, ...]:
    """What is known of files before they are compiled."""
    return tuple(
        Module(name=name, package=package_of(text), decides=name not in libraries) for name, text in files.items()
    )


_SERVE: Final = """
import os, pickle, sys, tempfile
from twinbuild.pipeline.governing.rego import engine
answers = os.fdopen(os.dup(1), "wb")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the engine prints goes nowhere
while sys.stdin.buffer.peek(1):
    name, arguments = pickle.load(sys.stdin.buffer)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        answer = pickle.dumps(getattr(engine, name)(*arguments))
        os.chdir("/")
    answers.write(len(answer).to_bytes(8, "big") + answer)
    answers.flush()
"""


class _Engine:
    """The engine in a process of its own, which it may end; one for all tests of this process, for it loads slowly."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def ask(self, name: str, *arguments: object) -> Any:
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-c", _SERVE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PYTHONPATH": str(Path(twinbuild.__file__).parents[1])},
            )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(pickle.dumps((name, arguments)))
        self._child.stdin.flush()
        size = self._child.stdout.read(8)
        assert len(size) == 8, f"the engine ended: {self._child.wait(60)}"
        return pickle.loads(self._child.stdout.read(int.from_bytes(size, "big")))


_ENGINE: Final = _Engine()


def plan_of(files: dict[str, str], place: Path) -> tuple[Any, dict[str, Any], tuple[PlanFault, ...]]:
    """The plan of files, those of each, and why there are none."""
    found: tuple[Any, dict[str, Any], tuple[PlanFault, ...]] = _ENGINE.ask("compiled", files, place)
    return found


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """What the engine answers to a request, as ``pipeline.governing.rego.engine.answered``, in no bounds."""
    found: dict[str, Any] = _ENGINE.ask("answered", request)
    return found


def faults_of(text: str, place: Path) -> list[str]:
    """Codes and places of all faults of one file in the package main."""
    files = {"x.rego": f"package main\n{text}"}
    plan, alone, faults = plan_of(files, place)
    found = faults or tuple(plan_faults(plan, alone, modules_of(files), shape()))
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
