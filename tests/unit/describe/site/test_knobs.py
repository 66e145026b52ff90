"""``describe.site.knobs``: knobs with the values of stages."""

from __future__ import annotations

from fakes.published import example
from twinbuild.describe.site.knobs import knobs, rules, secrets, services


def test_a_value_that_is_not_the_default_stands_out() -> None:
    """Of the stage that sets it alone."""
    table = knobs(example().document)
    titles = [column.title for column in table.columns]
    row = next(row for row in table.rows if row[0].text == "batch_limit")
    found = {title: (cell.text, cell.tone) for title, cell in zip(titles, row, strict=True)}
    assert found["Default"] == ("64", "")
    assert found["production"] == ("256", "warn")
    assert found["staging"] == ("64", "")
    assert found["Variable"] == ("BATCH_LIMIT", "")


def test_rules_secrets_services() -> None:
    """Rules as they are written; what there is none of has no rows."""
    document = example().document
    assert [row[1].text for row in rules(document).rows] == ["log_level != 'debug' or batch_limit <= 256"]
    assert secrets(document).rows == services(document).rows == ()
    document["secrets"] = [{"name": "token", "provider": "env", "reference": "TOKEN", "purpose": "asks"}]
    document["services"] = [{"name": "other", "endpoint": "http://other", "purpose": "asks", "timeout": "1s"}]
    assert [cell.text for cell in secrets(document).rows[0]] == ["token", "env", "TOKEN", "asks"]
    assert [cell.text for cell in services(document).rows[0]] == ["other", "http://other", "1s", "", "asks"]
