"""driftwatch watches what a production model eats and speaks up when something that matters has changed.

>>> import pyarrow as pa
>>> from driftwatch import compare
>>> compare(pa.table({"amount": [1.0, 2.0, 3.0]}), pa.table({"amount": [1.0, 2.0, 3.0]})).verdict.value
'ok'

A reference is a grid, a batch is counts on that grid, a statistic is a pure function of two count vectors.
The rooms, each importing only from those below it:

* `cli`, `daemon`: commands, and the process that watches;
* `app`: puts the real parts together; `config`: YAML to monitors;
* `jobs`: the only code that calls both pure rooms and edges;
* `sources`, `channels`, `triggers`, `store`: the edges, which never import each other; `net` below them;
* `retraining`, `incidents`: decisions, as values with a reason;
* `statistics`: one a file; `profiles`: grids, counts and what they are made from;
* `access`: who may do what;
* `errors`: everything that a user can mend.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftwatch.errors import DriftwatchError
    from driftwatch.jobs.compare import Options, compare, profile
    from driftwatch.jobs.comparison import ColumnComparison, Comparison

    __version__: str

__all__ = [
    "ColumnComparison",
    "Comparison",
    "DriftwatchError",
    "Options",
    "__version__",
    "compare",
    "profile",
]

# Imported when asked for: `import driftwatch` and `driftwatch --help` must not wait for numpy and Arrow.
_PLACES = {
    "ColumnComparison": "driftwatch.jobs.comparison",
    "Comparison": "driftwatch.jobs.comparison",
    "DriftwatchError": "driftwatch.errors",
    "Options": "driftwatch.jobs.compare",
    "compare": "driftwatch.jobs.compare",
    "profile": "driftwatch.jobs.compare",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("driftwatch")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
