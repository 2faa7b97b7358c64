# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D keypoints of the people that a lifter is meant for, without any 3D."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.fileio import exists
from mmengine.logging import print_log
from torch import Tensor

from mmposeaug.fileio import join_root
from mmposeaug.geometry import flip_keypoints, normalize_keypoints, projected_size
from mmposeaug.structures import Skeleton

from . import images
from .keypoints_2d import ALL_VIDEOS, Keypoints2D, build_keypoint_map, load_keypoints

MIN_SIZE = 0.1
"""float: Smallest summed length of a person's bones in the image, whose width is 2. People of
Human3.6M have about 1.5 at 5 m."""


@dataclass(frozen=True)
class TargetKeypoints:
    """Unpaired 2D keypoints of M people, normalised by their image's width.

    Args:
        keypoints_norm (Tensor): Of shape (M, J, 2); the image's width spans [-1, 1].
        flip_indices (tuple[int, ...]): For each joint its mirror partner.
    """

    keypoints_norm: Tensor
    flip_indices: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.keypoints_norm)

    def to(self, device: torch.device | str) -> TargetKeypoints:
        """Return the same keypoints on a device."""
        return TargetKeypoints(self.keypoints_norm.to(device), self.flip_indices)

    def draw(self, count: int, generator: torch.Generator, flip_prob: float = 0.0) -> Tensor:
        """Draw people with replacement: normalised keypoints (count, J, 2).

        A share ``flip_prob`` of them is mirrored; the generator is on the keypoints' device.
        """
        device = self.keypoints_norm.device
        index = torch.randint(len(self), (count,), generator=generator, device=device)
        drawn = self.keypoints_norm[index]
        if flip_prob <= 0:
            return drawn
        # the middle of the image is 0, as if it were no pixel wide
        mirrored = flip_keypoints(drawn, drawn.new_zeros(()), self.flip_indices)
        chosen = torch.rand(count, 1, 1, generator=generator, device=device) < flip_prob
        return torch.where(chosen, mirrored, drawn)


def load_target_keypoints(
    file: str | os.PathLike | Sequence[str | os.PathLike],
    skeleton: Skeleton,
    data_root: str | None = None,
    keypoint_set: str | os.PathLike | None = None,
    image_size: Sequence[float] | None = None,
    min_score: float = 0.3,
    pad_portrait: bool = False,
    file_format: str = 'auto',
    annotations: str | os.PathLike | None = None,
    video_id: int | str | None = ALL_VIDEOS,
) -> TargetKeypoints:
    """Read 2D keypoints of the target domain.

    People of whom a joint was not found with ``min_score``, who reach out of their image or are
    tiny in it (:data:`MIN_SIZE`) are left out; a line of the log says how many.

    Args:
        file (str | PathLike | Sequence): One or more files of the formats that
            :func:`mmposeaug.datasets.keypoints_2d.load_keypoints` reads; COCO's among them.
        skeleton (Skeleton): The joints to make of them.
        data_root (str, optional): Folder of relative paths. Defaults to none.
        keypoint_set (str | PathLike, optional): Which keypoints the files hold, or a JSON file
            that says what each joint is made of (see
            :func:`mmposeaug.datasets.keypoints_2d.build_keypoint_map`). Defaults to None: the
            files' own names.
        image_size (Sequence[float], optional): Width and height of the images in pixels, for
            files that do not tell them. Defaults to None.
        min_score (float): Smallest score of a joint that counts as found. Defaults to 0.3.
        pad_portrait (bool): Whether images that are higher than wide count as padded to squares,
            as :class:`mmposeaug.datasets.MocapDataset` does it. Defaults to False.
        file_format (str): As for ``load_keypoints``. Defaults to ``'auto'``.
        annotations (str | PathLike, optional): As for ``load_keypoints``.
        video_id (int | str, optional): The same. Defaults to all videos.

    Returns:
        TargetKeypoints: The people, on the CPU.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file or option cannot be used, most people reach out of their images, or
            nobody is left.
    """
    files = [file] if isinstance(file, (str, os.PathLike)) else file
    _check_options(files, data_root, keypoint_set, image_size, min_score, pad_portrait)
    parts = []
    for each in files:
        path = join_root(os.fspath(each), data_root)
        if not exists(path):
            raise FileNotFoundError(
                f'The target_2d.file {path!r} does not exist; give the path of a file '
                'of 2D keypoints.'
            )
        people = load_keypoints(path, file_format, annotations, video_id)
        for notice in people.notices:
            print_log(f'target_2d: {notice}', logger='current', level=30)
        joints, sizes = _whole_people(people, skeleton, keypoint_set, image_size, min_score)
        parts.append(_in_image(people, joints, sizes, skeleton, pad_portrait))
    keypoints = torch.cat(parts)
    if not len(keypoints):
        raise ValueError(
            f'target_2d: of nobody in {", ".join(map(str, files))} all {skeleton.num_joints} '
            f'joints were found with a score of {min_score} or more; lower min_score, or give '
            'files with whole people.'
        )
    return TargetKeypoints(keypoints, tuple(skeleton.flip_indices))


