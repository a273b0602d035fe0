"""`mnist-softmax reproduce` and `scripts/reproduce.py`: the numbers and figures of the book, trained again."""

from __future__ import annotations

import argparse

from mnist_softmax.commands.options import user_path
from mnist_softmax.text import aligned

HELP = "reproduce experiments of the book (configs/book) and judge each number it prints"
USAGE = (
    "[ID ... | chapter1 | all | exercises] [--quick] [--seeds N] [--jobs N] [--output DIR] [--resume] "
    "[--recordings DIR] [--report DIR]"
)
TAKES_OVERRIDES = False
MOST_SEEDS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument(
        "ids", nargs="*", metavar="ID", help="such as ch3_overfit_1000, chapter1, all; none lists them"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a few epochs on a few images, in minutes; gives no verdict"
    )
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="runs for each number (as the config says, mostly 10)"
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (one a core)")
    parser.add_argument(
        "--output", default="runs/book", type=user_path, metavar="DIR", help="where runs go (runs/book)"
    )
    parser.add_argument("--resume", action="store_true", help="keep finished runs, go on with the others")
    parser.add_argument(
        "--recordings",
        type=user_path,
        metavar="DIR",
        help="compare replays with the author's own files in DIR, every epoch",
    )
    parser.add_argument(
        "--report",
        type=user_path,
        metavar="DIR",
        help="where results.md and figures go (the output directory); configs and a README.md beside it are renewed",
    )


def run(options: argparse.Namespace) -> int:
    """Train what is missing, judge, and show it."""
    from pathlib import Path

    from mnist_softmax.book import exercises, report, words
    from mnist_softmax.book.experiment import find_experiments
    from mnist_softmax.book.plan import Plan, standard_epochs
    from mnist_softmax.book.quick import show_quick
    from mnist_softmax.book.results import results
    from mnist_softmax.commands import console
    from mnist_softmax.commands.progress import RunsProgress
    from mnist_softmax.errors import ConfigError
    from mnist_softmax.runs.many import check_jobs

    if not options.ids:
        known = [
            (each.id, f"chapter {each.book.chapter}", each.book.title) for each in find_experiments(["all"])
        ]
        print("\n".join(aligned(known, left=3)))
        return 0
    if options.quick:
        return show_quick(find_experiments(options.ids))
    if options.seeds is not None and options.seeds < 1:
        raise ConfigError(f"--seeds {options.seeds}: expected at least 1")
    if options.seeds is not None and options.seeds > MOST_SEEDS:
        raise ConfigError(f"--seeds {options.seeds}: expected at most {MOST_SEEDS:,}")
    check_jobs(options.jobs)
    recordings = Path(options.recordings) if options.recordings else None
    if recordings and not recordings.is_dir():
        raise ConfigError(f"--recordings {recordings}: no such folder")
    output = Path(options.output)
    folder = Path(options.report) if options.report else output
    experiments = find_experiments(options.ids)
    if any(experiment.is_exercise for experiment in experiments):
        exercises.refuse_foreign(folder)
    if not all(experiment.is_exercise for experiment in experiments):
        report.refuse_foreign(folder)
    for experiment in experiments:
        least = max((claim.least_runs for claim in experiment.book.claims), default=1)
        if (options.seeds or experiment.book.seeds) < least:
            said = f"--seeds {options.seeds}" if options.seeds else f"{experiment.path}: book.seeds"
            raise ConfigError(f"{said}: expected at least {least}, for an interval")
    plan = Plan(experiments, output, options.seeds)
    tasks = plan.every_task()
    if not options.resume:
        plan.refuse_what_is_begun()
    several = "s" * (len(plan.experiments) != 1)
    print(f"{len(plan.experiments)} experiment{several}, {len(tasks)} runs in {output}", flush=True)
    progress = RunsProgress(len(tasks), round(sum(standard_epochs(task.settings) for task in tasks)))
    trained = False
    try:
        plan.train(options.jobs, progress.show)
        progress.close()
        trained = True
        evidence = plan.evidence(lambda text: print(text, flush=True))
        found = results(plan.experiments, evidence, recordings)
        print(f"\n{words.table(found)}", flush=True)
        answers = [result for result in found if "asks" in result]
        others = [result for result in found if "asks" not in result]
        written: dict[str, Path] = {}
        if answers:
            written["answers"] = exercises.write(answers, folder)
        if others:
            checkout = folder.parent if options.report else None
            written["report"] = report.write(others, plan, evidence, folder, checkout)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note("go on with the same command and --resume")
        raise
    except BrokenPipeError:  # nobody reads our output any more; the report is not to blame
        raise
    except Exception as error:
        if trained:
            raise console.runs_are_kept(error, "the same command with --resume") from error
        raise
    finally:
        progress.close()
    for what, path in written.items():
        print(f"\n{what}  {path}")
    return 0
