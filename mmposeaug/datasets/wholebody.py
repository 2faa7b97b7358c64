# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""H3WB, Human3.6M with 133 joints, as MMPose's ``H36MWholeBodyDataset`` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from mmposeaug.fileio import join_root, load_object_npz, require_file
from mmposeaug.geometry import project
from mmposeaug.structures import Skeleton

from .camera_files import CameraDict, CameraKey, camera_dict, load_camera_dicts
from .cameras import CameraSet
from .checks import check_shapes
from .frames import VideoIndex
from .metainfo import skeleton_of_cfg
from .pose_bank import PoseBank
from .readers import POSE_READERS, make_pose_bank, refuse_unknown
from .windows import select_windows, window_rule

TRAIN, TEST = ('S1', 'S5', 'S6'), ('S7',)
"""tuple[str]: Subjects of ``test_mode=False`` and ``True``, as in MMPose's class."""
CAMERAS = {
    '54138969': (1000, 1002),
    '55011271': (1000, 1000),
    '58860488': (1000, 1000),
    '60457274': (1000, 1002),
}
"""dict: Human3.6M's cameras and the size of their images, which H3WB's file does not tell."""

# Options that MMPose's class takes and does not act on.
_WITHOUT_EFFECT = dict(
    multiple_target=0,
    seq_step=1,
    pad_video_seq=False,
    subset_frac=1,
    keypoint_2d_src='gt',
    data_mode='topdown',
)
# Of the five coefficients of a lens: OpenCV's order, radial ones first, none.
_ORDERS = ((0, 1, 4, 2, 3), (0, 1, 2, 3, 4), ())
_LOOKED_AT = 64  # frames of a camera

View = tuple[tuple[str, str, str], np.ndarray, np.ndarray]
"""Subject, action and camera of a video, its keypoints (N, J, 2) and poses (N, J, 3) in metres."""


@POSE_READERS.register_module(name=['H36MWholeBodyDataset', 'WholeBodyDataset'])
def read_wholebody(
    cfg: Mapping[str, Any], skeleton: Skeleton | None, subset_seed: int, check: bool
) -> PoseBank:
    """Read the file of MMPose's ``H36MWholeBodyDataset`` or of :class:`WholeBodyDataset`.

    Its samples come in MMPose's order. Cameras are those of ``camera_param_file``, else those of
    the annotation file, whose lens is taken in the order of coefficients that fits the data.

    Args:
        cfg (Mapping): Config of the data set.
        skeleton (Skeleton | None): The joints; those of the config's ``metainfo`` for None.
        subset_seed (int): Not used, since MMPose's class takes no part of its samples.
        check (bool): Whether to check the data.

    Returns:
        PoseBank: The bank, on the CPU.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an option is unknown or has no effect, or the file is not H3WB's.
    """
    refuse_unknown(cfg)
    refuse_without_effect(cfg)
    data_root = cfg.get('data_root')
    path = join_root(cfg.get('ann_file') or '', data_root)
    require_file(path, 'annotation file', 'ann_file')
    skeleton = skeleton or skeleton_of_cfg(cfg)
    content = load_object_npz(path, ('train_data', 'metadata'))
    wanted = TEST if cfg.get('test_mode') else TRAIN
    videos, keypoints, poses = zip(*views_of(content['train_data'], wanted, path))
    for video, keypoints_px, pose in zip(videos, keypoints, poses):
        check_shapes(keypoints_px, pose, skeleton, f'{"/".join(video)} of {path!r}')
    keys = [(subject, camera) for subject, _, camera in videos]
    camera_file = cfg.get('camera_param_file')
    camera_file = camera_file and join_root(camera_file, data_root)
    cameras = find_cameras(camera_file, content['metadata'], zip(videos, keypoints, poses), path)
    subjects = tuple(subject for subject in wanted if subject in {key[0] for key in keys})
    of_frame = np.repeat(np.arange(len(videos)), [len(each) for each in keypoints])
    windows = select_windows(cfg, VideoIndex(videos, of_frame), None, repr(path), subset_seed)
    camera_set = CameraSet.from_dicts(cameras)
    with np.errstate(over='ignore'):  # what is not finite is found by the checks
        all_keypoints = np.concatenate(keypoints, dtype=np.float32, casting='same_kind')
        all_poses = np.concatenate(poses, dtype=np.float32, casting='same_kind')
    return make_pose_bank(
        keypoints_px=all_keypoints,
        pose_cam=all_poses,
        cameras=camera_set,
        skeleton=skeleton,
        camera_index=camera_set.lookup(keys, source=repr(path))[torch.from_numpy(of_frame)],
        subject_index=np.array([subjects.index(key[0]) for key in keys])[of_frame],
        subjects=subjects,
        windows=windows,
        target_frames=window_rule(cfg).target_frames,
        frame_index=np.arange(len(of_frame)),
        check=check,
        detected=True,  # joints that no camera saw were completed by a network
        source=repr(path),
    )


