"""How long imports of long files take, and how much memory: into a workbook, and straight into a plan.

Run: ``python -m benchmarks.imports --lines 100000``. Each command is a process of its own, as a person starts
it; the peak is that of its resident memory.
"""

import argparse
import csv
import tempfile
from pathlib import Path

from benchmarks.commands import Cost, run
from benchmarks.push_rate import CONFIG, server

SECRETS = {"PASSWORD": "abcd efgh ijkl mnop qrst uvwx"}


def prepare(folder: Path, address: str, lines: int) -> None:
    """Write the configuration and a file with a line for each user."""
    text = CONFIG.format(database_url="sqlite:///ledger.db", address=address, rate=10_000, parallel=16)
    (folder / "sheetsync.toml").write_text(text.replace("= 100000\n", "= 1000000\n"), encoding="utf-8")
    with (folder / "may.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user_id", "action", "amount", "reason", "reference"])
        for user in range(1, lines + 1):
            writer.writerow([user, "add", user % 97 + 1, "Promotion", f"May {user}"])


def measure(lines: int) -> dict[str, Cost]:
    """Pull, import into the tab, import the same again, and make a plan of it."""
    with (
        server(lines, latency_s=0) as address,
        tempfile.TemporaryDirectory(prefix="sheetsync-imports-") as name,
    ):
        folder = Path(name)
        prepare(folder, address, lines)
        results = ("--results", "out.csv")
        return {
            "pull": run(folder, "pull", "shop", env=SECRETS),
            "import --dry-run": run(folder, "import", "shop", "may.csv", "--dry-run", env=SECRETS),
            "import --plan": run(folder, "import", "shop", "may.csv", "--plan", *results, env=SECRETS),
            "import": run(folder, "import", "shop", "may.csv", *results, env=SECRETS),
            "import again": run(folder, "import", "shop", "may.csv", *results, env=SECRETS),
            "reconcile": run(folder, "reconcile", "shop", env=SECRETS),
            "statement": run(folder, "statement", "shop", env=SECRETS),
        }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000, help="lines of the file, and users")
    lines = parser.parse_args().lines
    print(f"| {lines:,} lines, a workbook of {lines:,} users | seconds | CPU s | peak MB | µs CPU a line |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, cost in measure(lines).items():
        each = 1e6 * cost.cpu_s / lines
        print(f"| `{name}` | {cost.seconds:.1f} | {cost.cpu_s:.1f} | {cost.peak_mb:.0f} | {each:.0f} |")


if __name__ == "__main__":
    main()
