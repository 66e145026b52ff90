"""Knobs beside what other sections say: variables, hyper-parameters, the release's date, stages."""

from collections.abc import Mapping

from twinbuild.model.spec.base import Objections
from twinbuild.model.spec.configuration import Configuration
from twinbuild.model.spec.external import Secret
from twinbuild.model.spec.knob import Knob
from twinbuild.model.spec.values import epoch

__all__ = ["check_knobs"]


def check_knobs(
    configuration: Configuration,
    objections: Objections,
    *,
    variables: frozenset[str],
    secrets: tuple[Secret, ...],
    date: str,
    hyperparameters: Mapping[str, object],
    published: tuple[str, ...],
) -> None:
    """Objections from the root of a spec.

    ``variables`` are those of ``serving.environment``, ``secrets`` the spec's, ``date`` the release's, ``published``
    the stages that it is published to.
    """
    kept = {secret.variable: secret.name for secret in secrets if secret.variable is not None}
    for index, knob in enumerate(configuration.parameters):
        at = ("configuration", "parameters", index)
        if knob.variable is not None and knob.variable in variables:
            objections.add(
                "TB1115",
                f"the variable {knob.variable} is set by serving.environment and by knob {knob.name!r}",
                "take it out of serving.environment: the knob's default sets it",
                *(*at, "environment" if knob.environment is not None else "name"),
            )
        if knob.variable is not None and knob.variable in kept:
            objections.add(
                "TB1115",
                f"the variable {knob.variable} is secret {kept[knob.variable]!r} and sets knob {knob.name!r}",
                "choose another variable: a knob's value is shown, and stands in a ConfigMap",
                *(*at, "environment" if knob.environment is not None else "name"),
            )
        if knob.expires is not None and date != "commit" and epoch(knob.expires) < epoch(date):
            objections.add(
                "TB1145",
                f"the feature flag {knob.name!r} expired on {knob.expires}, before the release's date",
                "take the flag and the code behind it out, or agree on a later day",
                *(*at, "expires"),
            )
        if knob.kind == "hyperparameter":
            _check_hyperparameter(knob, hyperparameters, objections, *at, "default")
    for stage in configuration.stages:
        if published and stage not in published:
            objections.add(
                "TB1144",
                f"stage {stage!r} has values, but the release is published to {', '.join(published)}",
                "name a stage of publish.repositories, or add it there",
                *("configuration", "stages", stage),
            )


def _check_hyperparameter(
    knob: Knob, hyperparameters: Mapping[str, object], objections: Objections, *at: int | str
) -> None:
    trained = hyperparameters.get(knob.name)
    if trained != knob.default or type(trained) is not type(knob.default):
        found = "no such hyper-parameter" if trained is None else repr(trained)[:80]
        objections.add(
            "TB1146",
            f"knob {knob.name!r} says {knob.default!r}, but the model was trained with {found}",
            "give the value of model.hyperparameters",
            *at,
        )
