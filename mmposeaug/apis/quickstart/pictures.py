# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The quickstart's pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from mmposeaug.datasets import PoseBank
from mmposeaug.geometry import in_view, project, root_relative
from mmposeaug.models import AugmentedPoses
from mmposeaug.visualization import (
    KeypointPanel,
    Panel,
    PosePanel,
    draw_comparison,
    draw_gallery,
    save_png,
)

from .lifters import lift, load_augmentor
from .plan import METHODS, QuickstartPlan
from .report import Scores

QUANTILES = (0.25, 0.5, 0.75, 0.9)
"""tuple[float]: Which examples are drawn, by their place in the order of difficulty."""


def draw_pictures(plan: QuickstartPlan, scores: Scores) -> dict[str, str]:
    """Draw all pictures into the work folder.

    Args:
        plan (QuickstartPlan): A plan whose runs are done.
        scores (Mapping): Scores by method's name, set and score.

    Returns:
        dict[str, str]: For each file what it shows.
    """
    configs = {method.name: _read_config(plan, method) for method in METHODS}
    target = _read_target(plan, configs['baseline'])
    lifted = {}
    for method in METHODS:
        checkpoint = plan.best_checkpoint(method) or plan.last_checkpoint(method)
        assert checkpoint is not None
        lifted[method.name] = lift(configs[method.name], checkpoint, target)
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
            'what the trained augmentor does to poses',
            lambda: _draw_augmentation(plan, configs['poseaug']),
        ),
    }
    for name, (_, draw) in drawings.items():
        save_png(draw(), plan.work_dir / name)
    return {name: text for name, (text, _) in drawings.items()}


def _read_config(plan: QuickstartPlan, method: Any) -> Config:
    cfg = Config.fromfile(plan.config_file(method))
    cfg.merge_from_dict(plan.cfg_options())
    return cfg


def _read_target(plan: QuickstartPlan, cfg: Config) -> PoseBank:
    """The last test set, as the test loop would build it."""
    options = cfg.test_cfg.sets[list(plan.sets)[-1]] or {}
    dataset = dict(cfg.test_dataloader.dataset.to_dict(), **options)
    return PoseBank.from_dataset_cfg(dataset, check=False)


def _draw_comparison(plan: QuickstartPlan, scores: Scores, errors: Mapping[str, Tensor]) -> Any:
    remarks = ('seen motions', 'unseen scenario')
    sets = {name: f'{name}\n({remark})' for name, remark in zip(plan.sets, remarks)}
    bars = {
        method.label: {text: scores[method.name][name]['MPJPE'] for name, text in sets.items()}
        for method in METHODS
    }
    curves = {method.label: errors[method.name].numpy() for method in METHODS}
    return draw_comparison(
        bars,
        curves,
        title='One lifter, the same number of steps, three ways to train it',
        curve_title=f'Joints of {list(plan.sets)[-1]} within a distance of the truth',
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
        title='Poses of the target, lifted from their 2D key points',
        note='Rows: quantiles of the mean error of both lifters. Camera space, root at the origin.',
        ghost_label='truth',
        dpi=90,
    )


@torch.no_grad()
def _draw_augmentation(plan: QuickstartPlan, cfg: Config, examples: int = 2) -> Any:
    bank = PoseBank.from_dataset_cfg(cfg.train_dataloader.dataset.to_dict(), check=False)
    method = next(method for method in METHODS if method.name == 'poseaug')
    checkpoint = plan.last_checkpoint(method)
    assert checkpoint is not None
    augmentor = load_augmentor(cfg, checkpoint, bank.skeleton)
    generator = torch.Generator().manual_seed(plan.seed)
    count = min(cfg.train_dataloader.batch_size, len(bank))
    batch = bank.gather(torch.randperm(len(bank), generator=generator)[:count])
    pose = batch.pose_cam[:, 0]
    result = augmentor(pose, batch.intrinsics, batch.image_size, generator=generator)
    stages = {'Original': pose, **_stages(result)}
    pixels = {name: project(value, batch.intrinsics) for name, value in stages.items()}
    seen = torch.stack(
        [in_view(pixels[name], stages[name][..., 2], batch.image_size) for name in stages]
    ).all(dim=0)
    chosen = (seen.nonzero()[:, 0].tolist() or list(range(count)))[:examples]
    rows: list[list[Panel]] = []
    for index in chosen:
        size = _size(batch.image_size[index])
        relative = [root_relative(p[index], bank.skeleton.root).numpy() for p in stages.values()]
        flat = [p[index].numpy() for p in pixels.values()]
        depths = [float(p[index, bank.skeleton.root, 2]) for p in stages.values()]
        texts = ['', *_changes(result, index)]
        before = [None, *relative[:-1]]
        before_px = [None, *flat[:-1]]
        rows.append([PosePanel(*cell) for cell in zip(relative, texts, before)])
        rows.append(
            [
                KeypointPanel(now, size, f'root {depth:.1f} m away', None, ghost, True)
                for now, depth, ghost in zip(flat, depths, before_px)
            ]
        )
    return draw_gallery(
        rows,
        bank.skeleton,
        list(stages),
        ['3D, root at the origin', '2D, whole image'] * len(chosen),
        title='What the trained augmentor does to training poses, step by step',
        ghost_label='one step before',
        dpi=80,
    )


def _size(image_size: Tensor) -> tuple[float, float]:
    width, height = image_size.tolist()
    return width, height


def _stages(result: AugmentedPoses) -> dict[str, Tensor]:
    """Poses after each step that there is, by its name."""
    stages = {} if result.draw is None else {'Random draw': result.draw.rigid}
    if result.angle_change is not None:
        stages['Learned bone angles'] = result.angle
    if result.length_ratio is not None:
        stages['Learned bone lengths'] = result.length
    if result.translation is not None:
        stages['Learned view and place'] = result.rigid
    return stages


def _changes(result: AugmentedPoses, index: int) -> list[str]:
    """What each of these steps changed, in words."""
    texts = [] if result.draw is None else ['joints, body, view and place at random']
    if result.angle_change is not None:
        turns = torch.rad2deg(torch.acos((1 - result.angle_change[index]).clamp(-1, 1)))
        texts.append(f'bones turned by {turns.mean():.0f}°, at most {turns.max():.0f}°')
    if result.length_ratio is not None:
        ratio = 100 * result.length_ratio[index]
        texts.append(f'lengths changed by {ratio.min():+.0f} to {ratio.max():+.0f} %')
    if result.translation is not None:
        angle = 0.0
        if result.rotvec is not None:
            angle = float(torch.rad2deg(torch.linalg.vector_norm(result.rotvec[index])))
        texts.append(f'turned by {angle:.0f}° and moved')
    return texts
