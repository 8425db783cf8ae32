"""The command that measures how sensitive training is to each setting."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpsearch.cli.commands import (
    COMPILING,
    TIME_UP,
    DryRunOption,
    ResultsOption,
    StorageOption,
    TargetOption,
    WorkersOption,
    app,
    path_option,
)
from hpsearch.cli.endings import errors, told_warnings
from hpsearch.cli.lines import print_parts
from hpsearch.cli.machines import AddressOption, ExecutorOption, Place, TimeoutOption, Work, refuse
from hpsearch.cli.progress import storing_line, survey_words
from hpsearch.cli.stops import tell_stored

if TYPE_CHECKING:
    from hpsearch.cli.studies import NamedStudy
    from hpsearch.evaluation.evaluator import Evaluator
    from hpsearch.experiments.progress import TrainingProgress
    from hpsearch.sensitivity.analysis import Survey


@app.command("survey")
def survey_command(
    study: Annotated[
        str | None,
        typer.Argument(
            help="A name in [b]studies/[/b], such as digits, the path of a TOML, or a table: CSV or Parquet; with "
            "--function the survey's name.",
            show_default="digits",
        ),
    ] = None,
    base: Annotated[int | None, typer.Option(help="Rows in a block, a power of two, instead of the study's.")] = None,
    scrambles: Annotated[
        int | None, typer.Option(help="Number of independent designs, instead of the study's.")
    ] = None,
    workers: WorkersOption = 1,
    dummy: Annotated[bool, typer.Option("--dummy", help="Add a setting that does nothing, as a control.")] = False,
    second_order: Annotated[
        bool, typer.Option("--second-order", help="Also measure what pairs do alone: twice the trainings.")
    ] = False,
    effective_step: Annotated[
        bool, typer.Option("--effective-step", help="Survey α/(1−μ) instead of α, as a separate survey.")
    ] = False,
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    name: Annotated[str | None, typer.Option(help="Store the survey under the name of another study.")] = None,
    target: TargetOption = None,
    dry_run: DryRunOption = False,
    function: Annotated[
        str | None,
        typer.Option(help="Survey package.module:function instead; it is called with one setting, by keyword."),
    ] = None,
    space: Annotated[Path | None, path_option("With --function: TOML with the table \\[space].")] = None,
    until: Annotated[
        str | None,
        typer.Option(
            help="With --function: enlarge the design until all verdicts are decided ([b]decided[/b]), "
            "or all but this share."
        ),
    ] = None,
    processes: Annotated[
        bool, typer.Option("--processes", help="With --function: run the workers as processes.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="With --function: evaluate the failed rows again.")] = False,
    executor: ExecutorOption = None,
    address: AddressOption = None,
    timeout: TimeoutOption = None,
) -> None:
    """Measure by real trainings how sensitive training is to each setting, going on from what is stored.

    With --function any function of a space is surveyed instead of a study's training.

    Ctrl-C stops at any time, and --timeout ends it: finished trainings are kept, and the same command goes on.
    """
    from hpsearch.cli.functions import refuse_misplaced, survey_of_function
    from hpsearch.cli.studies import study_named

    with errors(study or ("digits" if function is None else "")):
        work = Work(workers, Place(storage, results), executor, address, timeout)
        sizes = {"base": base, "scrambles": scrambles, "dummy": dummy or None, "second_order": second_order or None}
        if function is not None:
            others = {"--effective-step": effective_step, "--target": target, "--dry-run": dry_run}
            if executor is not None:
                refuse({"--processes": processes or None}, beside="--executor")
            refuse_misplaced(others, "applies to a study alone: leave it out with --function")
            survey_of_function(
                function, space, work, name=name or study, until=until, processes=processes, retry=retry,
                sizes={key: value for key, value in sizes.items() if value is not None},
            )  # fmt: skip
            return
        own = {"--space": space, "--until": until, "--processes": processes, "--retry": retry}
        refuse_misplaced(own, "applies to the survey of a function alone: add --function package.module:function")
        named = study_named(study or "digits", target, work.place)
        sizes["effective_step"] = effective_step or None
        options = {f"survey.{key}": value for key, value in sizes.items()}
        named = replace(named, config=named.config.with_overrides(name=name, **options))
        _survey(named, study or "digits", work, dry_run=dry_run)


def _survey(named: NamedStudy, path: str, work: Work, *, dry_run: bool) -> None:
    """Survey a study, and show what it says; or say what a survey would take."""
    from hpsearch.cli.studies import announce, print_plan, survey_cost
    from hpsearch.engine.compilation import before_compiling
    from hpsearch.evaluation.deadlines import OutOfTimeError
    from hpsearch.evaluation.evaluator import Evaluator, load_data
    from hpsearch.experiments.surveys import survey_name
    from hpsearch.experiments.trainings import survey_study
    from hpsearch.storage.access import count_trials

    config, place = named.config, work.place
    stored = survey_name(config)
    line = storing_line(f"survey of {config.name}", survey_words, name=stored, rows="rows", place=place)
    try:
        with line as live, before_compiling(partial(live.say, COMPILING)):
            evaluator = Evaluator(config, load_data(config), checkpoint_count=config.survey.checkpoints)
            announce(named, evaluator, path)
            if dry_run:
                done = count_trials(stored, place.storage, results=place.results)
                print_plan(named, evaluator, survey_cost(evaluator, stored=done, workers=work.workers))
                return
            with work.executor():
                survey = survey_study(
                    evaluator.config, workers=work.workers, storage=place.storage, results=place.results,
                    dataset=evaluator.dataset, timeout=work.timeout, on_progress=live.show,
                )  # fmt: skip
    except OutOfTimeError:
        tell_stored(TIME_UP, name=stored, total=live.total, rows="rows", place=place)
        return
    _show(survey, live.last, evaluator, work)


def _show(survey: Survey, last: TrainingProgress, evaluator: Evaluator, work: Work) -> None:
    """Print what a survey says."""
    from hpsearch.report.survey import survey_report
    from hpsearch.storage.commands import options_for

    options = options_for(work.place.storage, work.place.results)
    with told_warnings():
        print_parts(survey_report(evaluator.config, survey, last, notes=evaluator.notes, options=options))
