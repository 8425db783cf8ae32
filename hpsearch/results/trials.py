"""The tables of a study's trials, as they are now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hpsearch.results import frames
from hpsearch.results.names import ResultsError
from hpsearch.storage.internals import study_attributes
from hpsearch.storage.studies import CONFIG, fact

if TYPE_CHECKING:
    import optuna
    import pandas as pd


class TrialTables:
    """The tables that hold a study's trials, made again when trials have been added or have gone on since."""

    _study: optuna.Study
    _name: str
    _tables: tuple[object, dict[str, pd.DataFrame]] = (None, {})
    """The moment at which the tables were made, and those made since."""
    _survey_alone = ""
    """Name of the study that was asked for, where only its survey is there."""

    @property
    def study(self) -> optuna.Study:
        """The Optuna study.

        Raises:
            ResultsError: if it has been deleted from its storage.
        """
        try:
            study_attributes(self._study)  # its name alone may come from what Optuna keeps
        except KeyError:
            raise ResultsError(f"study {self._name!r} has been deleted from its storage since it was loaded") from None
        return self._study

    @property
    def ours(self) -> bool:
        """Whether this project made the study, so that its networks can be trained further."""
        return fact(self.study, CONFIG) is not None

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial; see :func:`hpsearch.results.frames.trials`."""
        return self._table_of(frames.trials)

    @property
    def curves(self) -> pd.DataFrame:
        """One row a trial, seed and checkpoint; see :func:`hpsearch.results.frames.curves`."""
        return self._table_of(frames.curves)

    @property
    def members(self) -> pd.DataFrame:
        """One row a trial and seed; see :func:`hpsearch.results.frames.members`."""
        return self._table_of(frames.members)

    def _table_of(self, read: Callable[[optuna.Study], pd.DataFrame]) -> pd.DataFrame:
        """A table of the trials as they are now, the caller's own: what is changed in it changes no other."""
        now = _moment(self.study)
        if self._tables[0] != now:
            self._tables = (now, {})
        tables = self._tables[1]
        if read.__name__ not in tables:
            tables[read.__name__] = read(self.study)
        return tables[read.__name__].copy(deep=False)  # pandas copies a column when one of the two is written

    def _check_searched(self) -> None:
        """Refuse a study whose trials no search has made."""
        if name := self._survey_alone:
            raise ResultsError(
                f"study {name!r} has not been searched yet, so no trial was chosen: hpsearch search {name}. "
                f"The rows of its survey are trials of {self.study.study_name!r}"
            )


def _moment(study: optuna.Study) -> object:
    """What changes whenever a trial comes, goes on or ends: a finished one changes no more."""
    stored = study.get_trials(deepcopy=False)
    going = [trial for trial in stored if not trial.state.is_finished()]
    return len(stored), [
        (t.number, t.state, len(t.params), len(t.user_attrs), len(t.system_attrs), dict(t.intermediate_values))
        for t in going
    ]
