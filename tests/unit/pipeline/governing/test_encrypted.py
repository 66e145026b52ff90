"""``pipeline.governing.encrypted``: what a release and a machine reach, and where the release is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.archived import tiny_record
from twinbuild.archive.directory import Archive
from twinbuild.archive.volume import Volume
from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.settings import Settings
from twinbuild.pipeline.governing import encrypted
from twinbuild.pipeline.governing.encrypted import Encryption, encryption_of

_RELEASE = Digest.of(b"release")


def _of(
    document: dict[str, Any], *, asked: tuple[str, ...] = (), archive: Path | str | None = None, **more: Any
) -> Encryption:
    return encryption_of(
        {"publish": {}, **document},
        more.pop("digest", _RELEASE),
        stage="production",
        holds=more.pop("holds", None),
        settings=Settings(store="/s", **more),
        archive=str(archive) if archive is not None else None,
        asked=frozenset(asked),
    )


def test_an_archive_in_a_registry() -> None:
    """Without TLS it is plain; with it nobody sees how the registry stores what it has."""
    there = "oci://registry.internal:5000/archive"
    found = _of({}, asked=("archive",), archive=there, plain_http=("registry.internal:5000",))
    assert found.plain == (("archive", f"{there} (its registry is asked without TLS)"),)
    asked: list[tuple[str, Digest]] = []

    def holds(place: str, release: Digest) -> bool:
        asked.append((place, release))
        return True

    (unclear,) = _of({}, asked=("archive",), archive=there, holds=holds).unclear
    assert (unclear[:2], asked) == (("archive", there), [(there, _RELEASE)])
    for other in (None, lambda *_: False):  # what somebody says of that archive is not said of this release
        (unclear,) = _of({}, asked=("archive",), archive=there, holds=other).unclear
        assert unclear[:2] == ("archive", "the archive")
        assert there in unclear[2]
    _of({}, archive=there, holds=holds)
    assert len(asked) == 1


def test_addresses() -> None:
    """Of services, monitoring and configuration, without logins and options."""
    found = _of(
        {
            "services": [
                {"endpoint": "http://features", "purpose": "http://no address"},
                {"endpoint": "s3://models/x"},
                {"endpoint": "https://fine"},
            ],
            "rollout": {"prometheus": "http://prometheus:9090"},
            "serving": {
                "environment": {
                    "DB": "postgres://me:secret@db/x?sslmode=prefer&password=y",
                    "A": "b",
                    "PGSSLMODE": "allow",
                }
            },
            "configuration": {"parameters": [{"default": "redis://cache"}], "rules": [{"rule": "a < b"}]},
        }
    )
    assert [each for each in found.plain if each[0] == "services"] == [("services", "http://features")]
    assert ("monitoring", "http://prometheus:9090") in found.plain
    assert ("configuration", "redis://cache") in found.plain
    (database,) = (text for kind, text in found.plain if "DB" in text)
    assert database == "DB=postgres://db/x (sslmode=prefer, expected one of require, verify-ca, verify-full)"
    assert any("PGSSLMODE=allow" in text for _, text in found.plain)
    assert found.unclear == (("services", "s3://models/x", "nothing says whether 's3' is encrypted"),)
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://:secret@cache:1/0", "redis://cache:1/0"),
        ("SASL_PLAINTEXT://me:secret@a:1", "SASL_PLAINTEXT://a:1"),
        ("amqp://me:secret@a,me:secret@b/x", "amqp://…,b/x"),
        ("s3://declared;@evil/x", "s3://evil/x"),
        ("s3://evil,x@declared/x", "s3://…,declared/x"),
        ("s3://evil?x=@declared/x", "s3://evil"),
        ("s3://evil\\@declared/x", "s3://…"),
        ("evil:80/x@declared:80", "evil:80/x@declared:80"),
        ("postgres://db/x?password=secret", "postgres://db/x"),
        ("jdbc:oracle:thin:me/secret@//db/x", "jdbc:oracle://db/x"),
        ("jdbc:sqlserver://db;password=secret", "jdbc:sqlserver://db"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_no_secret(address: str, shown: str) -> None:
    """A login and options are in no message."""
    found = _of({"services": [{"endpoint": address}]})
    (text,) = [each[1] for each in (*found.plain, *found.unclear)]
    assert text.partition(" (")[0] == shown


def test_without_a_scheme() -> None:
    """A host and a port are an address that nothing is known of; what a program listens at is on its own machine."""
    found = _of(
        {
            "services": [{"endpoint": "features.internal:8080/v1", "purpose": "Asked at 12:30, see python:3."}],
            "rollout": {"prometheus": "me:secret@prometheus:9090?x=y"},
            "serving": {
                "command": [
                    "uvicorn",
                    "service.main:app",
                    "--bind",
                    "0.0.0.0:8000",
                    "--cache=cache:6379",
                    "127.0.0.1:80",
                ],
                "environment": {
                    "BROKERS": "a:9092, b:9092",
                    "TIME": "12:30",
                    "BIND": "[::]:8000",
                    "SELF": "localhost:80",
                },
            },
        }
    )
    assert found.plain == ()
    assert [each[:2] for each in found.unclear] == [
        ("services", "features.internal:8080/v1"),
        ("monitoring", "prometheus:9090"),
        ("configuration", "cache:6379"),
        ("configuration", "BROKERS=a:9092"),
        ("configuration", "BROKERS=b:9092"),
    ]
    assert {each[2] for each in found.unclear} == {"no scheme says how it is reached"}


def test_inside_of_a_text() -> None:
    """What programs read is searched: an option, a quote or a name before an address hides nothing."""
    found = _of(
        {
            "services": [{"purpose": "As http://example says."}],
            "serving": {
                "command": ["serve", "--redis=redis://one", "-Durl=http://two/x"],
                "environment": {"JSON": '{"url":"http://me:secret@three"}', "FINE": "--url=https://fine"},
            },
            "configuration": {
                "parameters": [
                    {"description": "Not http://four.", "default": "url=http://five", "values": ["x amqp://six"]}
                ],
                "stages": {"production": {"cache": "to redis://seven"}},
            },
        }
    )
    assert sorted(address for _, address in found.plain) == [
        "JSON=http://three",
        "amqp://six",
        "http://five",
        "http://two/x",
        "redis://one",
        "redis://seven",
    ]
    assert found.unclear == ()


def test_hosts() -> None:
    """Of a connection string its host is named, and no password; a parameter is the variable that it becomes."""
    found = _of(
        {
            "serving": {"environment": {"DSN": "host=db password=secret", "PGHOST": "db2"}},
            "configuration": {
                "parameters": [
                    {"name": "cache", "environment": "CACHE_HOST", "default": "localhost"},
                    {"name": "places", "environment": "OMP_PLACES", "default": "threads:16"},
                    {"name": "size", "environment": "SIZE", "default": 3},
                ],
                "stages": {"production": {"cache": "cache.internal", "size": 4}, "staging": {"cache": "redis://c"}},
            },
        }
    )
    mode = "expected one of require, verify-ca, verify-full"
    assert found.plain == (
        ("configuration", f"DSN=host=db (no sslmode, {mode})"),
        ("configuration", f"PGHOST=db2 (no PGSSLMODE, {mode})"),
        ("configuration", "CACHE_HOST=redis://c"),
    )
    assert [each[:2] for each in found.unclear] == [("configuration", "CACHE_HOST=cache.internal")]


def test_hosts_that_are_no_variables() -> None:
    """An option of the command and a parameter of a file bear a host as a variable does; other words are none."""
    found = _of(
        {
            "serving": {"command": ["serve", "--db-host", "db", "--cache.addr=cache", "--host", "0.0.0.0", "--x-host"]},
            "configuration": {
                "parameters": [
                    {"name": "redis_host", "default": "localhost", "values": ["one"]},
                    {"name": "queue", "default": "queue.prod.svc"},
                    {"name": "store", "default": "disk"},
                    {"name": "broker", "default": "kafka"},
                    {"name": "broker_port", "default": 9092},
                ],
                "stages": {"production": {"redis_host": "two"}},
            },
        }
    )
    names = ("redis_host=one", "redis_host=two", "queue=queue.prod.svc", "broker=kafka", "--db-host=db")
    assert [each[1] for each in found.unclear] == [*names, "--cache.addr=cache"]
    assert found.plain == ()


def test_values_that_are_no_text() -> None:
    """A parameter is a variable whatever it is written as: a truth value, a list."""
    found = _of(
        {
            "configuration": {
                "parameters": [
                    {"name": "insecure", "environment": "OTEL_EXPORTER_OTLP_INSECURE", "type": "bool", "default": True},
                    {"name": "sources", "environment": "SOURCES", "default": ["redis://one", "https://two"]},
                    {"name": "hosts", "environment": "CACHE_HOSTS", "default": []},
                    {"name": "size", "environment": "SIZE", "default": 3, "values": [3, 4]},
                ],
                "stages": {"production": {"sources": ["amqp://three"], "hosts": ["cache.internal"]}},
            },
        }
    )
    assert sorted(address for _, address in found.plain) == [
        "OTEL_EXPORTER_OTLP_INSECURE=true (expected one of false)",
        "SOURCES=amqp://three",
        "SOURCES=redis://one",
    ]
    assert [address for _, address, _ in found.unclear] == ["CACHE_HOSTS=cache.internal"]


def test_lists() -> None:
    """Blanks around an address, as a block of YAML leaves them, hide nothing; each of a list is by itself."""
    listed = "s3://models/a,s3://evil/b"
    found = _of({"services": [{"endpoint": " http://features\n"}, {"endpoint": listed}]})
    assert found.plain == (("services", "http://features"),)
    assert [each[1] for each in found.unclear] == ["s3://models/a", "s3://evil/b"]
    found = _of({"serving": {"environment": {"BROKERS": "SSL://a:1, PLAINTEXT://me:secret@b:2"}}})
    assert found.plain == (("configuration", "BROKERS=PLAINTEXT://b:2"),)


def test_machine() -> None:
    """Indexes, mirrors of packages and of registries, and the stage's registry."""
    found = _of(
        {"publish": {"repositories": {"production": "registry.example:5000/x", "staging": "other.example/x"}}},
        indexes=(
            ("default", "http://index.example/simple"),
            ("local", "/srv/wheels"),
            ("fine", "https://index.example"),
        ),
        archives=(("debian", ("http://mirror.example/debian", "https://deb.example")),),
        snapshots=(("debian", ("http://snapshot.example/{timestamp}",)),),
        mirrors=(("docker.io", ("mirror.example", "http://mirror.example/x", "127.0.0.1:5000")),),
        plain_http=("registry.example:5000",),
    )
    assert [kind for kind, _ in found.plain] == ["indexes", "mirrors", "mirrors", "registries", "registries"]
    assert found.plain[3] == ("registries", "registry.example:5000/x")
    assert found.plain[4][1].startswith("http://mirror.example/x, a mirror of docker.io")
    assert found.unclear == ()
    local = _of({"publish": {"repositories": {"production": "[::1]:5000/x"}}})
    assert (local.plain, local.unclear) == ((), ())


def test_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at where a rule asks: it must be said where it is, and the release be in it."""
    place = tmp_path / "archive"
    record = tiny_record()
    with Archive(place, writing=True) as archive, archive.updating():
        archive.put(record)
    assert _of({}) == Encryption(plain=(), unclear=(), encrypted=())
    assert "--archive" in _of({}, asked=("archive",)).unclear[0][2]
    (unclear,) = _of({}, asked=("archive",), archive=place).unclear
    assert unclear[1] == "the archive"  # and not the place, of which somebody may have declared something
    assert f"is not in {place}" in unclear[2]
    for kind in ("plain", "unclear", "encrypted"):
        monkeypatch.setattr(encrypted, "volume_of", lambda _, kind=kind: Volume(kind=kind, how="so"))
        found = _of({}, asked=("archive",), archive=place, digest=record.digest)
        assert [bool(found.plain), bool(found.unclear), bool(found.encrypted)] == [
            each == kind for each in ("plain", "unclear", "encrypted")
        ]
    with pytest.raises(TwinbuildError):
        _of({}, asked=("archive",), archive=tmp_path / "none")
