"""Owns pictures of the terminal: what a command prints, as SVG, with its styles and nothing of the machine.

Does not own what is in them (``cli.server.command_pages``). The library's own export is ten times as large, and brings fonts from
the network.
"""

import io
from collections.abc import Callable
from html import escape

from rich.segment import Segment
from rich.text import Text

from jobmeter.base.terminal import Terminal

COLUMNS = 80
CHARACTER_WIDTH, LINE_HEIGHT, MARGIN = 8.4, 17, 12
# The colours 1 to 6 of a terminal; 9 to 14 are their bright ones.
COLOURS = ("#f07f88", "#98c379", "#e5c07b", "#6db8f2", "#d68fe8", "#62c5d1")
BRIGHT = 8
FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">
<title>{title}</title>
<style>text{{font:14px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#d7dae0}}.bold{{font-weight:700}}{colours}</style>
<rect width="100%" height="100%" rx="6" fill="#1e2127"/>
{lines}
</svg>
"""


def render_svg(print_to: Callable[[Terminal], None], *, title: str, columns: int = COLUMNS) -> str:
    """Returns the picture of what is printed to a terminal of so many columns."""
    console = Terminal(
        file=io.StringIO(), force_terminal=True, color_system="standard", width=columns, record=True
    )
    print_to(console)
    lines = Text.from_ansi(console.export_text(styles=True).rstrip()).split("\n")
    texts = [
        f'<text x="{MARGIN}" y="{MARGIN + LINE_HEIGHT * (number + 0.8):.0f}" textLength="{length * CHARACTER_WIDTH:.0f}">'
        f"{''.join(map(_render_segment, line.render(console)))}</text>"
        for number, line in enumerate(lines)
        if (length := line.cell_len)
    ]
    return FRAME.format(
        width=round(max(line.cell_len for line in lines) * CHARACTER_WIDTH + 2 * MARGIN),
        height=LINE_HEIGHT * len(lines) + 2 * MARGIN,
        title=escape(title),
        colours="".join(f".c{number}{{fill:{value}}}" for number, value in enumerate(COLOURS, start=1)),
        lines="\n".join(texts),
    )


def _render_segment(segment: Segment) -> str:
    text = escape(segment.text.rstrip("\n"), quote=False)
    style = segment.style
    names = [] if style is None else ["bold"] * bool(style.bold)
    number = style.color.number if style is not None and style.color is not None else None
    if number is not None and 0 < number % BRIGHT <= len(COLOURS):
        names.append(f"c{number % BRIGHT}")
    return f'<tspan class="{" ".join(names)}">{text}</tspan>' if names and text else text
