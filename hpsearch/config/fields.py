"""How the settings of a study's tables are declared."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

from hpsearch.config.messages import Fault, refusal

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


class Table(BaseModel):
    """A table of settings: frozen, and no key but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
