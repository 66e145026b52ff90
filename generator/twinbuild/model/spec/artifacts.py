"""``model``: the trained model, its files, its data and its card."""

from typing import Literal, Self

from pydantic import Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.metadata import Step
from twinbuild.model.spec.paths import AbsoluteFile, Confined
from twinbuild.model.spec.references import Address, Uri
from twinbuild.model.spec.values import Description, JsonObject, Label, Line, Name, Sha256, Version

__all__ = ["Artifact", "Card", "Dataset", "Feature", "Lineage", "Metric", "Model", "Schemas"]


class Artifact(Section):
    """One file of the model."""

    name: Name
    """Name of the artifact."""
    uri: Uri
    """Where the file is: a path relative to the spec, an http(s) address, or `wheel:PROJECT/path/inside/wheel`."""
    sha256: Sha256 | None = None
    """SHA-256 of the file; `twinbuild lock` computes it where it is missing, `build` never does."""
    size: int | None = Field(default=None, ge=1, le=2**50)
    """Size in bytes."""
    format: Label
    """Format of the file, such as skops, onnx or safetensors."""
    licence: Line | None = None
    """SPDX expression of the licence."""
    supplier: Line | None = None
    """Who published the file, where it is not the team."""
    supplier_url: Address | None = None
    """Where its publisher is found."""
    target: AbsoluteFile
    """Where the file lies in the image."""
    description: Description | None = None
    """What the file is."""


class Feature(Section):
    """A feature view of a feature store that the model reads."""

    name: Label
    """Name of the feature view."""
    store: Label
    """Name of the feature store."""
    reference: Line
    """How the store names it."""
    snapshot: Line | None = None
    """Snapshot or version of the store's registry."""
    schema_sha256: Sha256 | None = None
    """SHA-256 of its schema."""

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        objections = Objections()
        for key, what in (("snapshot", "snapshot"), ("schema_sha256", "digest of its schema")):
            if getattr(self, key) is None:
                objections.add(
                    "TB1190",
                    f"the feature view {self.name!r} has no {what}, so that it may be another one tomorrow",
                    f"name it under '{key}', as the store's registry has it",
                    "name",
                )
        objections.settle()
        return self


class Schemas(Section):
    """JSON Schema files of what the model takes and gives."""

    input: Confined | None = None
    """Schema of a request, relative to the spec."""
    output: Confined | None = None
    """Schema of an answer, relative to the spec."""


class Dataset(Section):
    """A data set from which the model came."""

    name: Label
    """Name of the data set."""
    version: Version | None = None
    """Version of the data set."""
    uri: Line | None = None
    """Where it is; it is never fetched."""
    sha256: Sha256 | None = None
    """SHA-256 of the data set as one file."""
    licence: Line | None = None
    """SPDX expression of its licence."""
    description: Description | None = None
    """What it holds."""


class Lineage(Section):
    """A model from which this one was made."""

    name: Label
    """Name of the other model."""
    relation: Literal["adapter", "distilled", "finetuned", "merged", "quantized"]
    """How this one was made from it."""
    version: Version | None = None
    """Version of the other model."""
    uri: Line | None = None
    """Where it is; it is never fetched."""
    sha256: Sha256 | None = None
    """SHA-256 of it as one file."""
    supplier: Line | None = None
    """Who published it."""
    licence: Line | None = None
    """SPDX expression of its licence."""


class Metric(Section):
    """One measured quality of the model."""

    name: Label
    """Name of the metric."""
    value: float
    """Value that was measured."""
    dataset: Label | None = None
    """Data set on which it was measured."""
    slice: Line | None = None
    """Part of the data set."""


class Card(Section):
    """The model card."""

    summary: Description
    """The model in a few sentences."""
    intended_use: Several[Description] = ()
    """What the model is for."""
    limitations: Several[Description] = ()
    """What it cannot do."""
    ethical: Several[Description] = ()
    """Ethical considerations."""
    metrics: Several[Metric] = ()
    """How well it does."""


class Model(Section):
    """The trained model."""

    family: Label
    """Family of the model, such as gradient-boosting; chooses templates."""
    version: Version
    """Version of the trained model."""
    artifacts: Several[Artifact] = ()
    """Files of the model; each becomes a layer of its own."""
    features: Several[Feature] = ()
    """Feature views that it reads."""
    preprocessing: Several[Step] = ()
    """Steps between a request and the model."""
    schemas: Schemas = Field(default_factory=Schemas)
    """What it takes and gives."""
    datasets: Several[Dataset] = ()
    """Data from which it came."""
    lineage: Several[Lineage] | None = None
    """Models from which it was made."""
    licence: Line | None = None
    """SPDX expression of the licence of the model as a whole."""
    hyperparameters: JsonObject = Field(default_factory=FrozenMapping)
    """Hyper-parameters of its training: any JSON."""
    card: Card | None = None
    """The model card."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        objections = Objections()
        objections.repeated("artifact", (artifact.name for artifact in self.artifacts), "artifacts", key="name")
        objections.repeated("target", (artifact.target for artifact in self.artifacts), "artifacts", key="target")
        objections.repeated("feature", (feature.name for feature in self.features), "features", key="name")
        objections.repeated("step", (step.name for step in self.preprocessing), "preprocessing", key="name")
        objections.repeated("dataset", (dataset.name for dataset in self.datasets), "datasets", key="name")
        objections.repeated("model", (model.name for model in self.lineage or ()), "lineage", key="name")
        objections.settle()
        return self
