"""``twinbuild measure`` on a real image: figures, verdicts, the statement, and where they are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.tool import process


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.sandbox
def test_batch_limit(service: Path, tmp_path: Path) -> None:
    """A batch of four thousand takes longer than one of one; who declares the opposite is told so, at the line."""
    options = ("measure", "--knob", "batch_limit", "--requests", "20", "--json")
    said = process(*options, "--output", "measured.json", directory=service)
    assert said.returncode == 0, said.stderr
    (knob,) = json.loads(said.stdout)["knobs"]
    assert [value["value"] for value in knob["values"]] == ["1", "64", "4096"]
    assert all(value["memory"] > 20 << 20 and value["throughput"] > 0 for value in knob["values"])
    verdicts = {one["of"]: one["verdict"] for one in knob["impact"]}
    assert verdicts["latency"] == "agrees"
    assert "contradicts" not in verdicts.values()
    statement = json.loads((service / "measured.json").read_bytes())
    image = json.loads(said.stdout)["image"]
    assert f"sha256:{statement['subject'][0]['digest']['sha256']}" == image
    assert statement["predicate"]["knobs"] == [knob]
    (output,) = (service / "dist").iterdir()
    assert json.loads((output / "run.json").read_bytes())["measurements"]["cpu linux/amd64"] == [knob]
    assert process("validate", str(output), directory=service).returncode == 0
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("configuration: {parameters: [{name: batch_limit, impact: {latency: lower}}]}\n")
    said = process(*options, "--overlay", str(wrong), directory=service)
    assert said.returncode == 1
    (finding,) = json.loads(said.stderr)["findings"]
    assert (finding["code"], finding["file"], finding["line"]) == ("TB7113", str(wrong), 1)
    wrong.write_text("configuration: {parameters: [{name: batch_limit, impact: {grows: /nothing}}]}\n")
    said = process(*options, "--overlay", str(wrong), directory=service)
    assert (said.returncode, json.loads(said.stderr)["findings"][0]["code"]) == (2, "TB7110")
    wrong.write_text(
        "configuration: {parameters: [{name: allocator, type: enum, values: [malloc, nonsense], default: malloc, "
        "description: d, environment: PYTHONMALLOC}]}\n"  # Python itself ends at one that it does not know
    )
    options = ("measure", "--knob", "allocator", "--requests", "5", "--json", "--overlay", str(wrong))
    said = process(*options, directory=service)
    (finding,) = json.loads(said.stderr)["findings"]
    assert finding["code"] == "TB7112"
    assert "with allocator at 'nonsense' the service does not answer" in finding["message"]
