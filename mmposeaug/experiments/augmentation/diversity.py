# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How varied real, random and learned poses are, and how well they cover a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from mmposeaug.datasets import PoseBank, load_pose_bank
from mmposeaug.engine.augmentation import Augmentation
from mmposeaug.engine.batches import viewed_poses
from mmposeaug.engine.set_configs import dataset_of_set
from mmposeaug.evaluation.diversity import (
    grid_coverage,
    nearest_distances,
    pose_spread,
    view_coverage,
    view_spread,
)
from mmposeaug.evaluation.plausibility import knees_forward, odd_proportions, overbent
from mmposeaug.fileio import require_file
from mmposeaug.geometry import (
    bone_lengths,
    camera_angles,
    in_body_frame,
    normalize_keypoints,
    replace_bone_lengths,
)
from mmposeaug.structures import ViewedPoses, judge_human

from .load import LoadedAugmentation

ROUNDS = 50
"""int: How often the samples are augmented anew until enough of them are in view."""
NEAR_MM, NEAR_WIDTH = 100.0, 2.0
"""float: Poses closer than this count as covered: mm, and percent of the image's width."""
OF_PEOPLE = (
    *('elevation_low', 'elevation_high'),
    *('overbent', 'knees_forward', 'odd_proportions'),
)
"""tuple[str]: Numbers that take a trunk for upright, or the joints for those of a person."""


@dataclass(frozen=True)
class Source:
    """One augmentation to measure.

    Args:
        label (str): Its name in tables.
        augmentation (Augmentation): What it does.
        draw_label (str): Name of the draw that it starts from; empty to leave that out.
    """

    label: str
    augmentation: Augmentation
    draw_label: str = ''


def collect_sets(
    loaded: LoadedAugmentation, sources: Sequence[Source], samples: int, seed: int = 0
) -> dict[str, ViewedPoses]:
    """Equally many poses of the real data and of every augmentation, all in view.

    Args:
        loaded (LoadedAugmentation): The real data.
        sources (Sequence[Source]): The augmentations.
        samples (int): Poses of each, at most as many as there are real ones.
        seed (int): Seed of the choice and of the draws. Defaults to 0.

    Returns:
        dict[str, ViewedPoses]: Poses by label, ``'Real'`` first.

    Raises:
        ValueError: If there are too few samples, or hardly anybody is in view.
    """
    bank = loaded.bank
    if samples < 2:
        raise ValueError(f'The number of samples is {samples}; give 2 or more.')
    count = min(samples, len(bank))
    order = torch.randperm(len(bank), generator=torch.Generator().manual_seed(seed))[:count]
    sets = {'Real': real_poses(bank, order)}
    for source in sources:
        generator = torch.Generator().manual_seed(seed + 1)
        kept: dict[str, list[ViewedPoses]] = {}
        for _ in range(ROUNDS):
            index = order[torch.randperm(count, generator=generator)]
            found = source.augmentation.collect(bank, index, loaded.batch_size, generator)
            for kind, poses in found.visible().items():
                label = source.label if kind == list(found.kinds)[-1] else source.draw_label
                if kind != 'real' and label:
                    kept.setdefault(label, []).append(poses)
            if all(sum(map(len, parts)) >= count for parts in kept.values()):
                break
        for label, parts in kept.items():
            poses = ViewedPoses.concat(parts)
            if len(poses) < count:
                raise ValueError(
                    f'Only {len(poses)} poses of {label} are in view after {ROUNDS} passes over '
                    f'{count} samples; give fewer samples, or another augmentor.'
                )
            sets.setdefault(label, poses.take(slice(count)))
    return sets


