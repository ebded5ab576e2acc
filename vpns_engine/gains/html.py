"""The report as one HTML file: nothing is loaded from elsewhere, light or dark as the reader's system is."""

import base64
import io
from collections.abc import Iterator
from html import escape

import numpy as np

from vpns_engine.artifacts import FloatArray, read_array
from vpns_engine.errors import EngineError
from vpns_engine.gains.page import NOT_MEASURED, Bar, Chart, Group, Page, Section, Table
from vpns_engine.gains.states import State
from vpns_engine.store import RunStore

_STYLE = """
:root { --ground: #ffffff; --text: #1c2128; --muted: #575f6b; --line: #c3c8d0; --row: #f3f4f6; --own: #0063a8;
  --before: #b4bac4; --prompted: #c24e00; --warning: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ground: #16191e; --text: #e8eaed; --muted: #a9b1bd; --line: #454d59;
  --row: #1f2329; --own: #5cb3ee; --before: #545d6a; --prompted: #f5a03c; --warning: #e9b44c; } }
html { color-scheme: light dark; }
body { background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
.muted { color: var(--muted); font-size: .9rem; }
.warning { color: var(--warning); font-weight: 600; }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; }
.tiles div { flex: 1 1 9rem; border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .7rem; }
.tiles span { display: block; color: var(--muted); font-size: .85rem; }
.tiles b { font-size: 1.15rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .7rem; text-align: left; white-space: nowrap; }
th { border-bottom: 1px solid var(--line); }
.n { text-align: right; }
tbody tr:nth-child(even) { background: var(--row); }
tr.strong { font-weight: 600; }
svg { max-width: 100%; height: auto; display: block; }
svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
.pruned { fill: var(--own); }
.prompted { fill: var(--prompted); }
.dense { fill: var(--before); }
.spread { stroke: var(--text); stroke-width: 1.5; }
figure { margin: 1rem 0; }
"""
_WIDTH, _LABEL, _BAR, _ROW, _TITLE, _WORDS = 860, 150, 520, 20, 24, 14
_PICTURE_PX = 288


def html_of(page: Page, prompt: FloatArray | None = None) -> str:
    """Write the report as an HTML file.

    Args:
        page: the report.
        prompt: what the prompt adds, shape (3, C, C), in units of pixel value; None without a prompt.
    """
    return "\n".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Gains: {escape(page.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
            f"<h1>What it gains</h1>\n<p>{escape(page.title)}<br>{escape(page.state)}</p>",
            f'<p class="muted">{escape(page.measured or NOT_MEASURED)}</p>',
            *(f'<p class="warning">{escape(warning)}</p>' for warning in page.warnings),
            _headlines(page),
            *_sayings(page),
            *(part for section in page.sections for part in _section(section)),
            *_prompt(prompt),
            "</body>\n</html>\n",
        )
    )


def _headlines(page: Page) -> str:
    tiles = (
        f"<div><span>{escape(one.title)}</span><b>{escape(one.value)}</b><span>{escape(one.words)}</span></div>"
        for one in page.headlines
    )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _sayings(page: Page) -> Iterator[str]:
    for saying in page.sayings:
        sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in saying.sentences)
        yield f"<h2>{escape(saying.title)}</h2>\n<ul>{sentences}</ul>"


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{escape(section.title)}</h2>"
    if section.missing:
        yield f'<p class="muted">{NOT_MEASURED}: {escape(section.missing)}</p>'
    yield from map(_table, section.tables)
    if section.chart is not None:
        yield _chart(section.chart)


def _table(table: Table) -> str:
    rows = []
    for number, cells in enumerate(table.rows):
        strong = " class=strong" if number in table.strong else ""
        rows.append(f"<tr{strong}>{_row(table, cells, 'td')}</tr>")
    head = f"<thead><tr>{_row(table, table.columns, 'th')}</tr></thead>"
    body = "<tbody>\n" + "\n".join(rows) + "\n</tbody>"
    note = f'<p class="muted">{escape(table.note)}</p>' if table.note else ""
    name = escape(table.title)
    return f'<h3>{name}</h3>\n<div class="wide"><table aria-label="{name}">{head}\n{body}</table></div>\n{note}'


def _row(table: Table, cells: tuple[str, ...], tag: str) -> str:
    kinds = (" class=n" if number >= table.first_number else "" for number in range(len(cells)))
    return "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))


