import pytest

from twinbuild.debian.alternatives import install_alternatives
from twinbuild.debian.effects import Alternative, Follower
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.tree import Symlink

MAWK = Alternative(
    name="awk",
    link="/usr/bin/awk",
    path="/usr/bin/mawk",
    priority=5,
    followers=(
        Follower(name="nawk", link="/usr/bin/nawk", path="/usr/bin/mawk"),
        Follower(name="awk.1.gz", link="/usr/share/man/man1/awk.1.gz", path="/usr/share/man/man1/mawk.1.gz"),
    ),
)
GAWK = Alternative(name="awk", link="/usr/bin/awk", path="/usr/bin/gawk", priority=10)


def rooted() -> Root:
    """A tree with both programs and no manual page."""
    root = Root()
    root.write("usr/bin/mawk", b"")
    root.write("usr/bin/gawk", b"")
    return root


@pytest.mark.parametrize("choices", [(MAWK, GAWK), (GAWK, MAWK)])
def test_the_highest_priority_wins_in_any_order(choices: tuple[Alternative, ...]) -> None:
    """The links lead to the best choice, and dpkg's record names all."""
    root = rooted()
    install_alternatives(root, choices)
    assert root.get("usr/bin/awk") == Symlink(path="usr/bin/awk", target="/etc/alternatives/awk")
    assert root.follow("usr/bin/awk") == "usr/bin/gawk"
    assert root.get("usr/bin/nawk") is None
    assert root.read("var/lib/dpkg/alternatives/awk").decode() == (
        "auto\n/usr/bin/awk\nawk.1.gz\n/usr/share/man/man1/awk.1.gz\nnawk\n/usr/bin/nawk\n\n"
        "/usr/bin/gawk\n10\n\n\n/usr/bin/mawk\n5\n/usr/share/man/man1/mawk.1.gz\n/usr/bin/mawk\n\n"
    )


def test_followers_come_with_the_choice_if_they_are_there() -> None:
    """A manual page that no package ships gets no link."""
    root = rooted()
    install_alternatives(root, (MAWK,))
    assert root.follow("usr/bin/nawk") == "usr/bin/mawk"
    assert root.get("usr/share/man/man1/awk.1.gz") is None


def test_a_choice_that_is_not_in_the_tree_is_none() -> None:
    """Nothing is recorded for a path that is missing."""
    root = Root()
    install_alternatives(root, (MAWK,))
    assert list(root.entries()) == []


def test_equal_priorities_are_decided_by_path() -> None:
    """Not by the order of packages."""
    root = rooted()
    other = Alternative(name="awk", link="/usr/bin/awk", path="/usr/bin/gawk", priority=5)
    install_alternatives(root, (MAWK, other))
    assert root.follow("usr/bin/awk") == "usr/bin/gawk"


def test_two_links_for_one_name_are_refused() -> None:
    """Packages that disagree about the generic name cannot both be right."""
    other = Alternative(name="awk", link="/bin/awk", path="/usr/bin/gawk", priority=5)
    with pytest.raises(BuildError, match="TB4215"):
        install_alternatives(rooted(), (MAWK, other))


RECORD = "auto\n/usr/bin/awk\nnawk\n/usr/bin/nawk\n\n/usr/bin/mawk\n5\n/usr/bin/mawk\n/usr/bin/gone\n9\n\n\n"


def test_choices_on_record_count_too() -> None:
    """As update-alternatives adds to them; one whose program is gone is none."""
    root = rooted()
    root.write("var/lib/dpkg/alternatives/awk", RECORD.encode())
    install_alternatives(root, (GAWK,))
    assert root.follow("usr/bin/awk") == "usr/bin/gawk"
    assert root.read("var/lib/dpkg/alternatives/awk").decode() == (
        "auto\n/usr/bin/awk\nnawk\n/usr/bin/nawk\n\n/usr/bin/gawk\n10\n\n/usr/bin/mawk\n5\n/usr/bin/mawk\n\n"
    )


def test_a_choice_made_by_hand_stays() -> None:
    """The new one is recorded, and no link is touched."""
    root = rooted()
    root.link("etc/alternatives/awk", "/usr/bin/mawk")
    root.write("var/lib/dpkg/alternatives/awk", RECORD.replace("auto", "manual").encode())
    install_alternatives(root, (GAWK,))
    assert root.follow("etc/alternatives/awk") == "usr/bin/mawk"
    assert root.read("var/lib/dpkg/alternatives/awk").startswith(b"manual\n")
    assert b"/usr/bin/gawk\n10\n" in root.read("var/lib/dpkg/alternatives/awk")


@pytest.mark.parametrize(
    "record", ["", "auto", "auto\n/usr/bin/awk\nnawk\n\n", RECORD.replace("9\n\n\n", "9\n"), RECORD.replace("5", "x")]
)
def test_a_record_that_cannot_be_read(record: str) -> None:
    """TB4215, never a guess."""
    root = rooted()
    root.write("var/lib/dpkg/alternatives/awk", record.encode())
    with pytest.raises(BuildError) as caught:
        install_alternatives(root, (GAWK,))
    assert caught.value.findings[0].code == "TB4215"


def test_a_file_in_the_place_of_a_link_stays() -> None:
    """Somebody put it there: update-alternatives replaces links alone."""
    root = rooted()
    root.write("usr/bin/awk", b"own")
    install_alternatives(root, (MAWK,))
    assert root.read("usr/bin/awk") == b"own"
    assert root.follow("etc/alternatives/awk") == "usr/bin/mawk"
    assert root.follow("usr/bin/nawk") == "usr/bin/mawk"
