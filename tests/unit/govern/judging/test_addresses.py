"""``govern.judging.addresses``: what the form of an address says of encryption, and what it leaves open."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.govern.judging.addresses import addresses_in, reach_of, schemed

_KINDS = {
    "encrypted": """\
https://a/b  WSS://a  ftps://a  sftp://a  ssh://a  git+ssh://a  rediss://a:6380/0  amqps://a  mqtts://a  nats+tls://a
tls://a:4222  ldaps://a  smtps://a  imaps://a  grpcs://a  sasl_ssl://a:9093  ssl://a:9093  stomps://a
postgres://a/b?sslmode=require  postgresql://a/b?sslmode=VERIFY-FULL&x=1  postgresql+psycopg://a/b?sslmode=verify-ca
mysql://a/b?ssl-mode=REQUIRED  mariadb://a/b?sslMode=VERIFY_IDENTITY  mongodb://a/b?tls=true  mongodb+srv://a/b
mongodb://a/b?ssl=true  clickhouse://a?secure=true  sqlserver://a?encrypt=strict
jdbc:postgresql://a/b?sslmode=verify-full  jdbc:sqlserver://a;databaseName=x;encrypt=true  jdbc:mysql://a/b?sslMode=REQUIRED
https://localhost.example.com/  SSL://a:1,SASL_SSL://b:2  mongodb://a,b/c?tls=true""",
    "local": """\
http://localhost:8000/x  http://127.0.0.1  http://127.3.2.1:1  http://[::1]:9/  redis://app.localhost  unix:///run/s
localhost:8000  127.0.0.1:80/x  [::1]:80  0.0.0.0:8000  [::]:80  me:secret@localhost:80
jdbc:postgresql://localhost:5432/b  jdbc:sqlserver://127.0.0.1:1433;databaseName=x
jdbc:mysql://localhost,127.0.0.1:1/b?serverTimezone=UTC  jdbc:sqlserver://localhost;trustServerCertificate=true
postgres:///b  postgresql://localhost/b?host=/run/pg  postgresql://%2Frun%2Fpg/b  postgresql+psycopg://127.0.0.1/b
file:///a  redis://localhost:1,127.0.0.1:2  PLAINTEXT://127.0.0.1:1,PLAINTEXT://127.0.0.1:2""",
    "plain": """\
http://a/b  HTTP://a  ws://a  ftp://a  redis://a  amqp://a  grpc://a:50051  mqtt://a  ldap://a  nats://a:4222  smtp://a
kafka://a  plaintext://a:9092  sasl_plaintext://a:9092  tcp://a  udp://a  memcached://a  stomp://a  telnet://a  git://a
postgres://a/b  postgres://a/b?sslmode=disable  postgres://a/b?sslmode=allow  postgres://a/b?sslmode=prefer
postgresql://localhost/b?host=a  postgresql://localhost/b?hostaddr=10.0.0.1  postgresql:///b?host=/run/pg,a
jdbc:sqlserver://localhost;failoverPartner=a  postgresql:///b?service=a
postgres://a/b?host=localhost  postgres://a/b?sslmode=  mysql://a/b  mysql://a/b?ssl-mode=preferred  mongodb://a/b  mongodb://a/b?tls=false
mongodb+srv://a/b?tls=false  clickhouse://a  sqlserver://a?encrypt=false  jdbc:postgresql://a/b
jdbc:sqlserver://a;encrypt=false  jdbc:postgresql://localhost/b?PGHOST=a  jdbc:postgresql://localhost,a/b
jdbc:mysql://localhost.a/b  jdbc:sqlserver://localhost;serverName=a  jdbc:postgresql:b  jdbc:postgresql://localhost@a/b
https://a/?insecure=true  https://a/?insecure  wss://a?insecureSkipVerify=1
mongodb://a/b?tls=true&tlsInsecure=true  http://localhost.example.com/  http://127.0.0.1.example.com/  http://10.0.0.1/
http://user:secret@a/
SSL://a:1,PLAINTEXT://b:2  PLAINTEXT://127.0.0.1:1,PLAINTEXT://b:2  redis://localhost:1,b:2  nats://localhost,b
http://localhost@a/  redis://a,x@localhost  http://a%2f.localhost/  http://a;.localhost/  https://a;http://b
https://a|http://b
postgres://a/b?sslmode=disable&sslmode=require  postgres://a/b?sslmode=require&sslmode=disable
mongodb://a/b?tls=true&ssl=false  sqlserver://a?encrypt=true&trustServerCertificate=true
jdbc:sqlserver://a;encrypt=true;trustServerCertificate=true  jdbc:postgresql://a/b?sslmode=require&sslmode=disable
amqps://a?verify=verify_none  rediss://a?ssl_cert_reqs=none  https://a?verify_certs=false  mongodb+srv://a/b?tlsInsecure=true""",
    "unclear": "s3://a/b  gs://a  neo4j://a  bolt://a  jdbc:oracle:thin:@//a:1/x  x://a  http+x://a  https://[::1  ://a"
    "  redis:6379  db.internal:5432/x?sslmode=verify-full  localhost.example:80  me:x@a:80  10.0.0.1:80"
    r"  http://a\@localhost/  http://a\.localhost/  https://a\b/",
}


@pytest.mark.parametrize(("kind", "address"), [(kind, each) for kind, text in _KINDS.items() for each in text.split()])
def test_kinds(kind: str, address: str) -> None:
    """By scheme and options, in any case; a host that only begins like a loopback is none."""
    assert reach_of(address).kind == kind


@pytest.mark.parametrize("between", [" ", ",", " ,", "\n;"])
def test_no_work_of_what_lies_between(between: str) -> None:
    """An author may write a value of any length: what is looked at grows with it, and not with its square."""
    text = f"host={between * 20_000}x"
    began = time.process_time()
    assert addresses_in(text) == ()
    assert addresses_in(f"http://a{between * 20_000}http://b") == ("http://a", "http://b")
    assert time.process_time() - began < 1


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    """Whatever it is, it is not taken for encrypted without a scheme."""
    for address in (text, f"http://{text}", f"postgres://{text}"):
        found = reach_of(address)
        assert found.kind != "encrypted" or ":" in address


def test_schemed() -> None:
    """An address and nothing else."""
    assert [schemed(text) for text in ("http://a", "jdbc:x:y", "a http://b", "http://a b", "a:b", "", "1://x")] == [
        *(True, True, False, False, False, False, False)
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (" http://a\n", "plain"),
        ("SSL://a:1, PLAINTEXT://b:2", "plain"),
        ("SSL://a:1 PLAINTEXT://b:2", "plain"),
        ("PLAINTEXT://a:1, b:2", "plain"),
        ("https://a , https://b,", "encrypted"),
        ("https://a\njdbc:postgresql://b", "plain"),
    ],
)
def test_listed(text: str, kind: str) -> None:
    """Blanks around and between addresses hide none of them."""
    assert schemed(text)
    assert reach_of(text).kind == kind
