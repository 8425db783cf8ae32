"""How the settings of a study's tables are declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, ValidationError

from hpsearch.config.messages import ConfigError, Fault, problems, refusal

LARGEST_SEED = 2**32 - 1


def whole(default: int | None, low: int, high: int, description: str) -> Any:
    """A whole number within limits."""
    return ruled(default, f"a whole number from {low:,} to {high:,}", description, ge=low, le=high)


def ruled(default: Any, rule: str, description: str, **limits: Any) -> Any:
    """A setting whose rule is said in words where it is broken."""
    return Field(default, description=description, json_schema_extra={"rule": rule}, **limits)


def is_seed(value: object) -> bool:
    """Whether a value may be a seed of training."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_SEED


def unicode_text(text: str) -> str:
    """A text that is valid Unicode; else it is refused."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise refusal(Fault("has half a surrogate pair", text, "give valid Unicode text"))
    return text


Text = Annotated[StrictStr, AfterValidator(unicode_text)]


def plain(value: Any, *, depth: int = 6) -> Any:
    """A setting as TOML would give it: NumPy's numbers and arrays, and pandas' columns, as Python's own.

    >>> plain({"seeds": range(2)})
    {'seeds': [0, 1]}
    """
    if depth == 0:
        return value
    if isinstance(value, Mapping):
        return {key: plain(entry, depth=depth - 1) for key, entry in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(entry, depth=depth - 1) for entry in value]
    return value.tolist() if hasattr(value, "tolist") else value


class Table(BaseModel):
    """A table of settings: frozen, and no key but its own.

    Raises:
        ConfigError: if a setting cannot be used; with every problem found.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    if not TYPE_CHECKING:  # type checkers read the fields as the arguments

        def __init__(self, **settings: Any) -> None:
            try:
                super().__init__(**plain(settings))
            except ValidationError as error:
                raise ConfigError(type(self).__name__, problems(error, type(self))) from None

        # pydantic makes the tables within a table itself: one error tells the problems of all.
        __init__.__pydantic_base_init__ = True

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"settings stay as they are (given: {name}): make a changed study by config.with_overrides, as in "
            'config.with_overrides(**{"search.trials": 50})'
        )
