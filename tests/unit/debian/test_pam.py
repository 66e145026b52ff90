from twinbuild.debian.pam import install_pam
from twinbuild.debian.tree import Root

TEMPLATE = b"# head\n$auth_primary\nauth\trequisite\t\t\tpam_deny.so\n$auth_additional\n# end\n"
UNIX = b"""\
Name: Unix authentication
Default: yes
Priority: 256
Auth-Type: Primary
Auth:
\t[success=end default=ignore]\tpam_unix.so nullok try_first_pass
Auth-Initial:
\t[success=end default=ignore]\tpam_unix.so nullok
"""
SECOND = b"""\
Name: Second
Default: yes
Priority: 128
Auth-Type: Primary
Auth:
\t[success=end default=ignore]\tpam_second.so try_first_pass
\toptional\tpam_more.so
"""
OFF = b"Name: Off\nDefault: no\nPriority: 500\nAuth-Type: Primary\nAuth:\n\trequired\tpam_off.so\n"
EXTRA = b"Name: Extra\nDefault: yes\nPriority: 0\nAuth-Type: Additional\nAuth-Final:\n\toptional\tpam_cap.so\n"


def rooted(**profiles: bytes) -> Root:
    """A tree with profiles and one template."""
    root = Root()
    root.write("usr/share/pam/common-auth", TEMPLATE)
    for name, content in profiles.items():
        root.write(f"usr/share/pam-configs/{name}", content)
    return root


def test_profiles_are_stacked_by_priority() -> None:
    """``end`` jumps behind the block, the first profile has its initial lines, and those that are off are not there."""
    root = rooted(unix=UNIX, second=SECOND, off=OFF, extra=EXTRA)
    install_pam(root)
    assert root.read("etc/pam.d/common-auth").decode().splitlines() == [
        "# head",
        "auth\t[success=3 default=ignore]\tpam_unix.so nullok",
        "auth\t[success=2 default=ignore]\tpam_second.so try_first_pass",
        "auth\toptional\tpam_more.so ",
        "auth\trequisite\t\t\tpam_deny.so",
        "auth\toptional\tpam_cap.so ",
        "# end",
    ]
    assert root.read("var/lib/pam/auth").startswith(b"Module: unix\n[success=end default=ignore]\tpam_unix.so nullok\n")
    assert root.read("var/lib/pam/seen") == b"off\nunix\nsecond\nextra\n"


def test_without_profiles_everybody_may_pass_to_the_fallback() -> None:
    """An empty primary block holds the line that pam-auth-update writes then."""
    root = rooted()
    install_pam(root)
    assert b"auth\t[default=1]\t\t\tpam_permit.so\n" in root.read("etc/pam.d/common-auth")
    assert root.names("etc/pam.d") == ("common-auth",)
