"""What pip itself is configured with on this machine: where its index is and how it is reached, and little else.

Extra indexes, constraints and the rest of a person's pip configuration must not reach a lock, so they are not read.
Local directories of ``find-links`` are: they answer for an index that a spec names and nobody gives an address. pip is
asked as a program, through its own option parser, which knows every file, variable and default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from twinbuild.errors import EnvironmentFault
from twinbuild.ports import Runner

__all__ = ["PipConfiguration", "default_index", "read_pip_configuration"]

# Debian and others take pip out of Python, but ensurepip's wheel can be imported as it lies there.
_PROGRAM: Final = """\
import glob, json, os, sys, sysconfig
try:
    import pip
except ImportError:
    import ensurepip
    places = [os.path.join(os.path.dirname(ensurepip.__file__), "_bundled"), sysconfig.get_config_var("WHEEL_PKG_DIR")]
    wheels = sorted(wheel for place in places if place for wheel in glob.glob(os.path.join(place, "pip-*.whl")))
    sys.path.insert(0, wheels[-1])
from pip._internal.commands import create_command
options, _ = create_command("download").parse_args([])
names = ("index_url", "proxy", "cert", "client_cert")
stated = {name: getattr(options, name, None) or "" for name in names}
json.dump({**stated, "find_links": "\\n".join(getattr(options, "find_links", None) or ())}, sys.stdout)
"""
_PASSED: Final = ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "USER", "LOGNAME", "TMPDIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class PipConfiguration:
    """Where pip looks by default and how it gets there; "" for what is not configured. May hold credentials."""

    index: str  # base address of the simple API
    proxy: str
    certificates: str  # path of a certificate bundle
    client_certificate: str
    directories: tuple[str, ...] = ()  # absolute paths of find-links


def read_pip_configuration(
    runner: Runner, *, interpreters: tuple[Path, ...], environment: tuple[tuple[str, str], ...]
) -> PipConfiguration:
    """Ask the first of some interpreters that has a pip (its own, or ensurepip's).

    ``environment`` is that of the person; only its ``PIP_*``, the places of configuration files
    and TMPDIR are passed on.
    Raises EnvironmentFault TB2042 if no interpreter has a pip or its configuration cannot be read.
    """
    passed = tuple((name, value) for name, value in environment if name.startswith("PIP_") or name in _PASSED)
    complaint = ""
    for interpreter in interpreters:
        completed = runner.run((str(interpreter), "-I", "-c", _PROGRAM), environment=passed, timeout=60.0)
        if completed.status == 0:
            try:
                stated = json.loads(completed.stdout)
            except ValueError:
                stated = None
            if isinstance(stated, dict) and all(isinstance(value, str) for value in stated.values()):
                return PipConfiguration(
                    index=stated.get("index_url", ""),
                    proxy=stated.get("proxy", ""),
                    certificates=stated.get("cert", ""),
                    client_certificate=stated.get("client_cert", ""),
                    directories=tuple(_directories(stated.get("find_links", ""))),
                )
        lines = completed.stderr.decode("utf-8", "replace").strip().splitlines()
        complaint = lines[-1][:200] if lines else f"status {completed.status}"
    raise EnvironmentFault.of(
        "TB2042",
        f"pip does not say where its index is ({complaint or 'no interpreter to ask'})",
        hint="install python3-pip, or name the address of the index `default` in the settings",
    )


def _directories(links: str) -> Iterator[str]:
    """Links to directories of this machine; pages of the web are others' business."""
    for link in links.splitlines():
        if link.lower().startswith("file:///"):
            yield unquote(urlsplit(link).path)
        elif link.startswith("/") and "\0" not in link:
            yield link


def default_index(runner: Runner, *, interpreters: tuple[Path, ...], environment: tuple[tuple[str, str], ...]) -> str:
    """The base address of the simple API that pip asks by default here. Raises EnvironmentFault TB2042."""
    return read_pip_configuration(runner, interpreters=interpreters, environment=environment).index
