"""The whole of ``release.yaml``."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from twinbuild.model.spec.artifacts import Model
from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.changes import check_changes
from twinbuild.model.spec.configuration import Configuration
from twinbuild.model.spec.configuring import check_knobs
from twinbuild.model.spec.dependencies import Dependencies
from twinbuild.model.spec.environment import Environment
from twinbuild.model.spec.extends import Extends
from twinbuild.model.spec.external import Secret, Service, check_secrets, check_services
from twinbuild.model.spec.indexes import check_indexes
from twinbuild.model.spec.licences import Licences
from twinbuild.model.spec.metadata import Metadata, Source
from twinbuild.model.spec.observability import Observability
from twinbuild.model.spec.publication import BuildOptions, Governance, Publish
from twinbuild.model.spec.rollout import Rollout
from twinbuild.model.spec.rollout_checks import check_rollout
from twinbuild.model.spec.serving import Serving
from twinbuild.model.spec.tests import Tests, check_tests
from twinbuild.model.spec.watching import check_watching

__all__ = ["API_VERSION", "ReleaseSpec"]

API_VERSION: Final = "twinbuild/v1"


class ReleaseSpec(Section):
    """A release of a model, as people write it down."""

    api_version: Annotated[Literal["twinbuild/v1"], Field(alias="apiVersion")]
    """Version of this format."""
    kind: Literal["Release"]
    """Kind of document."""
    extends: Extends | None = None
    """Template of a model family that it began with."""
    metadata: Metadata
    """What the release is called, and who owns it."""
    source: Source
    """Which files it is made from."""
    model: Model
    """The trained model."""
    environment: Environment
    """Operating system, Python, platforms and variants."""
    dependencies: Dependencies = Field(default_factory=Dependencies)
    """Python requirements."""
    configuration: Configuration = Field(default_factory=Configuration)
    """Knobs of the service."""
    serving: Serving
    """How the service runs."""
    tests: Tests = Field(default_factory=Tests)
    """What is tried on every built image."""
    rollout: Rollout = Field(default_factory=Rollout)
    """How a new version takes over."""
    observability: Observability = Field(default_factory=Observability)
    """What can be seen of the running service."""
    services: Several[Service] = ()
    """Other services that it asks."""
    secrets: Several[Secret] = ()
    """Where secrets are kept; never the secrets themselves."""
    publish: Publish = Field(default_factory=Publish)
    """Where the image goes."""
    governance: Governance = Field(default_factory=Governance)
    """Rules about the release itself."""
    build: BuildOptions = Field(default_factory=BuildOptions)
    """How the image is stored."""
    licences: Licences | None = Field(default=None, exclude_if=lambda value: value is None)
    """What people conclude of the licences of components."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        objections.repeated("service", (service.name for service in self.services), "services", key="name")
        objections.repeated("secret", (secret.name for secret in self.secrets), "secrets", key="name")
        known = {secret.name for secret in self.secrets}
        for index, service in enumerate(self.services):
            if service.authentication is not None and service.authentication.secret not in known:
                objections.add(
                    "TB1117",
                    f"service {service.name!r} names the secret {service.authentication.secret!r}, which is not there",
                    "add it to 'secrets', or name one that is there",
                    *("services", index, "authentication", "secret"),
                )
        check_knobs(
            self.configuration,
            objections,
            variables=frozenset(self.serving.environment),
            secrets=self.secrets,
            date=self.metadata.date,
            hyperparameters=self.model.hyperparameters,
            published=tuple(self.publish.repositories),
        )
        for index, artifact in enumerate(self.model.artifacts):
            if artifact.target == self.source.target:
                objections.add(
                    "TB1115",
                    f"artifact {artifact.name!r} lies at {artifact.target}, where the application is",
                    "give it a target of its own, such as /models/NAME",
                    *("model", "artifacts", index, "target"),
                )
        self._check_preprocessing(objections)
        check_indexes(self.environment.variants, self.dependencies.indexes, objections)
        check_watching(self.observability, self.serving, self.metadata.name, objections)
        variables = dict.fromkeys(self.serving.environment, "serving.environment")
        check_secrets(self.secrets, variables, objections)  # that of a knob is said of the knob
        variables |= {knob.variable: f"knob {knob.name!r}" for knob in self.configuration.parameters if knob.variable}
        check_services(self.services, self.tests, variables, objections)
        check_tests(
            self.tests,
            ports=tuple(port.name for port in self.serving.ports),
            variants=tuple(variant.name for variant in self.environment.variants),
            objections=objections,
        )
        golden = {each.name: each.expect for each in self.tests.golden}
        observability = self.observability
        levels = bool(golden) and "logs" in observability.model_fields_set and observability.logs.format != "text"
        check_changes(self.tests.changes, self.configuration, golden, objections, levels=levels)
        check_rollout(self, objections)
        objections.settle()
        return self

    def _check_preprocessing(self, objections: Objections) -> None:
        """A step that is no `module:attribute` must be a build step."""
        known = {step.name for step in self.environment.steps}
        for section in ("source", "model"):
            for index, step in enumerate(getattr(self, section).preprocessing):
                if ":" not in step.step and step.step not in known:
                    objections.add(
                        "TB1191",
                        f"the step {step.name!r} names the build step {step.step!r}, which environment.steps lacks",
                        "write module:attribute of the application, or name a build step that is there",
                        *(section, "preprocessing", index, "step"),
                    )
