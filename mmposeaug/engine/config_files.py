# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Files that a config names and that are missing, reported before they are needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.fileio import exists, join_path
from mmengine.utils import is_abs

from mmposeaug.fileio import join_root

from .set_configs import checked_dataset, chosen_sets, missing_files, missing_sentence


def missing_parts_of_training(cfg: Mapping[str, Any]) -> str | None:
    """What a config lacks that describes a test alone, as MMPose's semi-supervised ones do."""
    loader = cfg.get('train_dataloader') or {}
    if not isinstance(loader, Mapping) or not isinstance(loader.get('dataset', {}), Mapping):
        return None
    there = {
        'train_cfg': cfg.get('train_cfg'),
        'optim_wrapper': cfg.get('optim_wrapper'),
        'train_dataloader.batch_size': loader.get('batch_size') or loader.get('batch_sampler'),
        'train_dataloader.dataset.type': (loader.get('dataset') or {}).get('type'),
    }
    lacking = [name for name, value in there.items() if not value]
    if not lacking:
        return None
    return (
        f'The config describes no training: it has no {", ".join(lacking)}; set them, or take as '
        "_base_ a config that trains, such as MMPose's video-pose-lift_tcn-27frm-supv_8xb128-160e_"
        'h36m.py in place of a semi-supervised one.'
    )


def missing_for_training(cfg: Mapping[str, Any], folder: str = '') -> Iterator[str]:
    """What a training and its validation would not find."""
    yield from _missing_of_loop(cfg, 'train', folder)
    target = (cfg.get('train_cfg') or {}).get('target_2d')
    if isinstance(target, Mapping) and target.get('file'):
        files = target['file']
        for file in [files] if isinstance(files, (str, os.PathLike)) else files:
            path = join_root(os.fspath(file), target.get('data_root'))
            if not exists(path if is_abs(path) else join_path(folder, path)):
                yield (
                    f'The train_cfg.target_2d.file {path!r} does not exist; give the path of a '
                    'file of 2D keypoints.'
                )
    yield from _missing_of_loop(cfg, 'val', folder)


def missing_for_test(cfg: Mapping[str, Any], folder: str = '') -> Iterator[str]:
    """What a test would not find."""
    yield from _missing_of_loop(cfg, 'test', folder)


def _missing_of_loop(cfg: Mapping[str, Any], phase: str, folder: str) -> Iterator[str]:
    dataloader = cfg.get(f'{phase}_dataloader') or {}
    dataset = dataloader.get('dataset')
    if not isinstance(dataset, Mapping) or 'type' not in dataset:
        return
    sets = chosen_sets((cfg.get(f'{phase}_cfg') or {}).get('sets'))
    option = f'{phase}_cfg.sets' if len(sets) > 1 else ''  # the only one cannot be left out
    for name, options in sets.items():
        config = checked_dataset(name, dataloader, options)
        if options.get('optional', False):
            continue
        for key, path in missing_files(config, folder):
            yield missing_sentence(name, key, path, option)
    if not sets:
        for key, path in missing_files(dataset, folder):
            yield (
                f'The {key} {path!r} of {phase}_dataloader does not exist; correct it or data_root.'
            )
