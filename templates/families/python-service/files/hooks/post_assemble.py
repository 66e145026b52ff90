"""Runs when an image is built: lists the model's files with their digests. The same inputs give the same bytes."""

import hashlib
import json
import sys
from pathlib import Path

inputs, output = map(Path, sys.argv[1:])
listing = [
    {"name": path.name, "size": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    for path in sorted(inputs.rglob("*"))
    if path.is_file()
]
output.write_text(json.dumps(listing, indent=2) + "\n")
