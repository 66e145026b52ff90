import pytest

from twinbuild.errors import IntegrityError
from twinbuild.model.tree import BytesContent, Directory, File, Hardlink, Symlink, follow


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "../a",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        ".",
        "a\nb",
        "a\0b",
        "\ud800",
        "n" * 256,
        "d/" * 2048 + "f",
    ],
)
def test_paths_that_cannot_exist(path: str) -> None:
    """No entry of any kind has a path that leaves the root or that two readers understand differently."""
    for make in (
        lambda: Directory(path=path),
        lambda: File(path=path, content=BytesContent(b"")),
        lambda: Symlink(path=path, target="x"),
        lambda: Hardlink(path=path, target="x"),
        lambda: Hardlink(path="x", target=path),
    ):
        with pytest.raises(IntegrityError) as error:
            make()
        assert error.value.findings[0].code == "TB4301"


@pytest.mark.parametrize("path", ["a", ".hidden", "a/..b/c...", "é", "n" * 255, "a b", "system-x\\x2dy.slice"])
def test_paths_that_can(path: str) -> None:
    """Ordinary names are taken as they are."""
    assert Directory(path=path).path == path


@pytest.mark.parametrize("target", ["", "a\nb", "a\0b", "t" * 4096, "\ud800"])
def test_targets_that_cannot_exist(target: str) -> None:
    """A symbolic link's text is never empty, too long, or of several lines."""
    with pytest.raises(IntegrityError) as error:
        Symlink(path="l", target=target)
    assert error.value.findings[0].code == "TB4302"


def test_a_way_through_links() -> None:
    """Links are followed as a kernel does it, forty of them at most, and nothing leaves the root."""
    links = {"bin": "usr/bin", "usr/bin/sh": "/bin/dash", "up": "../../usr", "loop": "loop", "l0": "usr"}
    links |= {f"l{number}": f"l{number - 1}" for number in range(1, 41)}

    def way(path: str) -> str | None:
        return follow(path, link=links.get, is_file=lambda each: each == "usr/bin/dash")

    assert [way(path) for path in ("/bin/sh", "bin/./sh/", "up/x/../bin", "none/at/all")] == [
        "usr/bin/dash",
        "usr/bin/dash",
        "usr/bin",
        "none/at/all",
    ]
    assert [way(path) for path in ("", "..", "l39")] == ["", "", "usr"]
    assert [way(path) for path in ("loop", "l40", "bin/sh/below", "a" * 4096)] == [None] * 4
