"""Train the model: boosted trees of scikit-learn in a skops file. The same bytes on every run.

Run it in an environment with the versions that lockfiles/ names:  python train.py
"""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import skops.io
from data import rows
from sklearn.ensemble import GradientBoostingClassifier

HERE = Path(__file__).resolve().parent


def normalise(path: Path) -> None:
    """Rewrite a skops file without what differs from run to run: memory addresses as names, and the time of writing."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = members["schema.json"].decode()
    numbers = {}
    for address in re.findall(r'"__id__": (\d+)', schema):
        numbers.setdefault(address, str(len(numbers) + 1))
    schema = re.sub(r'"__id__": (\d+)', lambda match: f'"__id__": {numbers[match[1]]}', schema)
    schema = re.sub(r'"(\d+)\.npy"', lambda match: f'"{numbers[match[1]]}.npy"', schema)
    renamed = {
        name if name == "schema.json" else f"{numbers[name.removesuffix('.npy')]}.npy": content
        for name, content in members.items()
    }
    renamed["schema.json"] = json.dumps(json.loads(schema), separators=(",", ":"), sort_keys=True).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(renamed):
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, renamed[name])


def main() -> None:
    """Train, measure on held-out rows, and write the model."""
    inputs, labels = map(np.array, rows(2000, seed=1))
    model = GradientBoostingClassifier(n_estimators=12, learning_rate=0.3, max_depth=2, random_state=7)
    model.fit(inputs, labels)
    (HERE / "model").mkdir(exist_ok=True)
    target = HERE / "model" / "model.skops"
    skops.io.dump(model, target)
    normalise(target)
    inputs, labels = map(np.array, rows(1000, seed=2))
    print(json.dumps({"accuracy": float(model.score(inputs, labels))}))


if __name__ == "__main__":
    main()
