"""The report of a comparison: results.csv and .md, figures, and report.html, one file without outside requests."""

from __future__ import annotations

import jinja2
import numpy as np

from mnist_softmax.comparison import images, plots, tables
from mnist_softmax.comparison.comparison import Comparison, Facts, measured, what_counts
from mnist_softmax.comparison.mistakes import MISTAKES_OF_CONFIGS
from mnist_softmax.comparison.results import Results
from mnist_softmax.comparison.slowdown import SLOWDOWNS
from mnist_softmax.figures import COLOURS
from mnist_softmax.files import flat
from mnist_softmax.runs.answers import load_network
from mnist_softmax.runs.directory import RunDirectory

MOST_CURVES = 8  # of a sweep: the best by validation


def write_report(results: Results) -> None:
    """Write everything into the comparison's folder.

    Raises RunDirectoryError where something stored is damaged or nothing can be written.
    """
    comparison = results.comparison
    comparison.write("results.csv", tables.runs_csv(results))
    text = [*map(tables.markdown, tables.tables(results))]
    text.append("\n".join(f"- {tables.escaped(line)}" for line in tables.findings(results)))
    comparison.write("results.md", "\n\n".join(text) + "\n")
    pictures = _pictures(results)
    for picture in pictures:
        comparison.write(f"figures/{picture.name}.png", picture.png)
    comparison.write("report.html", _html(results, pictures))


def _pictures(results: Results) -> list[plots.Picture]:
    comparison = results.comparison
    ranked = [config for config in results.configs if config["finished"]]
    if comparison.kind == "sweep":
        ranked = sorted(ranked, key=lambda config: -config["final_validation_accuracy"]["mean"])[:MOST_CURVES]
    names = [config["name"] for config in ranked]
    histories = {name: [measured(place)[1] for _, place in comparison.finished_runs(name)] for name in names}
    pictures = [plots.accuracy_curves(histories), plots.cost_curves(histories)] if histories else []
    final = [pair for pair in results.pairs if pair["measure"] == "final_test_accuracy"]
    if final:
        pictures.append(plots.differences(final))
    slowdown = comparison.read_json("slowdown.json", SLOWDOWNS)
    if slowdown:
        pictures.append(plots.slowdown_curves(slowdown))
    return pictures


def _html(results: Results, pictures: list[plots.Picture]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mnist_softmax.comparison"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    machine = results.environment or {}
    return environment.get_template("report.html.j2").render(
        results=results,
        comparison=results.comparison,
        config_names=list(results.comparison.configs),
        tables=tables.tables(results),
        findings=tables.findings(results),
        failures=tables.failures(results),
        pictures=pictures,
        networks=_networks(results.comparison),
        keys=_differing_keys(results.comparison),
        machine={key: machine[key] for key in ("processor", "cores", "system") if key in machine},
        versions={key: machine[key] for key in ("mnist_softmax", "python", "numpy", "scipy") if key in machine},
        blas=machine.get("blas", []),
        palette=COLOURS,
    )


def _networks(comparison: Comparison) -> list[Facts]:
    """Of each config with a finished run: confusion, mistakes with their pictures, first-layer weights."""
    networks = []
    for name, stored in (comparison.read_json("exhibits.json", MISTAKES_OF_CONFIGS) or {}).items():
        if stored is None or name not in comparison.configs:
            continue
        place = RunDirectory(comparison.directory / "runs" / name / f"seed-{stored['seeds'][0]}")
        w = next(layer["w"] for layer in load_network(place).parameters.layers if layer).astype(float)
        confusion = np.array(stored["confusion"])
        networks.append(
            {
                "name": name,
                "seeds": stored["seeds"],
                "confusion": stored["confusion"],
                "most": max((confusion - np.diag(confusion.diagonal())).max(), 1),
                "mistakes": [each | {"picture": images.digit(each["pixels"])} for each in stored["mistakes"]],
                "weights": images.first_layer(w),
                "neurons": w.shape[1],
            }
        )
    return networks


def _differing_keys(comparison: Comparison) -> list[tuple[str, list[str]]]:
    """The keys in which the configs differ, with the value of each config."""
    contents = [flat(what_counts(settings)) for settings in comparison.configs.values()]
    keys = dict.fromkeys(key for each in contents for key in each)
    values = {key: [str(each.get(key, "-")) for each in contents] for key in keys}
    return [(key, each) for key, each in values.items() if len(set(each)) > 1]
