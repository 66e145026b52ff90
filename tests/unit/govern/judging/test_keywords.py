"""``govern.judging.keywords``: connection strings of databases, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.govern.judging.addresses import reach_of, stated_in
from twinbuild.govern.judging.keywords import keywords_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("host=db sslmode=disable", "plain"),
        ("host=db port=5432 dbname=x", "plain"),
        ("host = 'db' sslmode = 'prefer'", "plain"),
        ("host=db", "plain"),
        ("hostaddr=10.0.0.1 user=me sslmode=allow", "plain"),
        ("host=localhost,db dbname=x", "plain"),
        ("host=db sslmode=require sslmode=disable", "plain"),
        (r"dbname='a\'b' host=db", "plain"),
        ("Server=db;Database=x;Encrypt=no", "plain"),
        ("Server=tcp:db,1433;Encrypt=True;TrustServerCertificate=yes;", "plain"),
        ("Host=db;Username=me;SSL Mode=Prefer", "plain"),
        ("host=3232235777 dbname=x", "plain"),
        ("host=localhost,3232235777 dbname=x", "plain"),
        ("host=localhost service=x", "plain"),
        ("host=db target_session_attrs=any", "plain"),
        (r"Server=\\db\pipe\sql\query;Database=x;Encrypt=no", "plain"),
        ("Server=localhost;Failover Partner=db;Encrypt=no", "plain"),
        ("Driver={PostgreSQL};Servername=db;SSLmode=prefer", "plain"),
        ("host=db sslmode=verify-full password='a b'", "encrypted"),
        ("host=db sslmode=require", "encrypted"),
        ("Data Source=db;Initial Catalog=x;Encrypt=Strict", "encrypted"),
        ("Host=db;Username=me;SSL Mode=VerifyFull", "encrypted"),
        ("Server=db;Uid=me;SslMode=Required", "encrypted"),
        ("Server=db;Database=x", "unclear"),
        ("host=/run/postgresql dbname=x", "local"),
        ("host='' dbname=x", "local"),
        ("host=127.0.0.1 dbname=x sslmode=disable", "local"),
        (r"Server=tcp:localhost\SQLEXPRESS,1433;Database=x", "local"),
        (r"Server=np:\\.\pipe\sql\query;Database=x", "local"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    """By what is said of TLS; of a list the worst host counts, and of a word that is said twice the worst value."""
    assert stated_in(text) == (text.strip(),)
    assert reach_of(text).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a=b",
        "sslmode=disable",
        "server=x",
        "host=db and more",
        "host=db 'x'",
        "host='db",
        "see host=db; or not",
        "=",
        "http://a?host=db user=x",
        "address=12 colour=red",
        "host=db\\",
    ],
)
def test_no_connection(text: str) -> None:
    """Words beside them, no host, or nothing of a database."""
    assert keywords_of(text) is None


@given(st.text("host=db ;'\\\t", max_size=60))
def test_any_text(text: str) -> None:
    """Nothing is read into a text that it does not have: a host is a part of it."""
    found = keywords_of(text)
    assert found is None or found.host.partition("=")[0] in text
