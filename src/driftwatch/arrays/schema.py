"""The vocabulary of features: how one is compared, and what a column physically holds (layer 1)."""

from __future__ import annotations

from enum import StrEnum

from driftwatch.errors import UnknownNameError

__all__ = ["UNTESTED", "FeatureKind", "Role", "Storage"]


class FeatureKind(StrEnum):
    """How a feature is compared. The last four are reported, not tested.

    An embedding is a block of numbers of which each row is one value; a joint feature is such a block that was made of
    several numeric features.
    """

    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"
    EMBEDDING = "embedding"
    JOINT = "joint"
    TIME = "time"
    TEXT = "text"
    IDENTIFIER = "identifier"
    UNSUPPORTED = "unsupported"

    @classmethod
    def parse(cls, value: str) -> FeatureKind:
        """Return the kind of that name.

        Raises
        ------
        UnknownNameError
            If there is none, or if it is "joint" or "unsupported", which nobody can ask for.
        """
        known = [kind.value for kind in cls if kind not in {cls.JOINT, cls.UNSUPPORTED}]
        if value not in known:
            raise UnknownNameError.from_names("feature kind", [str(value)], known)
        return cls(value)


class Role(StrEnum):
    """What a column is to the model. Weights and timestamps are not compared."""

    FEATURE = "feature"
    PREDICTION = "prediction"
    TARGET = "target"
    WEIGHT = "weight"
    TIMESTAMP = "timestamp"

    @classmethod
    def parse(cls, value: str) -> Role:
        """Return the role of that name.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        known = [role.value for role in cls]
        if value not in known:
            raise UnknownNameError.from_names("role", [str(value)], known)
        return cls(value)

    @property
    def is_compared(self) -> bool:
        """Whether columns of this role are compared for drift."""
        return self not in {Role.WEIGHT, Role.TIMESTAMP}


class Storage(StrEnum):
    """What a column physically holds, whatever library it came from."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    STRING = "string"
    TIME = "time"
    DURATION = "duration"
    VECTOR = "vector"
    NESTED = "nested"
    MIXED = "mixed"
    EMPTY = "empty"


UNTESTED: dict[FeatureKind, str] = {
    FeatureKind.TIME: "timestamps move on by definition; give a kind to test it all the same",
    FeatureKind.TEXT: "free text has no distribution of values to compare; give a kind to test it all the same",
    FeatureKind.IDENTIFIER: "identifiers are new in every row by definition; give a kind to test it all the same",
    FeatureKind.UNSUPPORTED: "values of this type are not compared",
}
