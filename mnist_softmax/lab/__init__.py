"""The lab: one HTML page in which the question a_j - y_j can be dragged, drawn and trained.

`ms.lab(...)` is the function build.lab. The room has the same name, so it can be called, too: who has imported it
before finds it in the function's place.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from mnist_softmax.lab.build import lab

        return lab(*args, **options)


sys.modules[__name__].__class__ = _Room
