# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The quickstart's pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from mmposeaug.datasets import PoseBank, load_pose_bank
from mmposeaug.engine.set_configs import dataset_of_set
from mmposeaug.geometry import root_relative
from mmposeaug.lifting.lifters import load_lifter
from mmposeaug.visualization import (
    KeypointPanel,
    Panel,
    PosePanel,
    draw_augmentation,
    draw_comparison,
    draw_gallery,
    save_png,
)

from ..augmentation import load_augmentation
from .plan import QuickstartPlan
from .report import METHODS, Scores, target_of

QUANTILES = (0.25, 0.5, 0.75, 0.9)
"""tuple[float]: Which examples are drawn, by their place in the order of difficulty."""


def draw_pictures(plan: QuickstartPlan, scores: Scores) -> dict[str, str]:
    """Draw all pictures into the work folder."""
    target = _read_target(plan, plan.config('baseline'))
    lifted = {}
    for name in METHODS:
        checkpoint = plan.folder(name).tested_checkpoint()
        assert checkpoint is not None
        lifted[name] = lift(plan.config(name), checkpoint, target)
    truth = root_relative(target.gather(torch.arange(len(target))).pose_cam, target.skeleton.root)
    truth = truth[:, truth.shape[1] // 2]
    others = [j for j in range(target.skeleton.num_joints) if j != target.skeleton.root]
    errors = {
        name: 1000 * torch.linalg.vector_norm(pose - truth, dim=-1)[:, others]
        for name, pose in lifted.items()
    }
    drawings: dict[str, tuple[str, Callable[[], Any]]] = {
        'comparison.png': (
            'errors of the three trainings',
            lambda: _draw_comparison(plan, scores, errors),
        ),
        'target_poses.png': (
            'poses of the target, true and lifted',
            lambda: _draw_examples(target, truth, lifted, errors),
        ),
        'augmentation.png': (
            'what the augmentation does to poses',
            lambda: _draw_augmentation(plan),
        ),
    }
    for name, (_, draw) in drawings.items():
        save_png(draw(), plan.work_dir / name)
    return {name: text for name, (text, _) in drawings.items()}


@torch.no_grad()
def lift(cfg: Config, checkpoint: Path, bank: PoseBank) -> Tensor:
    """Lift all samples of a bank, with flip.

    Returns:
        Tensor: Root-relative poses of shape (N, J, 3), in metres.
    """
    adapter = load_lifter(cfg, checkpoint).adapter
    poses = []
    for index in torch.arange(len(bank)).split(1024):
        batch = bank.gather(index)
        pose = adapter.predict(
            batch.keypoints_px,
            batch.image_size,
            batch.keypoint_scores,
            batch.intrinsics,
            flip_indices=bank.skeleton.flip_indices,
        )
        poses.append(pose[:, pose.shape[1] // 2])
    # a lifter that predicts the root leaves it a little off the origin
    return root_relative(torch.cat(poses), bank.skeleton.root)


def _read_target(plan: QuickstartPlan, cfg: Config) -> PoseBank:
    """The target, as the test loop would build it."""
    dataset = dataset_of_set(cfg.test_dataloader, cfg.test_cfg.sets[target_of(plan.sets)])
    return load_pose_bank(dataset, check=False)


def _draw_comparison(plan: QuickstartPlan, scores: Scores, errors: Mapping[str, Tensor]) -> Any:
    remarks = ('seen motions', 'unseen scenario', 'a real detector')
    sets = {name: f'{name}\n({remark})' for name, remark in zip(plan.sets, remarks)}
    bars = {
        label: {text: scores[method][name]['MPJPE'] for name, text in sets.items()}
        for method, label in METHODS.items()
    }
    curves = {label: errors[method].numpy() for method, label in METHODS.items()}
    return draw_comparison(
        bars,
        curves,
        title='One lifter, the same number of steps, three ways to train it',
        curve_title=f'Joints of {target_of(plan.sets)} within a distance of the truth',
    )


def _draw_examples(
    bank: PoseBank, truth: Tensor, lifted: Mapping[str, Tensor], errors: Mapping[str, Tensor]
) -> Any:
    """Examples by how hard they are for the two lifters together, which favours neither."""
    shown = ('baseline', 'poseaug')
    difficulty = torch.stack([errors[name].mean(dim=1) for name in shown]).mean(dim=0)
    order = difficulty.argsort()
    rows: list[list[Panel]] = []
    for quantile in QUANTILES:
        index = order[round(quantile * (len(order) - 1))]
        batch = bank.gather(index[None])
        frame = batch.keypoints_px.shape[1] // 2
        size = _size(batch.image_size[0])
        rows.append(
            [
                KeypointPanel(batch.keypoints_px[0, frame].numpy(), size),
                PosePanel(truth[index].numpy()),
                *(
                    PosePanel(
                        lifted[name][index].numpy(),
                        f'mean joint error {errors[name][index].mean():.0f} mm',
                        truth[index].numpy(),
                    )
                    for name in shown
                ),
            ]
        )
    return draw_gallery(
        rows,
        bank.skeleton,
        ['2D input', 'True 3D', 'Lifted, no augmentation', 'Lifted, PoseAug'],
        [f'{100 * q:.0f} % of poses are easier' for q in QUANTILES],
        title='Poses of the target, lifted from their 2D keypoints',
        note='Rows: quantiles of the mean error of both lifters. Camera space, root at the origin.',
        ghost_label='truth',
        dpi=90,
    )


def _draw_augmentation(plan: QuickstartPlan) -> Any:
    """What the augmentation does to a batch of training poses."""
    checkpoint = plan.folder('poseaug').last_checkpoint()
    assert checkpoint is not None
    loaded = load_augmentation(plan.config('poseaug'), checkpoint, check=False)
    generator = torch.Generator().manual_seed(plan.seed)
    index = torch.randperm(len(loaded.bank), generator=generator)[: loaded.batch_size]
    samples = loaded.augmentation.collect(loaded.bank, index, loaded.batch_size, generator)
    title = 'What the augmentation does to training poses, step by step'
    return draw_augmentation(samples, title=title)


def _size(image_size: Tensor) -> tuple[float, float]:
    width, height = image_size.tolist()
    return width, height
