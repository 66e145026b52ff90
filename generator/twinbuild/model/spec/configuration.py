"""``configuration``: the knobs that operators may turn, the rules between them, and stages' values."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from twinbuild.model import knobs
from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.frozen import FrozenMapping, freeze
from twinbuild.model.spec.knob import Knob, shown
from twinbuild.model.spec.rules import RuleFault, Tree, compile_rule
from twinbuild.model.spec.values import Label, Line, check_stage

__all__ = ["Configuration", "Rule"]

_LARGEST: Final = 1 << 20  # bytes of all values of a ConfigMap


class Rule(Section):
    """A condition between knobs."""

    name: Label
    """Name of the rule."""
    rule: Line
    """Condition over the names of knobs that must hold, such as `batch_limit * 2 <= queue_length`."""
    message: Line
    """What to say where it does not."""


def _check_stages(value: object) -> FrozenMapping[FrozenMapping[object]]:
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "expected a mapping")
    errors: list[InitErrorDetails] = []
    stages: dict[str, FrozenMapping[object]] = {}
    for stage, values in value.items():
        problem = check_stage(stage)
        if problem is None and not isinstance(values, dict):
            problem = PydanticCustomError("dict_type", "expected a mapping of knobs to values")
        if problem is not None:
            errors.append({"type": problem, "loc": (stage,), "input": None})
            continue
        frozen = freeze(values)
        assert isinstance(frozen, FrozenMapping)
        stages[stage] = frozen
    if errors:
        raise ValidationError.from_exception_data("stages", errors, hide_input=True)
    return FrozenMapping(stages)


def _unfrozen(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


class Configuration(Section):
    """Knobs, the rules between them, and what each stage sets."""

    parameters: Several[Knob] = ()
    """The knobs."""
    rules: Several[Rule] = ()
    """Conditions between them."""
    stages: Annotated[
        FrozenMapping[FrozenMapping[object]],
        PlainValidator(_check_stages),
        BeforeValidator(_unfrozen),
        WithJsonSchema({"type": "object", "additionalProperties": {"type": "object"}}),
    ] = Field(default_factory=FrozenMapping)
    """Values of a stage by knob, where they are not the defaults."""
    artifacts: Literal["digest", "size"] = "digest"
    """How the entrypoint checks the model's artifacts: every byte, or their size alone where they are very large."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        objections.repeated("knob", (knob.name for knob in self.parameters), "parameters", key="name")
        objections.repeated("variable", (knob.variable for knob in self.parameters), "parameters", key="environment")
        objections.repeated("rule", (rule.name for rule in self.rules), "rules", key="name")
        for stage in ("", *self.stages):
            self._check_size(stage, objections)
        objections.settle()
        compiled: list[dict[str, Any]] = []
        for index, rule in enumerate(self.rules):
            try:
                compiled.append(
                    {"name": rule.name, "rule": rule.rule, "message": rule.message, "tree": self.tree(rule)}
                )
            except RuleFault as fault:
                objections.add("TB1140", fault.message, fault.hint, "rules", index, "rule")
                continue
            self._hold(compiled[-1:], {}, objections, "rules", index, "rule", stage="")
        for stage, values in self.stages.items():
            self._check_stage(stage, values, compiled, objections)
        objections.settle()
        return self

    def _check_size(self, stage: str, objections: Objections) -> None:
        """A ConfigMap takes no more."""
        size = sum(len(knobs.written(value).encode()) for value in self.values(stage).values())
        if size > _LARGEST:
            message = (
                f"the values {f'of stage {stage!r} ' if stage else ''}have {size} bytes, expected at most {_LARGEST}"
            )
            hint = "keep large texts in files of the application, or in artifacts of the model"
            objections.add("TB1147", message, hint, *(("stages", stage) if stage else ("parameters",)))

    def tree(self, rule: Rule) -> Tree:
        """The rule as the entrypoint evaluates it. Raises RuleFault, but not of a spec that is valid."""
        return compile_rule(rule.rule, {knob.name: (knob.type, tuple(knob.values)) for knob in self.parameters})

    def values(self, stage: str) -> dict[str, object]:
        """The value of every knob in a stage, by name; "": the defaults."""
        own: Mapping[str, object] = self.stages.get(stage, {})
        return {knob.name: own.get(knob.name, knob.default) for knob in self.parameters}

    def _check_stage(
        self, stage: str, values: FrozenMapping[object], rules: list[dict[str, Any]], objections: Objections
    ) -> None:
        known = {knob.name: knob for knob in self.parameters}
        right = True
        for name, value in values.items():
            wrong = self._wrong(known.get(name), name, value)
            if wrong is not None:
                objections.add("TB1143", *wrong, "stages", stage, name)
                right = False
        if right:
            self._hold(rules, values, objections, "stages", stage, stage=stage)

    @staticmethod
    def _wrong(knob: Knob | None, name: str, value: object) -> tuple[str, str] | None:
        if knob is None:
            return f"there is no knob {name[:80]!r}", "name one of 'parameters', or add it there"
        if not knob.has_type(value):
            return f"knob {name!r} is {shown(value)}, expected {knobs.span(knob.definition)}", "give it such a value"
        if knob.kind == "hyperparameter":
            return (
                f"knob {name!r} is a hyper-parameter, which no stage can change",
                "train another model, or take it out",
            )
        found = knobs.finding(knob.definition, knobs.written(value))[1]
        return (found[1], found[2]) if found is not None else None

    def _hold(
        self,
        rules: list[dict[str, Any]],
        values: Mapping[str, object],
        objections: Objections,
        *at: str | int,
        stage: str,
    ) -> None:
        """An objection for each rule that the values break."""
        document = {"parameters": [knob.definition for knob in self.parameters], "rules": rules}
        given = {name: knobs.written(value) for name, value in values.items()}
        for _, message, hint in knobs.check(document, given)[1]:
            where = f"in stage {stage!r}" if stage else "by default"
            objections.add("TB1141", f"{where}: {message}", hint, *at)
