"""Built-in functions of Rego that rules may call: those whose answer is a function of their arguments.

A list of what is allowed, for one that is not known must not slip through. Left out is what asks the clock, the
network, the environment or chance (``http.send``, ``time.now_ns``, ``opa.runtime``, ``rand.intn``, ``uuid.rfc4122``),
what judges by the present time (certificates, ``io.jwt``), what signs or compiles, and what is deprecated.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PURE"]

_NAMES: Final = """
abs and array.concat array.flatten array.reverse array.slice base64.decode base64.encode base64.is_valid
base64url.decode base64url.encode base64url.encode_no_pad bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor ceil
concat contains count crypto.hmac.equal crypto.md5 crypto.sha1 crypto.sha256 div endswith equal floor format_int
glob.match glob.quote_meta graph.reachable graph.reachable_paths gt gte hex.decode hex.encode indexof indexof_n
internal.member_2 internal.member_3 internal.print internal.template_string intersection is_array is_boolean is_null
is_number is_object is_set is_string json.filter json.is_valid json.marshal json.marshal_with_options json.patch
json.remove json.unmarshal lower lt lte max min minus mul neq numbers.range numbers.range_step object.filter
object.get object.keys object.remove object.subset object.union object.union_n or plus product
regex.find_all_string_submatch_n regex.find_n regex.globs_match regex.is_valid regex.match regex.replace regex.split
regex.template_match rem replace round semver.compare semver.is_valid sort split sprintf startswith
strings.any_prefix_match strings.any_suffix_match strings.count strings.replace_n strings.reverse substring sum
time.add_date time.clock time.date time.diff time.format time.parse_duration_ns time.parse_ns time.parse_rfc3339_ns
time.weekday to_number trim trim_left trim_prefix trim_right trim_space trim_suffix type_name union units.parse
units.parse_bytes upper urlquery.decode urlquery.decode_object urlquery.encode urlquery.encode_object uuid.parse walk
yaml.is_valid yaml.marshal yaml.unmarshal
"""

PURE: Final = frozenset(_NAMES.split())
"""Names as a plan has them: operators are functions there."""
