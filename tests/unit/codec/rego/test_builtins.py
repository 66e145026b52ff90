"""``codec.rego.builtins``: all that is allowed is there, and nothing that asks the world is allowed."""

from __future__ import annotations

from fakes.rego import NEEDS_ENGINE
from twinbuild.codec.rego.builtins import PURE

pytestmark = NEEDS_ENGINE


def test_known() -> None:
    """Each is a function of the engine; what it hears of the world is none of them."""
    import regopy

    engine = regopy.Interpreter()
    assert [name for name in sorted(PURE) if not engine.is_builtin(name)] == []
    asks = ("http.send", "time.now_ns", "opa.runtime", "rand.intn", "uuid.rfc4122", "net.lookup_ip_addr")
    assert not PURE & {*asks, "rego.parse_module", "io.jwt.decode_verify", "crypto.x509.parse_and_verify_certificates"}
