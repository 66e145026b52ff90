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


STEPS = """
import sys, threading
sys.path.insert(0, DIRECTORY)
import hook
hook.begin(DIRECTORY)
import service
def work():
    service.Reader().features(1)
    service.plain()
    service.named()
open(DIRECTORY + "/asked", "w").close()
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(sys.getprofile())
"""
SERVICE = """
class Reader:
    def features(self, value):
        return value
    def other(self):
        return 0
class Idle:
    def method(self):
        return 0
class Called:
    def __init__(self):
        self.value = 0
def plain():
    return [each for each in (1, 2)]
def named():
    def features():
        return 0
    return Called() if features() == 0 else None
"""


def test_functions_that_are_called(tmp_path: Path) -> None:
    """Of a thread, too; a class counts when a method of it is called, and that which makes it is one."""
    (tmp_path / "hook.py").write_text(Path(hook.__file__).read_text())
    (tmp_path / "service.py").write_text(SERVICE)
    names = ("Reader.features", "Reader.other", "Reader", "Idle", "Called", "plain", "named", "features")
    steps = {f"service:{name}": [str(tmp_path / "service.py"), str(tmp_path / "no.py"), name] for name in names}
    steps["elsewhere:plain"] = [str(tmp_path / "elsewhere.py"), "plain"]
    (tmp_path / "watch.json").write_text(json.dumps({"application": str(tmp_path), "steps": steps}))
    program = tmp_path / "main.py"
    program.write_text(STEPS.replace("DIRECTORY", repr(str(tmp_path))))
    subprocess.run([sys.executable, "-S", program], capture_output=True, text=True, check=True)
    seen = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
    assert seen[0] == []
    called = ("Called", "Reader", "Reader.features", "named", "plain")
    assert sorted(name for _, name in seen[1:]) == [f"service:{name}" for name in called]


def test_it_ends_when_all_were_seen(tmp_path: Path) -> None:
    """The service goes on at its own speed."""
    (tmp_path / "hook.py").write_text(Path(hook.__file__).read_text())
    (tmp_path / "service.py").write_text(SERVICE)
    steps = {"service:plain": [str(tmp_path / "service.py"), "plain"]}
    (tmp_path / "watch.json").write_text(json.dumps({"application": str(tmp_path), "steps": steps}))
    program = tmp_path / "main.py"
    program.write_text(STEPS.replace("DIRECTORY", repr(str(tmp_path))).replace("thread = ", "work()\nthread = "))
    ended = subprocess.run([sys.executable, "-S", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "None\n"


def test_what_the_service_calls_by_itself(tmp_path: Path) -> None:
    """As it starts, before it is asked anything: that shows nothing, and hides no later call."""
    (tmp_path / "hook.py").write_text(Path(hook.__file__).read_text())
    (tmp_path / "service.py").write_text(SERVICE)
    steps = {f"service:{name}": [str(tmp_path / "service.py"), name] for name in ("plain", "named")}
    (tmp_path / "watch.json").write_text(json.dumps({"application": str(tmp_path), "steps": steps}))
    program = tmp_path / "main.py"
    start = STEPS.replace("DIRECTORY", repr(str(tmp_path))).replace("    service.named()\n", "")
    program.write_text(start.replace("\nopen(", "\nservice.named()\nwork()\nopen("))
    subprocess.run([sys.executable, "-S", program], capture_output=True, text=True, check=True)
    seen = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
    assert seen == [[], ["ran", "service:plain"]]


def test_code_elsewhere_is_none_of_its_business(tmp_path: Path) -> None:
    """Not even in a directory whose name begins like the application's."""
    (tmp_path / "hook.py").write_text(Path(hook.__file__).read_text())
    (tmp_path / "watch.json").write_text(json.dumps({"application": str(tmp_path)[:-1]}))
    program = tmp_path / "main.py"
    program.write_text(PROGRAM.replace("DIRECTORY", repr(str(tmp_path))))
    subprocess.run([sys.executable, "-S", program], capture_output=True, text=True, check=True)
    assert (tmp_path / "seen").read_text() == "[]\n"
