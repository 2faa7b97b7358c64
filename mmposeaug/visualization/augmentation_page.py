# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One web page about an augmentation that opens without a network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from mmposeaug.structures import AugmentedSamples

from .interactive import example_figure
from .interactive_distributions import change_figure, place_figure, sphere_figure

_STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; } td, th { padding: 2px 12px; text-align: right; }
th { border-bottom: 1px solid #999; } td:first-child, th:first-child { text-align: left; }
select { font-size: 1em; margin-right: 1em; } .text { color: #555; }
"""

_SCRIPT = """
const texts = %s;
function show() {
  const example = +document.getElementById('example').value;
  const stage = +document.getElementById('stage').value;
  const ghost = document.getElementById('ghost').checked && stage > 0;
  const plot = document.getElementById('examples');
  const visible = plot.data.map(t => t.meta.example === example &&
    (t.meta.stage === stage || (ghost && t.meta.stage === -1)));
  Plotly.restyle(plot, {visible: visible});
  document.getElementById('text').textContent = texts[example][stage];
}
for (const id of ['example', 'stage', 'ghost']) {
  document.getElementById(id).addEventListener('change', show);
}
show();
"""


def augmentation_page(
    samples: AugmentedSamples,
    title: str,
    notes: Sequence[str],
    table: Sequence[Sequence[str]],
    examples: int = 8,
) -> str:
    """A page with examples, view points, places and changes to be turned and zoomed.

    It needs plotly, see :func:`mmposeaug.visualization.interactive.has_plotly`.
    """
    from plotly.offline import get_plotlyjs

    figure, texts = example_figure(samples, examples)
    # kinds of which nobody is in view cannot be drawn
    sets = {kind: poses for kind, poses in samples.visible().items() if len(poses)}
    parts = [
        f'<h1>{escape(title)}</h1>',
        *(f'<p class="text">{escape(note)}</p>' for note in notes),
        '<h2>Numbers</h2>',
        _table(table),
        '<h2>Examples</h2>',
        _selectors(list(samples.stages), len(texts)),
        _division(figure, 'examples'),
    ]
    if samples.skeleton.pelvis is not None and sets:
        parts += [
            '<h2>Where the camera is, as seen from the body</h2>',
            _division(sphere_figure(sets), 'sphere'),
        ]
    if 'real' in sets:
        parts += [
            '<h2>Where people stand: from above, and in the image</h2>',
            _division(place_figure(sets), 'place'),
        ]
    parts += [
        '<h2>How far bones turn, and how their lengths change</h2>',
        _division(change_figure(samples), 'changes'),
    ]
    content = json.dumps(texts).replace('<', '\\u003c')
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f'</title><style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body>\n'
        + '\n'.join(parts)
        + f'\n<script>{_SCRIPT % content}</script></body></html>\n'
    )


def _division(figure: Any, name: str) -> str:
    return figure.to_html(full_html=False, include_plotlyjs=False, div_id=name)


def _selectors(stages: Sequence[str], examples: int) -> str:
    def options(labels: Sequence[str], chosen: int) -> str:
        return ''.join(
            f'<option value="{i}"{" selected" if i == chosen else ""}>{escape(label)}</option>'
            for i, label in enumerate(labels)
        )

    numbers = [f'example {i + 1}' for i in range(examples)]
    return (
        f'<select id="example">{options(numbers, 0)}</select>'
        f'<select id="stage">{options(stages, len(stages) - 1)}</select>'
        '<label><input type="checkbox" id="ghost" checked> original in grey</label>'
        '<p class="text" id="text"></p>'
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    header, *body = rows
    lines = ['<tr>' + ''.join(f'<th>{escape(cell)}</th>' for cell in header) + '</tr>']
    lines += ['<tr>' + ''.join(f'<td>{escape(c)}</td>' for c in row) + '</tr>' for row in body]
    return '<table>' + ''.join(lines) + '</table>'
