"""Run the benchmarks: each `bench_NAME.py` here has a `run()` that returns figures.

python -m benchmarks [NAME] [--json]
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    return sorted(file.stem.removeprefix("bench_") for file in HERE.glob("bench_*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="./focalist bench")
    parser.add_argument("name", nargs="?", choices=names(), help="one benchmark alone")
    parser.add_argument("--json", action="store_true", help="one object on one line")
    options = parser.parse_args()

    figures: dict[str, float] = {}
    for name in [options.name] if options.name else names():
        print(f"{name} …", file=sys.stderr, flush=True)
        started = time.monotonic()
        found = importlib.import_module(f"benchmarks.bench_{name}").run()
        figures |= {f"{name}.{figure}": value for figure, value in found.items()}
        figures[f"{name}.seconds"] = round(time.monotonic() - started, 1)
    if options.json:
        print(json.dumps(figures))
    else:
        width = max(map(len, figures), default=0)
        for figure, value in figures.items():
            print(f"{figure:<{width}}  {value:>14,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
