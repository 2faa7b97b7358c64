# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures of what an augmentation does to poses, step by step."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from mmposeaug.geometry import body_axes
from mmposeaug.structures import AugmentedSamples, Skeleton

from .augmentation_values import length_change
from .gallery import KeypointPanel, Panel, PosePanel, draw_gallery


def choose_examples(samples: AugmentedSamples, count: int) -> list[int]:
    """The first samples that are in view at every stage, or simply the first."""
    seen = np.all(list(samples.in_view.values()), axis=0)
    return (np.flatnonzero(seen).tolist() or list(range(len(samples))))[:count]


def draw_augmentation(
    samples: AugmentedSamples, examples: int = 2, title: str = '', dpi: int = 80
) -> Figure:
    """Draw examples after each step of an augmentation, in 3D and in the image.

    Args:
        samples (AugmentedSamples): The samples.
        examples (int): How many are drawn, two rows each. Defaults to 2.
        title (str): Title of the picture.
        dpi (int): Pixels per inch. Defaults to 80.

    Returns:
        Figure: The figure.
    """
    chosen = choose_examples(samples, examples)
    rows: list[list[Panel]] = []
    for index in chosen:
        rows += _rows(samples, index)
    return draw_gallery(
        rows,
        samples.skeleton,
        list(samples.stages),
        ['3D, root at the origin', '2D, whole image'] * len(chosen),
        title=title,
        ghost_label='one step before',
        dpi=dpi,
    )


def _rows(samples: AugmentedSamples, index: int) -> list[list[Panel]]:
    """A row of 3D poses and one of 2D poses."""
    root = samples.skeleton.root
    above: list[Panel] = []
    below: list[Panel] = []
    before: np.ndarray | None = None
    before_px: np.ndarray | None = None
    for name, stage in samples.stages.items():
        pose, pixels = stage.pose_cam[index], stage.keypoints_px[index]
        relative = pose - pose[root]
        above.append(PosePanel(relative, describe_step(samples, name, index), before))
        width, height = stage.image_size[index].tolist()
        text = f'root {pose[root, 2]:.1f} m away'
        below.append(KeypointPanel(pixels, (width, height), text, None, before_px, True))
        before, before_px = relative, pixels
    return [above, below]


def describe_step(samples: AugmentedSamples, stage: str, index: int) -> str:
    """What a step changed in a sample, in words."""
    names = list(samples.stages)
    place = names.index(stage)
    if place == 0:
        return ''
    before, now = (samples.stages[name].pose_cam[index] for name in names[place - 1 : place + 1])
    skeleton = samples.skeleton
    if stage.endswith('camera'):
        cameras = [samples.stages[name].intrinsics[index] for name in names[place - 1 : place + 1]]
        width, height = samples.stages[stage].image_size[index]
        factor = cameras[1][0] / cameras[0][0]
        return f'focal length times {factor:.2f}, image {width:.0f} x {height:.0f}'
    if stage.endswith('bone angles'):
        turns = samples.turns_deg['learned' if 'learned' in samples.kinds else 'random'][index]
        return f'bones turned by {turns.mean():.0f}°, at most {turns.max():.0f}°'
    if stage.endswith('bone lengths'):
        change = 100 * length_change(before[None], now[None], skeleton)
        return f'lengths changed by {change.min():+.0f} to {change.max():+.0f} %'
    if stage.endswith('view and place'):
        angle = _rotation_deg(before, now, skeleton)
        return 'moved' if angle is None else f'turned by {angle:.0f}° and moved'
    return 'joints, body, view and place at random'


def _rotation_deg(before: np.ndarray, now: np.ndarray, skeleton: Skeleton) -> float | None:
    """Angle between a body and itself moved rigidly."""
    if skeleton.pelvis is None:
        return None
    first, second = (body_axes(torch.as_tensor(pose), skeleton).numpy() for pose in (before, now))
    cosine = (np.trace(first.T @ second) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
