"""The hook in an interpreter of its own: what it notes, and that it changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from twinbuild.trial import hook

PROGRAM = """
import os, sys
sys.path.insert(0, DIRECTORY)
import hook
hook.begin(DIRECTORY)
os.environ["SET"] = "1"
print(os.environ.get("SET"), os.environ.get("UNSET", "other"), "UNSET" in os.environ)
for _ in range(3):
    os.getenv("UNSET")
try:
    os.environ["MISSING"]
except KeyError as error:
    print(error)
"""


def test_each_place_once(tmp_path: Path) -> None:
    """Names that are not set, asked for below the application's directory."""
    (tmp_path / "hook.py").write_text(Path(hook.__file__).read_text())
    (tmp_path / "watch.json").write_text(json.dumps({"application": str(tmp_path)}))
    program = tmp_path / "main.py"
    program.write_text(PROGRAM.replace("DIRECTORY", repr(str(tmp_path))))
    ended = subprocess.run([sys.executable, "-S", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "1 other False\n'MISSING'\n"
    seen = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
    assert seen == [
        [],
        ["UNSET", str(program), 7],
        ["UNSET", str(program), 9],
        ["MISSING", str(program), 11],
    ]


def test_code_elsewhere_is_none_of_its_business(tmp_path: Path) -> None:
    """Not even in a directory whose name begins like the application's."""
    (tmp_path / "hook.py").write_text(Path(hook.__file__).read_text())
    (tmp_path / "watch.json").write_text(json.dumps({"application": str(tmp_path)[:-1]}))
    program = tmp_path / "main.py"
    program.write_text(PROGRAM.replace("DIRECTORY", repr(str(tmp_path))))
    subprocess.run([sys.executable, "-S", program], capture_output=True, text=True, check=True)
    assert (tmp_path / "seen").read_text() == "[]\n"
