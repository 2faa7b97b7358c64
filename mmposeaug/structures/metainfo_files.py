# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Metainfo that a config names by its file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .choices import require_known
from .metainfo import TREE_OPTIONS, tree_options


def whole_metainfo(metainfo: Mapping[str, Any]) -> dict[str, Any]:
    """Metainfo with the content of its ``from_file``; options of the tree beside it come first.

    Raises:
        FileNotFoundError: If the file is neither there nor among MMPose's own.
        ValueError: If it has no ``dataset_info``, or another option stands beside it.
    """
    path = metainfo.get('from_file')
    if path is None:
        return dict(metainfo)
    # MMPose takes no notice of what stands beside it
    require_known('metainfo with from_file', metainfo, ('from_file', *TREE_OPTIONS))
    file = Path(path)
    if not file.is_file() and file.parent == Path('configs/_base_/datasets'):
        file = _of_mmpose(file.name)
    if not file.is_file():
        raise FileNotFoundError(
            f'The metainfo file {str(path)!r} does not exist; correct from_file (those of MMPose '
            "are called 'configs/_base_/datasets/NAME.py')."
        )
    info = Config.fromfile(file).get('dataset_info')
    if not isinstance(info, Mapping):
        raise ValueError(f'The metainfo file {str(path)!r} sets no dataset_info; add it.')
    info = Config(dict(info=info)).to_dict()['info']
    info.pop('paper_info', None)
    return {**info, **tree_options(metainfo)}


def _of_mmpose(name: str) -> Path:
    """Where MMPose's own file of that name lies."""
    spec = find_spec('mmpose')
    folder = next(iter((spec and spec.submodule_search_locations) or ['']))
    return Path(folder) / '.mim/configs/_base_/datasets' / name
