import pytest

from twinbuild.debian.effects import Alternative, Follower
from twinbuild.debian.snippets import understood

SERVICE = """\
#!/bin/sh
set -e
# Automatically added by dh_installsystemd/13.11.4
if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] || [ "$1" = "abort-deconfigure" ] ; then
	deb-systemd-helper unmask 'demo.timer' >/dev/null || true
	if deb-systemd-helper --quiet was-enabled 'demo.timer'; then
		deb-systemd-helper enable 'demo.timer' >/dev/null || true
	else
		deb-systemd-helper update-state 'demo.timer' >/dev/null || true
	fi
	if [ -d /run/systemd/system ]; then
		systemctl --system daemon-reload >/dev/null || true
		deb-systemd-invoke start 'demo.timer' 'demo.service' >/dev/null || true
	fi
fi
# End automatically added section
dpkg-maintscript-helper rm_conffile /etc/old 1:4.7-1\\~ demo -- "$@"
if command -v py3compile >/dev/null 2>&1; then
	py3compile -p demo
fi
exit 0
"""
ALTERNATIVE = """\
if [ "$1" = configure ]; then
	update-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5 \\
		--slave /usr/bin/nawk nawk \\
		/usr/bin/mawk || true
fi
"""


def test_service_starts_and_cleanups_have_no_effect() -> None:
    """Lines that only matter to a running system or an upgrade leave a fresh tree as it is."""
    assert understood(SERVICE) == ()


def test_alternatives_are_read_from_the_script() -> None:
    """A plain installation of an alternative becomes that effect."""
    assert understood(ALTERNATIVE) == (
        Alternative(
            name="awk",
            link="/usr/bin/awk",
            path="/usr/bin/mawk",
            priority=5,
            followers=(Follower(name="nawk", link="/usr/bin/nawk", path="/usr/bin/mawk"),),
        ),
    )


@pytest.mark.parametrize(
    "line",
    [
        "touch /etc/x",
        "exit 0; touch /etc/x",
        "exit 0 && touch /etc/x",
        "set -e; rm -rf /",
        "cat <<EOF",
        "if [ -f /etc/x ]; then touch /etc/y; fi",
        'if [ "$(touch /etc/x)" = "" ]; then\nfi',
        "if command -v $(touch /x) >/dev/null; then\nfi",
        "fi",
        "else",
        'if [ -n "$2" ]; then',
        "deb-systemd-helper enable 'a' > /etc/x || true",
        "deb-systemd-helper enable `touch /x` >/dev/null || true",
        "update-alternatives --install /usr/bin/a a $X 5",
        "update-alternatives --remove a /usr/bin/a",
        'if [ -n "$2" ]; then\nupdate-alternatives --install /a a /b 5\nfi',
        'if [ "$1" = "configure" ]; then\ntrue\nelse\nupdate-alternatives --install /a a /b 5\nfi',
        "py3compile -p demo | sh",
        'dpkg-maintscript-helper rm_conffile $X -- "$@"',
    ],
)
def test_one_unknown_line_makes_the_script_unknown(line: str) -> None:
    """Whatever else a line does, no part of the script counts as understood."""
    assert understood(SERVICE + line + "\n") is None
