"""What a result depends on besides the config: versions, the BLAS, the machine."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_info

import mnist_softmax
from mnist_softmax.runs.summary import Environment


def environment() -> Environment:
    """Versions of what computes, the BLAS libraries with their threads, and the processor."""
    return {
        "mnist_softmax": mnist_softmax.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "blas": [
            {
                key: library[key]
                for key in ("internal_api", "version", "architecture", "num_threads")
                if key in library
            }
            for library in sorted(
                threadpool_info(), key=lambda library: (library["internal_api"], library["version"] or "")
            )
            if library["user_api"] == "blas"
        ],
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


@cache
def arithmetic() -> str:
    """What rounds the last digits: NumPy and SciPy, and the kernel that each BLAS has chosen for this processor."""
    found = environment()
    kernels = [
        " ".join(str(each.get(key)) for key in ("internal_api", "version", "architecture"))
        for each in found["blas"]
    ]
    return ", ".join([f"NumPy {found['numpy']}", f"SciPy {found['scipy']}", *dict.fromkeys(kernels)])


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
        return names[0]
    except (OSError, IndexError):
        return platform.processor()
