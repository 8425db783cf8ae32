"""``make readme``: what README prints and measures is written anew, from searches and surveys run here and now.

A block between ``<!-- NAME -->`` and ``<!-- end -->`` is replaced, and the pictures ``studies/*.svg``. The words of the findings are in this file and their
numbers are computed; a finding that the numbers no longer bear out ends the run instead of being written.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import sync_playwright
from plotly.offline import get_plotlyjs

import hpsearch
from hpsearch.figures.lesson import depths
from hpsearch.results.lesson import Lesson

ROOT = Path(__file__).parents[1]
HPSEARCH = Path(sys.executable).with_name("hpsearch")
EARLY = 16
"""Iterations at which the initial scale is looked at early in training."""


def printed(folder, *arguments):
    """What a command prints in 80 columns, as a block of text."""
    (folder / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())  # there the next commands are by make
    command = [HPSEARCH, *map(str, arguments), "--workers", "2"]
    environment = {"COLUMNS": "80", "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environment)
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def totals(survey, metric=None, **options):
    return survey.sensitivity(metric, **options).set_index("hyperparameter")["total_order"]


def must(holds, finding):
    if not holds:
        sys.exit(f"README says more than was measured here: {finding}")


def first_by_far(digits, cancer):
    d, c = totals(digits), totals(cancer)
    must(d.index[0] == c.index[0] == "learning_rate" and d.iloc[0] > 2 * d.iloc[1], "the learning rate first by far")
    return (
        "*The learning rate first by far* (Bengio 2012; Greff et al. 2017): agreed. Total index "
        f"{d['learning_rate']:.2f} on digits, {c['learning_rate']:.2f} on breast_cancer, where the next are `iterations` "
        f"({d['iterations']:.2f} and {c['iterations']:.2f}) and `momentum` ({d['momentum']:.2f} and {c['momentum']:.2f})."
    )


def through_the_rate(digits, step):
    table, pair = digits.sensitivity().set_index("hyperparameter"), digits.interactions().iloc[0]
    momentum = step.sensitivity().set_index("hyperparameter").loc["momentum"]
    must({pair["first"], pair["second"]} == {"learning_rate", "momentum"}, "the strongest interaction")
    must(momentum["verdict"] == "inert", "momentum is inert beside the effective step")
    return (
        '*Momentum acts through the learning rate*: agreed, against "virtually independent" settings (Greff et al. 2017, '
        f"other networks and ranges). Its first-order index is {table.loc['momentum', 'first_order']:.2f} of a total of "
        f"{table.loc['momentum', 'total_order']:.2f}, and learning_rate x momentum is the strongest interaction, "
        f"{pair['interaction']:.2f} [{pair['low']:.2f}, {pair['high']:.2f}]. In α/(1−μ), over 0.001 to 1 like α before, "
        f"momentum's total falls to {momentum['total_order']:.3f} (inert)."
    )


def weak(digits):
    d, error = totals(digits), digits.sensitivity("validation_error").set_index("hyperparameter")
    must(max(d["l2"], d["batch_size"]) < 0.1, "λ and batch size weak")
    return (
        f"*λ and batch size weak at this scale*: agreed for the validation loss ({d['l2']:.2f} and {d['batch_size']:.2f}); "
        f"for the validation error λ is called {error.loc['l2', 'verdict']}, and it has "
        f"{totals(digits, 'train_loss')['l2']:.2f} of the training loss. The budget is iterations, not examples (Shallue et "
        "al. 2019 on why that matters)."
    )


def seen_early(digits, best):
    early = max(t for t in digits.checkpoints if t <= EARLY)
    columns = ["total_order", "total_low", "total_high"]
    rows = [  # by rank: the loss before training is that of guessing but for a few rows, which would rule its variance
        digits.sensitivity(iteration=t, form="rank").set_index("hyperparameter").loc["init_scale", columns]
        for t in (0, early, None)
    ]
    must(all(a["total_low"] > b["total_high"] for a, b in pairwise(rows)), "the initial scale is seen early")
    first, second, end = (f"{total:.2f} [{low:.2f}, {high:.2f}]" for total, low, high in rows)
    cells = digits.effects()
    cells = cells[cells["hyperparameter"] == "init_scale"].reset_index(drop=True)
    lowest = cells.loc[cells["mean"].idxmin()]
    return (
        f"*The initial scale is seen early* (Glorot and Bengio 2010): agreed. Its index, of the ranks of losses, is {first} "
        f"before training, {second} after {early} iterations and {end} at the end. The mean over all other "
        f"settings is lowest for scales of {lowest['low']:.2g} to {lowest['high']:.2g}; the ten best of the search above, "
        f"whose other settings are tuned, lie at {best.min():.2g} to {best.max():.2g}."
    )


def luck(digits, cancer):
    must(totals(digits)["seed"] < 0.02 > totals(cancer)["seed"] - 0.02, "luck is little")
    return (
        f"*Luck is little*: the seed's index is {totals(digits)['seed']:.3f} on digits and {totals(cancer)['seed']:.3f} on "
        f"breast_cancer, but {totals(digits, 'best_tenth')['seed']:.2f} for being among the best tenth of digits."
    )


def findings(results):
    warnings.simplefilter("error", hpsearch.ConcentrationWarning)  # few rows make no finding
    digits, cancer, step = (
        hpsearch.load(name, results=results).survey
        for name in ("digits", "breast_cancer", "digits.effective_step.survey")
    )
    best = hpsearch.load("digits", results=results).trials.nsmallest(10, "value")["init_scale"]
    parts = [
        first_by_far(digits, cancer), through_the_rate(digits, step), weak(digits), seen_early(digits, best),
        luck(digits, cancer),
    ]  # fmt: skip
    return "\n".join(wrapped(part) for part in parts)


def picture(figure):
    """A figure as SVG, drawn by the browser that this machine has."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    must(browser, "its picture can be drawn: install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = opened.new_page()
        page.set_content("<div id='figure'></div>")
        page.add_script_tag(content=get_plotlyjs())
        drawn = page.evaluate(
            """async text => {
                const figure = JSON.parse(text), size = {width: 760, height: figure.layout.height};
                await Plotly.newPlot("figure", figure.data, {...figure.layout, ...size});
                return Plotly.toImage("figure", {format: "svg", ...size});
            }""",
            figure.to_json(),
        )
        opened.close()
    return unquote(drawn.removeprefix("data:image/svg+xml,"))


