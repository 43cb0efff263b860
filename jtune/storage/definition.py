"""What a generation is a study of: the cell, its search space, its objectives, its inputs."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jtune.language import marks
from jtune.language.conditions import Condition
from jtune.language.space import Parameter, Space


@dataclass(frozen=True)
class Goal:
    """An objective.

    Parameters
    ----------
    direction : {"minimize", "maximize"}
    label : str
        What the user calls it: the name, or the expression, that is marked or typed on the magic line.
    """

    direction: marks.Direction
    label: str


@dataclass(frozen=True)
class Definition:
    """What a generation is a study of.

    Parameters
    ----------
    name : str
    space : Space
    objectives : tuple of Goal
    identity : str
        Digest of the code with its literals masked.
    inputs : dict of str to (str or None)
        Fingerprints of the names that the cell reads.
    header : str
        What stands above the cell's own source: the magic line.
    source : str
        The cell as typed, below the magic line.
    spans : sequence of (int, int)
        Where each parameter's literal stands in ``source``.
    cell : str
        The notebook's id of the cell; empty where there is none.
    """

    name: str
    space: Space
    objectives: tuple[Goal, ...]
    identity: str
    inputs: dict[str, str | None]
    header: str
    source: str
    spans: tuple[tuple[int, int], ...]
    cell: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "version": 1,
            "name": self.name,
            "parameters": [_parameter_to_json(parameter) for parameter in self.space],
            "objectives": [asdict(goal) for goal in self.objectives],
            "identity": self.identity,
            "inputs": self.inputs,
            "header": self.header,
            "source": self.source,
            "spans": self.spans,
            "cell": self.cell,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Definition:
        """Return what :meth:`to_json` wrote.

        Raises
        ------
        ValueError, KeyError, TypeError
            If the data are not of that form.
        """
        return cls(
            name=str(data["name"]),
            space=Space([_parameter_from_json(entry) for entry in data["parameters"]]),
            objectives=tuple(Goal(o["direction"], o["label"]) for o in data["objectives"]),
            identity=data["identity"],
            inputs=dict(data["inputs"]),
            header=data["header"],
            source=data["source"],
            spans=tuple((start, stop) for start, stop in data["spans"]),
            cell=str(data.get("cell", "")),
        )


def _parameter_to_json(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "domain": str(parameter.domain),
        "literal": repr(parameter.literal),
        "if": parameter.condition.text if parameter.condition else None,
        "if_at": parameter.condition.place if parameter.condition else None,
    }


def _parameter_from_json(entry: Mapping[str, Any]) -> Parameter:
    # Literals and conditions are parsed by whitelists: a file never runs code.
    literal = ast.literal_eval(entry["literal"])
    return Parameter(entry["name"], marks.read_domain(entry["domain"], literal), literal, _condition_from_json(entry))


def _condition_from_json(entry: Mapping[str, Any]) -> Condition | None:
    if entry["if"] is None:
        return None
    place = entry.get("if_at")  # 0.1.0 did not write it
    return Condition(entry["if"], is_stored=True, place=place and (int(place[0]), str(place[1]), int(place[2])))
