"""Rows of four numbers, and what is said of one: what models of tables take and give."""

import os
from typing import Annotated

from pydantic import BaseModel, Field

THRESHOLD = float(os.environ["DECISION_THRESHOLD"])

# Strict: "1" and true are no numbers, as the data schema says, too.
Number = Annotated[float, Field(strict=True, ge=-1e6, le=1e6, allow_inf_nan=False)]
Instance = Annotated[list[Number], Field(min_length=4, max_length=4)]


class Prediction(BaseModel):
    """The probability that a row is positive, and whether it counts as such."""

    score: float
    positive: bool


def judged(scores: list[float]) -> list[Prediction]:
    """Predictions of scores, by the threshold of the configuration."""
    return [Prediction(score=score, positive=score >= THRESHOLD) for score in scores]
