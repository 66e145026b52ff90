"""Faults by another route: real programs (tar, gzip, zip, sqlite, Python, …) really run twice in unlike surroundings.

Each script makes ``out`` in its own directory; ``change`` is what is unlike the second time: variables of the
environment, a umask, a script that runs before. Nothing is put into the bytes by hand but where damage is the fault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fakes.faults import Pair

__all__ = ["RERUNS", "rerun_pairs"]


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """``script`` is run by a shell twice; ``second`` replaces it the second time where it is given."""

    causes: tuple[str, ...]
    script: str
    second: str = ""
    first_environment: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()


_TREE = "mkdir -p t/lib && printf 'one\\n' > t/a && printf 'two\\n' > t/lib/b && printf '#!/bin/sh\\n' > t/run && chmod 755 t/run"
_FIXED = "find t -exec touch -h -d @1793491200 {} +"
_TAR = "tar --sort=name --owner=0 --group=0 --numeric-owner --format=ustar -cf out t"
_MODULE = "printf 'def f():\\n    return 1\\n' > m.py"
_SEEDS = {"first_environment": (("PYTHONHASHSEED", "1"),), "environment": (("PYTHONHASHSEED", "2"),)}
_SET = "s = {'ada', 'grace', 'edsger', 'barbara', 'donald', 'tony', 'leslie'}"


def _python(code: str) -> str:
    return f"\"$PYTHON\" - <<'EOF'\n{code}\nEOF"


RERUNS: dict[str, Rerun] = {
    "gzip remembers the time": Rerun(causes=("gzip-timestamp",), script="printf hello > f; touch -d @1793491200 f; gzip f; mv f.gz out",
        second="printf hello > f; touch -d @1793491300 f; gzip f; mv f.gz out", needs=("gzip",)),
    "gzip remembers the name": Rerun(causes=("gzip-name",), script="printf hello > f; touch -d @1793491200 f; gzip f; mv f.gz out",
        second="printf hello > g; touch -d @1793491200 g; gzip g; mv g.gz out", needs=("gzip",)),
    "gzip -1 and -9": Rerun(causes=("compressor",), script="seq 5000 | gzip -n -1 > out", second="seq 5000 | gzip -n -9 > out", needs=("gzip",)),
    "xz -0 and -6": Rerun(causes=("compressor",), script="seq 5000 | xz -0 > out", second="seq 5000 | xz -6 > out", needs=("xz",)),
    "gzip and Python's gzip": Rerun(causes=("compressor",), script="seq 900 | gzip -n > out",
        second=_python("import gzip\nopen('out', 'wb').write(gzip.compress(b''.join(b'%d\\n' % n for n in range(1, 901)), mtime=0))"), needs=("gzip",)),
    "tar, umask": Rerun(causes=("umask",), script=f"umask 022; {_TREE.replace('&& chmod 755 t/run', '')}; {_FIXED}; {_TAR}",
        second=f"umask 007; {_TREE.replace('&& chmod 755 t/run', '')}; {_FIXED}; {_TAR}"),
    "tar, times": Rerun(causes=("modification-time",), script=f"{_TREE}; find t -exec touch -d @1793491200 {{}} +; {_TAR}",
        second=f"{_TREE}; find t -exec touch -d @1793499203 {{}} +; {_TAR}"),
    "tar, owner": Rerun(causes=("ownership",), script=f"{_TREE}; {_FIXED}; {_TAR}", second=f"{_TREE}; {_FIXED}; {_TAR.replace('--owner=0', '--owner=1000')}"),
    "tar, names of owners": Rerun(causes=("ownership",), script=f"{_TREE}; {_FIXED}; {_TAR}",
        second=f"{_TREE}; {_FIXED}; {_TAR.replace('--owner=0 --group=0 --numeric-owner', '--owner=ada:0 --group=staff:0')}"),
    "tar, order": Rerun(causes=("member-order",), script=f"{_TREE}; {_FIXED}; {_TAR.replace('out t', 'out --no-recursion t t/a t/lib t/lib/b t/run')}",
        second=f"{_TREE}; {_FIXED}; {_TAR.replace('--sort=name', '').replace('out t', 'out --no-recursion t t/run t/lib t/lib/b t/a')}"),
    "tar, gnu and ustar": Rerun(causes=("tar-format",), script=f"{_TREE}; {_FIXED}; {_TAR}", second=f"{_TREE}; {_FIXED}; {_TAR.replace('ustar', 'gnu')}"),
    "tar, pax with times": Rerun(causes=("modification-time", "tar-format"), script=f"{_TREE}; {_FIXED}; {_TAR.replace('ustar', 'pax')}",
        second=f"{_TREE}; {_FIXED}; sleep 0.01; cat t/a > /dev/null; touch -a t/a; {_TAR.replace('ustar', 'pax')}"),
    "tar, blocking factor": Rerun(causes=("tar-padding",), script=f"{_TREE}; {_FIXED}; {_TAR}", second=f"{_TREE}; {_FIXED}; {_TAR} -b 40"),
    "zip, time zone": Rerun(causes=("time-zone",), script=f"{_TREE}; {_FIXED}; cd t; zip -qrX ../out.zip a lib/b run; mv ../out.zip ../out",
        first_environment=(("TZ", "UTC"),), environment=(("TZ", "Asia/Tokyo"),), needs=("zip",)),
    "zip, extra fields": Rerun(causes=("modification-time", "zip-format", "ownership"), script=f"{_TREE}; {_FIXED}; zip -qr out.zip t/a; mv out.zip out",
        second=f"{_TREE}; {_FIXED}; touch -a -d @1793000000 t/a; zip -qr out.zip t/a; mv out.zip out", needs=("zip",)),
    "zip -1 and -9": Rerun(causes=("compressor",), script="seq 5000 > f; touch -d @1793491200 f; zip -qX -1 out.zip f; mv out.zip out",
        second="seq 5000 > f; touch -d @1793491200 f; zip -qX -9 out.zip f; mv out.zip out", needs=("zip",)),
    "zipfile, time": Rerun(causes=("modification-time",), script="printf hello > f; touch -d @1793491200 f; " + _python("import zipfile\nzipfile.ZipFile('out', 'w').write('f')"),
        second="printf hello > f; touch -d @1793591202 f; " + _python("import zipfile\nzipfile.ZipFile('out', 'w').write('f')")),
    "repr of a set": Rerun(causes=("item-order",), script=_python(f"{_SET}\nopen('out', 'w').write('names = ' + repr(s))"), **_SEEDS),  # type: ignore[arg-type]
    "JSON of a set": Rerun(causes=("item-order",), script=_python(f"import json\n{_SET}\njson.dump({{'names': list(s), 'n': 7}}, open('out', 'w'))"), **_SEEDS),  # type: ignore[arg-type]
    "JSON keys from a set": Rerun(causes=("json-key-order",), script=_python(f"import json\n{_SET}\njson.dump({{k: len(k) for k in s}}, open('out', 'w'), indent=1)"), **_SEEDS),  # type: ignore[arg-type]
    "pickle of a set": Rerun(causes=("pickle-order",), script=_python(f"import pickle\n{_SET}\npickle.dump({{'names': s}}, open('out', 'wb'))"), **_SEEDS),  # type: ignore[arg-type]
    "lines of a set": Rerun(causes=("line-order",), script=_python(f"{_SET}\nopen('out', 'w').write(''.join(f'{{each}}\\n' for each in s))"), **_SEEDS),  # type: ignore[arg-type]
    "rows of a database": Rerun(causes=("sqlite",), script=_python(
        f"import sqlite3\n{_SET}\nc = sqlite3.connect('out')\nc.execute('create table t (name text)')\nc.executemany('insert into t values (?)', [(n,) for n in s])\nc.commit()"), **_SEEDS),  # type: ignore[arg-type]
    "byte code, time": Rerun(causes=("bytecode-timestamp",), script=f"{_MODULE}; touch -d @1793491200 m.py; " + _python("import py_compile\npy_compile.compile('m.py', cfile='out.pyc')") + "\nmkdir out; mv out.pyc out/m.pyc",
        second=f"{_MODULE}; touch -d @1793491999 m.py; " + _python("import py_compile\npy_compile.compile('m.py', cfile='out.pyc')") + "\nmkdir out; mv out.pyc out/m.pyc"),
    "byte code, mode": Rerun(causes=("bytecode-mode",), script=f"{_MODULE}; mkdir out; " + _python("import py_compile\npy_compile.compile('m.py', cfile='out/m.pyc')"),
        second=f"{_MODULE}; mkdir out; " + _python("import py_compile\npy_compile.compile('m.py', cfile='out/m.pyc', invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)")),
    "byte code, path": Rerun(causes=("absolute-path",), script=f"mkdir out src; cd src; {_MODULE}; touch -d @1793491200 m.py; " + _python("import os, py_compile\npy_compile.compile(os.path.abspath('m.py'), cfile='../out/m.pyc')"),
        second=f"mkdir out trunk; cd trunk; {_MODULE}; touch -d @1793491200 m.py; " + _python("import os, py_compile\npy_compile.compile(os.path.abspath('m.py'), cfile='../out/m.pyc')")),
    "date": Rerun(causes=("timestamp",), script="date -d @1793491200 > out", second="date -d @1793577777 > out", first_environment=(("TZ", "UTC"),), environment=(("TZ", "UTC"),)),
    "date in another zone": Rerun(causes=("time-zone",), script="date -d @1793491201 '+%Y-%m-%d %H:%M:%S %Z' > out", first_environment=(("TZ", "UTC"),), environment=(("TZ", "America/New_York"),)),
    "datetime.now()": Rerun(causes=("timestamp",), script=_python("import datetime\nopen('out', 'w').write(f'BUILT = {datetime.datetime.now()!r}\\n')")),
    "mktemp": Rerun(causes=("absolute-path",), script='d=$(mktemp -d); echo "cache_dir: $d" > out; rmdir "$d"'),
    "directory of the build": Rerun(causes=("absolute-path",), script='echo "home = $PWD/venv" > out'),
    "process": Rerun(causes=("process-id",), script=_python("import os\nopen('out', 'w').write(f'worker started, pid={os.getpid()}\\n')")),
    "uuid4": Rerun(causes=("uuid",), script=_python("import uuid\nopen('out', 'w').write(f'run {uuid.uuid4()}\\n')")),
    "urandom": Rerun(causes=("random",), script="head -c 4096 /dev/urandom > out"),
    "address": Rerun(causes=("memory-address",), script=_python("import os\nclass A: pass\nkeep = [bytearray(4096) for _ in range(os.getpid() % 97 + 3)]\nopen('out', 'w').write(f'model = {A()!r}\\n')")),
    "cut off": Rerun(causes=("truncated",), script=f"{_TREE}; {_FIXED}; seq 3000 > t/seq; {_FIXED}; {_TAR}", second=f"{_TREE}; {_FIXED}; seq 3000 > t/seq; {_FIXED}; {_TAR}; truncate -s 7000 out"),
    "a block of zeros": Rerun(causes=("corrupt", "truncated"), script="yes 'weights and biases' | head -c 90000 > out",
        second="yes 'weights and biases' | head -c 90000 > out; dd if=/dev/zero of=out bs=4096 seek=3 count=1 conv=notrunc 2>/dev/null"),
    "CRLF": Rerun(causes=("line-endings",), script="seq 40 > out", second="seq 40 | sed 's/$/\\r/' > out"),
    "links followed": Rerun(causes=("file-kind",), script="mkdir s out; echo x > s/a; ln -s a s/b; cp -a s/. out", second="mkdir s out; echo x > s/a; ln -s a s/b; cp -rL s/. out"),
    "sum in another order": Rerun(causes=("floating-point",), script=_python("import random, json\nr = random.Random(3)\nv = [r.random() * 10 ** r.randint(-8, 8) for _ in range(999)]\nt = 0.0\nfor x in v: t += x\njson.dump({'loss': t}, open('out', 'w'))"),
        second=_python("import random, json\nr = random.Random(3)\nv = [r.random() * 10 ** r.randint(-8, 8) for _ in range(999)]\nt = 0.0\nfor x in sorted(v): t += x\njson.dump({'loss': t}, open('out', 'w'))")),
    "build id": Rerun(causes=("elf-build-id",), script="echo 'int f(void){return 1;}' > x.c; gcc -shared -o out x.c -Wl,--build-id=uuid", needs=("gcc",)),
    "path in debug information": Rerun(causes=("absolute-path",), script="echo 'int f(void){return 1;}' > x.c; gcc -g -shared -o out \"$PWD/x.c\" -Wl,--build-id=none", needs=("gcc",)),
    "march": Rerun(causes=("cpu",), script="echo 'void f(float*a,float*b){for(int i=0;i<64;i++)a[i]+=b[i];}' > x.c; gcc -O3 -march=x86-64 -shared -fPIC -o out x.c -Wl,--build-id=none",
        second="echo 'void f(float*a,float*b){for(int i=0;i<64;i++)a[i]+=b[i];}' > x.c; gcc -O3 -march=x86-64-v3 -shared -fPIC -o out x.c -Wl,--build-id=none", needs=("gcc",)),
    "__TIME__": Rerun(causes=("timestamp",), script="echo 'const char *b = \"built \" __DATE__ \" \" __TIME__;' > x.c; SOURCE_DATE_EPOCH=1793491200 gcc -shared -o out x.c -Wl,--build-id=none",
        second="echo 'const char *b = \"built \" __DATE__ \" \" __TIME__;' > x.c; SOURCE_DATE_EPOCH=1793577999 gcc -shared -o out x.c -Wl,--build-id=none", needs=("gcc",)),
}  # fmt: skip


def rerun_pairs(directory: Path, *, count: int = 30) -> Iterator[Pair]:
    """The first ``count`` faults whose programs are installed, each made by running its script twice."""
    made = 0
    for name, each in RERUNS.items():
        if made == count or any(shutil.which(program) is None for program in each.needs):
            continue
        sides = []
        for side, script, environment in (
            ("a", each.script, each.first_environment),
            ("b-second", each.second or each.script, each.environment),
        ):
            place = directory / f"{made:02}" / side
            place.mkdir(parents=True)
            variables = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "LC_ALL": "C", **dict(environment)}
            subprocess.run(("sh", "-euc", script), cwd=place, env=variables, check=True)
            sides.append(place / "out")
        made += 1
        yield Pair(name=name, causes=each.causes, first=sides[0], second=sides[1])
