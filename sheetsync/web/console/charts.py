"""Charts as SVG inside the page: drawn by pygal, coloured by our stylesheet, so they follow dark and light.

Pygal puts a style and a script into every drawing; both are taken out, for the pages allow nothing inline.
What a chart shows stands beside it as a table, for everybody who cannot or would rather not look.
"""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pygal
from markupsafe import Markup

# pygal finds its maps, of which we use none, by a hook of an older Python; failing imports would warn of it
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

WIDTH, HEIGHT = 560, 210
LINES = 4
"""Lines across a chart, about."""

_UNWANTED = ("defs", "script", "style", "title")


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart.

    Attributes:
        name: in the legend, and over the table's column.
        tone: name of its colour in the stylesheet.
        heights: how high the bars are; only for drawing, so they may have been rounded.
        words: the exact figures.
    """

    name: str
    tone: str
    heights: Sequence[float | None]
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and its table.

    Attributes:
        id: unique on the page.
        along: what stands along the axis.
        whole: it counts things, so no line stands for a half.
        labels: along the axis, short; ``names`` are those of the table.
    """

    id: str
    title: str
    along: str
    labels: Sequence[str]
    names: Sequence[str]
    series: Sequence[Series]
    whole: bool = False

    @property
    def svg(self) -> Markup:
        """The drawing."""
        return drawn(self)


def drawn(chart: Chart) -> Markup:
    """Return a chart of bars, stacked where there are several series."""
    several = len(chart.series) > 1
    kind: Callable[..., pygal.Graph] = pygal.StackedBar if several else pygal.Bar
    graph = kind(
        css=(),
        js=(),
        no_prefix=True,
        width=WIDTH,
        height=HEIGHT,
        margin=8,
        spacing=6,
        show_legend=False,
        print_values=False,
        value_formatter=_short,
    )
    graph.x_labels = list(chart.labels)
    graph.y_labels = ticks(chart)
    for series in chart.series:
        values = zip(series.heights, series.words, strict=True)
        graph.add(
            series.name,
            [None if height is None else {"value": height, "label": f"{word}"} for height, word in values],
        )
    root: ET.Element = graph.render_tree()
    _clean(root, chart)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - an XML tree: every text in it is escaped


def ticks(chart: Chart) -> list[float]:
    """Return round heights for lines: from the lowest bar or 0 to above the highest."""
    stacks = [[height or 0.0 for height in column] for column in zip(*_heights(chart), strict=True)]
    highest = max((sum(each for each in stack if each > 0) for stack in stacks), default=0.0)
    lowest = min((sum(each for each in stack if each < 0) for stack in stacks), default=0.0)
    step = round_step((highest - lowest) / LINES, smallest=1.0 if chart.whole else 0.0)
    first, last = math.floor(lowest / step), math.ceil(highest / step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def round_step(least: float, *, smallest: float) -> float:
    """Return 1, 2 or 5 times a power of ten, not under these."""
    wanted = max(least, smallest) or 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * (1 - 1e-9))


def _heights(chart: Chart) -> list[Sequence[float | None]]:
    return [series.heights for series in chart.series]


def _clean(root: ET.Element, chart: Chart) -> None:
    """Leave only shapes and texts, with classes for the stylesheet."""
    tones = [series.tone for series in chart.series]
    for parent in list(root.iter()):
        for child in list(parent):
            tag = str(child.tag).rpartition("}")[2]  # of a comment: a function
            unwanted = tag in _UNWANTED or tag.startswith("<")
            if unwanted or "overlay" in child.get("class", ""):
                parent.remove(child)
    for element in root.iter():
        element.attrib.pop("style", None)
        element.attrib.pop("id", None)
        words = element.get("class", "").split()
        number = next((int(word[6:]) for word in words if word.startswith("serie-")), None)
        if number is not None:
            element.set("class", f"series tone-{tones[number]}")
    for bar in [each for each in root.iter() if each.get("class") == "bar"]:
        _name(bar)
    root.set("class", "chart")
    root.set("aria-hidden", "true")  # the figure names it, and its table says what it shows
    root.set("focusable", "false")


def _name(bar: ET.Element) -> None:
    """Turn what pygal keeps for its script into the title that browsers show by themselves."""
    told = {each.get("class"): each.text or "" for each in bar if each.tag.endswith("desc")}
    for each in [each for each in bar if each.tag.endswith("desc")]:
        bar.remove(each)
    title = ET.SubElement(bar, "title")
    title.text = f"{told.get('x_label', '')}: {told.get('label', told.get('value', ''))}".strip(": ")


def _short(value: float) -> str:
    """Return a number on the axis: ``1.5k``."""
    for size, word in ((1_000_000, "M"), (1_000, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{word}"
    return f"{value:g}".replace("-", "−")
