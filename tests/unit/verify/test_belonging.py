"""Bills of materials held against images: exact ones, and every way in which they are not."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from fakes.binaries import shared_object
from fakes.trees import IMAGE, bill, deb_files, image_files, origin, package, wheel_files
from twinbuild.model.bom import BomComponent
from twinbuild.verify.belonging import reconcile

DEB = deb_files("demo", {"usr/bin/demo": b"d"})
WHEEL = wheel_files("lib", {"lib.py": b"l"})
BOTH = (package("deb", "demo"), package("pypi", "lib"))
SITE = "opt/venv/lib/python3.11/site-packages"


def test_exact() -> None:
    """Each file has its component, each component its files."""
    found = reconcile(bill(*BOTH), IMAGE, image_files(DEB, WHEEL), origin("Debian packages", "wheels"))
    assert found.exact
    assert (found.files, found.claimed, found.packages) == (6, 3, 2)
    assert found.explained == {"database of packages": 3, "files of Debian packages": 1, "files of wheels": 2}
    assert (found.file_figures, found.package_figures) == ((1.0, 1.0), (1.0, 1.0))


def test_a_file_of_nobody() -> None:
    """It is named, wherever it lies: no rule explains a directory."""
    places = (
        "usr/bin/evil",
        f"{SITE}/evil.pth",
        "etc/twinbuild/evil.py",
        "var/lib/dpkg/triggers/evil",
        "opt/venv/bin/e",
    )
    for path in (*places, f"{SITE}/__pycache__/evil.cpython-311.pyc", "etc/ssl/certs/evil.pem"):
        titles = ("Debian packages", "release documents")
        found = reconcile(bill(*BOTH), IMAGE, image_files({**DEB, **WHEEL}, {path: b"e"}), origin(*titles))
        assert (found.exact, found.unexplained) == (False, (f"/{path}",))
        assert found.file_figures == (1.0, 6 / 7)


def test_a_link_of_nobody() -> None:
    """A link is no part of what it names."""
    files = image_files({**DEB, "usr/bin/evil": "/usr/bin/demo", "etc/alternatives/evil": "/usr/bin/demo"})
    found = reconcile(bill(BOTH[0]), IMAGE, files, origin("Debian packages"))
    assert found.unexplained == ("/etc/alternatives/evil", "/usr/bin/evil")


def test_missing_and_changed() -> None:
    """By component and path, of packages and of wheels."""
    files = {**DEB, **WHEEL, "usr/bin/demo": b"other", f"{SITE}/lib.py": b"other"}
    found = reconcile(bill(*BOTH), IMAGE, image_files(files), origin(""))
    assert found.changed == (("demo 1", "/usr/bin/demo"), ("lib 1", f"/{SITE}/lib.py"))
    assert found.file_figures == (1 / 3, 1.0)
    del files["usr/bin/demo"]
    found = reconcile(bill(*BOTH), IMAGE, image_files(files), origin(""))
    assert (found.missing, found.exact) == ((("demo 1", "/usr/bin/demo"),), False)


def test_a_component_that_is_not_there() -> None:
    """In another version, it is none."""
    for other in (package("pypi", "more"), package("deb", "more"), package("pypi", "lib", "2")):
        found = reconcile(bill(BOTH[0], other), IMAGE, image_files(DEB, WHEEL), origin("", ""))
        assert (found.empty, found.unlisted) == ((other.title,), ("lib 1 (pypi)",))
        assert found.package_figures == (0.5, 0.5)
        assert [path for path in found.unexplained if SITE in path] == list(found.unexplained)


def test_a_component_of_no_ecosystem() -> None:
    """What the image has no package database for is no way past the reconciliation."""
    for phantom in (package("npm", "left-pad"), replace(package("npm", "x"), purl="", type="framework")):
        found = reconcile(bill(*BOTH, phantom), IMAGE, image_files(DEB, WHEEL), origin("", ""))
        assert (found.exact, found.empty, found.package_figures) == (False, (phantom.title,), (2 / 3, 1.0))
    base = BomComponent(
        reference="b", type="container", name="b", properties={"twinbuild:layer:001": "sha256:" + "f" * 64}
    )
    assert reconcile(bill(*BOTH, base), IMAGE, image_files(DEB, WHEEL), origin("", "")).empty == (base.title,)
    for kind in ("machine-learning-model", "data"):
        other = BomComponent(reference="m", type=kind, name="m", properties={})
        assert reconcile(bill(*BOTH, other), IMAGE, image_files(DEB, WHEEL), origin("", "")).exact


def test_a_component_twice() -> None:
    """A second one of the same name and version is not there, unless the image has it twice, as with architectures."""
    again = replace(BOTH[0], reference="deb/again", hashes=(("SHA-256", "0" * 64),))
    found = reconcile(bill(*BOTH, again), IMAGE, image_files(DEB, WHEEL), origin("", ""))
    assert (found.exact, found.empty, found.packages) == (False, ("demo 1",), 3)
    stanza = b"Package: demo\nStatus: install ok installed\nArchitecture: i386\nVersion: 1\n\n"
    more = {"usr/lib/i386/demo": b"d", "var/lib/dpkg/info/demo:i386.list": b"/usr/lib/i386/demo\n"}
    both = DEB | more | {"var/lib/dpkg/status": DEB["var/lib/dpkg/status"] + stanza}
    assert reconcile(bill(*BOTH, again), IMAGE, image_files(both, WHEEL), origin("", "")).exact


def test_only_what_the_image_depends_on() -> None:
    """A component of another image explains nothing here."""
    document = replace(bill(*BOTH), edges={"image": ("deb/demo",)})
    found = reconcile(document, IMAGE, image_files(DEB, WHEEL), origin("", ""))
    assert found.unlisted == ("lib 1 (pypi)",)


def test_artifacts_and_application() -> None:
    """By place and digest."""
    digest = hashlib.sha256(b"w").hexdigest()
    weights = BomComponent(
        reference="artifact/weights",
        type="file",
        name="weights",
        hashes=(("SHA-256", digest),),
        properties={"twinbuild:target": "/models/weights"},
    )
    files = {**DEB, "models/weights": b"w", "app/main.py": b"m", "app/__pycache__/main.cpython-311.pyc": b"c"}
    told = origin("", application={"/app/main.py": hashlib.sha256(b"m").hexdigest()})
    found = reconcile(bill(BOTH[0], weights), IMAGE, image_files(files), told)
    assert found.exact
    assert found.explained["byte code of such files"] == 1
    found = reconcile(bill(BOTH[0], weights), IMAGE, image_files({**files, "models/weights": b"x"}), told)
    assert found.changed == (("weights", "/models/weights"),)
    found = reconcile(bill(BOTH[0]), IMAGE, image_files({**files, "app/main.py": b"x"}), told)
    assert (found.unexplained, found.changed) == (("/models/weights",), (("image 1", "/app/main.py"),))


def test_base_image() -> None:
    """What is in the layers of a base is the base's, and what comes above is not."""
    base = BomComponent(
        reference="base/b",
        type="container",
        name="b",
        properties={"twinbuild:layer:001": f"sha256:{0:064}"},
    )
    found = reconcile(bill(base), IMAGE, image_files({"etc/base": b"b"}, {"etc/more": b"m"}), origin("base", "step"))
    assert (found.explained, found.unexplained) == ({"base image": 1}, ("/etc/more",))
    python = BomComponent(
        reference="base/b/python",
        type="platform",
        name="python",
        properties={"twinbuild:target": "/usr/local/bin/python3"},
    )
    layers = {"etc/base": b"b", "usr/local/bin/python3": b"p"}
    found = reconcile(bill(base, python), IMAGE, image_files(layers), origin("base"))
    assert (found.exact, found.owned["/usr/local/bin/python3"].component) == (True, python.title)
    found = reconcile(bill(base, python), IMAGE, image_files({"etc/base": b"b"}), origin("base"))
    assert found.missing == ((python.title, "/usr/local/bin/python3"),)


