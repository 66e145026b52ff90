"""The script beside a packed twinbuild that runs it on a Linux without a Python, and without a twinbuild.

It needs a shell, tar, gzip and sha256sum. The layers are checked and unpacked below TMPDIR, and the Python among them
is started by its own loader and with its own libraries, so that the host's C library does not matter either. What it
starts again (``sys.executable``) is a wrapper that does the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from twinbuild.model.tool import ToolRoot

__all__ = ["SCRIPT", "bootstrap_script"]

SCRIPT: Final = "twinbuild"  # its name in the layout
_HEAD: Final = """\
#!/bin/sh
# twinbuild {version} with a Python of its own, for a Linux that has neither: sh THIS-FILE VERB ARGUMENTS
# It needs tar, gzip and sha256sum, and 300 MB below TMPDIR while it runs.
set -eu
unset CDPATH PYTHONHOME TAR_OPTIONS
case $0 in */*) here=${{0%/*}} ;; *) here=. ;; esac
here=$(cd -- "$here" && pwd)
machine=$(uname -m)
case $machine in
"""
_CASE: Final = """\
{machine})
    triplet={triplet} loader={loader} python={python}
    layers='{layers}'
    ;;
"""
_TAIL: Final = """\
*)
    echo "twinbuild: packed for {machines}, and this machine is $machine" >&2
    exit 4
    ;;
esac
for layer in $layers; do
    echo "$layer  $here/blobs/sha256/$layer" | sha256sum -c - >/dev/null 2>&1 || {{
        echo "twinbuild: the blob $layer is missing or damaged" >&2
        exit 5
    }}
done
root=$(mktemp -d "${{TMPDIR:-/tmp}}/twinbuild-root.XXXXXXXX")
trap 'chmod -R u+w "$root" 2>/dev/null; rm -rf "$root"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
case $root in *:*)
    echo "twinbuild: TMPDIR must not have a colon in it" >&2
    exit 2
    ;;
esac
umask 022
for layer in $layers; do
    tar -o -xzf "$here/blobs/sha256/$layer" -C "$root"
done
libraries=$root/usr/lib/$triplet:$root/usr/lib
cat >"$root/python" <<EOF
#!/bin/sh
root=\\$(dirname "\\$0")
libraries=\\$root/usr/lib/$triplet:\\$root/usr/lib
exec "\\$root/usr/lib/$triplet/$loader" --library-path "\\$libraries" "\\$root/usr/bin/python$python" "\\$@"
EOF
chmod 755 "$root/python"
PYTHONPATH=$root/opt/venv/lib/python$python/site-packages
export PYTHONPATH
"$root/python" -P -s -c 'import sys
sys.executable = sys.argv.pop(1)
sys.argv[0] = "twinbuild"
from twinbuild.cli.__main__ import main
main()' "$root/python" "$@"
"""


def bootstrap_script(tools: Sequence[ToolRoot]) -> bytes:
    """The script for packed twinbuilds of one version, one for each platform, whose layers are in gzip."""
    cases = "".join(
        _CASE.format(
            machine=tool.platform.machine,
            triplet=tool.platform.triplet,
            loader=tool.platform.loader.rpartition("/")[2],
            python=".".join(tool.python.split(".")[:2]),
            layers=" ".join(layer.blob.digest.hex for layer in tool.image.layers),
        )
        for tool in tools
    )
    machines = " and ".join(tool.platform.machine for tool in tools)
    return (_HEAD.format(version=tools[0].version) + cases + _TAIL.format(machines=machines)).encode()
