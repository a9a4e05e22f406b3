"""Every benchmark still runs: with little, and without a look at the clock."""

from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, PAGE, Benchmark, begin, written

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda each: each.module)
def test_runs(benchmark: Benchmark) -> None:
    """It ends well, which it does not if a rival found something else than we did, and prints something."""
    assert benchmark.run(benchmark.small)


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda each: each.module)
def test_has_its_place(benchmark: Benchmark) -> None:
    """The page has a section for it, and a new one takes the old one's place."""
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    once = written(page, benchmark, "| a | b |")
    assert once == written(once, benchmark, "| a | b |")
    assert 1 == once.count(begin(benchmark.title))
    assert "| a | b |" in once
