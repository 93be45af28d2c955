"""Seconds that `import tfq` takes beside `import numpy`, each in a fresh Python, in turn.

    python benchmarks/import_cost.py [--rounds 30]

The start of Python is left out. Printed on 2026-11-21 on a busy machine: the milliseconds say nothing, the ratio does.

    numpy 2.4.6; 2 cores, x86_64, load 6.9
    statement         median  lower quartile  of import numpy
    pass             0.00 ms         0.00 ms             0.00
    import numpy  1188.50 ms      1055.76 ms             1.00
    import tfq      53.28 ms        43.31 ms             0.04
"""

from __future__ import annotations

import statistics
import subprocess
import sys

import common

STATEMENTS = ("pass", "import numpy", "import tfq")
HEADS = ("statement", "median", "lower quartile", "of import numpy")
TIMER = "import time; begin = time.perf_counter(); {}; print(time.perf_counter() - begin)"


def seconds(statement: str) -> float:
    """Of the statement alone, without the start of Python."""
    command = [sys.executable, "-c", TIMER.format(statement)]
    return float(subprocess.run(command, cwd=common.HERE.parent, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    arguments = common.parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=30)
    given = arguments.parse_args()
    common.print_versions("numpy")
    times: dict[str, list[float]] = {statement: [] for statement in STATEMENTS}
    for statement in STATEMENTS:
        seconds(statement)  # files into the cache, bytecode written
    for _ in range(given.rounds):
        for statement in STATEMENTS:
            times[statement].append(seconds(statement))
    numpy = statistics.median(times["import numpy"])
    rows = []
    for statement in STATEMENTS:
        low, middle, _ = statistics.quantiles(times[statement], n=4)
        rows.append([statement, f"{1e3 * middle:.2f} ms", f"{1e3 * low:.2f} ms", f"{middle / numpy:.2f}"])
    common.print_table(HEADS, rows)


if __name__ == "__main__":
    sys.exit(main())
