import io

from fakes.debs import deb
from twinbuild.debian.archive import read_deb
from twinbuild.debian.database import install_database, status_stanza
from twinbuild.debian.effects import SetOwner
from twinbuild.debian.tree import Root
from twinbuild.debian.unpack import Diverted
from twinbuild.model.platform import Platform
from twinbuild.model.tree import File

AMD64 = Platform.parse("linux/amd64")
FIELDS = """\
Homepage: https://demo.example
Depends: libc6 (>= 2.36) ,
  awk|mawk
Essential: no
Maintainer: Ada Example <ada@demo.example>
Multi-Arch: same
Priority: optional
Filename: pool/x.deb
"""


def test_a_stanza_is_in_dpkgs_order_and_form() -> None:
    """Known fields first in dpkg's order, relationships on one line, others behind; index fields are left out."""
    package = read_deb(io.BytesIO(deb("demo", fields=FIELDS)))
    assert status_stanza(package, (("/etc/demo", "0" * 32),)).splitlines() == [
        "Package: demo",
        "Status: install ok installed",
        "Priority: optional",
        "Maintainer: Ada Example <ada@demo.example>",
        "Architecture: all",
        "Multi-Arch: same",
        "Version: 1.0-1",
        "Depends: libc6 (>= 2.36), awk | mawk",
        "Conffiles:",
        " /etc/demo " + "0" * 32,
        "Description: demo",
        " Longer.",
        "Homepage: https://demo.example",
    ]


def test_everything_that_dpkg_reads_is_there() -> None:
    """Lists, scripts with their modes, triggers, diversions and overrides lie where dpkg looks for them."""
    root = Root()
    root.write("etc/demo", b"x")
    same = read_deb(io.BytesIO(deb("same", fields="Multi-Arch: same\n", control={"triggers": b"interest ldconfig\n"})))
    plain = read_deb(
        io.BytesIO(
            deb(
                "plain",
                control={
                    "conffiles": b"/etc/demo\n",
                    "postinst": b"exit 0\n",
                    "triggers": b"# here\ninterest-noawait /usr/share/x\nactivate y\ninterest-noawait ldconfig\n",
                },
            )
        )
    )
    install_database(
        root,
        [(same, ("/.",)), (plain, ("/.", "/etc", "/etc/demo"))],
        AMD64,
        (Diverted(package="plain", path="/a", to="/b"),),
        (
            SetOwner(path="/usr/bin/x", mode=0o2755, group="crontab", recorded=True),
            SetOwner(path="/usr/bin/y", mode=0o755),
        ),
    )
    admin = "var/lib/dpkg"
    status = root.read(f"{admin}/status").decode()
    assert [stanza.split("\n")[0] for stanza in status.split("\n\n")] == ["Package: plain", "Package: same", ""]
    assert "\n /etc/demo 9dd4e461268c8034f5c8564e155c67a6\n" in status
    assert root.read(f"{admin}/info/plain.list") == b"/.\n/etc\n/etc/demo\n"
    assert root.exists(f"{admin}/info/same:all.list")
    assert root.read(f"{admin}/triggers/ldconfig") == b"plain/noawait\nsame:all\n"
    assert root.read(f"{admin}/triggers/File") == b"/usr/share/x plain/noawait\n"
    assert root.read(f"{admin}/diversions") == b"/a\n/b\nplain\n"
    assert root.read(f"{admin}/statoverride") == b"root crontab 2755 /usr/bin/x\n"
    assert root.read(f"{admin}/arch") == b"amd64\n"
    script = root.get(f"{admin}/info/plain.postinst")
    assert isinstance(script, File)
    assert script.mode == 0o755
