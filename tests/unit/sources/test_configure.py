"""Settings from the environment, twinbuild.toml and the machine's other programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.errors import UsageError
from twinbuild.model.settings import Settings, index_variable
from twinbuild.sources import statements
from twinbuild.sources.configure import VARIABLES, settings_from

TOML = b"""\
# settings
store = "/srv/store"
connections = 3
timeout = 12.5
no_proxy = ["intranet.example"]
plain_http = ["registry.lan:5000"]
certificates = "/etc/own.pem"

[indexes]
default = "https://user:pw@pypi.example/simple"
internal = "file:///srv/wheels"

[archives]
debian = ["http://mirror.example/debian", "/srv/debian"]

[snapshots]
debian = "https://snapshot.example/{timestamp}/"

[proxies]
https = "http://proxy.example:3128"
[mirrors]
"docker.io" = ["mirror.example/hub", "http://10.0.0.1:5000"]
"""


def test_nothing_said() -> None:
    """Without any word the store lies in the cache directory and nothing else is set."""
    assert settings_from({}, home="/home/ada") == Settings(store="/home/ada/.cache/twinbuild")
    assert settings_from({"XDG_CACHE_HOME": "/var/c"}, home="/h").store == "/var/c/twinbuild"
    assert settings_from({"XDG_CACHE_HOME": "relative"}, home="/h").store == "/h/.cache/twinbuild"


def test_document() -> None:
    """Everything that twinbuild.toml can say."""
    assert settings_from({}, home="/h", toml=TOML) == Settings(
        store="/srv/store",
        connections=3,
        timeout=12.5,
        no_proxy=("intranet.example",),
        certificates="/etc/own.pem",
        indexes=(("default", "https://user:pw@pypi.example/simple"), ("internal", "file:///srv/wheels")),
        archives=(("debian", ("http://mirror.example/debian", "/srv/debian")),),
        snapshots=(("debian", ("https://snapshot.example/{timestamp}/",)),),
        proxies=(("https", "http://proxy.example:3128"),),
        mirrors=(("docker.io", ("mirror.example/hub", "http://10.0.0.1:5000")),),
        plain_http=("registry.lan:5000",),
    )


def test_environment_wins() -> None:
    """Variables override the document, which overrides pip and apt."""
    environment = {
        "TWINBUILD_STORE": "/s", "TWINBUILD_INDEX_URL": "https://other.example/simple", "TWINBUILD_OFFLINE": "yes",
        "TWINBUILD_RETRIES": "0", "TWINBUILD_TIMEOUT": "1.5", "https_proxy": "lower.example:1", "HTTPS_PROXY": "http://u",
        "HTTP_PROXY": "http://h.example", "NO_PROXY": "a.example, .b.example,10.0.0.0/8", "PIP_CERT": "/pip.pem",
        "REQUESTS_CA_BUNDLE": "/requests.pem", "NETRC": "/netrc",
    }  # fmt: skip
    found = settings_from(environment, home="/h", toml=TOML, default_index="https://pip.example/", netrc="/h/.netrc")
    assert (found.store, found.offline, found.retries, found.timeout) == ("/s", True, 0, 1.5)
    assert dict(found.indexes)["default"] == "https://other.example/simple"
    assert found.proxies == (("http", "http://h.example"), ("https", "http://lower.example:1"))
    assert found.no_proxy == ("a.example", ".b.example", "10.0.0.0/8")
    assert (found.certificates, found.netrc) == ("/pip.pem", "/netrc")
    environment |= {
        "TWINBUILD_REGISTRY_MIRRORS": "docker.io=m.example docker.io=n.example/x ghcr.io=https://m.example/g"
    }
    environment |= {"TWINBUILD_PLAIN_HTTP": "a.lan:1, b.lan"}
    found = settings_from(environment, home="/h", toml=TOML)
    assert found.mirrors == (("docker.io", ("m.example", "n.example/x")), ("ghcr.io", ("https://m.example/g",)))
    assert found.plain_http == ("a.lan:1", "b.lan")
    environment |= {"SSL_CERT_FILE": "/ssl.pem", "REQUEST_METHOD": "GET", "https_proxy": ""}
    found = settings_from(environment, home="/h", toml=TOML)
    assert (found.certificates, found.proxies) == ("/ssl.pem", ())


def test_machine_is_the_last_resort() -> None:
    """What pip and apt say counts where nothing else does; TWINBUILD_DEBIAN_* makes it count first."""
    apt = (("debian", ("http://apt.example/debian",)), ("debian-security", ("http://apt.example/security",)))
    machine = {"default_index": "https://pip.example/simple", "certificates": "/pip.pem", "proxy": "http://p.example"}
    found = settings_from({}, home="/h", archives=apt, **machine)  # type: ignore[arg-type]
    assert found.indexes == (("default", "https://pip.example/simple"),)
    assert (found.archives, found.certificates, found.proxies) == (apt, "/pip.pem", (("all", "http://p.example"),))
    found = settings_from({}, home="/h", toml=TOML, archives=apt)
    assert dict(found.archives) == {"debian": ("http://mirror.example/debian", "/srv/debian"), apt[1][0]: apt[1][1]}
    found = settings_from({"TWINBUILD_DEBIAN_MIRROR": "x"}, home="/h", toml=TOML, archives=apt)
    assert found.archives == apt


@pytest.mark.parametrize(
    ("toml", "code", "line", "words"),
    [
        (b"a = ", "TB8030", 1, "TOML"),
        (b"\xff", "TB8030", 0, "TOML"),
        (b"x = 1\nx = 2", "TB8030", 2, "TOML"),
        (b"\n\nofline = true", "TB8031", 3, "did you mean 'offline'"),
        (b"[index]\na = 'https://x.example'", "TB8031", 1, "did you mean 'indexes'"),
        (b"[proxies]\nftp = 'http://x.example'", "TB8031", 2, "use http, https or all"),
        (b"offline = 'yes'", "TB8032", 1, "true or false"),
        (b"connections = 0", "TB8032", 1, "from 1 to 64"),
        (b"connections = true", "TB8032", 1, "from 1 to 64"),
        (b"retries = 1.5", "TB8032", 1, "from 0 to 20"),
        (b"timeout = nan", "TB8032", 1, "from 0.1"),
        (b"store = 'relative'", "TB8032", 1, "absolute path"),
        (b"indexes = 3", "TB8032", 1, "a table"),
        (b"[indexes]\n\ndefault = 'ftp://x.example'", "TB8032", 3, "https://"),
        (b"[indexes]\ndefault = 'https://u:hunter2@x y'", "TB8032", 2, "https://"),
        (b"[indexes]\n'A b' = 'https://x.example'", "TB8032", 2, "lower-case"),
        (b"[archives]\ndebian = []", "TB8032", 2, "https://"),
        (b"[archives]\ndebian = [1]", "TB8032", 2, "https://"),
        (b"[snapshots]\ndebian = 'https://x.example/'", "TB8032", 2, "{timestamp}"),
        (b"[proxies]\nhttps = 'socks5://x.example'", "TB8032", 2, "http proxy"),
        (b"no_proxy = 'x'", "TB8032", 1, "list"),
        (b"plain_http = 'registry.lan'", "TB8032", 1, "list of hosts"),
        (b"plain_http = ['http://registry.lan']", "TB8032", 1, "list of hosts"),
        (b"[mirrors]\n'docker.io' = 'ftp://x.example'", "TB8032", 2, "host[:port]"),
        (b"[mirrors]\n'docker.io' = 'u:hunter2@x.example'", "TB8032", 2, "host[:port]"),
        (b"[mirrors]\n'docker.io' = []", "TB8032", 2, "host[:port]"),
        (b"[mirrors]\n'https://docker.io' = 'm.example'", "TB8032", 2, "host[:port]"),
        (b"a = " + b"[" * 5000, "TB8030", 0, "TOML"),
        (b"#" * (1 << 20) + b"#", "TB8030", 0, "larger"),
    ],
)
def test_wrong_documents(toml: bytes, code: str, line: int, words: str) -> None:
    """Each mistake is named with its line and a remedy, and no password is shown."""
    with pytest.raises(UsageError) as caught:
        settings_from({}, home="/h", toml=toml)
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.file) == (code, "twinbuild.toml")
    assert finding.where.line == line or code == "TB8030"
    assert words in str(finding)
    assert "hunter2" not in str(finding) + finding.where.excerpt


def test_an_index_by_its_variable() -> None:
    """One for each index; it overrides the document, and names that differ in punctuation alone have one."""
    toml = b"[indexes]\ntorch-cpu = 'https://toml.example/cpu'\n'my.own_one' = 'https://toml.example/own'\n"
    variables = {
        "TWINBUILD_INDEX_TORCH_CPU": " file:///srv/wheels ",
        "TWINBUILD_INDEX_MY_OWN_ONE": "https://ci:hunter2@index.example/own",
        "TWINBUILD_INDEX_NEW_1": "https://index.example/new",
        "TWINBUILD_INDEX_EMPTY": "",
    }
    assert settings_from(variables, home="/h", toml=toml, default_index="https://pip.example/").indexes == (
        ("default", "https://pip.example/"),
        ("my.own_one", "https://ci:hunter2@index.example/own"),
        ("new-1", "https://index.example/new"),
        ("torch-cpu", "file:///srv/wheels"),
    )
    assert all(variables[index_variable(name)] for name in ("torch-cpu", "my-own-one", "my.own_one", "new-1"))
    assert index_variable("default") == "TWINBUILD_INDEX_URL"


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("TWINBUILD_INDEX_DEFAULT", "TWINBUILD_INDEX_URL"),
        ("TWINBUILD_INDEX_torch_cpu", "TWINBUILD_INDEX_TORCH_CPU"),
        ("TWINBUILD_INDEX_TORCH-CPU", "TWINBUILD_INDEX_TORCH_CPU"),
        ("TWINBUILD_INDEX__X_", "TWINBUILD_INDEX_X"),
    ],
)
def test_variables_of_no_index(name: str, right: str) -> None:
    """TB8033 with the name that it should have."""
    with pytest.raises(UsageError) as caught:
        settings_from({name: "https://index.example/"}, home="/h")
    (finding,) = caught.value.findings
    assert (finding.code, finding.hint) == ("TB8033", f"write {right}")


def test_no_secret_of_an_index_is_told() -> None:
    """An address with a password in it that is no address is refused by the variable's name alone."""
    with pytest.raises(UsageError) as caught:
        settings_from({"TWINBUILD_INDEX_TORCH_CPU": "https://ci:hunter2@index.example/x?y"}, home="/h")
    (finding,) = caught.value.findings
    assert finding.code == "TB8033"
    assert "TWINBUILD_INDEX_TORCH_CPU" in str(finding)
    assert "hunter2" not in f"{finding} {finding.hint}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("TWINBUILD_STORE", "relative"), ("TWINBUILD_INDEX_URL", "pypi"), ("TWINBUILD_OFFLINE", "maybe"),
     ("TWINBUILD_RETRIES", "-1"), ("TWINBUILD_RETRIES", "99"), ("TWINBUILD_TIMEOUT", "1e3"), ("TWINBUILD_OFLINE", "1"),
     ("HTTPS_PROXY", "socks5://p.example:1"), ("NETRC", "relative"),
     ("TWINBUILD_REGISTRY_MIRRORS", "mirror.example"), ("TWINBUILD_REGISTRY_MIRRORS", "docker.io=u:p@m"),
     ("TWINBUILD_PLAIN_HTTP", "http://x.lan")],
)  # fmt: skip
def test_wrong_variables(name: str, value: str) -> None:
    """A variable with a wrong value, or nearly a variable of ours, is refused."""
    with pytest.raises(UsageError) as caught:
        settings_from({name: value}, home="/h")
    assert [finding.code for finding in caught.value.findings] == ["TB8033"]


def test_all_mistakes_at_once() -> None:
    """Mistakes of document and environment come together."""
    with pytest.raises(UsageError) as caught:
        settings_from({"TWINBUILD_OFFLINE": "x"}, home="/h", toml=b"retries = -1\nofline = 1\n")
    assert sorted(finding.code for finding in caught.value.findings) == ["TB8031", "TB8032", "TB8033"]


def test_every_setting_is_documented() -> None:
    """docs/settings.md has each variable and each key."""
    page = (Path(__file__).parents[3] / "docs" / "settings.md").read_text("utf-8")
    keys = [f"`[{key}]`" if key in statements._TABLES else f"`{key}`" for key in statements._KEYS]
    missing = [name for name in (*(f"`{name}" for name in VARIABLES), *keys) if name not in page]
    assert missing == []
    assert index_variable("torch-cpu") in page
