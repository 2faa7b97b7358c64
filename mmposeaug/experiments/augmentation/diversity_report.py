# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Tables and a figure of the diversity of real and augmented poses."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmposeaug.evaluation import format_table
from mmposeaug.fileio import atomic_write, save_json
from mmposeaug.structures import ViewedPoses
from mmposeaug.visualization import SERIES_COLORS, draw_distributions, save_png

from .diversity import NEAR_MM, NEAR_WIDTH

Row = Mapping[str, float]
Column = tuple[str, Callable[[Row], str]]

SPREAD: list[Column] = [
    ('poses apart (mm)', lambda row: f'{row["pose_mm"]:.0f}'),
    ('body size ± (%)', lambda row: f'{row["size_std"]:.1f}'),
    ('view spread', lambda row: f'{row["view_spread"]:.2f}'),
    ('views covered (%)', lambda row: f'{row["view_coverage"]:.0f}'),
    ('elevation (°)', lambda row: _range_of(row, 'elevation')),
    ('depth (m)', lambda row: f'{row["depth_low"]:.1f} to {row["depth_high"]:.1f}'),
    ('image covered (%)', lambda row: f'{row["image_coverage"]:.0f}'),
]
IMPLAUSIBLE: list[Column] = [
    ('overbent (%)', lambda row: f'{row["overbent"]:.2f}'),
    ('knees forward (%)', lambda row: f'{row["knees_forward"]:.2f}'),
    ('odd proportions (%)', lambda row: f'{row["odd_proportions"]:.1f}'),
]
COVERAGE: list[Column] = [
    ('nearest pose (mm)', lambda row: f'{row["nearest_pose"]:.0f}'),
    ('90 % below (mm)', lambda row: f'{row["nearest_pose_90"]:.0f}'),
    (f'within {NEAR_MM:g} mm (%)', lambda row: f'{row["near_pose"]:.0f}'),
    ('nearest 2D (% of width)', lambda row: f'{row["nearest_keypoints"]:.2f}'),
    ('90 % of 2D below', lambda row: f'{row["nearest_keypoints_90"]:.2f}'),
    (f'within {NEAR_WIDTH:g} % (%)', lambda row: f'{row["near_keypoints"]:.0f}'),
]
"""list: Columns of the tables: heading, and text of a row's numbers."""


def write_diversity(
    out: Path,
    rows: Mapping[str, Mapping[str, float]],
    sets: Mapping[str, ViewedPoses],
    target: tuple[str, ViewedPoses] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Write ``OUT.md``, ``OUT.csv``, ``OUT.json`` and ``OUT.png``.

    Args:
        out (Path): Path without an ending.
        rows (Mapping): Numbers by label, see :func:`measure_diversity`.
        sets (Mapping[str, ViewedPoses]): The poses that they are of, for the figure.
        target (tuple[str, ViewedPoses], optional): Name and poses of the target.
        notes (Sequence[str]): Paragraphs above the tables.

    Returns:
        str: The Markdown text.
    """
    shown = dict(sets)
    if target is not None:
        shown[f'Target: {target[0]}'] = target[1]
    lines = ['# How varied the training poses are', '', *[f'{note}\n' for note in notes]]
    lines += [_table(rows, SPREAD), '']
    if target is not None:
        lines += [f'Distance of the poses of {target[0]} to the nearest training pose:', '']
        lines += [_table(rows, COVERAGE), '']
    lines += ['Poses that no body can take, and bodies that nobody has:', '']
    if 'overbent' in next(iter(rows.values())):
        lines += [_table(rows, IMPLAUSIBLE), '']
    else:
        lines += ['not judged, since the skeleton is not known to be a human body.', '']
    lines += [f'![View points and positions of each set]({out.name}.png)', '']
    text = '\n'.join(lines)
    with atomic_write(f'{out}.md', 'w') as file:
        file.write(text)
    columns = list(next(iter(rows.values())))
    with atomic_write(f'{out}.csv', 'w') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['poses', *columns])
        writer.writerows([label, *(row[name] for name in columns)] for label, row in rows.items())
    save_json(f'{out}.json', dict(notes=list(notes), rows={k: dict(v) for k, v in rows.items()}))
    # the colours that random and learned augmentation have in other pictures
    colors = dict(Draw=SERIES_COLORS[3], Learned=SERIES_COLORS[2])
    save_png(
        draw_distributions(shown, 'View points and positions', colors, dpi=72),
        f'{out}.png',
        colors=64,
    )
    return text


def _range_of(row: Row, name: str) -> str:
    """A range in whole numbers; a dash where it was not measured."""
    if f'{name}_low' not in row:
        return '-'
    return f'{row[f"{name}_low"]:.0f} to {row[f"{name}_high"]:.0f}'


def _table(rows: Mapping[str, Row], columns: Sequence[Column]) -> str:
    cells = {label: {name: text(row) for name, text in columns} for label, row in rows.items()}
    return format_table('poses', cells)