OPTIONS = tuple(
    name for name in inspect.signature(load_target_keypoints).parameters if name != 'skeleton'
)
"""tuple[str]: What ``train_cfg.target_2d`` may hold."""


def _check_options(
    files: Any,
    data_root: Any,
    keypoint_set: Any,
    image_size: Any,
    min_score: Any,
    pad_portrait: Any,
) -> None:
    paths = isinstance(files, Sequence) and all(isinstance(f, (str, os.PathLike)) for f in files)
    if not paths or not files:
        raise ValueError(
            f'target_2d.file is {files!r}; give the path of a file, or a list of them.'
        )
    for name, value in dict(data_root=data_root, keypoint_set=keypoint_set).items():
        if value is not None and not isinstance(value, (str, os.PathLike)):
            raise ValueError(f'target_2d.{name} is {value!r}; give a text, or leave it out.')
    if not _is_number(min_score) or not 0 < min_score <= 1:
        raise ValueError(f'target_2d.min_score is {min_score!r}; give a score above 0, up to 1.')
    if not isinstance(pad_portrait, bool):
        raise ValueError(f'target_2d.pad_portrait is {pad_portrait!r}; give True or False.')
    if image_size is not None and not (
        isinstance(image_size, Sequence)
        and len(image_size) == 2
        and all(_is_number(value) and value > 0 for value in image_size)
    ):
        raise ValueError(
            f'target_2d.image_size is {image_size!r}; give width and height in pixels, above 0.'
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole_people(
    people: Keypoints2D,
    skeleton: Skeleton,
    keypoint_set: str | os.PathLike | None,
    image_size: Sequence[float] | None,
    min_score: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Joints (M, J, 2) of the whole people of a file, and their images' sizes (M, 2), pixels."""
    names = keypoint_set if keypoint_set is not None else people.joint_names
    if names is None:
        raise ValueError(
            f'{people.source} does not say which {people.num_keypoints} keypoints it holds; set '
            "target_2d.keypoint_set, such as 'coco'."
        )
    joints, scores = build_keypoint_map(names, skeleton)(people.keypoints_px, people.scores)
    whole = (scores >= min_score).all(1)
    sizes = np.array(
        [people.image_sizes.get(int(frame), image_size or (0, 0)) for frame in people.frames],
        np.float32,
    )
    if (sizes[whole] <= 0).any():
        raise ValueError(
            f'{people.source} does not tell the size of its images; set '
            'target_2d.image_size=(width, height) in pixels.'
        )
    return joints[whole], sizes[whole]


def _in_image(
    people: Keypoints2D,
    joints: np.ndarray,
    sizes: np.ndarray,
    skeleton: Skeleton,
    pad_portrait: bool,
) -> Tensor:
    """Normalised joints of the people who are inside of their images and not tiny; says who is."""
    inside = ((joints >= 0) & (joints <= sizes[:, None])).all((1, 2))
    if len(joints) and inside.mean() < 0.5:
        raise ValueError(
            f'{len(joints) - inside.sum()} of the {len(joints)} whole people of {people.source} '
            f'reach out of their images of {sizes[0, 0]:g} x {sizes[0, 1]:g} pixels; give the '
            'target_2d.image_size in which the keypoints were detected.'
        )
    upright = (sizes[:, 1] > sizes[:, 0]) & inside
    if pad_portrait:
        joints, sizes = images.pad_portrait(joints, sizes)
    elif upright.any():
        print_log(
            f'target_2d: {upright.sum()} people of {people.source} are in portrait images, and '
            'larger in them than the training set has them; pad_portrait=True makes these square.',
            logger='current',
            level=30,
        )
    keypoints = normalize_keypoints(torch.from_numpy(joints), torch.from_numpy(sizes))
    kept = torch.from_numpy(inside) & (projected_size(keypoints, skeleton) >= MIN_SIZE)
    print_log(
        f'target_2d: {int(kept.sum())} of {len(people)} people of {people.source} are used; of '
        f'{len(people) - len(joints)} a joint is missing, {len(joints) - inside.sum()} reach out '
        f'of the image, {int(inside.sum() - kept.sum())} are tiny.',
        logger='current',
    )
    return keypoints[kept]
