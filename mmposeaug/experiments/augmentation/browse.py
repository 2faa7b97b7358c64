# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures, a page and numbers of what a config's augmentation makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mmposeaug.fileio import atomic_write, save_json
from mmposeaug.visualization import (
    KIND_LABELS,
    draw_augmentation,
    draw_changes,
    draw_distributions,
    save_png,
)
from mmposeaug.visualization.augmentation_page import augmentation_page
from mmposeaug.visualization.clip_animation import write_clips
from mmposeaug.visualization.interactive import has_plotly
from mmposeaug.visualization.motion import draw_motion
from mmposeaug.visualization.motion_values import motion_of

from .load import LoadedAugmentation
from .numbers import summarize_motion, summarize_samples

FILES = dict(
    examples='examples.png',
    distributions='distributions.png',
    changes='changes.png',
    motion='motion.png',
    clips='clips.gif',
    numbers='numbers.json',
    page='index.html',
)
"""dict[str, str]: Files that are written, by what they show."""
OF_CLIPS = ('motion', 'clips')
"""tuple[str]: Those of clips alone."""


def browse_augmentation(
    loaded: LoadedAugmentation,
    out_dir: Path,
    samples: int = 2000,
    examples: int = 4,
    seed: int = 0,
    title: str = 'Augmentation',
) -> dict[str, Path]:
    """Augment samples from all over the training data and draw what comes out.

    Args:
        loaded (LoadedAugmentation): The augmentation.
        out_dir (Path): Folder for the files.
        samples (int): How many samples, at most as many as there are. Defaults to 2000.
        examples (int): How many of them the gallery and the moving picture show; the page has
            twice as many. Defaults to 4.
        seed (int): Seed of the choice and of all draws. Defaults to 0.
        title (str): Title of the page. Defaults to ``'Augmentation'``.

    Returns:
        dict[str, Path]: The files by :data:`FILES`; no page without plotly, and those of clips
        only for samples of several frames.

    Raises:
        ValueError: If a number is too small.
    """
    for name, value, lowest in (('samples', samples, 2), ('examples', examples, 1)):
        if value < lowest:
            raise ValueError(f'The number of {name} is {value}; give {lowest} or more.')
    generator = torch.Generator().manual_seed(seed)
    index = torch.randperm(len(loaded.bank), generator=generator)[:samples]
    found = loaded.augmentation.collect(
        loaded.bank, index, loaded.batch_size, generator, loaded.adapter, clips=True
    )
    numbers = dict(summarize_samples(found), augmentor=loaded.origin, seed=seed)
    visible = {KIND_LABELS[kind]: poses for kind, poses in found.visible().items()}
    paths = {name: Path(out_dir, file) for name, file in FILES.items()}
    save_png(draw_augmentation(found, examples, title), paths['examples'])
    save_png(draw_distributions(visible, title), paths['distributions'])
    save_png(draw_changes(found, title), paths['changes'])
    if found.clips:
        motion = motion_of(found)
        numbers['motion'] = summarize_motion(motion)
        save_png(draw_motion(motion, f'Motion of clips: {title}'), paths['motion'])
        write_clips(found, paths['clips'], examples, title)
    else:
        paths = {name: path for name, path in paths.items() if name not in OF_CLIPS}
    save_json(paths['numbers'], numbers)
    if not has_plotly():
        del paths['page']
        return paths
    notes = [f'Made by {loaded.origin}. {len(found)} training samples, seed {seed}.']
    if loaded.adapter is not None:
        notes.append("Errors are those of the checkpoint's lifter, mean over the joints.")
    notes.append(
        'Distributions show people who are wholly in the image; click on a name in a legend to '
        'show or hide it.'
    )
    page = augmentation_page(found, title, notes, number_table(numbers), 2 * examples)
    with atomic_write(paths['page'], 'w') as file:
        file.write(page)
    return paths


def number_table(numbers: Mapping[str, Any]) -> list[list[str]]:
    """The main numbers, a row for each kind of poses."""
    header = ['', 'in view', 'depth (m)', 'elevation', 'bones turned', 'lifter error', 'hardness']
    rows = [header]
    for kind, values in numbers['kinds'].items():
        turns = [bone['mean'] for bone in values.get('turn_deg', {}).values() if bone]
        hardness = [
            f'{value:.2f} {name.replace("_", " ")}'
            for name, value in values.get('hardness', {}).items()
        ]
        rows.append(
            [
                KIND_LABELS[kind],
                f'{values["in_view"]:.0%}',
                _range(values.get('depth_m'), '.1f'),
                _range(values.get('elevation_deg'), '.0f', '°'),
                f'{sum(turns) / len(turns):.0f}° on average' if turns else '',
                f'{values["error_mm"]["mean"]:.0f} mm' if values.get('error_mm') else '',
                ', '.join(hardness),
            ]
        )
    return rows


def _range(quantity: Mapping[str, float] | None, form: str, unit: str = '') -> str:
    if quantity is None:
        return ''
    return f'{quantity["low"]:{form}} to {quantity["high"]:{form}}{unit}'
