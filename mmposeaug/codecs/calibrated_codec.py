# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A codec for calibrated cameras, in MMPose's registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np
import torch
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.registry import KEYPOINT_CODECS

from mmposeaug.geometry import turn_points, undistort
from mmposeaug.structures.choices import require_choice

from .calibrated_pose_lifting import TensorCalibratedPoseLifting
from .camera_checks import check_camera, check_seen

_Camera = tuple[float, ...]
_Size = Optional[tuple[float, float]]


@KEYPOINT_CODECS.register_module()
class CalibratedPoseLifting(BaseKeypointCodec):
    """Keypoints of a calibrated camera, seen by a virtual camera that is turned to the person.

    See :class:`TensorCalibratedPoseLifting`, which it calls on one sample, for what is encoded. It
    needs the camera of each sample (``camera_param_file`` of the data set).

    MMPose's ``TemporalRegressionHead`` hands ``target_root`` to ``decode`` and nothing else, so the
    rotation of the virtual camera travels in it: of each target frame four rows, the root's place
    and the three rows of the rotation, (T', 4, 3). That needs no other head, data set or packing
    than MMPose's own, which carry ``target_root`` as it is.

    Args:
        num_keypoints (int): Keypoints of a person.
        root_index (int | Sequence[int]): Root joint, or joints whose mean is the root. Defaults to
            0.
        remove_root (bool): Whether the target lacks the root joint, if it is a single one. Defaults
            to False.
        size (str): ``'keep'``: inputs are rays, in which people who are near are large.
            ``'divide'``: they are divided by their size (the root mean square distance from their
            mean). ``'apart'``: divided, and the logarithm of the size is a third value of each
            keypoint. Defaults to ``'keep'``.
        virtual_camera (str): ``'clip'``: one virtual camera for all frames of a clip, turned to the
            person in the target frame (the middle one where all are targets); the root's path
            stays in the input, and nothing turns that does not turn in the picture. ``'frame'``:
            one for each frame, which leaves the path out. Single frames do not differ. Defaults to
            ``'clip'``.
        causal (bool): Whether the target is the last frame of a clip, as the data set's and the
            backbone's option says; else the middle one. Defaults to False.
        reshape_keypoints (bool): Whether inputs are (K * D, T), else (T, K, D). Defaults to True.
        concat_vis (bool): Whether scores are a further value of each keypoint. Defaults to False.

    Raises:
        ValueError: If an option is unknown.

    Example:
        >>> codec = CalibratedPoseLifting(num_keypoints=17)
        >>> camera = dict(f=[1000, 1000], c=[500, 500], w=1000, h=1000)
        >>> codec.encode(np.full((1, 17, 2), 600.0), camera_param=camera)['keypoint_labels'].shape
        (34, 1)
    """

    auxiliary_encode_keys = {'lifting_target', 'lifting_target_visible', 'camera_param'}  # noqa: RUF012
    instance_mapping_table = dict(  # noqa: RUF012
        lifting_target='lifting_target', lifting_target_visible='lifting_target_visible'
    )
    label_mapping_table = dict(  # noqa: RUF012
        trajectory_weights='trajectory_weights',
        lifting_target_label='lifting_target_label',
        lifting_target_weight='lifting_target_weight',
    )

    def __init__(
        self,
        num_keypoints: int,
        root_index: int | Sequence[int] = 0,
        remove_root: bool = False,
        size: str = 'keep',
        virtual_camera: str = 'clip',
        causal: bool = False,
        reshape_keypoints: bool = True,
        concat_vis: bool = False,
    ) -> None:
        super().__init__()
        require_choice('CalibratedPoseLifting: size', size, ('keep', 'divide', 'apart'))
        require_choice('CalibratedPoseLifting: virtual_camera', virtual_camera, ('clip', 'frame'))
        self.num_keypoints = num_keypoints
        self.root_index = [root_index] if isinstance(root_index, int) else list(root_index)
        self.remove_root = remove_root
        self.size = size
        self.virtual_camera = virtual_camera
        self.causal = causal
        self.reshape_keypoints = reshape_keypoints
        self.concat_vis = concat_vis
        self.tensor_codec = TensorCalibratedPoseLifting(self)
        self._checked: set[tuple[_Camera, _Size]] = set()

    def encode(
        self,
        keypoints: np.ndarray,
        keypoints_visible: np.ndarray | None = None,
        lifting_target: np.ndarray | None = None,
        lifting_target_visible: np.ndarray | None = None,
        camera_param: Mapping[str, Any] | None = None,
    ) -> dict:
        """Encode one sample.

        Args:
            keypoints (np.ndarray): Keypoints (T, K, 2), pixels.
            keypoints_visible (np.ndarray, optional): Scores (T, K); 0 is not found. Defaults to
                None, all 1.
            lifting_target (np.ndarray, optional): Joints (T', K, 3) or (K, 3) in camera space,
                metres. Defaults to None, not known.
            lifting_target_visible (np.ndarray, optional): Visibility (T', K) or (K,); above 0.5
                counts. Defaults to None, all visible.
            camera_param (Mapping): MMPose's camera: ``f`` and ``c`` in pixels; ``k``, ``p`` of the
                distortion, ``w`` and ``h`` where they are known.

        Returns:
            dict: What MMPose's ``VideoPoseLifting`` returns, with ``target_root`` of shape
            (T', 4, 3) or (4, 3), see the class.

        Raises:
            ValueError: If the camera is missing or cannot be, a keypoint lies where its lens shows
                nothing, or the target is behind the camera or not where its keypoints are.
        """
        camera, image_size = _read_camera(camera_param)
        points = torch.from_numpy(np.asarray(keypoints, dtype=np.float64))
        points = points.reshape(-1, *points.shape[-2:])
        if keypoints_visible is None:
            keypoints_visible = np.ones(points.shape[:2], dtype=np.float32)
        scores = torch.from_numpy(np.asarray(keypoints_visible, dtype=np.float64))
        scores = scores.reshape(points.shape[:2])
        if (camera, image_size) not in self._checked:  # a data set has few
            size = None if image_size is None else torch.tensor(image_size)
            check_camera(torch.tensor(camera), size, 'The camera of the sample')
            self._checked.add((camera, image_size))
        cameras = points.new_tensor(camera).expand(len(points), 9)
        rays = self._without_gaps(undistort(points, cameras), scores)
        x, view = self.tensor_codec.encode_rays(rays[None], scores[None])
        if lifting_target is None:
            lifting_target = np.zeros((1, self.num_keypoints, 3), dtype=np.float32)
        pose = torch.from_numpy(np.asarray(lifting_target, dtype=np.float64))
        pose = pose.reshape(1, -1, *pose.shape[-2:])
        view = self._of_target(view, len(points), pose.shape[1])
        visible = None
        if lifting_target_visible is not None:
            visible = torch.from_numpy(np.asarray(lifting_target_visible, dtype=np.float64))
            visible = visible.reshape(pose.shape[:-1])
        label, weight = self.tensor_codec.encode_target(pose, visible=visible, view=view)
        root = self.tensor_codec._root(pose)
        self.tensor_codec.check_targets(pose, view, scores[None])
        check_seen(points, cameras, scores, ' of the sample', rays)
        target_root = torch.cat((root, view.expand(1, pose.shape[1], 3, 3)), dim=-2)

        def plain(values: torch.Tensor) -> np.ndarray:
            values = values[0] if np.ndim(lifting_target) > 2 else values[0, 0]
            return values.numpy().astype(np.float32)

        encoded: dict[str, Any] = dict(
            keypoint_labels=x[0].numpy().astype(np.float32),
            keypoints_visible=keypoints_visible,
            lifting_target_label=plain(label),
            lifting_target_weight=plain(weight[..., 0]),
            trajectory_weights=plain(weight[..., 0]),
            target_root=plain(target_root),
        )
        if self.tensor_codec.removes_root:
            encoded['target_root_removed'] = True
        return encoded

    def decode(
        self, encoded: np.ndarray, target_root: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Turn poses back into the real camera's axes, and put them at the root's place.

        Args:
            encoded (np.ndarray): Network output (T', J, 3).
            target_root (np.ndarray): What :meth:`encode` gave, (T', 4, 3) or with axes before.

        Returns:
            tuple[np.ndarray, np.ndarray]: Joints (T', K, 3) in camera space, metres, and scores
            (T', K), all 1.

        Raises:
            ValueError: If ``target_root`` is missing.
        """
        if target_root is None or np.size(target_root) == 0:
            raise ValueError(
                'CalibratedPoseLifting decodes by the rotation of its virtual camera, which comes '
                "in target_root; add 'target_root' to the meta_keys of PackPoseInputs."
            )
        known = torch.from_numpy(np.asarray(target_root, dtype=np.float64)).reshape(-1, 4, 3)
        output = torch.from_numpy(np.asarray(encoded, dtype=np.float64))
        root, rotation = known[:, :1], known[:, 1:]
        pose = (turn_points(output, rotation.mT) + root).numpy()
        if self.tensor_codec.removes_root:
            pose = np.insert(pose, self.root_index, root.numpy(), axis=1)
        return pose.astype(np.float32), np.ones(pose.shape[:-1], dtype=np.float32)

    def _without_gaps(self, rays: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Rays (T, K, 2); of keypoints of score 0 without a place, where the camera turns to."""
        gaps = rays.isnan().any(-1, keepdim=True) & (scores <= 0).unsqueeze(-1)
        if not gaps.any():
            return rays
        looked_at = self.tensor_codec._looked_at(rays[None], scores[None] > 0)[0].unsqueeze(-2)
        return torch.where(gaps, looked_at.nan_to_num(0.0), rays)

    def _of_target(self, view: torch.Tensor, frames: int, targets: int) -> torch.Tensor:
        """Rotations (1, 1 or T', 3, 3) of the target's frames."""
        if view.shape[1] in (1, targets):
            return view
        if targets != 1:
            raise ValueError(
                f'{targets} of the {frames} frames of a sample are targets, and '
                "CalibratedPoseLifting has virtual_camera='frame'; have one target, or all, or set "
                "virtual_camera='clip'."
            )
        frame = self.tensor_codec.frame_of(frames)
        return view[:, frame : frame + 1]


def _read_camera(camera: Mapping[str, Any] | None) -> tuple[_Camera, _Size]:
    """Intrinsics (9,) and image size (2,) of MMPose's camera dictionary."""
    if not camera or camera.get('f') is None or camera.get('c') is None:
        found = 'no camera' if not camera else f'a camera with {", ".join(map(str, camera))} alone'
        raise ValueError(
            f"CalibratedPoseLifting needs each sample's camera, focal length f and centre c in "
            f'pixels, and got {found}; set camera_param_file of the data set, or use a codec '
            'without camera, such as VideoPoseLifting.'
        )
    values: list[float] = []
    for name, count in (('f', 2), ('c', 2), ('k', 3), ('p', 2)):
        given = camera.get(name)
        try:
            numbers = np.zeros(count) if given is None else np.asarray(given, np.float64).ravel()
        except (TypeError, ValueError):
            raise ValueError(
                f'The camera of the sample has {name} = {given!r}; {count} numbers are needed.'
            ) from None
        if numbers.size != count:
            raise ValueError(
                f'The camera of the sample has {name} = {numbers.tolist()}; {count} numbers are '
                'needed.'
            )
        values += numbers.tolist()
    size: _Size = None
    if camera.get('w') is not None and camera.get('h') is not None:
        size = float(camera['w']), float(camera['h'])
    return tuple(values), size
