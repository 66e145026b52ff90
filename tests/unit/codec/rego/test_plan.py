"""``codec.rego.plan``: no rule that would be silent for ever, or answer otherwise tomorrow, is let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.rego import NEEDS_ENGINE, faults_of, modules_of, plan_of, shape
from twinbuild.codec.rego.plan import Rule, plan_faults, plan_rules

pytestmark = NEEDS_ENGINE

SILENT = {
    "a value of nothing": "deny contains msg if { msg := nope }",
    "compared with nothing": 'deny contains "a" if { x == 3 }',
    "not of nothing": 'deny contains "a" if not x',
    "a rule misspelt": 'ok if input.stage == "x"\ndeny contains "a" if not okk',
    "used before it has a value": 'deny contains msg if { msg := sprintf("%s", [x]); x := "a" }',
    "a function of nowhere": 'deny contains "a" if nosuch(1)',
    "a function misspelt": 'deny contains "a" if startwith(input.stage, "p")',
    "a key misspelt": 'deny contains "a" if input.release.metdata.name == "x"',
    "a key in a list": 'deny contains "a" if { some i in input.release.environment.images; i.varient == "cpu" }',
    "a key by an index": 'deny contains "a" if input.facts.signers[_].whom == "x"',
    "a key of a variable": 'deny contains "a" if { x := input.release; x.metadata.nme == "x" }',
    "a key of an import": "import input.relase as r\ndeny contains r.x",
    "a rule of a package": 'deny contains "a" if data.main.nope == 1',
    "packages by a variable": 'deny contains "a" if { some p in ["main"]; data[p].nope }',
    "a package": 'deny contains "a" if data.other.thing == 1',
}
IMPURE = {
    "the clock": 'deny contains "a" if time.now_ns() > 1',
    "the clock in brackets": 'deny contains "a" if time["now_ns"]() > 1',
    "the clock in place of another": 'f(x) := 1\ndeny contains "a" if { f(1) == 1 with f as time.now_ns }',
    "the clock in a function": 'f(x) := time.now_ns()\ndeny contains "a" if f(1) > 1',
    "the clock in a comprehension": 'deny contains "a" if count([x | x := time.now_ns()]) == 1',
    "the network": 'deny contains "a" if http.send({"method": "get", "url": "http://localhost"}).status_code == 200',
    "names": 'deny contains "a" if net.lookup_ip_addr("localhost") == {"x"}',
    "the environment": "deny contains opa.runtime().env.PATH",
    "chance": 'deny contains "a" if rand.intn("x", 5) == 1',
    "another chance": 'deny contains uuid.rfc4122("x")',
    "tokens": 'deny contains "a" if io.jwt.decode("x")[0] == 1',
    "a compiler": 'deny contains "a" if rego.parse_module("x", "y")',
    "a signer": 'deny contains "a" if providers.aws.sign_req({}, {}, 1)',
}
SHAPELESS = {
    "a misspelt name": 'deni contains "a"',
    "a misspelt name beside another": 'deny contains "x"\nviolaton contains "a"',
    "a name in another case": 'deny contains "x"\nDeny contains "a"',
    "a misspelt name with a suffix": 'warn contains "x"\ndeni_licences contains "a"',
    "another name": 'denying contains "a"',
    "nothing": "",
    "a comment": 'x := 1  # deny contains "a"\n',
    "a truth value": 'deny if input.stage == "production"',
    "a text": 'deny := "a"',
    "a list": 'deny := ["a"]',
    "a set in one piece": 'deny := {x | some x in input.facts.authors} if input.stage == "x"',
    "the old form": 'deny[msg] { msg := "x" }',
    "an object": 'deny["x"] := 3',
    "a rule below it": 'deny.foo contains "x"',
    "a function": "deny(x) := x",
    "a function with sets": "deny(x) := {y | some y in x}",
    "a function with a set": "deny(_) := set()",
    "a default": "default deny := true",
    "an exception": 'exception contains ["a"]\ndeny contains "x"',
    "what hides the input": 'input := {"stage": "x"}\ndeny contains "a" if input.stage == "production"',
}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_silent(text: str, tmp_path: Path) -> None:
    """A name that means nothing."""
    (found,) = faults_of(text, tmp_path)
    assert found.startswith("TB8894 ")
    assert not found.endswith(" 0:0")


def test_asked(tmp_path: Path) -> None:
    """A set that is nearly called so, and is asked for by a rule that decides; and what has another name."""
    assert faults_of('denied contains "a"\ndeny contains x if some x in denied', tmp_path) == []
    assert faults_of('denys contains "a"\ndeny contains x if some x in denys', tmp_path / "b") == []
    assert faults_of('denylist contains "a"\ndeny contains "x"\nwarning contains "b"', tmp_path / "c") == []


@pytest.mark.parametrize("text", IMPURE.values(), ids=IMPURE)
def test_impure(text: str, tmp_path: Path) -> None:
    """What asks more than its arguments."""
    found = faults_of(text, tmp_path)
    assert found
    assert {each.partition(" ")[0] for each in found} == {"TB8893"}


@pytest.mark.parametrize("text", SHAPELESS.values(), ids=SHAPELESS)
def test_shapeless(text: str, tmp_path: Path) -> None:
    """A file whose rules nobody would hear."""
    (found, *more) = faults_of(text, tmp_path)
    assert found.startswith("TB8895 ")
    assert not more


def test_place(tmp_path: Path) -> None:
    """Line and column from one, of each fault at once, and of the name that is nearest."""
    assert faults_of('\ndeny contains "a" if {\n\tinput.stgae == "x"\n\ttime.now_ns() > nope\n}\n', tmp_path) == [
        "TB8894 4:2",
        "TB8893 5:2",
        "TB8894 5:2",
    ]
    plan, alone, _ = plan_of({"x.rego": 'package main\n\nx := 1\n\ndenny contains "a"\n'}, tmp_path / "other")
    (fault,) = plan_faults(plan, alone, modules_of({"x.rego": "package main"}), shape())
    assert (fault.line, "denny, x" in fault.message) == (5, True)


def test_several_files(tmp_path: Path) -> None:
    """A library decides nothing, each other file something; rules of two files are one."""
    files = {
        "a.rego": 'package main\n\nimport data.lib\n\ndeny contains "a" if lib.big(3)\n',
        "b.rego": 'package main\n\ndeny contains "b"\n\nwarn_late contains "w"\n',
        "c.rego": 'package other.place\n\nviolation contains "c"\n',
        "lib.rego": "package lib\n\nbig(x) if x > 2\n",
    }
    plan, alone, faults = plan_of(files, tmp_path)
    assert faults == ()
    modules = modules_of(files, ("lib.rego",))
    assert list(plan_faults(plan, alone, modules, shape())) == []
    assert plan_rules(alone, modules) == (
        Rule(package=("main",), name="deny", files=("a.rego:5", "b.rego:3")),
        Rule(package=("main",), name="warn_late", files=("b.rego:5",)),
        Rule(package=("other", "place"), name="violation", files=("c.rego:3",)),
    )
    assert [each.title for each in plan_rules(alone, modules)][-1] == "other.place.violation"
    (fault,) = plan_faults(plan, alone, modules_of(files), shape())
    assert (fault.code, fault.file) == ("TB8895", "lib.rego")
    (fault,) = plan_faults(plan, alone, modules_of(files, ("c.rego", "lib.rego")), shape())
    assert (fault.code, fault.file, fault.line) == ("TB8895", "c.rego", 3)
