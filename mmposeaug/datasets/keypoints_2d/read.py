# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Reading any of the files that hold 2D keypoints."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mmposeaug.fileio import (
    load_json,
    load_npy,
    load_npz,
    load_object_npz,
    npz_entries,
    require_file,
)
from mmposeaug.structures.choices import require_choice

from ..pixels import check_pixels
from .array_files import keypoints_from_array, keypoints_from_arrays
from .coco_files import read_coco_annotations, read_coco_results
from .keypoints import Keypoints2D
from .other_tools import (
    is_by_image,
    is_openpose,
    is_ultralytics,
    read_images,
    read_videopose3d,
)
from .prediction_files import read_alphapose, read_mmpose_folder, read_mmpose_predictions

KEYPOINT_FORMATS = (
    'coco',
    'coco_results',
    'mmpose',
    'alphapose',
    'openpose',
    'ultralytics',
    'numpy',
)
"""tuple[str]: Formats of keypoint files."""


def load_keypoints(
    path: str | os.PathLike,
    file_format: str = 'auto',
    annotations: str | os.PathLike | None = None,
    video_id: int | str | None = None,
    first_frame: int | None = None,
) -> Keypoints2D:
    """Read 2D keypoints.

    Args:
        path (str | PathLike): JSON, npz or npy file, or a folder of JSON files of MMPose, OpenPose
            or Ultralytics, one for each image.
        file_format (str): One of :data:`KEYPOINT_FORMATS`. Defaults to ``'auto'``: told by the
            ending and the content.
        annotations (str | PathLike, optional): COCO ground-truth file with the images of a
            results file.
        video_id (int | str, optional): Of COCO and VideoPose3D files with several videos the one
            to read, or :data:`~mmposeaug.datasets.keypoints_2d.ALL_VIDEOS`, whose people belong to
            no time (COCO).
        first_frame (int, optional): The number that the file gives to the first frame of the
            video, which becomes frame 0. Defaults to None: frame and image ids count from 0, or
            from 1 where none is 0; numbers in the names of images are taken as they are.

    Returns:
        Keypoints2D: The people; ``frames_from`` says how their frames are known.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file cannot be read as what it is, or holds no keypoints, or normalised
            ones in place of pixels.
    """
    if first_frame is not None and (type(first_frame) is not int or first_frame < 0):
        raise ValueError(
            f'first_frame is {first_frame!r}; give the whole number, from 0 on, that the file '
            'gives to the first frame of the video.'
        )
    people = _read(path, file_format, annotations, video_id, first_frame)
    check_pixels(people.keypoints_px, people.scores, people.source)
    return people