def _chart(chart: Chart) -> str:
    height, parts = 4, list[str]()
    for group in chart.groups:
        height = _line(group, height, parts) if chart.compact else _block(group, height, parts)
    inside, title = "\n".join(parts), escape(chart.title)
    return (
        f'<figure><figcaption class="muted">{title}</figcaption>\n<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" aria-label="{title}">\n{inside}\n</svg></figure>'
    )


def _block(group: Group, y: int, parts: list[str]) -> int:
    """Draw a heading with bars below it; gives where it ends."""
    parts.append(f'<text x="0" y="{y + _WORDS}" font-weight="600">{escape(group.label)}</text>')
    y += _TITLE
    for bar in group.bars:
        parts += _bar(bar, y, _full(group))
        y += _ROW
    return y + 8


def _line(group: Group, y: int, parts: list[str]) -> int:
    """Draw one line, its bars over one another; gives where it ends."""
    left, full = 2 * _LABEL, _full(group)
    parts.append(f'<text x="{left - 8}" y="{y + _WORDS}" text-anchor="end">{escape(group.label)}</text>')
    for place, bar in enumerate(group.bars):
        width = max(1.0, round((_BAR - _LABEL) * min(1.0, bar.value / full), 2))
        thin = 3 + 3 * place
        parts.append(f'<rect class="{bar.kind}" x="{left}" y="{y + thin}" width="{width}" height="{_ROW - 2 * thin}"/>')
    words = " of ".join(bar.words for bar in reversed(group.bars))
    longest = max((bar.value for bar in group.bars), default=0.0)
    end = left + (_BAR - _LABEL) * min(1.0, longest / full)
    parts.append(f'<text x="{end + 8:.1f}" y="{y + _WORDS}">{escape(words)}</text>')
    return y + _ROW


def _full(group: Group) -> float:
    return group.full or max((max(bar.value, bar.high or 0.0) for bar in group.bars), default=1.0) or 1.0


def _bar(bar: Bar, y: int, full: float) -> Iterator[str]:
    def x(value: float) -> float:
        return round(_LABEL + _BAR * min(1.0, value / full), 2)

    yield f'<text x="{_LABEL - 8}" y="{y + _WORDS}" text-anchor="end">{escape(bar.label)}</text>'
    yield f'<rect class="{bar.kind}" x="{_LABEL}" y="{y + 3}" width="{max(1.0, x(bar.value) - _LABEL)}" height="{_ROW - 6}"/>'
    end = x(bar.value)
    if bar.low is not None and bar.high is not None:
        middle, end = y + _ROW / 2, max(end, x(bar.high))
        yield f'<path class="spread" d="M{x(bar.low)} {middle}H{x(bar.high)}M{x(bar.low)} {y + 6}v8M{x(bar.high)} {y + 6}v8"/>'
    yield f'<text x="{end + 8}" y="{y + _WORDS}">{escape(bar.words)}</text>'


def _prompt(added: FloatArray | None) -> Iterator[str]:
    from PIL import Image  # only here: the window reads this module before it is on screen

    if added is None:
        return
    bound = float(np.abs(added).max()) or 1.0
    levels = np.rint(127.5 + 127.5 * (added / bound)).astype(np.uint8).transpose(1, 2, 0)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(levels)).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    side = added.shape[-1]
    yield "<h2>The prompt</h2>"
    yield (
        f'<svg viewBox="0 0 {side} {side}" width="{_PICTURE_PX}" height="{_PICTURE_PX}" role="img" '
        'aria-label="The learned prompt">'
        f'<image href="data:image/png;base64,{data}" width="{side}" height="{side}" style="image-rendering: pixelated"/></svg>'
    )
    yield (
        f'<p class="muted">Amplified: middle grey adds nothing, full white adds {bound * 255:.3g} of 255 levels, full black '
        f"takes as much away. {side} x {side} px.</p>"
    )


def prompt_of(store: RunStore, state: State) -> FloatArray | None:
    """Read what the prompt of a saved state adds, shape (3, C, C); None where there is none, or it cannot be read."""
    if not store.config.uses_prompt:
        return None
    try:
        added = read_array(store.path(state.saved.state_path), "prompt/added")
    except EngineError:  # whoever shows the run says what is damaged
        return None
    canvas = store.config.prompt.canvas
    usable = added.shape == (3, canvas, canvas) and added.dtype == np.float32 and bool(np.isfinite(added).all())
    return added if usable else None
