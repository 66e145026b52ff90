"""Codes of rules in Rego."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["REGO"]

REGO: Final[tuple[Code, ...]] = (
    Code(
        code="TB8890",
        title="a rule in Rego refuses the release",
        explanation="""\
A `deny` or `violation` of the policy's files of Rego has a message about this release and stage. The finding names the
section of the policy, the package and the rule, the message, and the file.

Release it otherwise, or ask for an exception (`exceptions` of the policy). `twinbuild policy input` prints what the
rule judges.""",
    ),
    Code(
        code="TB8891",
        title="rules in Rego without their engine",
        explanation="""\
The policy names files of Rego for this release and stage (or is to be put into a trust root), and the library that
evaluates them is not installed, or is another version than these rules are known to mean the same in. They are never
passed over.

Install twinbuild with its extra: `pip install 'twinbuild[rego]'`. It needs glibc 2.34 (Debian 12) or newer, and
libatomic.so.1 (Debian's and Ubuntu's package libatomic1).""",
    ),
    Code(
        code="TB8892",
        title="a file that is not Rego",
        explanation="""\
A file cannot be compiled: it is not UTF-8, does not begin with a package, or has an error at the place named. Files are
read as Rego v1, where a rule with a body has `if`, and a set `contains`.

Correct it; `opa check` and `conftest verify` look at the same text. `opa fmt --rego-v1 -w` brings older ones up to
date.""",
    ),
    Code(
        code="TB8893",
        title="a function whose answer is no function of its arguments",
        explanation="""\
A rule uses a built-in function that asks the clock, the network, the environment or chance (`time.now_ns`, `http.send`,
`net.lookup_ip_addr`, `opa.runtime`, `rand.intn`, `uuid.rfc4122`), that judges by the present time (certificates,
`io.jwt`), that is deprecated, or that is not known here. The same release would be judged otherwise elsewhere.

Judge by the input alone: `input.at` is the moment as of which is judged.""",
    ),
    Code(
        code="TB8894",
        title="a name in a rule that means nothing",
        explanation="""\
A rule reads a variable that nothing gave a value before, calls a function that is nowhere defined, or asks the input
for a key that it never has. Its body would never hold, so that the rule would be silent whatever is released.

Correct the name. Expressions are taken in the order in which they are written: a variable gets its value before it is
used. `twinbuild schema policy-input` says which keys there are.""",
    ),
    Code(
        code="TB8895",
        title="a file of Rego that decides nothing, or otherwise than in messages",
        explanation="""\
A file under `files` defines no `deny`, `violation` or `warn` (nor one with more behind it, as `deny_licence`): often
the name is misspelt. Or such a rule is no set of messages but a value, a function or an object; or it stands under
`libraries`, where nobody asks for it; or it is an `exception` of Conftest: exceptions are made in the policy.

Write `deny contains msg if { … }`, or name the file under `libraries`.""",
    ),
    Code(
        code="TB8896",
        title="a rule in Rego that failed",
        explanation="""\
A rule could not be evaluated: a built-in function failed (in `opa eval` without `--strict-builtin-errors` it counts
as undefined), two values were found for one, a message is no text and no object with a text `msg`, or it took too much
time or memory. What it would say is not known, so that it refuses, and no exception helps.

Mend the rule, and have the policy signed again.""",
    ),
    Code(
        code="TB8897",
        title="other rules than the policy names",
        explanation="""\
A file of Rego is not there, is no regular file of at most 256 KiB, or has another SHA-256 than the policy states: it is
not what was signed.

Before it is signed: read the file, and write its SHA-256 into the policy. After that: take the trust root from whom you
trust again.""",
    ),
)
