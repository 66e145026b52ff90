import io

from fakes.debs import deb
from twinbuild.debian.archive import read_deb
from twinbuild.debian.effects import catalogue
from twinbuild.debian.scripts import KnownScript, UnknownScript, effects_digest, fingerprint, judge, scripts_of
from twinbuild.model.digest import Digest


def test_only_scripts_of_the_installation_count() -> None:
    """Scripts that run on removal, and debconf's questions, have no effect on a fresh tree."""
    control = {"prerm": b"x", "postinst": b"set -e\n", "preinst": b"exit 0\n", "config": b"x"}
    package = read_deb(io.BytesIO(deb(control=control)))
    assert [script.kind for script in scripts_of(package)] == ["preinst", "postinst"]
    assert all(isinstance(judge(script), KnownScript) for script in scripts_of(package))


def test_an_unknown_script_is_a_value_that_names_it() -> None:
    """Nobody guesses: package, script and digest are what a person needs to decide."""
    text = b"#!/bin/sh\nmake-magic --now\n\xff\n"
    (script,) = scripts_of(read_deb(io.BytesIO(deb(control={"postinst": text}))))
    assert judge(script) == UnknownScript(package="demo", script="postinst", sha256=Digest.of(text))


def test_a_fingerprint_ignores_only_what_differs_between_builds() -> None:
    """Version, architecture and debhelper's version are left out; a word more, and it is another script."""
    one = 'dpkg -L x:amd64 /usr/lib/x86_64-linux-gnu "1.2-3"\n# Automatically added by dh_python3/13.1\n'
    two = 'dpkg -L x:arm64 /usr/lib/aarch64-linux-gnu "1.2-4"\n# Automatically added by dh_python3/13.2\n'
    assert fingerprint(one, version="1.2-3") == fingerprint(two, version="1.2-4")
    assert fingerprint(one, version="1.2-3") != fingerprint(one + "true\n", version="1.2-3")
    assert fingerprint(one, version="1.2-3") != fingerprint(one, version="2-3")
    assert fingerprint("v11.2-31", version="1.2-3") != fingerprint("v1{version}1", version="1.2-4")


def test_the_digest_covers_the_packages_of_the_closure_only() -> None:
    """It changes with the entries that apply, and with nothing else."""
    assert effects_digest(["dash", "tar"]) == effects_digest(["tar", "unheard-of", "dash"])
    assert effects_digest(["dash"]) != effects_digest(["dash", "tar"])
    assert effects_digest([]) == effects_digest(["unheard-of"])


def test_the_catalogue_is_keyed_by_digests_and_says_something() -> None:
    """Every entry names a script that runs on installation, a digest, and at least one effect or its absence."""
    for (package, script, digest), effects in catalogue.KNOWN.items():
        assert package
        assert script in ("preinst", "postinst")
        assert Digest(digest)
        assert effects
