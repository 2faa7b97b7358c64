# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D key points of the people that a lifter is meant for, without any 3D."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.fileio import exists
from torch import Tensor

from mmposeaug.geometry import normalize_keypoints, projected_size
from mmposeaug.structures import Skeleton

from . import portrait
from .io import join_root
from .keypoints_2d import Keypoints2D, build_keypoint_map, load_keypoints


@dataclass(frozen=True)
class TargetKeypoints:
    """Unpaired 2D key points of M people, normalised by their image's width.

    Args:
        keypoints_norm (Tensor): Of shape (M, J, 2); the image's width spans [-1, 1].
        flip_indices (tuple[int, ...]): For each joint its mirror partner.
    """

    keypoints_norm: Tensor
    flip_indices: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.keypoints_norm)

    def to(self, device: torch.device | str) -> TargetKeypoints:
        """The same key points on a device.

        Args:
            device (torch.device | str): The device.

        Returns:
            TargetKeypoints: Key points there.
        """
        return TargetKeypoints(self.keypoints_norm.to(device), self.flip_indices)

    def draw(self, count: int, generator: torch.Generator, flip_prob: float = 0.0) -> Tensor:
        """People drawn with replacement.

        Args:
            count (int): How many.
            generator (torch.Generator): Source of the draw, on the key points' device.
            flip_prob (float): Share of them that is mirrored. Defaults to 0.

        Returns:
            Tensor: Normalised key points of shape (count, J, 2).
        """
        device = self.keypoints_norm.device
        index = torch.randint(len(self), (count,), generator=generator, device=device)
        drawn = self.keypoints_norm[index]
        if flip_prob <= 0:
            return drawn
        mirrored = drawn[:, list(self.flip_indices)] * drawn.new_tensor([-1.0, 1.0])
        chosen = torch.rand(count, 1, 1, generator=generator, device=device) < flip_prob
        return torch.where(chosen, mirrored, drawn)


def load_target_keypoints(
    file: str | os.PathLike | Sequence[str | os.PathLike],
    skeleton: Skeleton,
    data_root: str | None = None,
    keypoint_set: str | None = None,
    image_size: Sequence[float] | None = None,
    min_score: float = 0.3,
    pad_portrait: bool = False,
    **options: Any,
) -> TargetKeypoints:
    """Read 2D key points of the target domain.

    People of whom a joint was not found with ``min_score``, or whose joints all fall together, are
    left out.

    Args:
        file (str | PathLike | Sequence): One or more files of the formats that
            :func:`mmposeaug.datasets.keypoints_2d.load_keypoints` reads; COCO's among them.
        skeleton (Skeleton): The joints to make of them.
        data_root (str, optional): Folder of relative paths. Defaults to none.
        keypoint_set (str, optional): Which key points the files hold, or a JSON file that says
            what each joint is made of (see
            :func:`mmposeaug.datasets.keypoints_2d.build_keypoint_map`). Defaults to None: the
            files' own names.
        image_size (Sequence[float], optional): Width and height of the images in pixels, for
            files that do not tell them. Defaults to None.
        min_score (float): Smallest score of a joint that counts as found. Defaults to 0.3.
        pad_portrait (bool): Whether images that are higher than wide count as padded to squares,
            as :class:`mmposeaug.datasets.MocapDataset` does it. Defaults to False.
        **options (Any): Further options of ``load_keypoints``.

    Returns:
        TargetKeypoints: The people, on the CPU.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file or option cannot be used, or nobody is left.
    """
    if not isinstance(min_score, (int, float)) or not 0 < min_score <= 1:
        raise ValueError(f'target_2d.min_score is {min_score!r}; give a score above 0, up to 1.')
    if image_size is not None and not (
        len(image_size) == 2 and all(isinstance(v, (int, float)) and v > 0 for v in image_size)
    ):
        raise ValueError(
            f'target_2d.image_size is {image_size!r}; give width and height in pixels, above 0.'
        )
    files = [file] if isinstance(file, (str, os.PathLike)) else list(file)
    if not files:
        raise ValueError('target_2d.file names no file; give one, or a list of them.')
    parts = []
    for each in files:
        path = join_root(os.fspath(each), data_root)
        try:
            people = load_keypoints(path, **options)
        except FileNotFoundError:
            if exists(path):  # it is another one, such as that of the annotations
                raise
            raise FileNotFoundError(
                f'The target_2d.file {path!r} does not exist; give the path of a file of 2D key '
                'points.'
            ) from None
        joints, sizes = _whole_people(people, skeleton, keypoint_set, image_size, min_score)
        if pad_portrait:
            joints, sizes = portrait.pad_portrait(joints, sizes)
        keypoints = normalize_keypoints(torch.from_numpy(joints), torch.from_numpy(sizes))
        parts.append(keypoints[projected_size(keypoints, skeleton) > 0])
    keypoints = torch.cat(parts)
    if not len(keypoints):
        raise ValueError(
            f'target_2d: of nobody in {", ".join(map(str, files))} all {skeleton.num_joints} '
            f'joints were found with a score of {min_score} or more; lower min_score, or give '
            'files with whole people.'
        )
    return TargetKeypoints(keypoints, tuple(skeleton.flip_indices))


def _whole_people(
    people: Keypoints2D,
    skeleton: Skeleton,
    keypoint_set: str | None,
    image_size: Sequence[float] | None,
    min_score: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Joints (M, J, 2) of the whole people of a file, and their images' sizes (M, 2), pixels."""
    names = keypoint_set if keypoint_set is not None else people.joint_names
    if names is None:
        raise ValueError(
            f'{people.source} does not say which {people.num_keypoints} key points it holds; set '
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
