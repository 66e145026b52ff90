"""Scripts of tools that images often carry: accounts, compilers, clients (Debian 12)."""

from __future__ import annotations

from typing import Final

from twinbuild.debian.effects import (
    AddGroup,
    AddUser,
    Alternative,
    Effect,
    Follower,
    MakeDirectory,
    Omitted,
    Perform,
    SetOwner,
    Step,
    Write,
)
from twinbuild.debian.effects.essential import BYTECODE, UPGRADES

__all__ = ["TOOLS"]

_MAN1: Final = "/usr/share/man/man1"
_SERVICE: Final = Omitted(what="starting a service: no init system runs in a container")
_MAGICK: Final = (
    "compare",
    "animate",
    "convert",
    "composite",
    "conjure",
    "import",
    "identify",
    "stream",
    "display",
    "montage",
    "mogrify",
)


def _configuration(path: str, priority: int) -> Alternative:
    """One choice for the configuration file of MySQL and MariaDB clients."""
    return Alternative(name="my.cnf", link="/etc/mysql/my.cnf", path=path, priority=priority)


TOOLS: Final[dict[tuple[str, str, str], tuple[Effect, ...]]] = {
    ("adduser", "preinst", "7f6b6affc5b83a6bbe3c620457d13a96671b8482b9389ebfc393548dff92dff5"): UPGRADES,
    ("apt", "postinst", "351d1afbc90122e73ddefc096cf53356070ee09c899e8bd2cd9169c2252fe9cf"): (
        AddUser(name="_apt", group="nogroup"),
        _SERVICE,
    ),
    ("cpp", "postinst", "627ec7f1abf5cf235c5ba2e2a1e6cda843f1339fde00e88f46ab69158c35f2f6"): (
        Alternative(name="cpp", link="/lib/cpp", path="/usr/bin/cpp", priority=10),
    ),
    ("cron", "postinst", "b8d3ebb1d42486546262bbfa771f6eccb17f8dcae65bedd14eead632040993c7"): (
        SetOwner(path="/usr/bin/crontab", mode=0o2755, group="crontab", recorded=True),
        _SERVICE,
    ),
    ("cron-daemon-common", "postinst", "e77718cda92812f9c359d7f4fb4f5bbd0d39024dcafda400218f59d08e247319"): (
        AddGroup(name="crontab"),
        SetOwner(path="/var/spool/cron/crontabs", mode=0o1730, group="crontab"),
    ),
    ("dbus", "postinst", "8bc6bd89edf0161029151f31ba73586e148375e7c3f9002fc600b13a96da7429"): (
        SetOwner(path="/usr/lib/dbus-1.0/dbus-daemon-launch-helper", mode=0o4754, group="messagebus", recorded=True),
        _SERVICE,
    ),
    ("dbus-daemon", "postinst", "59c0fc8b9fa8b2354d5c770ce4c874b592ebd033d8598a6c97d049ffea7426c9"): (
        MakeDirectory(path="/var/lib/dbus"),
        Omitted(what="an identity of the machine, which an image must not have"),
    ),
    ("dbus-system-bus-common", "postinst", "7e29a7a9d8f0e0847bd7269a5cc51d14f41a5b250531f7e334754cbab74124b7"): (
        AddUser(name="messagebus"),
    ),
    (
        "debian-archive-keyring",
        "postinst",
        "103a75dc042f5dffbc457f7be8581f98bd56ac58940054607624eeb45639844f",
    ): UPGRADES,
    ("g++", "postinst", "3f30a71243d28a15290c94c67305fd2ca6ab8482a4e376ad46c756c9338ec830"): (
        Alternative(name="c++", link="/usr/bin/c++", path="/usr/bin/g++", priority=20),
    ),
    ("gcc", "postinst", "18bb49fb1cc9cf342c531baf05991d8c6f4c445ad980a2bd757154912055d16d"): (
        Alternative(name="cc", link="/usr/bin/cc", path="/usr/bin/gcc", priority=20),
        *(
            Alternative(
                name=name,
                link=f"/usr/bin/{name}",
                path=f"/usr/bin/{name}-gcc",
                priority=20,
                followers=(
                    Follower(name=f"{name}.1.gz", link=f"{_MAN1}/{name}.1.gz", path=f"{_MAN1}/{name}-gcc.1.gz"),
                ),
            )
            for name in ("c89", "c99")
        ),
    ),
    ("hicolor-icon-theme", "postinst", "3adf7d60b1d729059963437e94a8152295c15ef0a7029d829fe3475ed8b40454"): (
        Omitted(what="the cache of icons, which desktop programs read"),
    ),
    ("imagemagick-6.q16", "postinst", "2f84b14c9432b72fe4c107fddcc2a550ae5c3a319cc8a56436a73b1c84b0b295"): tuple(
        Alternative(
            name=f"{program}{suffix}",
            link=f"/usr/bin/{program}{suffix}",
            path=f"/usr/bin/{program}-im6.q16",
            priority=10000,
            followers=(
                Follower(
                    name=f"{program}{suffix}.1.gz",
                    link=f"{_MAN1}/{program}{suffix}.1.gz",
                    path=f"{_MAN1}/{program}-im6.q16.1.gz",
                ),
            ),
        )
        for program in _MAGICK
        for suffix in ("", "-im6")
    ),
    ("iputils-ping", "postinst", "ae732d248b6e4e9867dd1492e6f79f7304969ff89e6e8187c8817954c9ae39ae"): (
        SetOwner(path="/bin/ping", mode=0o4755),
    ),
    ("java-common", "postinst", "6dc1ca1eb86d732cc164eca278cff203ab5e3a5e64d28e6fa7252eeb5bdd8baa"): (
        MakeDirectory(path="/etc/.java"),
        MakeDirectory(path="/etc/.java/.systemPrefs"),
        Write(path="/etc/.java/.systemPrefs/.system.lock"),
        Write(path="/etc/.java/.systemPrefs/.systemRootModFile"),
    ),
    ("less", "postinst", "a33a1e6ef5a22e63a66e42853fc0bcff3107b4653d7b5cea891354a5f28db6c4"): (
        Alternative(
            name="pager",
            link="/usr/bin/pager",
            path="/usr/bin/less",
            priority=77,
            followers=(Follower(name="pager.1.gz", link=f"{_MAN1}/pager.1.gz", path=f"{_MAN1}/less.1.gz"),),
        ),
    ),
    ("less", "preinst", "c72b2f152d56cae58b8f39efe22e6f0d85d676c4ac3060f40cfe0c463f1f8d94"): UPGRADES,
    ("libatlas3-base", "preinst", "015af6e3a08ff52840f5351647448028b065f07cf654a53adf48b4e10b2ce65e"): UPGRADES,
    ("libgstreamer1.0-0", "postinst", "2ef68a994984730d4fcd49c446ede1fd67b4352b7da4ade5372665821812bbe3"): (
        SetOwner(path="/usr/lib/{triplet}/gstreamer1.0/gstreamer-1.0/gst-ptp-helper", mode=0o4755),
    ),
    ("mariadb-common", "postinst", "bb07e8096d0da7d05195c8d3e1ad4fd1a991ae70e02d329ed2b030e53932a484"): (
        _configuration("/etc/mysql/mariadb.cnf", 500),
    ),
    ("mariadb-common", "preinst", "a3549c81d14c14b51b97e7eb8a0bb5afe03283021760b2a22f9b8a14429ee6ff"): UPGRADES,
    ("mysql-common", "postinst", "c79e9b98731638aba2d62bf062692c38b7f705bad3a3ac574c62f1e29e49c9fe"): (
        _configuration("/etc/mysql/my.cnf.fallback", 100),
    ),
    ("mysql-common", "preinst", "d12c672d51668c3e3227050de657950f8cb270377a58a0ea91c149e747696262"): UPGRADES,
    ("openssh-client", "postinst", "e36e542d1b34b009dc1c4da886e5cdf250edc9858729ae51b0fd3e49aa0a7430"): (
        AddGroup(name="_ssh"),
        SetOwner(path="/usr/bin/ssh-agent", mode=0o2755, group="_ssh"),
    ),
    ("passwd", "postinst", "7e3a1695249324469167e2a93158ff35a42f274c6f0c82e82e424698e14616d5"): (
        Perform(step=Step.SHADOW),
    ),
    ("pinentry-curses", "postinst", "9771057d64c74e62068f4bd72a9dfc74a802d6ee98ecf6f54f74ba1acd138787"): (
        Alternative(
            name="pinentry",
            link="/usr/bin/pinentry",
            path="/usr/bin/pinentry-curses",
            priority=50,
            followers=(
                Follower(name="pinentry.1.gz", link=f"{_MAN1}/pinentry.1.gz", path=f"{_MAN1}/pinentry-curses.1.gz"),
            ),
        ),
    ),
    ("procps", "postinst", "9f9f7855c66849beae5af57476614d1eb6de53740160e0243d41f9912007fa5a"): (
        Omitted(what="alternatives of files that this version does not ship, and a service"),
    ),
    ("python3", "postinst", "a89247254f9dbeb68d5e7afc179e417b5e02e27201d12eb162d79a68e448f554"): (
        MakeDirectory(path="/etc/python3"),
        Write(path="/etc/python3/debian_config", content="[DEFAULT]\nbyte-compile = standard\n"),
        BYTECODE,
    ),
    ("python3", "preinst", "5ef8d9e6e33c1034202a2fdde074f425513255441677b87693dee1ea91d8472a"): UPGRADES,
    ("python3-minimal", "postinst", "be10656c9edf975f5dfe48fe5819172e905e14dcd4ff372af5d8b45b26168edd"): (BYTECODE,),
    ("redis-tools", "postinst", "7bf463fb8cf3c25373cb9446a3d6414c3a6a3d85dd4f349a065c9e61cfa93513"): (
        AddUser(name="redis", home="/var/lib/redis", make_home=True),
        MakeDirectory(path="/var/log/redis"),
        SetOwner(path="/var/log/redis", mode=0o2750, user="redis", group="adm"),
        SetOwner(path="/var/lib/redis", mode=0o750, user="redis", group="redis"),
        MakeDirectory(path="/etc/redis"),
        SetOwner(path="/etc/redis", mode=0o2770, user="redis", group="redis"),
    ),
    ("sudo", "postinst", "ff3d440d7daccf820c80ddaba359ae3bd9277986fc5f86cc75ef7ec8f4efb7e3"): (
        SetOwner(path="/etc/sudoers", mode=0o440),
        _SERVICE,
    ),
    ("sudo", "preinst", "52c7a01193503a40df3c20023ed16802932eab2c18bb36b76db5cefffe0cdb24"): UPGRADES,
    ("unixodbc-common", "postinst", "27a2fe942a739bd9f1d1904f73312160a3f7e645fe16b0945ebef2e6ad9ef8dd"): (
        Write(path="/etc/odbcinst.ini"),
    ),
    ("unzip", "postinst", "6ecdb1415319c81c14a94114a279186a8054c221fe6c63b8a8a2ce38b8b39966"): (
        Omitted(what="the list of mail programs' viewers"),
    ),
}