def refuse_without_effect(options: Mapping[str, Any]) -> None:
    """Refuse options that MMPose's class takes and does not act on."""
    for option, value in _WITHOUT_EFFECT.items():
        if options.get(option, value) != value:
            raise ValueError(
                f'{option} is {options[option]!r}, but H36MWholeBodyDataset does not act on it; '
                'leave it out.'
            )


def find_cameras(
    camera_file: str | None, metadata: Any, views: Iterable[View], path: str
) -> CameraDict:
    """The cameras of a file of their own, else those of the views' metadata."""
    if camera_file:
        return load_camera_dicts(camera_file)
    cameras: CameraDict = {}
    for (subject, _, name), keypoints_px, pose in views:
        if (subject, name) not in cameras:
            key = subject, name
            cameras[key] = read_camera(metadata, key, keypoints_px, pose, path)
    return cameras


def views_of(data: Any, wanted: tuple[str, ...], path: str) -> Iterator[View]:
    """Key, keypoints (N, J, 2) and poses (N, J, 3) in metres of each video, in MMPose's order."""
    found = False
    for subject in wanted:
        actions = _part(data, path, 'train_data').get(subject, {})
        for action, views in _part(actions, path, subject).items():
            views = _part(views, path, f'{subject}/{action}')
            count = len(_array(views, 'frame_id', 1, path, f'{subject}/{action}'))
            for camera in CAMERAS:
                if camera not in views:
                    continue
                found, where = True, f'{subject}/{action}/{camera}'
                view = _part(views[camera], path, where)
                keypoints = _array(view, 'pose_2d', 3, path, where)
                poses = _array(view, 'camera_3d', 3, path, where)
                if not len(keypoints) == len(poses) == count:
                    raise ValueError(
                        f'{where} of {path!r} has {len(keypoints)} rows of pose_2d and '
                        f'{len(poses)} of camera_3d for {count} of frame_id; they must agree.'
                    )
                yield (subject, str(action), camera), keypoints, poses / 1000
    if not found:
        raise ValueError(
            f'The file {path!r} has no view of {", ".join(wanted)} by one of the cameras '
            f'{", ".join(CAMERAS)}; give h3wb_train.npz (test_mode takes S7 of it).'
        )


def _part(value: Any, path: str, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(
            f'{where} of {path!r} is no dictionary but {type(value).__name__}; give H3WB as it is '
            'published, h3wb_train.npz.'
        )
    return value


def _array(entries: Mapping[str, Any], name: str, ndim: int, path: str, where: str) -> np.ndarray:
    """Numbers of an entry, as float64 with so many axes."""
    try:
        array = np.asarray(entries[name], dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        array = np.zeros(())
    if array.ndim != ndim:
        raise ValueError(
            f'{where} of {path!r} has no {name!r} of numbers with {ndim} axes; give H3WB as it is '
            'published, h3wb_train.npz.'
        )
    return array


def read_camera(
    metadata: Any, key: CameraKey, keypoints_px: np.ndarray, pose: np.ndarray, path: str
) -> dict[str, Any]:
    """The camera of a subject's views; focal length and centre are in thousands of pixels."""
    subject, name = key
    where = f'metadata/{subject}/{name}'
    of_subject = _part(_part(metadata, path, 'metadata').get(subject), path, f'metadata/{subject}')
    entries = _part(of_subject.get(name), path, where)
    matrix = _array(entries, 'K', 3, path, where)[0]
    lens = _array(entries, 'Distortion', 2, path, where)[0]
    if matrix.ndim != 2 or matrix.shape[0] < 2 or matrix.shape[1] != 3 or len(lens) != 5:
        raise ValueError(
            f'{where} of {path!r} has K of shape {matrix.shape} and {len(lens)} numbers of '
            'Distortion; (2, 3) or (3, 3), and five are needed.'
        )
    pinhole = 1000 * np.array([matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]])
    candidates = [
        np.concatenate((pinhole, lens[list(order)] if order else np.zeros(5))) for order in _ORDERS
    ]
    seen = torch.from_numpy(keypoints_px[:_LOOKED_AT])

    def misfit(intrinsics: np.ndarray) -> float:
        camera = torch.from_numpy(intrinsics).expand(len(seen), 9)
        points = project(torch.from_numpy(pose[:_LOOKED_AT]), camera)
        return float(torch.nan_to_num((points - seen).norm(dim=-1), 1e9).mean())

    return camera_dict(min(candidates, key=misfit), CAMERAS[name])
