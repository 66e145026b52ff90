"""Scripts of the packages that every system has, and of Python (Debian 12)."""

from __future__ import annotations

from typing import Final

from twinbuild.debian.effects import (
    Alternative,
    Copy,
    Divert,
    Effect,
    Follower,
    Link,
    MakeDirectory,
    Migrate,
    Omitted,
    Perform,
    Step,
    Write,
)

__all__ = ["BYTECODE", "ESSENTIAL", "UPGRADES"]

_MAN1: Final = "/usr/share/man/man1"
UPGRADES: Final = (Omitted(what="it acts on upgrades only"),)
_KERNEL_CHECK: Final = (Omitted(what="a check of the running kernel, which is not the one that the image will meet"),)
BYTECODE: Final = Omitted(what="byte code of Debian's own Python files: an interpreter reads the sources as well")
_LOCAL: Final = ("", "/share", "/share/man", "/bin", "/games", "/lib", "/include", "/sbin", "/src", "/etc")

ESSENTIAL: Final[dict[tuple[str, str, str], tuple[Effect, ...]]] = {
    ("base-files", "postinst", "9d835f80f3815b5e5f49034027e9126e40d74c725e11cd37d4ae95dc490d209f"): (
        Link(path="/etc/dpkg/origins/default", target="debian", needs="/etc/dpkg/origins/debian"),
        Copy(source="/usr/share/base-files/dot.profile", path="/root/.profile"),
        Copy(source="/usr/share/base-files/dot.bashrc", path="/root/.bashrc"),
        Copy(source="/usr/share/base-files/profile", path="/etc/profile"),
        Copy(source="/usr/share/base-files/motd", path="/etc/motd"),
        *(MakeDirectory(path=path) for path in ("/mnt", "/srv", "/opt", "/etc/opt", "/var/opt", "/media")),
        MakeDirectory(path="/var/mail", mode=0o2775, group="mail"),
        Link(path="/var/spool/mail", target="../mail"),
        MakeDirectory(path="/run/lock", mode=0o1777),
        Migrate(path="/var/run", target="/run"),
        Migrate(path="/var/lock", target="/run/lock"),
        *(MakeDirectory(path=f"/usr/local{name}") for name in _LOCAL),
        Link(path="/usr/local/man", target="share/man"),
        Write(path="/var/log/wtmp", mode=0o664, group="utmp"),
        Write(path="/var/log/btmp", mode=0o660, group="utmp"),
        Write(path="/var/log/lastlog", mode=0o664, group="utmp"),
        Copy(source="/usr/share/base-files/info.dir", path="/usr/share/info/dir"),
    ),
    ("base-passwd", "preinst", "47f6f8ee55faa32f7ff23337772c05bfcc7c01aa0804e1ffeffd71ebff0e21b9"): (
        Copy(source="/usr/share/base-passwd/passwd.master", path="/etc/passwd"),
        Copy(source="/usr/share/base-passwd/group.master", path="/etc/group"),
    ),
    ("base-passwd", "postinst", "c372532e5cba8abf8fd60fba244ddb537fef4807ce0624698dafb4d21866710c"): (
        Copy(source="/usr/share/base-passwd/passwd.master", path="/etc/passwd"),
        Copy(source="/usr/share/base-passwd/group.master", path="/etc/group"),
    ),
    ("bash", "postinst", "6145ad1de77615d2b46b1c0bc136358a76c9cadefb5101743b590d86645de046"): (
        Link(path="/bin/sh", target="bash"),
        Alternative(
            name="builtins.7.gz",
            link="/usr/share/man/man7/builtins.7.gz",
            path="/usr/share/man/man7/bash-builtins.7.gz",
            priority=10,
        ),
    ),
    ("ca-certificates", "postinst", "bbad2df5d3c5e3d787789275830bc5b597fe6e9218a99516947a079dcae9e262"): (
        MakeDirectory(path="/usr/local/share/ca-certificates"),
        Perform(step=Step.CERTIFICATES),
    ),
    ("coreutils", "postinst", "c74c21800ef2a0462534b5a447e290b466832cfa81d631b5971578aa4a496faa"): (
        Link(path="/usr/bin/touch", target="/bin/touch"),
    ),
    ("dash", "postinst", "f33ccd3552732dc70098402effbf462dde099b093d2c1d609999c90a20ea0554"): (
        Divert(path=f"{_MAN1}/sh.1.gz", to=f"{_MAN1}/sh.distrib.1.gz"),
        Divert(path="/bin/sh", to="/bin/sh.distrib"),
    ),
    ("debconf", "postinst", "a68350a8b685d1389704e246bcd25b25efaadda846d188ec4cd2ef7870636c10"): (
        Omitted(what="debconf's database: questions keep their defaults until somebody asks them"),
    ),
    ("debianutils", "postinst", "a29569bd90a26a6eb8338afefbd7772b9dec3200379896a3d2d523fcc7a134d8"): (
        Perform(step=Step.SHELLS),
        Alternative(
            name="which",
            link="/usr/bin/which",
            path="/usr/bin/which.debianutils",
            priority=0,
            followers=(
                Follower(name="which.1.gz", link=f"{_MAN1}/which.1.gz", path=f"{_MAN1}/which.debianutils.1.gz"),
                *(
                    Follower(
                        name=f"which.{language}1.gz",
                        link=f"/usr/share/man/{language}/man1/which.1.gz",
                        path=f"/usr/share/man/{language}/man1/which.debianutils.1.gz",
                    )
                    for language in ("de", "es", "fr", "it", "ja", "pl", "sl")
                ),
            ),
        ),
    ),
    ("dpkg", "postinst", "778d97a78f8804a56c52664d3458a86d1edf7782155b613e0c5f783c63acf578"): (
        Omitted(what="the timer of dpkg's database backup: no init system runs in a container"),
    ),
    (
        "init-system-helpers",
        "postinst",
        "22b1db010859db57c9bbc2ff275774375204043884a79f9b55368b21a7d46006",
    ): UPGRADES,
    ("libc-bin", "postinst", "3daa7e3ffd429c1d77287f0fc840a490a607697906d2303452f70578647ce0d4"): (
        Copy(source="/usr/share/libc-bin/nsswitch.conf", path="/etc/nsswitch.conf"),
        Perform(step=Step.LIBRARIES),
    ),
    ("libc6", "preinst", "6f4cb4ec26e9d13e5d4f2797fb6fb0208ec4e21004abab5853cca4a50bfe4640"): _KERNEL_CHECK,  # arm64
    ("libc6", "preinst", "74f618fd90bebd5cc385db3d65da9067079ce2bb9bd23986af69b37d22b6cd2b"): _KERNEL_CHECK,  # amd64
    ("libc6", "postinst", "0110f36e4dd8196de75bee65d9ab9ea7b9e8beec6c3c7eca8b854563c4808362"): UPGRADES,
    ("libgcrypt20", "postinst", "d4c8899a04aa4e61f8824b8ec3a6478e46e4af08211d93f5fdcd172501408d7d"): UPGRADES,
    ("libgssapi-krb5-2", "postinst", "e4281cab5316aa28177447f8c8c5ee6e17cfdcad3edca77c81fc77670fe0a5f4"): UPGRADES,
    ("libpam-modules", "preinst", "87c5a9bcde481ad65bb699df2693b69756622e6d0a6592b2f2d5d881b97e0580"): UPGRADES,
    ("libpam-modules", "postinst", "35c3c5ed8aa0db4849cde8bb585a6a86736e4894ef2983002dbd037408c13c44"): (
        Write(path="/etc/security/opasswd", mode=0o600),
        Write(path="/etc/environment"),
    ),
    ("libpam-runtime", "postinst", "df5d1ba9ea9787e230eee0a0a8feaee02265cc30485b6bd9f6828bbedb4eb401"): (
        Perform(step=Step.PAM),
    ),
    ("libpam0g", "postinst", "115eb8d446552fa63d3dff297ab1c69c065c44a50f7dd69c34284c8991b589c6"): UPGRADES,
    ("libpython3.11-minimal", "postinst", "49895d2f40f31bc9e3fe538e2c1d5470c186168bd4c5e14f70724bef192cca26"): (
        Omitted(what="it prints nothing to nowhere"),
    ),
    ("login", "postinst", "cf90df786f853a9dc94f852d0d4b77c6f95da3588dacc534ace2d9692ce4b0f2"): (
        Write(path="/var/log/faillog"),
        Write(path="/etc/subuid"),
        Write(path="/etc/subgid"),
    ),
    ("netbase", "postinst", "2fb18184147db995d30a311938458ff14e20382bc97635ccac62512d54d4bad8"): (
        Write(
            path="/etc/hosts",
            content="127.0.0.1\tlocalhost\n"
            "::1\t\tlocalhost ip6-localhost ip6-loopback\n"
            "ff02::1\t\tip6-allnodes\n"
            "ff02::2\t\tip6-allrouters\n\n",
        ),
        Write(
            path="/etc/networks",
            content="default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n\n",
        ),
    ),
    ("openssl", "postinst", "625ae8f649ec61f00e1ab53568a84f85f964f10fdbd9f25b800cc229205d1714"): (
        Link(path="/usr/lib/ssl", target="/etc/ssl"),
    ),
    ("perl", "postinst", "7f560ff0edc2362427dabbbff7d110832793c27e7b80ffa42ab08c608de347bf"): UPGRADES,
    ("python3.11-minimal", "preinst", "1386bf0fc62ec2c87fb0435bfb8d84856247f1623e1ef9a7c01c459a46017008"): (
        MakeDirectory(path="/var/lib/python"),
        Write(path="/var/lib/python/python3.11_installed"),
    ),
    ("python3.11-minimal", "postinst", "4cc5c919479d5f209475df60f6855c9e0f5b766a1bbc783872a71448f21d1d46"): (
        MakeDirectory(path="/usr/local/lib/python3.11"),
        MakeDirectory(path="/usr/local/lib/python3.11/dist-packages"),
        BYTECODE,
    ),
    ("python3.11", "postinst", "fb73a38c18851a2de15ce6a8b6b115b5517693b57c56b2538b53e301d6ed8ab8"): (BYTECODE,),
    ("readline-common", "postinst", "94506bc8b626670c34c3f328df3615033b8520e4b686e3a9e74814bf0219aee1"): (
        Copy(source="/usr/share/readline/inputrc", path="/etc/inputrc"),
    ),
    ("tar", "postinst", "4eed7466e8f44c6b480002d80becc0d998c462b759c0118e285170a93f4b3dca"): (
        Alternative(
            name="rmt",
            link="/usr/sbin/rmt",
            path="/usr/sbin/rmt-tar",
            priority=50,
            followers=(
                Follower(
                    name="rmt.8.gz",
                    link="/usr/share/man/man8/rmt.8.gz",
                    path="/usr/share/man/man8/rmt-tar.8.gz",
                ),
            ),
        ),
    ),
    ("tzdata", "postinst", "453d3885f75d5e8447fb5ce82a0240438b3a761714afabefe9b569b6eee98a2c"): (
        Link(path="/etc/localtime", target="/usr/share/zoneinfo/Etc/UTC"),
        Write(path="/etc/timezone", content="Etc/UTC\n"),
    ),
    ("usrmerge", "preinst", "5e5459f2b2dcb0a5d117ce8b554e544d3d2b5221310f1ad0483b45cb51475cdf"): UPGRADES,
    ("usrmerge", "postinst", "85baa2fc379fb53b95422bd19facabc8490989679bc88a8d37f5a0c2286f4984"): (
        Omitted(what="the conversion of /bin, /lib and /sbin: the tree is made with them as links"),
    ),
    ("usr-is-merged", "postinst", "da90a5ff269ea58f1aa8f06a92ac37ab7f42d28787e4a7017992f67fcf48518b"): (
        Omitted(what="it removes empty lib32, libo32 and libx32, which an image only has if a package ships them"),
    ),
    ("usr-is-merged", "preinst", "62d2d687748a5c2b1e5ab037952d98e68954b09186adbea5c9a3d4e5db134cc7"): (
        Omitted(what="it checks that /usr is merged, which it is from the start"),
    ),
}