def _read(
    path: str | os.PathLike,
    file_format: str,
    annotations: str | os.PathLike | None,
    video_id: int | str | None,
    first_frame: int | None,
) -> Keypoints2D:
    path = os.fspath(path)
    source = f'the keypoint file {os.path.basename(path)!r}'
    require_choice('The keypoint format', file_format, ('auto', *KEYPOINT_FORMATS))
    if os.path.isdir(path):
        return _read_folder(path, first_frame)
    require_file(path, 'keypoint file')
    ending = os.path.splitext(path)[1].lower()
    if ending in ('.npz', '.npy') and first_frame is not None:
        raise ValueError(
            f'first_frame is {first_frame}, but {source} has no images with numbers; leave it out.'
        )
    if ending == '.npz' and 'positions_2d' in npz_entries(path):
        entries = load_object_npz(path, ['positions_2d', 'metadata'])
        return read_videopose3d(entries['positions_2d'], entries['metadata'], source, video_id)
    if ending == '.npz':
        return keypoints_from_arrays(load_npz(path), source)
    if ending == '.npy':
        return keypoints_from_array(load_npy(path), source)
    if file_format == 'numpy':
        raise ValueError(f'{source} must end in .npz or .npy to be read as numpy data.')
    content = _unwrapped(_read_json(path, 'keypoint file'))
    if file_format == 'auto':
        file_format = _format_of(content, source)
    if annotations is not None and file_format != 'coco_results':
        raise ValueError(
            f'{source} is of the format {file_format}; annotations are for COCO results only.'
        )
    if file_format == 'mmpose':
        return read_mmpose_predictions(content, source, first_frame)
    if file_format == 'coco':
        if not isinstance(content, Mapping):
            raise ValueError(f'{source} must be a JSON object to be read as COCO ground truth.')
        return read_coco_annotations(content, source, video_id, first_frame)
    if file_format in ('openpose', 'ultralytics'):
        name = os.path.splitext(os.path.basename(path))[0]
        return read_images([(name, content)], source, first_frame)
    if file_format == 'alphapose' and is_by_image(content):
        return read_images(list(content.items()), source, first_frame)
    if not isinstance(content, list):
        raise ValueError(f'{source} must be a JSON list to be read as {file_format}.')
    if file_format == 'alphapose':
        return read_alphapose(content, source, first_frame)
    images = None
    if annotations is not None:
        annotations = require_file(os.fspath(annotations), 'annotation file', 'annotations')
        images = _read_json(annotations, 'annotation file')
        if not isinstance(images, Mapping):
            raise ValueError(
                f'The annotation file {annotations!r} must be a JSON object, as COCO has it.'
            )
    return read_coco_results(content, source, images, video_id, first_frame)


def _read_json(path: str, what: str) -> Any:
    content = load_json(path, what)
    if not content:
        raise ValueError(f'The {what} {path!r} is empty: it holds no keypoints.')
    return content


def _format_of(content: Any, source: str) -> str:
    """Format of parsed JSON."""
    if isinstance(content, Mapping):
        if 'instance_info' in content:
            return 'mmpose'
        if 'images' in content:
            return 'coco'
        if is_openpose(content):
            return 'openpose'
        if is_by_image(content):
            return 'alphapose'
    elif is_ultralytics(content):
        return 'ultralytics'
    elif isinstance(content, list) and isinstance(content[0], Mapping):
        first = content[0]
        if 'image_id' in first:
            return 'coco_results' if isinstance(first['image_id'], int) else 'alphapose'
        if 'instances' in first or 'keypoints' in first:
            return 'mmpose'
    kind = f'a JSON {"object" if isinstance(content, Mapping) else type(content).__name__}'
    keys = content[0] if isinstance(content, list) and content else content
    if isinstance(keys, Mapping):
        kind += f' with {", ".join(map(repr, list(keys)[:6]))}'
    raise ValueError(
        f'{source} is {kind}, which is not a known format; known are COCO keypoints (ground truth '
        "or results), MMPose's predictions, the results of AlphaPose, OpenPose and Ultralytics, "
        "and npz or npy files, VideoPose3D's among them."
    )


def _unwrapped(content: Any) -> Any:
    """Results that are the only list of an object, such as ``{"results": [...]}``."""
    if isinstance(content, Mapping) and not {'images', 'instance_info', 'people'} & content.keys():
        lists = [value for value in content.values() if isinstance(value, list)]
        others = [value for value in content.values() if isinstance(value, Mapping)]
        if len(lists) == 1 and not others and lists[0] and not is_by_image(content):
            return lists[0]
    return content


def _read_folder(path: str, first_frame: int | None) -> Keypoints2D:
    source = f'the keypoint folder {os.path.basename(os.path.normpath(path))!r}'
    names = [name for name in os.listdir(path) if name.lower().endswith('.json')]
    if not names:
        raise ValueError(f'{source} holds no JSON file.')
    files = [(name, load_json(os.path.join(path, name), 'keypoint file')) for name in names]
    if any(is_openpose(content) or is_ultralytics(content) for _, content in files):
        images = [(os.path.splitext(name)[0], content) for name, content in files]
        return read_images(images, source, first_frame)
    return read_mmpose_folder(files, source, first_frame)
