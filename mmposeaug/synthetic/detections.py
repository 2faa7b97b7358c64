# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a 2D detector would find of the synthetic people: a sample for demos and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from mmposeaug.datasets.rigs import look_at
from mmposeaug.geometry import LOST_SCORES, misplace, project
from mmposeaug.structures import Skeleton, get_skeleton
from mmposeaug.structures.choices import require_choice

from .parts import PARTS, people_of, pose_people

_TARGET = PARTS[-1]

# Metres from the head joint to the landmarks of the face: to the person's left, up, to the front.
_FACE = {
    'nose': (0.0, -0.02, 0.11),
    'left_eye': (0.032, 0.02, 0.09),
    'right_eye': (-0.032, 0.02, 0.09),
    'left_ear': (0.07, 0.0, 0.0),
    'right_ear': (-0.07, 0.0, 0.0),
}
_NOISE = 0.008  # shares of a person's height
_COCO_LIMBS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')


@dataclass(frozen=True)
class Scene:
    """People before one camera.

    Args:
        motions (Sequence[str]): What each of the people does; names of motions of the target
            part.
        frames (int): Frames T. Defaults to 125.
        fps (float): Frames a second. Defaults to 25.
        image_size (tuple[int, int]): Width and height in pixels. Defaults to (1280, 720).
        focal (float): Focal length in pixels. Defaults to 1000.
        distance (float): Metres from the camera to the middle of the scene. Defaults to 5.5.
        height (float): Height of the camera in metres. Defaults to 1.5.
        seed (int): Seed of all random numbers. Defaults to 0.
    """

    motions: Sequence[str] = ('Dance', 'Lunge')
    frames: int = 125
    fps: float = 25.0
    image_size: tuple[int, int] = (1280, 720)
    focal: float = 1000.0
    distance: float = 5.5
    height: float = 1.5
    seed: int = 0

    @property
    def intrinsics(self) -> np.ndarray:
        """np.ndarray: The camera (9,): fx, fy, cx, cy and no distortion; pixels."""
        width, height = self.image_size
        return np.array([self.focal, self.focal, width / 2, height / 2, 0, 0, 0, 0, 0])

    def film(self, skeleton: Skeleton | None = None) -> np.ndarray:
        """Return camera-space joints (P, T, J, 3) in metres; KeyError for an unknown motion."""
        skeleton = skeleton or get_skeleton('h36m_17')
        for name in self.motions:
            require_choice('The motion', name, _TARGET.motions, error=KeyError)
        bodies = people_of(_TARGET, self.seed)[0][: len(self.motions)]
        time = np.arange(self.frames) / self.fps
        curves = []
        for number, name in enumerate(self.motions):
            rng = np.random.default_rng((self.seed, _TARGET.number, 2, number))
            performed = _TARGET.motions[name](time, rng)
            performed['heading'] = performed['heading'] + rng.uniform(-60, 60)
            curves.append(performed)
        joints, _ = pose_people(curves, bodies, skeleton)
        # people face +y: the camera stands there, and they stand beside each other
        joints[..., 0] += (np.arange(len(bodies)) - (len(bodies) - 1) / 2)[:, None, None] * 1.7
        position = np.array([0.0, self.distance, self.height])
        rotation = look_at(position, np.array([0.0, 0.0, 0.9]), 0.0)
        return (joints - position) @ rotation


def coco_keypoints(pose_cam: np.ndarray, skeleton: Skeleton) -> dict[str, np.ndarray]:
    """Return COCO's keypoints (*, 3) by name: limbs from joints (*, J, 3), the face modelled."""
    joint = {name: pose_cam[..., i, :] for i, name in enumerate(skeleton.joint_names)}
    left = _unit(joint['left_shoulder'] - joint['right_shoulder'])
    up = joint['head'] - joint['thorax']
    up = _unit(up - (up * left).sum(-1, keepdims=True) * left)
    front = np.cross(left, up)
    points = {
        name: joint['head'] + side * left + high * up + ahead * front
        for name, (side, high, ahead) in _FACE.items()
    }
    for limb in _COCO_LIMBS:
        for side in ('left', 'right'):
            points[f'{side}_{limb}'] = joint[f'{side}_{"foot" if limb == "ankle" else limb}']
    return points


def detect_people(scene: Scene) -> list[dict[str, Any]]:
    """COCO keypoint results with the faults of a detector.

    Errors and places of lost keypoints are those of :class:`mmposeaug.models.DetectionModel`, here
    of COCO's own keypoints: they are off by about 1 % of the person's height. Now and then one is
    lost for up to eight frames, with a low score and a place far off; each person is not seen at
    all for a few frames. Scores of keypoints that are not lost tell nothing.

    Args:
        scene (Scene): The people.

    Returns:
        list[dict]: ``image_id`` (from 1), ``category_id``, ``keypoints`` (x, y, score of COCO's
        17), ``bbox`` (left, top, width, height) and ``score``; there are no track ids.
    """
    skeleton = get_skeleton('h36m_17')
    people = coco_keypoints(scene.film(skeleton), skeleton)
    points = np.stack(list(people.values()), axis=-2)
    camera = torch.from_numpy(scene.intrinsics)
    pixels = project(torch.from_numpy(points), camera).numpy()  # (P, T, K, 2)
    rng = np.random.default_rng((scene.seed, 3))
    count, frames, keypoints = pixels.shape[:3]
    lost = _lost(rng, count, frames, keypoints)
    scores = np.clip(rng.normal(0.85, 0.06, pixels.shape[:3]), 0.5, 0.99)
    scores[lost] = rng.uniform(*LOST_SCORES, int(lost.sum()))
    noise, far = rng.normal(size=pixels.shape), rng.normal(size=pixels.shape)
    height = np.ptp(pixels[..., 1], axis=-1)
    pixels = misplace(
        torch.from_numpy(pixels),
        torch.from_numpy(height),
        torch.from_numpy(noise),
        _NOISE,
        torch.from_numpy(lost),
        torch.from_numpy(far),
    ).numpy()
    absent = np.zeros((count, frames), bool)
    for person in range(count):
        start = int(rng.integers(frames // 4, 3 * frames // 4))
        absent[person, start : start + int(rng.integers(3, 8))] = True
    results = []
    for frame in range(frames):
        for person in rng.permutation(count):  # a detector knows of no order
            if not absent[person, frame]:
                results.append(_entry(frame, pixels[person, frame], scores[person, frame]))
    return results


def _lost(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Mask (P, T, K) of keypoints that are lost for up to eight frames."""
    begins = rng.random(shape) < 0.006
    lengths = rng.integers(1, 9, shape)
    lost = np.zeros(shape, bool)
    for person, frame, keypoint in zip(*np.nonzero(begins)):
        lost[person, frame : frame + lengths[person, frame, keypoint], keypoint] = True
    return lost


def _entry(frame: int, pixels: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    low, high = pixels.min(0), pixels.max(0)
    triples = np.concatenate((np.round(pixels, 1), np.round(scores, 2)[:, None]), axis=1)
    return dict(
        image_id=frame + 1,
        category_id=1,
        keypoints=triples.reshape(-1).tolist(),
        bbox=np.round([*low, *(high - low)], 1).tolist(),
        score=round(float(scores.mean()), 3),
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
