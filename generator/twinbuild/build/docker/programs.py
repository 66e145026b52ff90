"""Programs that steps of the Dockerfile run, beside the one that compiles: texts in the context."""

from __future__ import annotations

from typing import Final

__all__ = ["PIP_PROGRAM"]

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
