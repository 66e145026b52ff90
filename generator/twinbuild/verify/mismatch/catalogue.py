"""Every cause of a difference that has a name, with what to do about it.

Names are stable: run records, reports and people's scripts have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["REMEDIES", "Cause", "cause"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause by a stable name, in words, and what to do."""

    name: str
    explanation: str
    remedy: str


REMEDIES: Final = {
    "inputs": "build both from the same lock and source; `twinbuild diff A B` lists what was decided otherwise",
    "timestamp": "take the time from SOURCE_DATE_EPOCH, or leave it out",
    "bytecode-timestamp": "leave byte code out of the package: twinbuild compiles it itself, without times",
    "bytecode-mode": "compile with one --invalidation-mode (unchecked-hash), or leave byte code out of the package",
    "python-version": "make the file with one Python, pinned by the lock",
    "gzip-timestamp": "compress with a fixed time: `gzip -n`, or mtime=0 in Python",
    "gzip-name": "compress without the file's name: `gzip -n`, or from standard input",
    "absolute-path": "write paths relative to the installed file, or map them with -ffile-prefix-map",
    "host-name": "leave the host's name out",
    "user": "leave the user's name and number out",
    "process-id": "leave the number of the process out of what it writes, names of files among it",
    "environment": "do not write values of environment variables; pass what is needed as an argument",
    "time-zone": "format times in UTC",
    "processor-count": "leave the number of processors out, and let it change speed only",
    "cpu": "build for a named processor (-march=x86-64-v2), not for the one that is there (-march=native)",
    "floating-point": "fix the order of sums and the number of threads, and the processor that is computed for",
    "uuid": "derive the identifier from the content (a name-based UUID), or leave it out",
    "machine-id": "leave /etc/machine-id empty: each machine makes its own when it starts",
    "apt-log": "remove the log in the same step; logs are no part of an image",
    "file-mode": "set modes explicitly; executable bits come from the source, not from the file system",
    "umask": "set modes explicitly (install -m, tar --mode) instead of leaving them to the umask",
    "ownership": "set owner and group explicitly (tar --owner=0 --group=0 --numeric-owner)",
    "modification-time": "set the time to SOURCE_DATE_EPOCH (tar --mtime=@… , touch -d @… before zip)",
    "record-order": "sort the rows of RECORD",
    "line-order": "sort with LC_ALL=C before writing; do not rely on the order of directories, sets or a locale",
    "parallel-order": "gather what parallel jobs write and sort it, or let one job write",
    "item-order": "sort the items before writing; sets and directories have no order (and PYTHONHASHSEED is no cure)",
    "json-key-order": "write JSON with sorted keys (sort_keys=True, jq -S)",
    "json-whitespace": "write JSON with one fixed form of white space (separators and indent)",
    "member-order": "sort the entries of the tree before writing the archive (tar --sort=name, sorted() before zip)",
    "memory-address": "do not write the default representation of objects",
    "locale": "set LC_ALL=C for the step",
    "line-endings": "fix the line ends (.gitattributes: `* text=auto eol=lf`), and open files with newline='\\n'",
    "encoding": "write UTF-8 without a byte order mark, and say so where files are opened",
    "random": "seed the generator with a constant, or leave the random bytes out",
    "compressor": "pin the compressor: its version, level and mode decide the bytes",
    "tar-format": "name the archive's format (tar --format=ustar, or pax with atime and ctime deleted)",
    "tar-padding": "write with one blocking factor (tar -b20)",
    "zip-format": "write the archive with one program on one system; strip extra fields (zip -X)",
    "xattr": "leave extended attributes out (tar --no-xattrs), or set them explicitly",
    "link-target": "make links relative to where they lie, and to what the image has",
    "file-kind": "make the same kind of entry each time: copy links as links (cp -a), or always follow them",
    "elf-build-id": "link with a build id of the content (-Wl,--build-id=sha1), or without one (none)",
    "toolchain": "pin the compiler and the linker in the lock: another one wrote this",
    "sqlite": "fill the database in one transaction in sorted order, then VACUUM; its header counts every change",
    "pickle-order": "sort sets and dictionaries before pickling, or save another form",
    "truncated": "copy or download the shorter one again, and look for a full disk or a killed process",
    "corrupt": "copy or download it again; test the disk and the memory of the machine that wrote it",
    "file-set": "write every file under a name that does not depend on the surroundings, and always the same files",
    "content": "build the file twice by hand and compare: twinbuild found no known pattern",
}


def cause(name: str, explanation: str) -> Cause:
    """The cause of that name, in the words of one case."""
    return Cause(name=name, explanation=explanation, remedy=REMEDIES[name])
