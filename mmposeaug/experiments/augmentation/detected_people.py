# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Detected people of whom nobody knows the 3D, whole and in tracks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmposeaug.datasets.keypoints_2d import (
    UNTRACKED,
    KeypointMap,
    Keypoints2D,
    build_keypoint_map,
    load_keypoints,
)
from mmposeaug.fileio import require_file
from mmposeaug.structures import Skeleton


@dataclass(frozen=True)
class DetectedPeople:
    """Detected people who are whole.

    Args:
        keypoints_px (Tensor): Everybody, (M, J, 2), pixels.
        tracks (list[Tensor]): Those of one person in frames that follow each other, (T, J, 2).
        rule (KeypointMap): What joints are made of.
    """

    keypoints_px: Tensor
    tracks: list[Tensor]
    rule: KeypointMap

    def stand_ins(self, skeleton: Skeleton) -> list[int]:
        """Joints of the midline, without the root, that the detector has no keypoint for."""
        names = skeleton.joint_names
        return [
            joint
            for joint, side in enumerate(skeleton.sides)
            if not side and joint != skeleton.root and names[joint] not in self.rule.keypoints
        ]


def load_people(
    files: Sequence[str | os.PathLike],
    skeleton: Skeleton,
    keypoint_set: str | os.PathLike | None = None,
    min_score: float = 0.3,
) -> DetectedPeople:
    """Read the whole people of files of 2D keypoints.

    Args:
        files (Sequence[str | PathLike]): Files that :func:`load_keypoints` reads, of one detector.
        skeleton (Skeleton): The joints to make of them.
        keypoint_set (str | PathLike, optional): Which keypoints they hold. Defaults to None, the
            files' own names.
        min_score (float): Smallest score of a joint that counts as found. Defaults to 0.3.

    Returns:
        DetectedPeople: The people.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file cannot be used, or nobody is whole.
    """
    if not 0 < min_score <= 1:
        raise ValueError(f'The smallest score is {min_score}; give one above 0, up to 1.')
    tracks: list[Tensor] = []
    for file in files:
        require_file(os.fspath(file), 'file of 2D keypoints')
        people = load_keypoints(file)
        names = keypoint_set if keypoint_set is not None else people.joint_names
        if names is None:
            raise ValueError(
                f'{people.source} does not say which {people.num_keypoints} keypoints it holds; '
                "give the keypoint set, such as 'coco'."
            )
        rule = build_keypoint_map(names, skeleton)
        joints, scores = rule(people.keypoints_px, people.scores)
        tracks += split_tracks(people, joints, (scores >= min_score).all(1))
    if not tracks:
        raise ValueError(
            f'Of nobody in {", ".join(map(str, files))} all {skeleton.num_joints} joints were '
            f'found with a score of {min_score} or more; lower it, or give files with whole people.'
        )
    return DetectedPeople(torch.cat(tracks), tracks, rule)


def split_tracks(people: Keypoints2D, joints: np.ndarray, whole: np.ndarray) -> list[Tensor]:
    """One person each in frames that follow each other; whoever is not followed, alone."""
    alone = len(np.unique(people.frames)) == len(people.frames)
    tracks = np.zeros_like(people.tracks) if alone else people.tracks
    found = []
    for track in np.unique(tracks):
        rows = np.flatnonzero((tracks == track) & whole)
        together = np.diff(people.frames[rows]) == 1
        if track == UNTRACKED:
            together[:] = False
        found += np.split(rows, np.flatnonzero(~together) + 1)
    return [torch.from_numpy(joints[rows]) for rows in found if len(rows)]