def real_poses(bank: PoseBank, index: Tensor) -> ViewedPoses:
    """Samples of a bank, of clips the middle frame."""
    return viewed_poses(bank.gather(index), bank.skeleton, bank.num_frames // 2)


def load_target(cfg: Config, target: str, samples: int, seed: int = 0) -> ViewedPoses:
    """Poses of a test set of a config, or of an annotation file.

    Args:
        cfg (Config): The config.
        target (str): Name of a set of ``test_cfg.sets``, or an npz file, whose cameras are
            ``NAME_cameras.pkl`` or ``cameras.pkl`` beside it, or else those of the test data.
        samples (int): How many poses at most, drawn at random.
        seed (int): Seed of the choice. Defaults to 0.

    Returns:
        ViewedPoses: The poses.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If there is no such set.
    """
    dataset = cfg.test_dataloader.dataset.to_dict()
    sets = (cfg.get('test_cfg') or {}).get('sets') or {}
    sets = {name: options for name, options in sets.items() if options is not None}
    if target in sets:
        dataset = dataset_of_set(cfg.test_dataloader, sets[target])
    elif target.endswith('.npz'):
        require_file(target, 'target')
        dataset['ann_file'] = str(Path(target).absolute())
        for path in (Path(target).with_suffix(''), Path(target).parent / 'cameras'):
            name = path if path.name == 'cameras' else Path(f'{path}_cameras')
            if name.with_suffix('.pkl').is_file():
                dataset['camera_param_file'] = str(name.with_suffix('.pkl').absolute())
                break
    else:
        raise ValueError(
            f'The config has no test set {target!r} (there are {", ".join(sets) or "none"}); give '
            'one of them, or an annotation file (.npz).'
        )
    if not {'dataset', 'datasets', 'camera_param_file'} & {k for k, v in dataset.items() if v}:
        place = 'give the set a camera_param_file in test_cfg.sets'
        if target not in sets:
            place = f"put '{Path(target).stem}_cameras.pkl' or 'cameras.pkl' beside it"
        raise ValueError(
            f'The target {target!r} has no cameras; {place}, or set '
            'test_dataloader.dataset.camera_param_file.'
        )
    bank = load_pose_bank(dataset)
    order = torch.randperm(len(bank), generator=torch.Generator().manual_seed(seed))
    return real_poses(bank, order[:samples])


def measure_diversity(
    sets: Mapping[str, ViewedPoses], target: ViewedPoses | None = None, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Numbers of every set of poses; the keys are explained in ``docs/augmentation.md``.

    Those that only people have (:data:`OF_PEOPLE`) are left out where the first set is not known
    to be of human bodies.

    Args:
        sets (Mapping[str, ViewedPoses]): Equally many poses by label, the real ones first.
        target (ViewedPoses, optional): Poses to be covered. Defaults to none.
        seed (int): Seed of the pairs of poses that are compared. Defaults to 0.

    Returns:
        dict[str, dict[str, float]]: Numbers by label.

    Raises:
        ValueError: If the skeletons differ.
    """
    first = next(iter(sets.values()))
    if target is not None and target.skeleton != first.skeleton:
        raise ValueError(
            f'The target has the skeleton {target.skeleton.name!r}, the training data '
            f'{first.skeleton.name!r}; give a target with the same joints.'
        )
    lengths = bone_lengths(torch.as_tensor(first.pose_cam), first.skeleton)
    human = judge_human(first.skeleton, lengths.median(0).values.tolist()).human
    lengths = lengths.mean(0)
    rows = {}
    for label, poses in sets.items():
        values = {**_spread(poses, lengths, seed), **_implausible(poses)}
        if not human:
            values = {name: each for name, each in values.items() if name not in OF_PEOPLE}
        if target is not None:
            values.update(_coverage(poses, target))
        rows[label] = values
    return rows


def _spread(poses: ViewedPoses, lengths: Tensor, seed: int) -> dict[str, float]:
    """Of poses with the same bones, of sizes, views and places."""
    skeleton, pose = poses.skeleton, torch.as_tensor(poses.pose_cam)
    generator = torch.Generator().manual_seed(seed)
    same = replace_bone_lengths(in_body_frame(pose, skeleton), lengths, skeleton)
    angles = camera_angles(pose, skeleton)
    size = bone_lengths(pose, skeleton).sum(-1) / lengths.sum()
    depth = poses.pose_cam[:, skeleton.root, 2]
    share = torch.as_tensor(poses.keypoints_px[:, skeleton.root] / poses.image_size)
    elevation = np.quantile(angles[:, 1].numpy(), (0.05, 0.95))
    near, far = np.quantile(depth, (0.05, 0.95))
    return dict(
        samples=len(poses),
        pose_mm=1000 * pose_spread(same, skeleton.root, generator),
        size_std=100 * float(size.std()),
        view_spread=view_spread(angles),
        view_coverage=100 * view_coverage(angles),
        elevation_low=float(elevation[0]),
        elevation_high=float(elevation[1]),
        depth_low=float(near),
        depth_high=float(far),
        image_coverage=100 * grid_coverage(share),
    )


def _implausible(poses: ViewedPoses) -> dict[str, float]:
    pose, skeleton = torch.as_tensor(poses.pose_cam), poses.skeleton
    found = dict(overbent=overbent, knees_forward=knees_forward, odd_proportions=odd_proportions)
    return {
        name: 100 * float(judge(pose, skeleton).float().mean()) for name, judge in found.items()
    }


def _coverage(poses: ViewedPoses, target: ViewedPoses) -> dict[str, float]:
    """Distance of the target's poses to the nearest one, without the root, which is the origin."""
    skeleton = poses.skeleton
    others = [joint for joint in range(skeleton.num_joints) if joint != skeleton.root]
    found: dict[str, float] = {}
    for name, near, values in (
        ('pose', NEAR_MM, _coordinates_mm),
        ('keypoints', NEAR_WIDTH, _coordinates_width),
    ):
        joints = others if name == 'pose' else list(range(skeleton.num_joints))
        distances = nearest_distances(values(target)[:, joints], values(poses)[:, joints])
        found[f'nearest_{name}'] = float(distances.mean())
        found[f'nearest_{name}_90'] = float(distances.quantile(0.9))
        found[f'near_{name}'] = 100 * float((distances < near).float().mean())
    return found


def _coordinates_mm(poses: ViewedPoses) -> Tensor:
    return 1000 * in_body_frame(torch.as_tensor(poses.pose_cam), poses.skeleton)


def _coordinates_width(poses: ViewedPoses) -> Tensor:
    """Keypoints in percent of the image's width, the middle of the image at the origin."""
    pixels, size = torch.as_tensor(poses.keypoints_px), torch.as_tensor(poses.image_size)
    return 50 * normalize_keypoints(pixels, size)
