import pytest

from twinbuild.errors import IntegrityError
from twinbuild.model.tree import BytesContent, Directory, File, Hardlink, Symlink


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
