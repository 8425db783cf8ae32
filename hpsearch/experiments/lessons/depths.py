"""L4: whether the scale that suits a shallow network suits a deep one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from hpsearch.config.messages import listed
from hpsearch.engine.activations import ACTIVATIONS
from hpsearch.experiments.lessons.judgement import ERROR, Interval, Judgement, Trainings, of_share, over_seeds, select
from hpsearch.experiments.lessons.layers import sizes
from hpsearch.experiments.tolerances import interval_columns

SMALL = "scale 0.01"
"""The scale of the lesson, and its name among the schemes."""

FAN_IN = ("xavier", "he")

_MARGIN = 0.05
"""Error that a scheme may lose and still be said to serve; one that loses more fails. A coin of ten sides has 0.9."""

_GROUP = ("activation", "depth", "scheme")
_PROBE = 256


def one_scale_for_every_depth(plain: Trainings, fan_in: Trainings) -> Judgement:
    """L4: 0.01 suits a shallow network and not a deep one, where fan-in scaling does.

    Args:
        plain: Of a study over ``depth``, ``activation``, ``init_scale`` and ``learning_rate``.
        fan_in: Of one over ``init`` (xavier and he) instead of ``init_scale``, on the same seeds.
    """
    tuned = pd.concat([_with_schemes(each) for each in (plain, fan_in)], ignore_index=True)
    parts = [_depth(part, plain.step) for _, part in tuned.groupby(["activation", "depth"])]
    errors = _in_order(pd.concat(parts, ignore_index=True))
    by_name = {name: select(errors, activation=name) for name in ACTIVATIONS if name in set(errors["activation"])}
    layers = _layers([plain, fan_in])
    good = [name for name, rows in by_name.items() if _bears_out(rows)]
    others = [name for name in by_name if name not in good]
    return Judgement(
        claim="L4",
        says="Scale 0.01 suits a shallow network but not a deep one; scaling by fan-in suits both.",
        holds=bool(good),
        decided=_decided(by_name[(good or others)[0]]),
        where=f"units are {listed(good, 'or')}" if others else "",
        evidence=[_words(by_name[name]) for name in [*good, *others]],
        tables={"errors": errors, "layers": layers},
        more=[*(_serving(rows) for rows in by_name.values()), *(_signals(layers, rows) for rows in by_name.values())],
    )


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """By activation as the engine lists them, then by depth, scales before fan-in schemes."""
    keys = [
        (ACTIVATIONS.index(activation), depth, scheme in FAN_IN, scheme)
        for activation, depth, scheme in rows[[*_GROUP]].itertuples(index=False)
    ]
    return rows.iloc[sorted(range(len(rows)), key=keys.__getitem__)].reset_index(drop=True)


def _with_schemes(trainings: Trainings) -> pd.DataFrame:
    """The ends of the trainings at their best α, with the name of how they began."""
    curves = trainings.curves
    scheme = curves["init"] if "init" in curves else curves["init_scale"].map("scale {:g}".format)
    return replace(trainings, curves=curves.assign(scheme=scheme)).tuned(_GROUP)


def _depth(rows: pd.DataFrame, step: float) -> pd.DataFrame:
    """A row a scheme: its error, and what it loses beside the scheme that is best at this depth, paired by seed.

    The best is that of the lowest mean on the same seeds, so the others seem a little worse than they are.
    """
    table = rows.pivot(index="scheme", columns="seed", values=ERROR)
    best = str(table.mean(axis=1).idxmin())
    lowest = table.loc[best]
    records: list[dict[str, Any]] = []
    for scheme, errors in table.iterrows():
        part = rows[rows["scheme"] == scheme].iloc[0]
        error, loss = of_share(errors), over_seeds(errors - lowest, step=step)
        loss = Interval(0.0, 0.0, 0.0) if scheme == best else loss
        records.append(
            {
                **{name: part[name] for name in _GROUP},
                "learning_rate": part["learning_rate"],
                "error": error.mean,
                "low": error.low,
                "high": error.high,
                **interval_columns("loss", loss),
                "serves": bool(loss.high < _MARGIN),
                "fails": bool(loss.low > _MARGIN),
                "best": scheme == best,
                "seeds": table.shape[1],
            }
        )
    return pd.DataFrame(records)


def _at(rows: pd.DataFrame, depth: int, scheme: str) -> pd.Series:
    return select(rows, depth=depth, scheme=scheme).iloc[0]


def _ends(rows: pd.DataFrame) -> tuple[int, int]:
    return int(rows["depth"].min()), int(rows["depth"].max())


def _fan_in(rows: pd.DataFrame) -> str:
    """The fan-in scheme with the lower error in the deepest network."""
    return min(FAN_IN, key=lambda scheme: float(_at(rows, _ends(rows)[1], scheme)["error"]))


def _bears_out(rows: pd.DataFrame) -> bool:
    """Whether 0.01 serves the shallow network and fails in the deep one, and a fan-in scheme serves both."""
    return not _lacking(rows)


def _lacking(rows: pd.DataFrame) -> str:
    """What the claim lacks: the first of its parts that is not shown; nothing if it is borne out."""
    (shallow, deep), fan_in = _ends(rows), _fan_in(rows)
    for depth, scheme, part in (
        (shallow, SMALL, "serves"), (deep, SMALL, "fails"), (shallow, fan_in, "serves"), (deep, fan_in, "serves"),
    ):  # fmt: skip
        row = _at(rows, depth, scheme)
        if not row[part]:
            words = "lose over {:g} points" if part == "fails" else "be within {:g} points of the best"
            loss = Interval.of(row, "loss", "loss_low", "loss_high").points
            return f"{depth} from {scheme} not shown to {words.format(100 * _MARGIN)} (loses {loss})"
    return ""


def _error(row: Mapping[Any, Any] | pd.Series) -> str:
    return Interval.of(row, "error").percent


def _decided(rows: pd.DataFrame) -> str:
    """An activation's errors from 0.01, and of the deep network from fan-in, in whole per cent; and what lacks."""
    shallow, deep = _ends(rows)
    places = ((shallow, SMALL), (deep, SMALL), (deep, _fan_in(rows)))
    a, b, c = (Interval.of(_at(rows, *place), "error").rounded for place in places)
    layers = f"{shallow} {rows['activation'].iat[0]} {'layers err' if shallow > 1 else 'layer errs'}"
    lacking = f"; {_lacking(rows)}" if _lacking(rows) else ""
    return f"{layers} in {a} from 0.01, {deep} in {b} ({_fan_in(rows)}: {c}){lacking}"


