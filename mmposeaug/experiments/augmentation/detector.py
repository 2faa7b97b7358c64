# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A detector's noise and offsets, learned from 2D keypoints that nobody has paired with 3D."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from mmposeaug.fileio import atomic_write, require_file
from mmposeaug.models import DetectionModel
from mmposeaug.models.detections.fitting import fit_offsets, track_noise
from mmposeaug.models.detections.options import named_joints
from mmposeaug.structures import Skeleton, ViewedPoses

from .load import LoadedAugmentation

FEWEST = 20
"""int: Fewest detected people to learn offsets from."""
ROUNDS = 20
"""int: How often the samples are augmented anew until enough of them are in view."""


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


def fit_detector(
    loaded: LoadedAugmentation,
    people: DetectedPeople,
    joints: Sequence[str] | None = None,
    noise: float | None = None,
    samples: int = 20000,
    most_people: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Learn the options of a :class:`DetectionModel` from detections of other people.

    Noise is measured on tracks (:func:`track_noise`), offsets are fitted to bring the augmented
    people of a training to where the detections have their joints (:func:`fit_offsets`). What the
    fit itself is off is found by fitting again to people that the fitted detector sees, and taken
    out.

    Args:
        loaded (LoadedAugmentation): The training's people and how they are augmented.
        people (DetectedPeople): Detections, unpaired.
        joints (Sequence[str], optional): Joints that may be off, without ``left_`` and ``right_``
            for both. Defaults to None: those of the midline that the detector has no keypoint for.
        noise (float, optional): Standard deviation of all joints, in shares of the person's size,
            in place of the measured one. Defaults to None.
        samples (int): How many augmented people to compare with. Defaults to 20000.
        most_people (int): How many of the detected ones, drawn at random. Defaults to 1000.
        seed (int): Seed of all draws. Defaults to 0.

    Returns:
        dict[str, Any]: Config of the model.

    Raises:
        ValueError: If there are too few people, a joint is unknown, or noise cannot be measured.
    """
    if samples < 1:
        raise ValueError(f'The number of samples is {samples}; give 1 or more.')
    skeleton = loaded.bank.skeleton
    options: dict[str, Any] = dict(type='DetectionModel')
    options.update(_noise(people, skeleton) if noise is None else dict(noise=noise))
    DetectionModel(skeleton, noise=options['noise'])  # which knows its limits
    free = _free(people, skeleton, joints)
    if not free:
        return options
    if len(people.keypoints_px) < FEWEST:
        raise ValueError(
            f'There are {len(people.keypoints_px)} whole people, too few to learn where joints '
            f'are; give {FEWEST} or more, or no joints.'
        )
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(people.keypoints_px), generator=generator)[:most_people]
    detected = people.keypoints_px[order]
    drawn = _drawn(loaded, samples, len(detected), generator)
    pose, cameras = torch.as_tensor(drawn.pose_cam), torch.as_tensor(drawn.intrinsics)
    rest = slice(len(detected), None)

    def fit(keypoints_px: Tensor) -> tuple[Tensor, Tensor]:
        return fit_offsets(keypoints_px, pose[rest], cameras[rest], skeleton, free)

    first, left = fit(detected)
    options.update(bias=_by_name(first, skeleton, free), bias_share=(1.0, 1.0))
    known = slice(len(detected))
    seen = DetectionModel(skeleton, **{k: v for k, v in options.items() if k != 'type'})(
        torch.as_tensor(drawn.keypoints_px[known]),
        pose_cam=pose[known],
        intrinsics=cameras[known],
        generator=generator,
    )[0]
    again, usual = fit(seen)
    options['bias'] = _by_name((2 * first - again).clamp(-1, 1), skeleton, free)
    spread = (left.square() - usual.square()).clamp(min=0).sqrt()
    options['bias_spread'] = _by_name(spread, skeleton, free)
    return options


def _noise(people: DetectedPeople, skeleton: Skeleton) -> dict[str, Any]:
    """Measured noise, and its factors by joint; the same on both sides."""
    found = track_noise(people.tracks)
    found = (found + found[list(skeleton.flip_indices)]) / 2
    mean = float(found.mean())
    if mean <= 0:
        return dict(noise=0.0)
    noise = round(mean, 5)
    return dict(
        noise=noise, factors=_by_name(found / mean, skeleton, range(skeleton.num_joints), 2)
    )


def _free(people: DetectedPeople, skeleton: Skeleton, joints: Sequence[str] | None) -> list[int]:
    """Numbers of the joints that may be off."""
    if joints is None:
        return people.stand_ins(skeleton) if skeleton.pelvis is not None else []
    known = named_joints(skeleton)
    for name in joints:
        if name not in known:
            raise ValueError(f'There is no joint {name!r}; joints are {", ".join(known)}.')
    if joints and skeleton.pelvis is None:
        raise ValueError(
            f'Offsets need a body with hips and a trunk, which the skeleton {skeleton.name!r} has '
            'not; give no joints.'
        )
    return sorted({joint for name in joints for joint in known[name]})


def _drawn(
    loaded: LoadedAugmentation, samples: int, at_least: int, generator: torch.Generator
) -> ViewedPoses:
    """Augmented people in view, of clips the middle frame."""
    wanted, parts, count = samples + at_least, [], 0
    for _ in range(ROUNDS):
        index = torch.randperm(len(loaded.bank), generator=generator)[: wanted - count]
        found = loaded.augmentation.collect(loaded.bank, index, loaded.batch_size, generator)
        parts.append(list(found.visible().values())[-1])
        count += len(parts[-1])
        if count >= wanted:
            break
    if count < 2 * at_least:
        raise ValueError(
            f'Only {count} augmented people are in view, too few to compare {at_least} detected '
            'ones with; give more samples, or another augmentation.'
        )
    return ViewedPoses.concat(parts)


def _by_name(
    values: Tensor, skeleton: Skeleton, joints: Sequence[int], digits: int = 3
) -> dict[str, Any]:
    """Rounded values of joints by the name of both sides, where one value is that of both."""
    found: dict[str, Any] = {}
    wanted = set(joints)
    rounded = {joint: _rounded(values[joint], digits) for joint in joints}
    for name, members in named_joints(skeleton).items():
        if set(members) <= wanted and len({str(rounded[joint]) for joint in members}) == 1:
            found[name] = rounded[members[0]]
            wanted -= set(members)
    return found


def _rounded(value: Tensor, digits: int) -> Any:
    if value.ndim:
        return tuple(round(each, digits) + 0.0 for each in value.tolist())
    return round(float(value), digits)


def describe_detector(options: Mapping[str, Any], skeleton: Skeleton) -> str:
    """A Markdown table of what was learned, by joint."""
    model = DetectionModel(skeleton, **{k: v for k, v in options.items() if k != 'type'})
    rows = ['| joint | noise | outwards | up | forward | spread |', '| --- ' * 6 + '|']
    for name, members in named_joints(skeleton).items():
        joint = members[0]
        if len(members) == 1 and skeleton.flip_indices[joint] != joint:
            continue
        bias = torch.zeros(3) if model.bias is None else model.bias[joint]
        spread = 0.0 if model.bias_spread is None else float(model.bias_spread[joint])
        cells = [f'{model.noise * float(model.factors[joint]):.2%}']
        cells += [f'{each:+.3f}' for each in bias.tolist()] + [f'{spread:.3f}']
        rows.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(rows)


def write_detector(path: str | os.PathLike, options: Mapping[str, Any]) -> None:
    """Write a config with the one name ``detector``, for ``_base_``."""
    with atomic_write(path, 'w') as file:
        file.write(f'# Learned by tools/fit_detector.py.\ndetector = {_as_code(options)}\n')


def _as_code(value: Any, indent: str = '') -> str:
    if not isinstance(value, Mapping):
        return repr(value)
    inner = f'{indent}    '
    lines = [f'{inner}{name!r}: {_as_code(each, inner)},\n' for name, each in value.items()]
    return '{\n' + ''.join(lines) + indent + '}' if lines else '{}'
