from twinbuild.debian.shells import install_shells
from twinbuild.debian.tree import Root


def test_shells_count_under_both_their_names() -> None:
    """Packages ship /bin/bash; below the merged /usr it is /usr/bin/bash too, and each stands there once."""
    root = Root()
    root.link("bin", "usr/bin")
    root.write("usr/bin/bash", b"")
    root.write("usr/share/debianutils/shells", b"# /etc/shells: valid login shells\n/bin/sh\n")
    root.write("usr/share/debianutils/shells.d/bash", b"/bin/bash\n/bin/sh\n")
    root.write("usr/share/debianutils/shells.d/zsh", b"/opt/zsh\n")
    install_shells(root)
    assert root.read("etc/shells").decode().splitlines() == [
        "# /etc/shells: valid login shells",
        "/bin/sh",
        "/bin/bash",
        "/opt/zsh",
        "/usr/bin/sh",
        "/usr/bin/bash",
    ]
    assert root.read("var/lib/shells.state").decode().split() == [
        "/bin/sh",
        "/usr/bin/sh",
        "/bin/bash",
        "/usr/bin/bash",
        "/opt/zsh",
    ]