def test_an_image_without_databases() -> None:
    """Opaque to every scanner: no status, no RECORD. Each component is named, and each file."""
    bare = {"usr/bin/demo": b"d", f"{SITE}/lib.py": b"l"}
    found = reconcile(bill(*BOTH), IMAGE, image_files(bare), origin(""))
    assert found.empty == ("demo 1", "lib 1")
    assert found.unexplained == (f"/{SITE}/lib.py", "/usr/bin/demo")
    assert found.package_figures == (0.0, 1.0)


def test_one_database_file_is_gone() -> None:
    """A scanner loses packages without a word; here they are named, and their files."""
    for gone in ("var/lib/dpkg/status", "var/lib/dpkg/info/demo.list"):
        files = {path: content for path, content in {**DEB, **WHEEL}.items() if path != gone}
        found = reconcile(bill(*BOTH), IMAGE, image_files(files), origin(""))
        assert not found.exact
        assert "/usr/bin/demo" in found.unexplained


def test_a_debian_package_with_python_metadata() -> None:
    """A distribution that a Debian package ships is that package, not a project of PyPI beside it."""
    shipped = wheel_files("six", {"six.py": b"s"}, site="usr/lib/python3/dist-packages")
    found = reconcile(
        bill(package("deb", "python3-six")), IMAGE, image_files(deb_files("python3-six", shipped)), origin("")
    )
    assert (found.exact, found.unlisted) == (True, ())


