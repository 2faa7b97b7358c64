# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""From detected 2D keypoints to 3D poses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Union

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from mmposeaug.codecs import check_seen
from mmposeaug.datasets import check_pixels
from mmposeaug.datasets.keypoints_2d import (
    KeypointMap,
    Keypoints2D,
    Sequences,
    fill_gaps,
    keypoints_from_array,
    load_keypoints,
)
from mmposeaug.geometry import place_roots
from mmposeaug.structures import LiftedPoses, Skeleton
from mmposeaug.version import __version__

from .included_network import load_included
from .keypoint_choice import choose_map, set_text
from .lifter_files import require_pair
from .lifters import load_lifter
from .options import LiftingOptions
from .refine import refine_poses
from .scale import scale_to_stature
from .smoothing import SINGLE_PICTURES
from .tracks import assign_tracks, number_in_frames
from .views import as_seen, find_image_sizes, find_view, read_camera
from .windows import iterate_windows

KeypointSource = Union[str, 'os.PathLike[str]', np.ndarray, Keypoints2D]

UNCERTAIN_SHARE = 0.2
"""float: From this share on, joints of low scores are mentioned."""

_ANY_DEPTH = 5.0  # metres; what it scales is scaled to a stature afterwards


class LiftingInferencer:
    """Lifts the keypoints of files or arrays with a trained lifter.

    Args:
        config (str | PathLike | Config, optional): Config that the lifter was trained with.
            Defaults to the lifter that comes with the package, see
            :func:`mmposeaug.lifting.included_lifter`.
        checkpoint (str | PathLike, optional): Its checkpoint.
        device (str | torch.device): Where it runs. Defaults to ``'cpu'``.
        flip_test (bool): Whether to average with the prediction for the mirrored image, for
            skeletons with pairs of left and right joints. Defaults to True.
        batch_size (int): Frames that are lifted together. Defaults to 1024.

    Raises:
        FileNotFoundError: If config or checkpoint does not exist.
        ValueError: If one of them is missing, or they do not fit each other, see
            :func:`mmposeaug.apis.load_lifter`.

    Example:
        >>> inferencer = LiftingInferencer()  # or ('config.py', 'best.pth')
        >>> keypoints = np.random.default_rng(0).uniform(300, 700, (10, 17, 3))
        >>> inferencer(keypoints, keypoint_set='coco', image_size=(1000, 1000)).poses_rel.shape
        (10, 17, 3)
    """

    def __init__(
        self,
        config: str | os.PathLike | Config | None = None,
        checkpoint: str | os.PathLike | None = None,
        device: str | torch.device = 'cpu',
        flip_test: bool = True,
        batch_size: int = 1024,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size is {batch_size}; it must be at least 1.')
        require_pair(config, checkpoint)
        if config is None or checkpoint is None:
            self.lifter = load_included(device)
        else:
            self.lifter = load_lifter(config, checkpoint, device)
        # a right hand's mirror image is a left one
        self.flip_test = flip_test and bool(self.skeleton.joint_pairs)
        self.batch_size = batch_size

    @property
    def skeleton(self) -> Skeleton:
        """Skeleton: The joints of the lifter."""
        return self.lifter.skeleton

    def __call__(
        self, keypoints: KeypointSource, options: LiftingOptions | None = None, **changes: Any
    ) -> LiftedPoses:
        """Lift keypoints."""
        options = replace(options or LiftingOptions(), **changes)
        people = _read(keypoints, options.first_frame)
        joint_map = self.joint_map(people, options.keypoint_set)
        camera = read_camera(options.camera_file, options.camera)
        sequences, way = _sequences(people, joint_map, options)
        sizes, size_from = find_image_sizes(
            sequences.frames,
            sequences.joints_px,
            options.image_size,
            people.image_sizes,
            camera,
        )
        intrinsics, camera_text = find_view(sizes, camera, options.focal)
        codec = self.lifter.adapter.codec
        check_seen(
            torch.from_numpy(sequences.joints_px).double(),
            torch.from_numpy(intrinsics),
            torch.from_numpy(sequences.scores),
            f' of {people.source}',
        )
        poses = self._lift(
            sequences, *as_seen(sequences.joints_px, sizes, intrinsics, options.pad_portrait)
        )
        scale = 'by the lifter'
        if codec.needs_root_depth:
            poses = scale_to_stature(poses, sequences.runs, self.skeleton, options.stature)
            scale = f'assumed: people {options.stature:g} m tall'
        info = dict(
            self.made_with(),
            source=people.source,
            frames_from=SINGLE_PICTURES if options.stills else people.frames_from,
            keypoint_set=set_text(people, options.keypoint_set, joint_map),
            tracks=way,
            image_size=size_from,
            camera=camera_text,
            poses_by_camera=codec.needs_intrinsics and not codec.needs_root_depth,
            scale=scale,
            pad_portrait=options.pad_portrait,
            max_gap=options.max_gap,
            score_thr=options.score_thr,
            people_detected=len(people),
            people_lifted=len(sequences),
            people_left_out=len(sequences.incomplete),
            joints_interpolated=int(sequences.interpolated.sum()),
            notices=[*people.notices, *_uncertain(sequences, options.score_thr)],
        )
        order = np.lexsort((sequences.tracks, sequences.frames))
        roots = place_roots(poses, sequences.joints_px, sequences.scores, intrinsics)
        lifted = LiftedPoses(
            skeleton=self.skeleton,
            frames=sequences.frames[order],
            tracks=sequences.tracks[order],
            poses_rel=poses[order],
            keypoints_px=sequences.joints_px[order],
            scores=sequences.scores[order],
            interpolated=sequences.interpolated[order],
            image_sizes=sizes[order],
            roots_cam=roots[order],
            image_names=dict(people.image_names),
            fps=options.fps or people.fps,
            info=info,
            intrinsics=intrinsics[order],
        )
        return refine_poses(lifted, options, camera, size_known=not codec.needs_root_depth)

    def joint_map(self, people: Keypoints2D, name: str) -> KeypointMap:
        """How the lifter's joints are made of the people's keypoints."""
        return choose_map(people, name, self.skeleton)

    def _lift(
        self,
        sequences: Sequences,
        joints_px: np.ndarray,
        sizes: np.ndarray,
        cameras: np.ndarray,
    ) -> np.ndarray:
        """Root-relative poses (N, J, 3) in metres."""
        lifter = self.lifter
        keypoints = torch.from_numpy(joints_px)
        scores = torch.from_numpy(sequences.scores).clamp(0, 1)
        image_size = torch.from_numpy(sizes).float()
        intrinsics = torch.from_numpy(cameras).float()
        poses = np.empty((len(sequences), self.skeleton.num_joints, 3), np.float32)
        done = 0
        for windows, which, places in iterate_windows(
            lifter.window, sequences.runs, self.batch_size
        ):
            rows = torch.from_numpy(windows)
            at = rows[:, 0]
            pose = self.predict(keypoints[rows], scores[rows], image_size[at], intrinsics[at])
            poses[done : done + len(which)] = pose[which, places]
            done += len(which)
        return poses

    @torch.inference_mode()
    def predict(
        self, keypoints_px: Tensor, scores: Tensor, image_size: Tensor, intrinsics: Tensor
    ) -> np.ndarray:
        """Root-relative poses (B, T', J, 3) of the T' target frames of clips (B, T, J, 2)."""
        lifter = self.lifter
        count, length = keypoints_px.shape[:2]
        targets = len(lifter.adapter.target_indices(length))
        pose = lifter.adapter.predict(
            keypoints_px.to(lifter.device),
            image_size.to(lifter.device),
            scores.to(lifter.device),
            intrinsics.to(lifter.device),
            torch.full((count, targets), _ANY_DEPTH, device=lifter.device),
            flip_indices=self.skeleton.flip_indices if self.flip_test else None,
        )
        if not torch.isfinite(pose).all():
            raise ValueError(
                f'The lifter {lifter.checkpoint.name!r} gives poses that are not finite; its '
                'training must have failed.'
            )
        # a lifter that predicts the root leaves it a little off the origin
        return (pose - pose[..., self.skeleton.root, None, :]).cpu().numpy()

    def made_with(self) -> dict[str, Any]:
        """What the poses are made with."""
        config = self.lifter.cfg.filename
        return dict(
            version=__version__,
            config=os.path.basename(config) if config else None,
            checkpoint=self.lifter.checkpoint.name,
            checkpoint_sha256=self.lifter.sha256,
            frames_at_once=self.lifter.num_frames,
            flip_test=self.flip_test,
        )


def _read(keypoints: KeypointSource, first_frame: int | None) -> Keypoints2D:
    if not isinstance(keypoints, (Keypoints2D, np.ndarray)):
        return load_keypoints(keypoints, first_frame=first_frame)
    if first_frame is not None:
        raise ValueError(
            f'first_frame is {first_frame}, but it is for files whose images have numbers; give '
            'it to load_keypoints, or leave it out.'
        )
    if isinstance(keypoints, np.ndarray):
        return keypoints_from_array(keypoints)
    check_pixels(keypoints.keypoints_px, keypoints.scores, keypoints.source)
    return keypoints


def _sequences(
    people: Keypoints2D, joint_map: KeypointMap, options: LiftingOptions
) -> tuple[Sequences, str]:
    """People in unbroken runs, and how they were followed."""
    if options.stills:
        followed, way = number_in_frames(people), 'none: single pictures'
    else:
        followed, way = assign_tracks(people, options.tracker, options.max_gap)
    joints, scores = joint_map(followed.keypoints_px, followed.scores)
    max_gap = 0 if options.stills else options.max_gap
    sequences = fill_gaps(
        followed.frames, followed.tracks, joints, scores, max_gap, options.score_thr
    )
    if options.stills:
        sequences = replace(sequences, runs=np.arange(len(sequences)))
    return sequences, way


def _uncertain(sequences: Sequences, score_thr: float) -> Iterator[str]:
    """What to say where many joints were never found with a score above the threshold."""
    low = ~sequences.interpolated & (sequences.scores < score_thr)
    if low.mean() >= UNCERTAIN_SHARE:
        yield (
            f'{100 * low.mean():.0f} % of the joints have scores below {score_thr:g} and no '
            'better ones nearby: they are lifted as they are, and may be anywhere. Check the '
            'detections, or lower score_thr if these scores are good ones.'
        )
