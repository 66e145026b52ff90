"""Scripts of packages that services of models often need: media, graphics, git, nginx, PostgreSQL (Debian 12)."""

from __future__ import annotations

from typing import Final

from twinbuild.debian.effects import (
    Copy,
    Effect,
    Link,
    MakeDirectory,
    Omitted,
    SetOwner,
    Write,
)
from twinbuild.debian.effects.essential import UPGRADES

__all__ = ["COMMON"]

_SERVICE: Final = Omitted(what="starting a service: no init system runs in a container")
_FONTS: Final = "/etc/fonts/conf.d"
_FONT_RULES: Final = "/usr/share/fontconfig/conf.avail"

COMMON: Final[dict[tuple[str, str, str], tuple[Effect, ...]]] = {
    ("fontconfig-config", "postinst", "81b3953043e04e02236181614e9a957e1d9bd150584c6db128aca6f22dc27bde"): (
        Link(path=f"{_FONTS}/10-hinting-slight.conf", target=f"{_FONT_RULES}/10-hinting-slight.conf"),
        Link(path=f"{_FONTS}/70-no-bitmaps.conf", target=f"{_FONT_RULES}/70-no-bitmaps.conf"),
        MakeDirectory(path="/usr/local/share/fonts", mode=0o2775, group="staff"),
    ),
    ("fontconfig", "postinst", "1b68e5108dd99bb1f05c9f2eb6060315124b4c595a5b7fc5b17239d1919c6cc6"): (
        MakeDirectory(path="/var/cache/fontconfig"),
        Omitted(what="the cache of fonts: programs read the fonts themselves where it is missing"),
    ),
    ("git", "preinst", "25cccc20fe41ab06a6f71e1cd273da1a4e5409c2ec451e0adc75508a8b06c2bc"): UPGRADES,
    ("iproute2", "postinst", "744b2e0831739ab37d40909748e4ac840fb1cb67b0e8bdcf67ad77e64fcee79e"): (
        Omitted(what="capabilities of /bin/ip, which are off by default"),
    ),
    ("libblas3", "preinst", "a76cb84cb509f595ab5a050ede9511e6e4ec4f9ed914950cf473edaf2106cde0"): UPGRADES,
    ("liblapack3", "preinst", "214ad3d6f7925f23e7b1280d181aa9a402b0a58fb0e443e0e2c91c3957d9e6ae"): UPGRADES,
    ("libgdk-pixbuf-2.0-0", "postinst", "afe5c663676f818136a04cc652fb5f90c66d798641d989d105b0dd44264e4cd5"): (
        Omitted(what="the list of image loaders, which their own code would have to be run for"),
    ),
    ("libglib2.0-0", "postinst", "d50b54474138978db65b637e76cc88da9f204993ade91abeb9c63bf207de1709"): (
        MakeDirectory(path="/usr/lib/{triplet}/gio/modules"),
        Omitted(what="caches of settings schemas and GIO modules, which are read themselves where they are missing"),
    ),
    ("libnginx-mod-http-echo", "postinst", "2e3eb370c115f514afac2ac98a3ba98e07ad56bbf6c94c615eff840cf20c545d"): (
        Link(
            path="/etc/nginx/modules-enabled/50-mod-http-echo.conf",
            target="/usr/share/nginx/modules-available/mod-http-echo.conf",
        ),
    ),
    ("libsensors5", "preinst", "880602913ee37a9108f669524d13d381b288369e6898dedcd5d6358cf9d4348c"): UPGRADES,
    ("nginx-common", "preinst", "dee5f82f76f6127552f4a344fbb0844f2f5584de49043cd0347743998567dd73"): UPGRADES,
    ("nginx-common", "postinst", "5968b8e92f6e3c67dea7b6985fbdf44dc892c8a62a70c25b10e62bb765193c6d"): (
        SetOwner(path="/var/log/nginx", mode=0o755, group="adm"),
        Write(path="/var/log/nginx/access.log", mode=0o640, user="www-data", group="adm"),
        Write(path="/var/log/nginx/error.log", mode=0o640, user="www-data", group="adm"),
        Link(path="/etc/nginx/sites-enabled/default", target="/etc/nginx/sites-available/default"),
        Copy(source="/usr/share/nginx/html/index.html", path="/var/www/html/index.nginx-debian.html"),
        _SERVICE,
    ),
    ("nginx", "postinst", "00403902bfafffa4114d577c1f2562bae537e12772d33afe49829fb6d07efe6a"): (_SERVICE,),
    ("postgresql-client-15", "postinst", "33e4c16d76feda60110db808a5a18a2bd30e72dd4c6f44c31170c25a63e7214a"): (
        Omitted(what="manual pages of the PostgreSQL client under their short names"),
    ),
    ("shared-mime-info", "postinst", "11b79cea265df417fa802a95c035444403e41d622effc1f89039b313f598499e"): (
        Omitted(what="the compiled database of media types, which desktop programs read"),
    ),
    ("x11-common", "postinst", "349b60c19333f00733f5b52001d05f9f33f9e5866aa7277dedc769ff6f2c7938"): (_SERVICE,),
}
