"""Defaults of a study fitted to its data: what the study's file does not say may not be refused."""

from __future__ import annotations

from hpsearch.config.study import StudyConfig
from hpsearch.space import Choice, Dimension


def fitted(config: StudyConfig, examples: int) -> tuple[StudyConfig, str]:
    """A study whose default mini-batches are not above its training examples, and a note of that; "" if none is needed.

    What the user wrote stays as it is. Choices above the examples are left out; where fewer than two are left, all are
    halved until two are.

    >>> fitted(StudyConfig(name="x"), 100)[1]
    'batch_size: 16, 32, 64, 128, 256 by default, here 16, 32, 64, because the training split has 100 examples'
    """
    if "space" in config.model_fields_set and "batch_size" in config.space.model_fields_set:
        return config, ""
    default = config.space.batch_size
    if config.space.largest("batch_size") <= examples or not isinstance(default, Choice | int):
        return config, ""
    if isinstance(default, int):
        batch_size: Dimension | int = examples
    else:
        kept = sizes = [int(size) for size in default.choices]
        while len(kept := [size for size in sizes if size <= examples]) < 2 and max(sizes) > 1:
            sizes = sorted({max(size // 2, 1) for size in sizes})
        batch_size = Choice(tuple(kept)) if len(kept) > 1 else 1
    space = config.space.model_copy(update={"batch_size": batch_size})
    note = f"batch_size: {default} by default, here {batch_size}, because the training split has {examples:,} examples"
    return config.model_copy(update={"space": space}), note