def test_a_bill_inside_of_a_wheel() -> None:
    """What pip and others ship about what they bundle (PEP 770) is a file of the wheel, and installs nothing."""
    inner = b'{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "urllib3", "version": "1.26"}]}'
    files = wheel_files("lib", {"lib.py": b"l", "lib-1.dist-info/sboms/vendored.cdx.json": inner})
    found = reconcile(bill(BOTH[1]), IMAGE, image_files(files), origin(""))
    assert (found.exact, found.packages, found.explained) == (True, 1, {"files of wheels": 3})


def test_a_distribution_inside_of_another() -> None:
    """What setuptools and others vendor with its metadata is theirs: it is told, and it is no package beside them."""
    inner = wheel_files("lib/_vendor/inner", {"inner.py": b"i"}, site="lib/_vendor")
    inner = {f"lib/_vendor/{path.rpartition('_vendor/')[2]}": content for path, content in inner.items()}
    found = reconcile(bill(BOTH[1]), IMAGE, image_files(wheel_files("lib", {"lib.py": b"l", **inner})), origin(""))
    assert (found.exact, found.unlisted, found.bundled) == (True, (), (("lib 1", "inner 1"),))
    alone = reconcile(bill(BOTH[1]), IMAGE, image_files({**WHEEL, **wheel_files("inner", {"i.py": b""})}), origin(""))
    assert (alone.exact, alone.unlisted, alone.bundled) == (False, ("inner 1 (pypi)",), ())


def test_a_part_with_other_bytes() -> None:
    """A library within a wheel and a file of the application are there with the bytes that the bill says."""
    digest = hashlib.sha256(b"l").hexdigest()
    lib = replace(BOTH[1], parts=("inner",))
    inner = BomComponent(
        reference="inner",
        type="library",
        name="libx",
        version="1",
        hashes=(("SHA-256", digest),),
        properties={"bsi:component:filename": "libx-1.so"},
    )
    titles = origin("Debian packages", "wheels", application={"/app/libx-1.so": digest})
    document = bill(BOTH[0], lib, inner)
    assert not reconcile(document, IMAGE, image_files(DEB, {**WHEEL, "app/libx-1.so": b"l"}), titles).changed
    other = bill(BOTH[0], lib, replace(inner, hashes=(("SHA-256", "0" * 64),)))
    found = reconcile(other, IMAGE, image_files(DEB, {**WHEEL, "app/libx-1.so": b"l"}), titles)
    assert (found.changed, found.exact) == ((("libx 1", "libx-1.so"),), False)


def test_parts_of_a_wheel_are_no_packages() -> None:
    """What a wheel's own bill names, or what it bundles, is part of the wheel: no package that could be missing."""
    lib = replace(BOTH[1], parts=("inner", "crate"))
    inner = BomComponent(
        reference="inner", type="library", name="libx", version="1", purl="pkg:pypi/lib@1#libx.so", properties={}
    )
    crate = BomComponent(
        reference="crate", type="library", name="lib", version="2", purl="pkg:pypi/lib@2", properties={}
    )
    document = bill(BOTH[0], lib, inner, crate)
    found = reconcile(document, IMAGE, image_files(DEB, WHEEL), origin("Debian packages", "wheels"))
    assert (found.exact, found.packages) == (True, 2)


