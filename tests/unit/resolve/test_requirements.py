"""What a spec may require."""

from __future__ import annotations

import pytest

from twinbuild.errors import SpecError
from twinbuild.resolve.requirements import parse_requirements

TARGET = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.2",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.11.2",
    "python_version": "3.11",
    "sys_platform": "linux",
}


def test_values() -> None:
    """Name, extras and marker are normalised, and the text is our own spelling."""
    (parsed,) = parse_requirements(("Foo_Bar [B,a_x] >=1.0, <2 ;  python_version<'3.12'",))
    assert (parsed.name, parsed.extras, parsed.marker) == ("foo-bar", ("a-x", "b"), 'python_version < "3.12"')
    assert parsed.text == 'Foo_Bar[B,a_x]<2,>=1.0; python_version < "3.12"'
    assert parsed.applies(TARGET)
    assert not parsed.applies({**TARGET, "python_version": "3.12"})
    assert (parsed.admits("1.5"), parsed.admits("1.5rc1"), parsed.admits("2.0")) == (True, True, False)


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy==2.1.*",
        "numpy===2.1.0",
        "torch==2.9.0+cpu",
        "git",
        "svn-client>=1",
        "a.b",
        "x; sys_platform == 'linux' and (python_version > '3' or platform_machine == 'aarch64')",
    ],
)
def test_accepted(line: str) -> None:
    """Whatever names a project and versions of it is a requirement."""
    assert parse_requirements((line,))[0].applies(TARGET)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("TB2001", ""),
        ("TB2001", "  "),
        ("TB2001", "# numpy"),
        ("TB2001", "numpy pandas"),
        ("TB2001", "numpy==\n2"),
        ("TB2001", "numpy\n--pre"),
        ("TB2001", "numpy\x00"),
        ("TB2001", "numpy\r"),
        ("TB2001", "num\u2028py"),
        ("TB2001", "numpy==${V}"),
        ("TB2001", "numpy=={V}"),
        ("TB2001", "numpy \\"),
        ("TB2001", "numpy>=one"),
        ("TB2001", "n" * 3000),
        ("TB2001", "numpy; nonsense == 'x'"),
        ("TB2002", "git+https://host.example/x"),
        ("TB2002", "x @ git+ssh://git@host.example/x@main"),
        ("TB2002", "x @ hg+https://host.example/x"),
        ("TB2002", "git@host.example:x/y"),
        ("TB2003", "x @ https://host.example/x-1-py3-none-any.whl#sha256=00"),
        ("TB2003", "https://host.example/x.tar.gz"),
        ("TB2003", "x @ ssh://host.example/x"),
        ("TB2004", "."),
        ("TB2004", ".."),
        ("TB2004", "./x"),
        ("TB2004", "../x"),
        ("TB2004", "/x"),
        ("TB2004", "~/x"),
        ("TB2004", "x-1-py3-none-any.whl"),
        ("TB2004", "x.tar.gz"),
        ("TB2004", "x @ file:///x"),
        ("TB2004", "-e x"),
        ("TB2004", "--editable=x"),
        ("TB2005", "--pre"),
        ("TB2005", "-r other.txt"),
        ("TB2005", "--extra-index-url https://host.example"),
        ("TB2005", "numpy --no-binary :all:"),
        ("TB2005", "numpy==1 --hash=sha256:00"),
        ("TB2006", "x; platform_release >= '5'"),
        ("TB2006", "x; sys_platform == 'linux' and platform_version != ''"),
        ("TB2006", "x; extra == 'y'"),
    ],
)
def test_refused(code: str, line: str) -> None:
    """Each kind of refusal has its own code, and stands at its place."""
    with pytest.raises(SpecError) as caught:
        parse_requirements(("numpy", line), pointer="/dependencies/runtime")
    (finding,) = caught.value.findings
    assert finding.code == code
    assert finding.where.pointer == "/dependencies/runtime/1"


def test_all_at_once() -> None:
    """Every refused entry has a finding."""
    with pytest.raises(SpecError) as caught:
        parse_requirements(("-e .", "x", "--pre", "git+https://h.example/x"))
    assert [(each.code, each.where.pointer) for each in caught.value.findings] == [
        ("TB2004", "/0"),
        ("TB2005", "/2"),
        ("TB2002", "/3"),
    ]


def test_credentials_are_not_repeated() -> None:
    """A message shows the entry without what stands before the @ of an address."""
    with pytest.raises(SpecError) as caught:
        parse_requirements(("x @ https://me:s3cret@host.example/x.whl",))
    assert "s3cret" not in repr(caught.value.findings)


def test_constraints_bound_versions_only() -> None:
    """Extras belong to requirements."""
    with pytest.raises(SpecError) as caught:
        parse_requirements(("x[y]<2",), constraints=True)
    assert [each.code for each in caught.value.findings] == ["TB2007"]
