"""Checks against a JSON schema, told as a person would: the key, what is wrong with it, the nearest one that exists."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import validator_for

from onectl.errors import OnectlError, UsageError


def check(values: Mapping[str, Any], schema: dict[str, Any], source: str) -> None:
    """Raise UsageError for what the schema refuses in `values`; `source` says where they were written."""
    validator_class = validator_for(schema)
    try:
        validator_class.check_schema(schema)
    except SchemaError as error:
        raise OnectlError(f"{source}: its schema is not a JSON schema: {error.message}") from error
    errors = list(validator_class(schema).iter_errors(values))
    # A key that does not exist explains the others: the one that was meant is missing.
    unknown = next((error for error in errors if error.validator == "additionalProperties"), None)
    worst = unknown or best_match(errors)
    if worst is not None:
        message, hint = explain(worst, schema)
        raise UsageError(f"{source}: {message}", hint)


def explain(error: ValidationError, schema: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong and what may be done about it."""
    key = _dotted(error)
    value = json.dumps(error.instance)
    meaning = str(_rules(error).get("description", ""))
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties":
        return _unknown(error, schema)
    if error.validator == "type":
        return f"{key} must be {wanted if isinstance(wanted, str) else ' or '.join(wanted)}, not {value}", meaning
    if error.validator == "required":
        missing = next(name for name in wanted if name not in cast(Mapping[str, Any], error.instance))
        rules = _rules(error).get("properties", {}).get(missing, {})
        return f"{_join(key, missing)} is required", str(rules.get("description", ""))
    if error.validator == "enum":
        return f"{key} must be one of {', '.join(map(json.dumps, wanted))}, not {value}", meaning
    return f"{key} can't be {value}", meaning or error.message


def _unknown(error: ValidationError, schema: Mapping[str, Any]) -> tuple[str, str]:
    known, written = _rules(error).get("properties", {}), cast(Mapping[str, Any], error.instance)
    stranger = _join(_dotted(error), next(name for name in written if name not in known))
    every = list(_keys(schema, ""))
    near = difflib.get_close_matches(stranger, every, n=1) or _same_end(stranger, every)
    return f"unknown key {stranger}", f"did you mean {near[0]}?" if near else f"keys here: {', '.join(sorted(known))}"


def _same_end(stranger: str, every: list[str]) -> list[str]:
    """A key that was written without, or with the wrong, maps before it: port for p2p.port."""
    ends = {key.rpartition(".")[2]: key for key in every}
    return [ends[end] for end in difflib.get_close_matches(stranger.rpartition(".")[2], ends, n=1)]


def _keys(schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, below in schema.get("properties", {}).items():
        yield _join(prefix, name)
        if isinstance(below, Mapping):
            yield from _keys(below, _join(prefix, name))


def _rules(error: ValidationError) -> Mapping[str, Any]:
    """The part of the schema that refused."""
    return error.schema if isinstance(error.schema, Mapping) else {}


def _dotted(error: ValidationError) -> str:
    return ".".join(map(str, error.absolute_path))


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
