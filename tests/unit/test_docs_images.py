"""docs/images/demo.svg shows what the demo prints; made by: python -m tests.unit.test_docs_images."""

import contextlib
import io
import re
import tempfile
from html import unescape
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from sheetsync.cli.demo import run_demo
from sheetsync.cli.frame import Frame

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "demo.svg"
COLUMNS = 100
LEFT_OUT = ("6 ·", "Go on by hand")
"""Sections that repeat an earlier table or speak of what comes next."""

THEME = TerminalTheme(
    (23, 27, 34),
    (214, 219, 226),
    [
        (90, 98, 110),
        (244, 112, 103),
        (94, 190, 122),
        (226, 178, 83),
        (108, 166, 240),
        (196, 140, 236),
        (86, 190, 198),
        (214, 219, 226),
    ],
)
"""Background, foreground and the eight colours; each readable on the background."""

FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <!-- made by: python -m tests.unit.test_docs_images -->
    <style>
    .{unique_id}-matrix {{
        font-family: "Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace;
        font-size: {char_height}px;
        line-height: {line_height}px;
    }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial, sans-serif; }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""
"""Rich's own picture without fonts from the network."""

_COLOUR = r"(?:\x1b\[[0-9;]*m)*"


def demo(port: int) -> str:
    """Run the demo once in a folder of its own; return what it prints, with its colours."""
    printed = io.StringIO()
    out = Console(
        file=printed,
        force_terminal=True,
        color_system="standard",
        width=COLUMNS,
        highlight=False,
        soft_wrap=True,
    )
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        assert run_demo(Frame(out=out), folder=Path("sheetsync-demo"), port=port, once=True) == 0
    return printed.getvalue()


def shortened(printed: str) -> str:
    """Return the demo's story: some sections left out, the rest numbered on, and digests cut."""
    sections = re.split(rf"\n(?={_COLOUR}(?:\d ·|Go on by hand))", printed.strip("\n"))
    plain = [(section, Text.from_ansi(section).plain) for section in sections]
    kept = [section.strip("\n") for section, words in plain if not words.startswith(LEFT_OUT)]
    story = "\n\n".join(kept).replace("7 · Push again", "6 · Push again")
    return re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]+", r"\1…", story)


def picture(printed: str) -> str:
    """Return the picture of a terminal that shows this."""
    console = Console(
        record=True, file=io.StringIO(), width=COLUMNS, force_terminal=True, color_system="truecolor"
    )
    console.print(Text.from_ansi(f"\x1b[1m$ sheetsync demo --once\x1b[0m\n\n{printed}"))
    svg = console.export_svg(title="Sheetsync", theme=THEME, code_format=FORMAT, unique_id="demo")
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())


def words(svg: str) -> list[str]:
    """Return the picture's words without what differs from run to run: digests, times, the port."""
    texts = (unescape(text).replace("\xa0", " ").strip() for text in re.findall(r">([^<>]+)</text>", svg))
    changing = r"sha256:\w+|\d{4}-\d\d-\d\dT\S+|127\.0\.0\.1:\d+"
    return sorted(re.sub(changing, "~", text) for text in texts if text)


def test_picture_is_a_real_run() -> None:
    """Whoever changes what the demo prints makes the picture anew: python -m tests.unit.test_docs_images."""
    assert words(picture(shortened(demo(port=0)))) == words(PICTURE.read_text("utf-8"))


def test_picture_needs_nothing_from_elsewhere() -> None:
    """No scripts, fonts or pictures from the network."""
    svg = PICTURE.read_text("utf-8")
    assert not re.findall(r"<script|@font-face|@import|href|url\((?!#)", svg)


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(shortened(demo(port=8765))), "utf-8")
