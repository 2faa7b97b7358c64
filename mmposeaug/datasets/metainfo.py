# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Metainfo of dataset configs with what MMPose's parsing of it drops: root, links, human."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from mmposeaug.structures import Skeleton
from mmposeaug.structures.metainfo import tree_options
from mmposeaug.structures.metainfo_files import whole_metainfo

from .samples import inner_dataset


def skeleton_of_cfg(cfg: Mapping[str, Any]) -> Skeleton:
    """Skeleton of a dataset config: that of ``metainfo``, else of the dataset class."""
    return Skeleton.from_metainfo(metainfo_of_cfg(cfg))


def class_of_cfg(cfg: Mapping[str, Any]) -> Any:
    """Class of a dataset config, whose ``type`` is a name or the class itself."""
    kind = cfg['type']
    if not isinstance(kind, str):
        return kind
    from mmpose.registry import DATASETS

    return DATASETS.get(kind)


def metainfo_of_cfg(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Parsed metainfo of a dataset config, with the options of its tree."""
    dataset_class = class_of_cfg(cfg)
    given = cfg.get('metainfo')
    if given and 'keypoint_info' in given:  # JSON has no whole numbers as keys
        points = {int(key): point for key, point in given['keypoint_info'].items()}
        given = dict(given, keypoint_info=points)
    with warnings.catch_warnings():
        # MMPose warns that it takes the metainfo file of its own installation, which is meant
        warnings.filterwarnings('ignore', message='The metainfo config file')
        parsed = dataset_class._load_metainfo(given)
    return {**parsed, **said_options(given or dataset_class.METAINFO)}


def said_options(metainfo: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the tree in metainfo: those beside ``from_file``, before those in that file."""
    return tree_options(whole_metainfo(metainfo))


def tell_tree(dataset: Any, cfg: Any) -> None:
    """Let a built dataset of any class say the options of its tree in ``metainfo``.

    Metrics and hooks ask the dataset, not the config that it was built from.

    Args:
        dataset (BaseDataset): The dataset, plain or joined.
        cfg (Mapping): Config that it was built from.
    """
    held = getattr(dataset, '_metainfo', None)
    if not isinstance(held, dict) or not isinstance(cfg, Mapping):
        return
    inner = inner_dataset(cfg)
    given = cfg.get('metainfo') or inner.get('metainfo')
    given = given or getattr(class_of_cfg(inner), 'METAINFO', None)
    if isinstance(given, Mapping):
        held.update(said_options(given))
