"""The classifier and what a transaction looks like."""

from pathlib import Path

import numpy as np
import skops.io
from pydantic import BaseModel, ConfigDict, Field

# skops loads no code; this type is raw tree storage, which the pinned SHA-256 of the file vouches for.
TRUSTED = ["sklearn.tree._tree.Tree"]


class Transaction(BaseModel):
    """One card transaction, with the features in the order that the model was trained with."""

    model_config = ConfigDict(extra="forbid")

    amount: float = Field(ge=0, le=1_000_000, description="in euro")
    hour: int = Field(ge=0, le=23, description="local hour of the day")
    merchant_risk: float = Field(ge=0, le=1, description="share of the merchant's disputed payments")
    account_age_days: float = Field(ge=0, le=40_000)
    transactions_last_hour: int = Field(ge=0, le=10_000)
    is_foreign: bool

    def features(self) -> list[float]:
        """The row that the model takes."""
        return [float(value) for value in self.model_dump().values()]


class Classifier:
    """A trained model from a skops file."""

    def __init__(self, path: Path) -> None:
        self._model = skops.io.load(path, trusted=TRUSTED)

    def scores(self, transactions: list[Transaction]) -> list[float]:
        """The probability of fraud of each transaction."""
        rows = np.array([transaction.features() for transaction in transactions])
        return [float(score) for score in self._model.predict_proba(rows)[:, 1]]
