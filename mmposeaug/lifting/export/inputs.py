# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What an exported lifter is given: names, shapes and meaning of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

import numpy as np
import torch

from mmposeaug.codecs import check_camera

from ..lifters import LoadedLifter

Dim = Union[int, str]

BATCH = 'batch'
"""str: Name of the dimension of the clips."""
FRAMES = 'frames'
"""str: Name of the dimension of the frames, where their number is free."""

_CHECKED_LENS = (0.1, 0.05, 0.0, 0.002, 0.002)
_CHECKED_SIZES = ((1000, 1002), (1920, 1080), (640, 480), (720, 1280))


@dataclass(frozen=True)
class InputSpec:
    """One input of the graph."""

    name: str
    shape: tuple[Dim, ...]
    meaning: str


@dataclass(frozen=True)
class ExportSettings:
    """What decides over the graph of a lifter.

    Args:
        image_size (tuple[int, int], optional): Width and height in pixels that are fixed in the
            graph. Defaults to None, an input.
        camera (tuple[float, ...], optional): Camera (9,) that is fixed in the graph: fx, fy, cx,
            cy, k1, k2, k3, p1, p2 in pixels. Defaults to None, an input.
    """

    lifter: LoadedLifter
    flip: bool = False
    image_size: tuple[int, int] | None = None
    camera: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        self._check_camera()
        if self.image_size is None:
            return
        if min(self.image_size) < 1:
            raise ValueError(f'image_size is {self.image_size}; give width and height in pixels.')
        if not self.needs_image_size:
            raise ValueError(
                f'image_size={self.image_size} changes nothing: this lifter takes pixels without '
                'the size of their image; leave it out.'
            )

    def _check_camera(self) -> None:
        if self.camera is None:
            return
        if not self.lifter.adapter.codec.needs_intrinsics:
            raise ValueError(
                'The camera changes nothing: the codec of this lifter needs none; leave it out.'
            )
        size = None if self.image_size is None else torch.tensor(self.image_size)
        check_camera(torch.tensor(self.camera, dtype=torch.float64), size)

    @property
    def needs_image_size(self) -> bool:
        """bool: Whether the pose depends on the image's size."""
        codec = self.lifter.adapter.codec
        return codec.needs_image_size or (self.flip and codec.flips_at_image)

    @property
    def max_frames(self) -> int:
        """int: Frames of a clip, or the most where their number is free."""
        lifter = self.lifter
        if lifter.adapter.target_frame != 'all':
            return lifter.num_frames
        # the place of each frame is learnt, up to the network's seq_len
        return int(lifter.cfg.model.backbone.get('seq_len', lifter.num_frames))

    @property
    def frames_are_free(self) -> bool:
        """bool: Whether clips may be shorter than :attr:`max_frames`."""
        return self.lifter.adapter.target_frame == 'all' and self.max_frames > 1

    @property
    def specs(self) -> tuple[InputSpec, ...]:
        """tuple[InputSpec]: The graph's inputs, in order."""
        codec = self.lifter.adapter.codec
        frames: Dim = FRAMES if self.frames_are_free else self.max_frames
        targets: Dim = frames if self.lifter.adapter.target_frame == 'all' else 1
        joints = self.lifter.skeleton.num_joints
        found = [
            InputSpec(
                'keypoints_px',
                (BATCH, frames, joints, 2),
                'keypoints in pixels, x to the right and y down from the upper left corner of '
                'the image, in the order of joint_names',
            )
        ]
        if self.needs_image_size and self.image_size is None:
            meaning = 'width and height of the image in pixels'
            found.append(InputSpec('image_size', (BATCH, 2), meaning))
        if codec.concat_vis:
            meaning = 'confidence of each keypoint, 0 to 1'
            found.append(InputSpec('scores', (BATCH, frames, joints), meaning))
        if codec.needs_intrinsics and self.camera is None:
            meaning = 'camera: fx, fy, cx, cy in pixels, distortion k1, k2, k3, p1, p2'
            found.append(InputSpec('intrinsics', (BATCH, 9), meaning))
        if codec.needs_root_depth:
            meaning = 'distance of the root along the optical axis in metres, of each frame'
            found.append(InputSpec('root_depth', (BATCH, targets), meaning))
        return tuple(found)


def draw_inputs(
    settings: ExportSettings, batch: int, frames: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Inputs such as a detector gives them: people of several sizes somewhere in the image."""
    sizes: Sequence[tuple[float, float]] = _CHECKED_SIZES
    if settings.image_size is not None:
        sizes = [settings.image_size]
    elif settings.camera is not None:  # whose centre is about the image's
        sizes = [(2 * settings.camera[2], 2 * settings.camera[3])]
    size = rng.choice(np.asarray(sizes, dtype=np.float64), batch)
    joints = settings.lifter.skeleton.num_joints
    centre = rng.uniform(0.2, 0.8, (batch, 1, 1, 2)) * size[:, None, None]
    height = rng.uniform(0.2, 0.9, (batch, 1, 1, 1)) * size[:, None, None, 1:]
    offset = rng.uniform(-0.5, 0.5, (batch, frames, joints, 2)) * height * [0.4, 1.0]
    focal = rng.uniform(0.9, 1.6, (batch, 1)) * size[:, :1]
    lens = rng.uniform(-1, 1, (batch, 5)) * _CHECKED_LENS
    camera = np.concatenate((focal, focal, size / 2, lens), axis=1)
    values = dict(
        keypoints_px=centre + offset,
        image_size=size,
        scores=rng.uniform(0.2, 1, (batch, frames, joints)),
        intrinsics=camera,
        root_depth=rng.uniform(2, 8, (batch, frames)),
    )
    found = {}
    for spec in settings.specs:
        value = values[spec.name]
        if spec.name == 'root_depth':
            value = value[:, : len(settings.lifter.adapter.target_indices(frames))]
        found[spec.name] = value.astype(np.float32)
    return found
