"""Train the classifier: the same bytes on every run and machine of one architecture.

Run it in the locked training environment (see README.md):  python train.py
It makes its own data, so that nothing has to be downloaded, and writes model/classifier.skops,
model/metrics.json and evaluation/held-out.jsonl.
"""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import skops.io
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

FIELDS = {  # in the order of the features, each as a request has it
    "amount": float,
    "hour": int,
    "merchant_risk": float,
    "account_age_days": float,
    "transactions_last_hour": int,
    "is_foreign": bool,
}
HERE = Path(__file__).resolve().parent


def make_transactions(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Card transactions and whether each was fraud, from a process with a known law."""
    random = np.random.RandomState(seed)  # the legacy generator: its stream is frozen by NumPy's policy
    amount = np.round(np.exp(random.normal(3.5, 1.2, rows)), 2)
    hour = random.randint(0, 24, rows).astype(float)
    merchant_risk = np.round(random.beta(2.0, 8.0, rows), 4)
    account_age = np.round(random.exponential(700.0, rows), 1)
    burst = random.poisson(1.2, rows).astype(float)
    foreign = (random.uniform(size=rows) < 0.12).astype(float)
    logit = (
        -6.0
        + 0.9 * np.log1p(amount / 50.0)
        + 4.0 * merchant_risk
        + 0.7 * burst
        + 1.3 * foreign
        + 0.8 * ((hour < 6) | (hour > 22))
        - 0.0008 * account_age
    )
    fraud = (random.uniform(size=rows) < 1.0 / (1.0 + np.exp(-logit))).astype(int)
    return np.column_stack((amount, hour, merchant_risk, account_age, burst, foreign)), fraud


def write_evaluation(path: Path, rows: int = 1_024, batch: int = 64) -> None:
    """Write transactions of the same law, which the model has not seen, as requests with their labels: JSON Lines."""
    inputs, labels = make_transactions(rows, seed=20261103)
    transactions = [
        {name: kind(value) for (name, kind), value in zip(FIELDS.items(), row, strict=True)} for row in inputs.tolist()
    ]
    lines = (
        {"request": {"transactions": transactions[at : at + batch]}, "label": labels[at : at + batch].tolist()}
        for at in range(0, rows, batch)
    )
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


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
    """Train, measure on held-out rows, and write model and metrics."""
    inputs, labels = make_transactions(20_000, seed=20261101)
    model = GradientBoostingClassifier(
        n_estimators=80, learning_rate=0.1, max_depth=3, subsample=1.0, random_state=7
    ).fit(inputs, labels)
    held_out, truth = make_transactions(5_000, seed=20261102)
    scores = model.predict_proba(held_out)[:, 1]
    metrics = {
        "roc_auc": round(float(roc_auc_score(truth, scores)), 4),
        "average_precision": round(float(average_precision_score(truth, scores)), 4),
        "rows": len(truth),
    }
    target = HERE / "model" / "classifier.skops"
    skops.io.dump(model, target)
    normalise(target)
    write_evaluation(HERE / "evaluation" / "held-out.jsonl")
    (HERE / "model" / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
