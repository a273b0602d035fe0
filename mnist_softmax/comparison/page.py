"""The report of a study: results.csv, .json and .md, figures, and report.html, one file without outside requests."""

from __future__ import annotations

from typing import Any

import jinja2
import numpy as np

from mnist_softmax.comparison import images, plots, tables
from mnist_softmax.comparison.comparison import Study
from mnist_softmax.comparison.results import results
from mnist_softmax.files import flat
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.training.history import History

Facts = dict[str, Any]
MOST_CURVES = 8  # of a sweep: the best by validation


def write_report(study: Study) -> Facts:
    """Write everything into the study's folder; gives the content of results.json.

    Raises RunDirectoryError where something stored is damaged or nothing can be written.
    """
    found = results(study)
    study.write_json("results.json", found)
    study.write("results.csv", tables.runs_csv(found).encode())
    listed = tables.tables(found)
    text = [*map(tables.markdown, listed), "\n".join(f"- {line}" for line in tables.finding(found))]
    study.write("results.md", ("\n\n".join(text) + "\n").encode())
    pictures = _pictures(study, found)
    for picture in pictures:
        study.write(f"figures/{picture.name}.png", picture.png)
    study.write("report.html", _html(study, found, listed, pictures).encode())
    return found


def _histories(study: Study, names: list[str]) -> dict[str, list[History]]:
    histories: dict[str, list[History]] = {name: [] for name in names}
    for (name, _), task in study.tasks().items():
        place = RunDirectory(task.directory)
        summary = place.read_summary() if name in histories else None
        if summary and summary["status"] == "finished":
            histories[name].append(place.read_metrics())
    return {name: each for name, each in histories.items() if each}


def _pictures(study: Study, found: Facts) -> list[plots.Picture]:
    ranked = [config for config in found["configs"] if config["finished"]]
    if study.kind == "sweep":
        ranked = sorted(ranked, key=lambda config: -config["final_validation_accuracy"]["mean"])[:MOST_CURVES]
    histories = _histories(study, [config["name"] for config in ranked])
    pictures = [plots.accuracy_curves(histories), plots.cost_curves(histories)] if histories else []
    final = [pair for pair in found.get("pairs", []) if pair["measure"] == "final_test_accuracy"]
    if final:
        pictures.append(plots.differences(final))
    slow = study.read_json("slowdown.json")
    if slow:
        pictures.append(plots.slowdown_curves(slow))
    return pictures


def _html(study: Study, found: Facts, listed: list[tables.Table], pictures: list[plots.Picture]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mnist_softmax.comparison"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    machine = found["environment"] or {}
    return environment.get_template("report.html.j2").render(
        found=found,
        tables=listed,
        finding=tables.finding(found),
        failures=tables.failures(found),
        pictures=pictures,
        exhibits=_exhibits(study),
        keys=_differing(study),
        config_names=list(study.configs),
        machine={key: machine[key] for key in ("processor", "cores", "system") if key in machine},
        versions={key: machine[key] for key in ("mnist_softmax", "python", "numpy", "scipy") if key in machine},
        blas=machine.get("blas", []),
        palette=plots.COLOURS,
    )


def _exhibits(study: Study) -> list[Facts]:
    """Of each config with a finished run: confusion, mistakes with their pictures, first-layer weights."""
    shown = []
    for name, stored in (study.read_json("exhibits.json") or {}).items():
        if stored is None or name not in study.configs:
            continue
        place = RunDirectory(study.directory / "runs" / name / f"seed-{stored['seeds'][0]}")
        with np.load(place.model, allow_pickle=False) as model:
            weights = images.first_layer(model["w1"].astype(float))
        confusion = stored["confusion"]
        mistakes = [mistake | {"picture": images.digit(mistake["pixels"])} for mistake in stored["mistakes"]]
        shown.append(
            {
                "name": name,
                "seeds": stored["seeds"],
                "confusion": confusion,
                "most": max(
                    (count for i, row in enumerate(confusion) for j, count in enumerate(row) if i != j),
                    default=0,
                )
                or 1,
                "mistakes": mistakes,
                "weights": weights,
                "neurons": study.configs[name].network.placed()[0].n_out,
            }
        )
    return shown


def _differing(study: Study) -> list[tuple[str, list[str]]]:
    """The keys in which the configs differ, with the value of each config."""
    flats = [flat(each.model_dump(mode="json", exclude={"seed", "output"})) for each in study.configs.values()]
    keys = dict.fromkeys(key for each in flats for key in each)
    values = {key: [str(each.get(key, "-")) for each in flats] for key in keys}
    return [(key, each) for key, each in values.items() if len(set(each)) > 1]