def wrapped(text, width=118):
    lines, line = [], "-"
    for word in text.split():
        if len(line) + 1 + len(word) > width:
            lines.append(line)
            line = " "
        line += f" {word}"
    return "\n".join([*lines, line])


def replaced(readme, name, text):
    before = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    must(len(before.findall(readme)) == 1, f"there is one block named {name!r}")
    return before.sub(lambda match: f"{match[1]}{text}\n{match[2]}", readme)


def main():
    path = ROOT / "README.md"
    readme = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "studies", folder / "studies")
        search = printed(folder, "search", "digits")
        survey = printed(folder, "survey", "digits")
        printed(folder, "survey", "breast_cancer")
        printed(folder, "survey", "digits", "--effective-step")
        readme = replaced(readme, "search", f"\n```text\n{search}\n```\n")
        readme = replaced(readme, "survey", f"\n```text\n{survey}\n```\n")
        measured = hpsearch.load("digits", results=folder / "results").plot.sensitivity()
        (ROOT / "studies" / "digits.svg").write_text(picture(measured) + "\n", encoding="utf-8")
        lesson = printed(folder, "lesson").rsplit("\n", 1)[0]  # without where the page is
        readme = replaced(readme, "lesson", f"\n```text\n{lesson}\n```\n")
        errors = Lesson(results=folder / "results").judgement("L4").tables["errors"]
        (ROOT / "studies" / "lesson.svg").write_text(picture(depths(errors)) + "\n", encoding="utf-8")
        readme = replaced(readme, "findings", f"\n{findings(folder / 'results')}\n")
    path.write_text(readme, encoding="utf-8")


if __name__ == "__main__":
    main()
