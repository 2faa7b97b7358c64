# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A person before a rig of calibrated cameras, and the files that such a recording consists of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmposeaug.datasets.keypoints_2d import keypoint_names

SIZE = (1080, 1920)
NAMES = keypoint_names('coco')
# a man 1.7 m tall, metres: to his left, forward, up
_STANDING = {
    'nose': (0, 0.1, 1.6),
    'eye': (0.03, 0.08, 1.64),
    'ear': (0.07, 0, 1.62),
    'shoulder': (0.18, 0, 1.4),
    'elbow': (0.25, 0.02, 1.12),
    'wrist': (0.28, 0.1, 0.88),
    'hip': (0.13, 0, 0.92),
    'knee': (0.14, 0.03, 0.5),
    'ankle': (0.14, 0, 0.09),
}


@dataclass
class Rig:
    """Cameras around a person, and where they see him.

    Attributes:
        world: Keypoints (F, 17, 3), metres, z upwards.
        matrices: K of the cameras, (C, 3, 3).
        dist: k1, k2, p1, p2, k3 of each, (C, 5).
        rotations: Rotation vectors, world to camera, (C, 3).
        translations: (C, 3), metres.
        keypoints: x, y in pixels and score, (F, 17, C, 3).
    """

    world: np.ndarray
    matrices: np.ndarray
    dist: np.ndarray
    rotations: np.ndarray
    translations: np.ndarray
    keypoints: np.ndarray

    @property
    def names(self) -> list[str]:
        return [f'cam_{i + 1}' for i in range(len(self.matrices))]


def make_rig(num_frames: int = 12, num_cameras: int = 4, seed: int = 0) -> Rig:
    """A man who walks and swings his arms; the detector is exact."""
    rng = np.random.default_rng(seed)
    side = np.array([-1 if 'right' in name else 1 for name in NAMES])
    pose = np.array([_STANDING[name.split('_')[-1]] for name in NAMES]) * [1, 1, 1]
    pose[:, 0] *= side
    world = np.repeat(pose[None], num_frames, 0)
    swing = 0.15 * np.sin(np.arange(num_frames) / 3)
    for joint, name in enumerate(NAMES):
        if name.split('_')[-1] in ('wrist', 'ankle', 'knee', 'elbow'):
            world[:, joint, 1] += swing * side[joint]
    world[..., 1] += 0.02 * np.arange(num_frames)[:, None]
    focal = rng.uniform(1500, 1700, num_cameras)
    matrices = np.zeros((num_cameras, 3, 3))
    matrices[:, 0, 0], matrices[:, 1, 1] = focal, focal * 1.001
    matrices[:, :2, 2] = np.array(SIZE) / 2 + rng.uniform(-20, 20, (num_cameras, 2))
    matrices[:, 2, 2] = 1
    dist = rng.uniform(-1, 1, (num_cameras, 5)) * [0.05, 0.1, 1e-3, 1e-3, 0.02]
    rotations, translations, seen = [], [], []
    for camera in range(num_cameras):
        angle = 2 * np.pi * (camera + 0.3) / num_cameras
        distance = 3.2 + 0.2 * camera
        position = np.array([distance * np.cos(angle), distance * np.sin(angle), 1.8])
        rotation = _look_at(position, np.array([0, 0, 0.9]))
        rotations.append(cv2.Rodrigues(rotation)[0][:, 0])
        translations.append(-rotation @ position)
        pixels, _ = cv2.projectPoints(
            world.reshape(-1, 3), rotations[-1], translations[-1], matrices[camera], dist[camera]
        )
        seen.append(pixels.reshape(num_frames, 17, 2))
    keypoints = np.ones((num_frames, 17, num_cameras, 3))
    keypoints[..., :2] = np.stack(seen, axis=2)
    return Rig(world, matrices, dist, np.array(rotations), np.array(translations), keypoints)


def _look_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """World to camera: x right, y down, z forward, without roll."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    return np.stack((right, np.cross(forward, right), forward))


def calibration_json(rig: Rig) -> dict:
    return {
        name: dict(
            K=rig.matrices[i].tolist(),
            dist=rig.dist[i].tolist(),
            R=cv2.Rodrigues(rig.rotations[i])[0].tolist(),
            T=rig.translations[i].tolist(),
            w=SIZE[0],
            h=SIZE[1],
            fps=60.0,
        )
        for i, name in enumerate(rig.names)
    }


def calibration_toml(rig: Rig) -> str:
    """The same as Pose2Sim writes it; it has no k3."""
    parts = []
    for i, name in enumerate(rig.names):
        parts += [
            f'[{name}]',
            f'name = "{name}"',
            f'size = [ {SIZE[0]}.0, {SIZE[1]}.0]',
            f'matrix = {rig.matrices[i].tolist()}',
            f'distortions = {rig.dist[i].tolist()}',
            f'rotation = {rig.rotations[i].tolist()}',
            f'translation = {rig.translations[i].tolist()}',
            'fisheye = false',
            '',
        ]
    return '\n'.join([*parts, '[metadata]', 'adjusted = false', 'error = 0.0', ''])


def coco_content(rig: Rig, camera: int) -> dict:
    frames = range(len(rig.world))
    name = rig.names[camera]
    return dict(
        images=[
            dict(id=f, file_name=f'{name}_{f:06d}.jpg', width=SIZE[0], height=SIZE[1])
            for f in frames
        ],
        annotations=[
            dict(
                id=f,
                image_id=f,
                category_id=1,
                track_id=1,
                keypoints=rig.keypoints[f, :, camera].reshape(-1).tolist(),
            )
            for f in frames
        ],
        categories=[dict(id=1, name='person', keypoints=list(NAMES))],
    )


def write_rig(folder: Path, rig: Rig, valid: np.ndarray | None = None) -> Path:
    """Calibration, detections and reference, as the named test set has them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'cameras.json').write_text(json.dumps(calibration_json(rig)))
    for i, name in enumerate(rig.names):
        (folder / f'{name}.json').write_text(json.dumps(coco_content(rig, i)))
    valid = np.ones(rig.world.shape[:2], bool) if valid is None else valid
    np.savez(folder / 'reference.npz', world=rig.world, valid=valid, names=np.array(NAMES))
    return folder
