# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A detector's noise and offsets, learned from 2D keypoints that nobody has paired with 3D."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmposeaug.fileio import atomic_write
from mmposeaug.geometry import bone_lengths
from mmposeaug.models import DetectionModel
from mmposeaug.models.detections.fitting import fit_offsets, track_noise
from mmposeaug.models.detections.options import named_joints
from mmposeaug.structures import Skeleton, ViewedPoses

from .detected_people import DetectedPeople
from .load import LoadedAugmentation

FEWEST = 20
"""int: Fewest detected people to learn offsets from."""
ROUNDS = 20
"""int: How often the samples are augmented anew until enough of them are in view."""


@dataclass(frozen=True)
class LearnedDetector:
    """What was learned.

    Args:
        options (dict[str, Any]): Config of a :class:`DetectionModel`.
        hip_height (float, optional): How much higher the hips of the detected people are than
            those of the augmented ones, in thigh lengths; None where no offsets were learned, and
            for bodies without thighs.
    """

    options: dict[str, Any]
    hip_height: float | None = None


def fit_detector(
    loaded: LoadedAugmentation,
    people: DetectedPeople,
    joints: Sequence[str] | None = None,
    noise: float | None = None,
    samples: int = 20000,
    most_people: int = 1000,
    seed: int = 0,
) -> LearnedDetector:
    """Learn the options of a :class:`DetectionModel` from detections of other people.

    Noise is measured on tracks (:func:`track_noise`), offsets are fitted to bring the augmented
    people of a training to where the detections have their joints (:func:`fit_offsets`). What the
    fit itself is off is found by fitting again to people that the fitted detector sees, and taken
    out. Where the hips are is found too, with them free in a further fit: it is no error of the
    detector, but where its joints are, for training bodies that have them there.

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
        LearnedDetector: Config of the model, and where the hips are.

    Raises:
        ValueError: If there are too few people, a joint is unknown, or noise cannot be measured.
    """
    if samples < 1:
        raise ValueError(f'The number of samples is {samples}; give 1 or more.')
    skeleton = loaded.bank.skeleton
    options: dict[str, Any] = dict(type='DetectionModel')
    options.update(_noise(people, skeleton) if noise is None else dict(noise=noise))
    _build(options, skeleton)  # which knows its limits
    free = _free(people, skeleton, joints)
    if not free:
        return LearnedDetector(options)
    if len(people.keypoints_px) < FEWEST:
        raise ValueError(
            f'There are {len(people.keypoints_px)} whole people, too few to learn where joints '
            f'are; give {FEWEST} or more, or no joints.'
        )
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(people.keypoints_px), generator=generator)[:most_people]
    detected = people.keypoints_px[order]
    crowd = _Crowd(detected, _drawn(loaded, samples, len(detected), generator), options)
    offsets, spread = crowd.fit(free, seed)
    options = dict(
        options,
        bias=_by_name(offsets, skeleton, free),
        bias_share=(1.0, 1.0),
        bias_spread=_by_name(spread, skeleton, free),
    )
    return LearnedDetector(options, crowd.hip_height(free, seed))


@dataclass(frozen=True)
class _Crowd:
    """Detected people, and augmented ones, the first of whom stand in for them."""

    detected: Tensor
    drawn: ViewedPoses
    options: Mapping[str, Any]

    def fit(self, free: Sequence[int], seed: int) -> tuple[Tensor, Tensor]:
        """Offsets (J, 3) of some joints, and the spread (J,) of single people's."""
        skeleton, count = self.drawn.skeleton, len(self.detected)
        pose, cameras = map(torch.as_tensor, (self.drawn.pose_cam, self.drawn.intrinsics))
        others = (pose[count:], cameras[count:], skeleton, free)
        first, left = fit_offsets(self.detected, *others)
        bias = _by_name(first, skeleton, free)
        seen = _build(dict(self.options, bias=bias, bias_share=(1.0, 1.0)), skeleton)(
            torch.as_tensor(self.drawn.keypoints_px[:count]),
            pose_cam=pose[:count],
            intrinsics=cameras[:count],
            generator=torch.Generator().manual_seed(seed),
        )[0]
        again, usual = fit_offsets(seen, *others)
        spread = (left.square() - usual.square()).clamp(min=0).sqrt()
        return (2 * first - again).clamp(-1, 1), spread

    def hip_height(self, free: Sequence[int], seed: int) -> float | None:
        """How much higher the detected people's hips are, in thigh lengths; None without thighs."""
        skeleton = self.drawn.skeleton
        legs = [skeleton.limbs[f'{side}_leg'] for side in ('left', 'right')]
        if min(map(len, legs)) < 2:
            return None
        assert skeleton.pelvis is not None  # of whom offsets are learned
        hips = skeleton.pelvis[:2]
        offsets, _ = self.fit(sorted({*free, *hips, skeleton.root}), seed)
        lengths = bone_lengths(torch.as_tensor(self.drawn.pose_cam), skeleton).median(0).values
        trunk = lengths[list(skeleton.trunk_bones)].sum()
        thighs = [skeleton.bone_of(leg[1]) for leg in legs]
        return round(float(offsets[list(hips), 1].mean() * trunk / lengths[thighs].mean()), 2)


def _build(options: Mapping[str, Any], skeleton: Skeleton) -> DetectionModel:
    return DetectionModel(skeleton, **{k: v for k, v in options.items() if k != 'type'})


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
    model = _build(options, skeleton)
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


def write_detector(path: str | os.PathLike, learned: LearnedDetector) -> None:
    """Write a config with ``detector``, and ``hip_height``, for ``_base_``."""
    with atomic_write(path, 'w') as file:
        file.write('# Learned by tools/fit_detector.py.\n')
        file.write(f'detector = {_as_code(learned.options)}\n')
        if learned.hip_height is not None:
            file.write('# of bodies; add it to hip_height of an AnatomicalPoseAugmentor\n')
            file.write(f'hip_height = {learned.hip_height}\n')


def _as_code(value: Any, indent: str = '') -> str:
    if not isinstance(value, Mapping):
        return repr(value)
    inner = f'{indent}    '
    lines = [f'{inner}{name!r}: {_as_code(each, inner)},\n' for name, each in value.items()]
    return '{\n' + ''.join(lines) + indent + '}' if lines else '{}'