def test_a_source_that_a_step_read() -> None:
    """It is a package where the step installed it, and none where its files went elsewhere; other bytes are seen."""
    source = replace(package("pypi", "made"), properties={"twinbuild:sdist": "made-1.tar.gz"})
    document = bill(*BOTH, source)
    titles = origin("Debian packages", "wheels", "wheels")
    installed = wheel_files("made", {"made.py": b"m"})
    found = reconcile(document, IMAGE, image_files(DEB, WHEEL, installed), titles)
    assert (found.exact, found.packages) == (True, 3)
    found = reconcile(document, IMAGE, image_files(DEB, WHEEL), titles)
    assert (found.exact, found.packages) == (True, 2)
    changed = {**installed, f"{SITE}/made.py": b"x"}
    assert not reconcile(document, IMAGE, image_files(DEB, WHEEL, changed), titles).exact


def test_what_is_nested_elsewhere_is_no_part() -> None:
    """In an image, or in a component of no kind: nothing is excused for being nested there."""
    inner = BomComponent(reference="inner", type="library", name="openssl", version="99", properties={})
    holder = BomComponent(reference="x", type="data", name="x", parts=("inner",), properties={})
    titles = origin("Debian packages", "wheels")
    assert reconcile(bill(*BOTH, holder, inner), IMAGE, image_files(DEB, WHEEL), titles).empty == ("openssl 99",)
    lib = replace(BOTH[1], parts=("deep",))
    deep = BomComponent(reference="deep", type="library", name="a", version="1", parts=("inner",), properties={})
    assert reconcile(bill(BOTH[0], lib, deep, inner), IMAGE, image_files(DEB, WHEEL), titles).exact


def test_a_library_that_the_bill_leaves_out() -> None:
    """What a wheel bundles is a part of its component; text, modules of Python and other files are none."""
    library = shared_object("libc.so.6", soname="libx.so.1")
    files = {"lib.libs/libx-1.so": library, "lib/libtext.so": b"GROUP ( libx.so )", "lib/_x.abi3.so": library}
    image = image_files(DEB, wheel_files("lib", {"lib.py": b"l", **files}))
    lib = replace(BOTH[1], properties={"twinbuild:filename": "lib-1-py3-none-any.whl"})
    titles = origin("Debian packages", "wheels")
    found = reconcile(bill(BOTH[0], lib), IMAGE, image, titles)
    assert (found.exact, found.unlisted) == (False, ("libx-1.so (a library within lib 1)",))
    inner = BomComponent(
        reference="inner",
        type="library",
        name="libx",
        version="1",
        hashes=(("SHA-256", hashlib.sha256(library).hexdigest()),),
        properties={"bsi:component:filename": "libx-1.so"},
    )
    assert reconcile(bill(BOTH[0], replace(lib, parts=("inner",)), inner), IMAGE, image, titles).exact
    assert not reconcile(bill(BOTH[0], lib, inner), IMAGE, image, titles).exact


def test_another_copyright_file() -> None:
    """That in which the licence was read is the image's, where it has one."""
    files = deb_files("demo", {"usr/bin/demo": b"d", "usr/share/doc/demo/copyright": b"c"})
    digest = hashlib.sha256(b"c").hexdigest()
    for path, said, changed in (
        ("/usr/share/doc/demo/copyright", f"sha256:{digest}", ()),
        ("/usr/share/doc/demo/copyright", f"sha256:{'0' * 64}", (("demo 1", "/usr/share/doc/demo/copyright"),)),
        ("/usr/share/doc/gone/copyright", f"sha256:{'0' * 64}", ()),
    ):
        properties = {"twinbuild:copyright": path, "twinbuild:copyright:digest": said}
        demo = replace(BOTH[0], properties=properties)
        assert reconcile(bill(demo), IMAGE, image_files(files), origin("Debian packages")).changed == changed


def test_links_to_directories() -> None:
    """They are told with where they lead, and links to files and to nothing are not."""
    more = {
        "lib": "usr/lib",
        "usr/lib": None,
        "usr/lib/deep": "../../lib/y",
        "usr/lib/y": None,
        "a": "usr/bin/demo",
        "b": "c",
    }
    found = reconcile(bill(BOTH[0]), IMAGE, image_files({**DEB, **more}), origin("Debian packages"))
    assert found.folders == {"/lib": "/usr/lib", "/usr/lib/deep": "/usr/lib/y"}
