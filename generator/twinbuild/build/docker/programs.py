"""Programs that steps of the Dockerfile run, beside the one that compiles: texts in the context."""

from __future__ import annotations

from typing import Final

from twinbuild.build.outputs import places
from twinbuild.codec.canonical import Json, canonical
from twinbuild.model.plan import StepRecipe

__all__ = ["PIP_PROGRAM", "STEP_PROGRAM", "step_document"]

_OUTPUTS: Final = "/outputs"

# The pinned pip from its wheel, uninstalled, with the arguments that the Dockerfile shows. Variables and configuration
# files of a base image (PIP_USER, PIP_INDEX_URL, /etc/pip.conf) are none of its inputs.
PIP_PROGRAM: Final = """\
import glob
import os
import runpy
import sys

os.environ.clear()
os.environ.update(
    HOME="/nonexistent",
    LC_ALL="C.UTF-8",
    PIP_CONFIG_FILE=os.devnull,
    PIP_DISABLE_PIP_VERSION_CHECK="1",
    PIP_NO_CACHE_DIR="1",
    PIP_ROOT_USER_ACTION="ignore",
    PYTHONDONTWRITEBYTECODE="1",
)
os.umask(0o022)
sys.path[:0] = glob.glob("/run/context/pip/pip-*.whl")
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""

# A build step as ``StepRecipe`` says, by the Python of its root file system: as root it makes the places, starts the
# command as an ordinary user with exactly its environment, and gives what was left the owner and modes of a layer.
STEP_PROGRAM: Final = """\
import json
import os
import shutil
import signal
import stat
import subprocess
import sys

with open("/run/context/step.json") as stream:
    step = json.load(stream)
os.umask(0o022)
for path in step["places"]:
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o755)
    os.chown(path, step["uid"], step["gid"])
if step["fixed_clock"]:
    shutil.copyfile("/run/context/clock", "/usr/lib/twinbuild-clock")
    os.chmod("/usr/lib/twinbuild-clock", 0o755)
    with open("/etc/ld.so.preload", "w") as stream:
        stream.write("/usr/lib/twinbuild-clock\\n")


def become():
    os.setgroups([])
    os.setgid(step["gid"])
    os.setuid(step["uid"])


started = subprocess.Popen(
    sys.argv[1:],
    env=step["environment"],
    cwd=step["directory"],
    stdin=subprocess.DEVNULL,
    preexec_fn=become,
    start_new_session=True,
)
try:
    status = started.wait(step["timeout"])
except subprocess.TimeoutExpired:
    os.killpg(started.pid, signal.SIGKILL)
    sys.exit(f"the step was not done after {step['timeout']} s")
if status != 0:
    sys.exit(f"the step ended with status {status}")
if os.getpid() == 1:  # what it left running: where this is the first process, all others are the step's
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
for directory, names, files in os.walk("/outputs", topdown=False):
    for name in (*names, *files):
        path = os.path.join(directory, name)
        mode = os.lstat(path).st_mode
        if name.startswith(".wh.") or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
            sys.exit(f"the step left {path!r}, which no image can hold: leave files, directories and links only")
        there = path[len("/outputs") :]
        if stat.S_ISDIR(mode) and os.path.isdir(there) and not os.path.islink(there):
            known = os.stat(there)  # a directory of the root file system stays as it is there
            os.chown(path, known.st_uid, known.st_gid)
            os.chmod(path, stat.S_IMODE(known.st_mode))
            continue
        os.lchown(path, 0, 0)
        if not stat.S_ISLNK(mode):
            os.chmod(path, 0o755 if name in names or mode & 0o100 else 0o644)
os.chown("/outputs", 0, 0)
"""


def step_document(recipe: StepRecipe) -> bytes:
    """What ``STEP_PROGRAM`` reads: how the command is started."""
    environment: dict[str, Json] = dict(recipe.environment)
    return canonical(
        {
            "directory": recipe.directory,
            "environment": environment,
            "fixed_clock": recipe.fixed_clock,
            "gid": recipe.gid,
            "places": [_OUTPUTS, "/work", *(f"{_OUTPUTS}/{path}" for path in places(recipe))],
            "timeout": recipe.timeout,
            "uid": recipe.uid,
        }
    )
