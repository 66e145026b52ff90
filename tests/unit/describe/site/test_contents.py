"""``describe.site.contents``: whose a file is, by the lists that lie in the layer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twinbuild.describe.site.contents import grouped, is_list

SITE = "opt/venv/lib/python3.11/site-packages"


def test_debian_packages() -> None:
    """By dpkg's lists, with an architecture or without, across merged directories; the list is the package's own."""
    lists = {
        "var/lib/dpkg/info/libc6:amd64.list": b"/.\n/lib/x/libc.so.6\n/usr/share/doc/libc6/copyright\n",
        "var/lib/dpkg/info/bash.list": b"/bin/bash\n",
        "var/lib/dpkg/status.d/tzdata.md5sums": b"0123  usr/share/zoneinfo/UTC\n",
    }
    files = {
        "usr/lib/x/libc.so.6": 100,
        "usr/share/doc/libc6/copyright": 5,
        "bin/bash": 50,
        "usr/share/zoneinfo/UTC": 1,
        "var/lib/dpkg/status": 7,
        **dict.fromkeys(lists, 1),
    }
    found = {(each.kind, each.name): (each.size, each.count) for each in grouped(files, lists)}
    assert found == {
        ("deb", "libc6"): (106, 3),
        ("deb", "bash"): (51, 2),
        ("", "/var/lib"): (7, 1),
        ("deb", "tzdata"): (2, 2),
    }


def test_distributions() -> None:
    """By RECORD, whose paths are quoted, leave the directory or are absolute; compiled files are their source's."""
    record = f"{SITE}/Scikit_Learn-1.7.2.dist-info/RECORD"
    text = b'sklearn/a.py,sha256=x,1\n"sklearn/b ""c"",d.py",,\n../../../bin/learn,,\n/etc/learn.conf,,\n'
    files = {
        f"{SITE}/sklearn/a.py": 10,
        f"{SITE}/sklearn/__pycache__/a.cpython-311.pyc": 4,
        f'{SITE}/sklearn/b "c",d.py': 20,
        "opt/venv/bin/learn": 3,
        "etc/learn.conf": 2,
        "opt/venv/pyvenv.cfg": 1,
    }
    found = grouped(files, {record: text})
    assert [(each.kind, each.name, each.size) for each in found] == [
        ("wheel", "scikit-learn", 39),
        ("", "/opt/venv", 1),
    ]
    assert found[0].files[0] == (f'{SITE}/sklearn/b "c",d.py', 20)


def test_what_is_a_list() -> None:
    """Lists of files, and none that is too large."""
    assert is_list("var/lib/dpkg/info/bash.list", 10)
    assert is_list("opt/venv/a-1.dist-info/RECORD", 10)
    assert not is_list("var/lib/dpkg/info/bash.md5sums", 10)
    assert not is_list("opt/venv/a-1.dist-info/RECORD", 1 << 30)


@given(
    st.dictionaries(st.text(min_size=1, max_size=9), st.integers(0, 10**12), max_size=90),
    st.binary(max_size=99),
)
def test_no_byte_is_lost(files: dict[str, int], text: bytes) -> None:
    """Whatever the lists say, groups have all files once, the largest group first, and are not too many."""
    lists = {"var/lib/dpkg/info/x.list": text, "a-1.dist-info/RECORD": text}
    found = grouped(files, lists)
    assert sum(each.size for each in found) == sum(files.values())
    assert sum(each.count for each in found) == len(files)
    assert len(found) <= 60
    sizes = [each.size for each in found if each.kind != "rest"]
    assert sizes == sorted(sizes, reverse=True)