def _words(rows: pd.DataFrame) -> str:
    """An activation's errors, shallow and deep."""
    shallow, deep = _ends(rows)
    parts = []
    for scheme in (SMALL, _fan_in(rows)):
        a, b = _at(rows, shallow, scheme), _at(rows, deep, scheme)
        parts.append(f"from {scheme} {_error(a)} and {_error(b)}")
    best = rows[(rows["depth"] == deep) & rows["best"]].iloc[0]
    own = f"; best of {deep} layers: {best['scheme']}, {_error(best)}"
    own = "" if best["scheme"] in (SMALL, _fan_in(rows)) else own
    return f"{rows['activation'].iat[0]}, error with {shallow} and {deep} hidden layers: {', '.join(parts)}{own}."


def _serving(rows: pd.DataFrame) -> str:
    """Which schemes serve which depth."""
    parts = [
        f"{depth} from {listed([str(scheme) for scheme in part[part['serves']]['scheme']])}"
        for depth, part in rows.groupby("depth")
    ]
    return (
        f"{rows['activation'].iat[0]}, within {100 * _MARGIN:g} points of the best for so many hidden layers: "
        f"{'; '.join(parts)}."
    )


def _signals(layers: pd.DataFrame, errors: pd.DataFrame) -> str:
    """What reaches the last hidden layer and what comes back to the first, at iteration 0."""
    name, depth = errors["activation"].iat[0], _ends(errors)[1]
    parts = []
    for scheme in (SMALL, _fan_in(errors)):
        rows = select(layers, activation=name, scheme=scheme)
        forward = select(rows, quantity="activations", layer=depth)["size"].iat[0]
        back = select(rows, quantity="gradient", layer=1)["size"].iat[0]
        parts.append(f"{forward:.0e} and {back:.0e} from {scheme}")
    of = f"size of activations in hidden layer {depth} and of W1's gradient"
    return f"{name}, {of}, at iteration 0: {'; '.join(parts)}."


def _layers(studies: Sequence[Trainings]) -> pd.DataFrame:
    """Size of activations and gradients at iteration 0 in the deepest network, layer by layer.

    Returns:
        A row an activation, scheme and layer. Columns: activation, depth, scheme, layer, quantity ("activations" or
        "gradient"), size (geometric mean over seeds), low, high.
    """
    frames = [_sizes(each, row) for each in studies for row in _deepest(each).to_dict("records")]
    names, rows = [*_GROUP, "layer", "quantity"], []
    for keys, part in pd.concat(frames, ignore_index=True).dropna().groupby(names, sort=False):
        with np.errstate(divide="ignore"):
            logs = np.log(part["size"].to_numpy())
        ends = over_seeds(logs) if np.isfinite(logs).all() else Interval(-np.inf, -np.inf, -np.inf)
        rows.append(dict(zip(names, keys, strict=True)) | dict(zip(("size", "low", "high"), np.exp(ends), strict=True)))
    return _in_order(pd.DataFrame(rows))


def _deepest(trainings: Trainings) -> pd.DataFrame:
    """The deepest networks at their best α, whose beginning does not depend on it."""
    tuned = _with_schemes(trainings)
    return select(tuned, depth=tuned["depth"].max())


def _sizes(trainings: Trainings, row: Mapping[Any, Any]) -> pd.DataFrame:
    """A row a layer and quantity of a training at iteration 0."""
    train = trainings.evaluator.examples.train
    (network,) = trainings.networks(int(row["number"]), int(row["seed"]), [0])
    sized = sizes(network, train.inputs[:_PROBE], train.answers[:_PROBE]).rename(columns={"activation": "activations"})
    names = {name: row[name] for name in _GROUP}
    return sized.assign(**names).melt([*names, "layer"], ["activations", "gradient"], "quantity", "size")
