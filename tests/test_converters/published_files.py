# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Tiny files of the layouts that data sets are published in, with made-up people in them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.io import savemat
from scripts import load_script

from mmposeaug.converters.joints import (
    FROM_MPI,
    FROM_SMPL,
    H36M_32,
    MPI_TEST_17,
    MPI_TRAIN_28,
    OPENPOSE_18,
    SMPL_24,
    SPIN_24,
)
from mmposeaug.datasets.rigs import SOURCE_RIG, place_cameras, rig_dicts
from mmposeaug.fileio import save_pickle
from mmposeaug.structures import H36M_17
from mmposeaug.synthetic.parts import PARTS, people_of, perform

ROOT = Path(__file__).resolve().parents[2]
H36M_SUBJECTS = ('S1', 'S5', 'S6', 'S7', 'S8', 'S9', 'S11')


def load_tool(name: str) -> Callable[..., int]:
    """The main function of a converter's command line."""
    return load_script(ROOT / 'tools' / 'dataset_converters' / f'{name}.py').main


def people(sequences: int, frames: int) -> np.ndarray:
    """(sequences, frames, 17, 3) people that move, world metres, z up."""
    bodies, _ = people_of(PARTS[0], 0)
    return perform(PARTS[0], bodies, 0, sequences, 0, H36M_17).joints[:, :frames]


def spread(
    joints: np.ndarray, names: tuple[str, ...], other: dict[str, str] | None = None
) -> np.ndarray:
    """Human3.6M's 17 joints at their places among a source's, the others near the root."""
    rng = np.random.default_rng(0)
    root = joints[..., H36M_17.root, None, :]
    out = root + rng.normal(0, 0.1, (*joints.shape[:-2], len(names), 3))
    for index, joint in enumerate(H36M_17.joint_names):
        name = (other or {}).get(joint, joint)
        if name in names:
            out[..., names.index(name), :] = joints[..., index, :]
    return out


def project_cv2(pose_cam: np.ndarray, camera: dict[str, Any]) -> np.ndarray:
    """OpenCV's projection of camera-space points (*, 3)."""
    (fx, fy), (cx, cy) = camera['f'].ravel(), camera['c'].ravel()
    k1, k2, k3 = camera['k'].ravel()
    matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    lens = np.array([k1, k2, *camera['p'].ravel(), k3])
    flat = pose_cam.reshape(-1, 3)
    pixels, _ = cv2.projectPoints(flat, np.zeros(3), np.zeros(3), matrix, lens)
    return pixels.reshape(*pose_cam.shape[:-1], 2)


def h36m_actions(subject: str) -> dict[str, str]:
    """Names of the actions of a subject in the file, and in MMPose's image names."""
    walk = 'WalkingDog 1' if subject == 'S5' else 'WalkDog 1'
    return {'Directions': 'Directions', walk: 'WalkDog_1'}


def write_h36m(folder: Path, frames: int = 4) -> dict[str, Any]:
    """data_3d_h36m.npz, cameras.pkl and two 2D files, in one of which videos are longer."""
    folder.mkdir(parents=True, exist_ok=True)
    joints = people(2 * len(H36M_SUBJECTS), frames)
    positions, keypoints, cameras = {}, {}, {}
    rng = np.random.default_rng(3)
    for number, subject in enumerate(H36M_SUBJECTS):
        for each in place_cameras(subject, SOURCE_RIG, np.random.default_rng(number)):
            cameras.update(rig_dicts([each]))
        positions[subject], keypoints[subject] = {}, {}
        for i, action in enumerate(h36m_actions(subject)):
            world = spread(joints[2 * number + i], H36M_32)
            positions[subject][action] = world.astype(np.float32)
            videos = []
            for (person, _), camera in cameras.items():
                if person == subject:
                    seen = (joints[2 * number + i] - camera['T'].ravel()) @ camera['R']
                    video = project_cv2(seen, camera) + rng.normal(0, 2, (frames, 17, 2))
                    videos.append(np.concatenate((video, video[-1:])).astype(np.float32))
            keypoints[subject][action] = videos
    symmetry = [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]
    metadata = dict(layout_name='h36m', num_joints=17, keypoints_symmetry=symmetry)
    np.savez_compressed(folder / 'data_3d_h36m.npz', positions_3d=positions)
    np.savez_compressed(
        folder / 'data_2d_h36m_cpn_ft_h36m_dbb.npz', positions_2d=keypoints, metadata=metadata
    )
    save_pickle(folder / 'cameras.pkl', cameras)
    return dict(
        positions=str(folder / 'data_3d_h36m.npz'),
        cameras=str(folder / 'cameras.pkl'),
        keypoints=[str(folder / 'data_2d_h36m_cpn_ft_h36m_dbb.npz')],
        content=(positions, keypoints, cameras),
    )


ARCHIVES = {
    'cdf.mat': 'MyPoseFeatures/D3_Positions',
    'cdf.mat of one archive': 'Poses_D3_Positions',
    'cdf.mat of MATLAB 7.3': 'MyPoseFeatures/D3_Positions',
    'h5': 'MyPoses/3D_positions',
}


def write_h36m_archive(folder: Path, kind: str, positions: dict[str, Any]) -> Path:
    """Human3.6M's 3D as one of ARCHIVES, from metres as in data_3d_h36m.npz."""
    for subject, actions in positions.items():
        place = folder / subject / ARCHIVES[kind]
        place.mkdir(parents=True, exist_ok=True)
        for action, world in actions.items():
            rows = world.reshape(len(world), -1).astype(np.float64) * 1000
            if kind == 'h5':
                write_hdf5(place / f'{action}.h5', {'3D_positions': rows.T})
            elif 'MATLAB' in kind:
                write_hdf5(place / f'{action}.cdf.mat', {}, {'data': rows})
            else:
                cell = np.empty((1, 1), object)
                cell[0, 0] = rows
                savemat(place / f'{action}.cdf.mat', dict(data=cell))
    return folder


def write_hdf5(
    path: Path, arrays: dict[str, np.ndarray], cells: dict[str, np.ndarray] | None = None
) -> None:
    """An HDF5 file; with cells, arrays that are each the one cell of a MATLAB 7.3 file."""
    import h5py

    with h5py.File(path, 'w', userblock_size=512 if cells else 0) as file:
        for name, values in arrays.items():
            file[name] = values
        for name, values in (cells or {}).items():
            content = file.create_dataset(f'#refs#/{name}', data=values.T)
            file.create_dataset(name, (1, 1), h5py.ref_dtype)[0, 0] = content.ref
    if cells:
        with open(path, 'r+b') as file:
            file.write(b'MATLAB 7.3 MAT-file')


def mpi_sequence(number: int, frames: int) -> dict[str, np.ndarray]:
    """Arrays of one annot_data.mat, with HDF5's order of axes."""
    upright = people(1, frames)[0] - [0, 0, 0.9]
    pose_cam = spread(upright, MPI_TEST_17, FROM_MPI)[..., [0, 2, 1]] * [1, -1, 1] + [0, 0, 4]
    size = np.array([2048, 2048] if number <= 4 else [1920, 1080])
    keypoints = pose_cam[..., :2] / pose_cam[..., 2:] * (1000 + number) + size / 2
    valid = np.ones((frames, 1))
    valid[1] = 0
    return dict(
        annot2=keypoints[:, None],
        annot3=pose_cam[:, None] * 1000,
        univ_annot3=pose_cam[:, None] * 1100,
        valid_frame=valid,
        activity_annotation=np.full((frames, 1), 1.0 + number % 7),
    )


def write_mpi_test(folder: Path, frames: int = 5, hdf5: bool = False) -> dict[str, Any]:
    """TS1 to TS6, as MATLAB 5 files or, as they are published, 7.3."""
    content = {}
    for number in range(1, 7):
        arrays = content[f'TS{number}'] = mpi_sequence(number, frames)
        path = folder / f'TS{number}' / 'annot_data.mat'
        path.parent.mkdir(parents=True, exist_ok=True)
        if not hdf5:
            savemat(path, {name: values.T for name, values in arrays.items()})
            continue
        import h5py

        with h5py.File(path, 'w', userblock_size=512) as file:
            for name, values in arrays.items():
                file[name] = values
        with open(path, 'r+b') as file:
            file.write(b'MATLAB 7.3 MAT-file')
    return content


def write_spin(folder: Path, frames: int = 3) -> dict[str, np.ndarray]:
    """SPIN's mpi_inf_3dhp_valid.npz of frames of all six sequences."""
    folder.mkdir(parents=True, exist_ok=True)
    names, poses, keypoints = [], [], []
    order = [SPIN_24.index(FROM_MPI.get(joint, joint)) for joint in H36M_17.joint_names]
    for number in range(1, 7):
        arrays = mpi_sequence(number, frames)
        mpi = [MPI_TEST_17.index(FROM_MPI.get(joint, joint)) for joint in H36M_17.joint_names]
        pose = np.zeros((frames, 24, 4))
        pose[:, order, :3] = arrays['univ_annot3'][:, 0][:, mpi] / 1000
        pose[:, order, :3] -= pose[:, order[:1], :3]
        pose[:, order, 3] = 1
        points = np.zeros((frames, 24, 3))
        points[:, order, :2] = arrays['annot2'][:, 0][:, mpi]
        points[:, order, 2] = 1
        poses.append(pose)
        keypoints.append(points)
        names += [
            f'mpi_inf_3dhp_test_set/TS{number}/imageSequence/img_{frame + 1:06d}.jpg'
            for frame in range(frames)
        ]
    arrays = dict(
        imgname=np.array(names),
        center=np.zeros((len(names), 2)),
        scale=np.ones(len(names)),
        part=np.concatenate(keypoints),
        S=np.concatenate(poses),
    )
    np.savez(folder / 'mpi_inf_3dhp_valid.npz', **arrays)
    return arrays


CALIBRATION = """name          {number}
  sensor      10 10
  size        2048 2048
  animated    0
  intrinsic   {focal} 0 1024.5 0 0 {focal} 1020 0 0 0 1 0 0 0 0 1
  extrinsic   1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1
  radial      0
"""


def write_mpi_train(folder: Path, frames: int = 4) -> dict[int, np.ndarray]:
    """S1/Seq1 with fourteen cameras; in the last frame a joint is outside the image."""
    path = folder / 'S1' / 'Seq1'
    path.mkdir(parents=True, exist_ok=True)
    upright = people(1, frames)[0] - [0, 0, 0.9]
    cells_2d, cells_3d = np.empty((14, 1), object), np.empty((14, 1), object)
    content, calibration = {}, 'Skeletool Camera Calibration File V1.0\n'
    for number in range(14):
        focal = 1400 + 10 * number
        pose = spread(upright, MPI_TRAIN_28, FROM_MPI)[..., [0, 2, 1]] * [1, -1, 1] + [0, 0, 4]
        points = pose[..., :2] / pose[..., 2:] * focal + [1024.5, 1020]
        points[-1, MPI_TRAIN_28.index('head_top'), 0] = -1
        cells_2d[number, 0] = points.reshape(frames, -1)
        cells_3d[number, 0] = pose.reshape(frames, -1) * 1000
        content[number] = pose
        calibration += CALIBRATION.format(number=number, focal=focal)
    savemat(path / 'annot.mat', dict(annot2=cells_2d, annot3=cells_3d, univ_annot3=cells_3d))
    (path / 'camera.calibration').write_text(calibration)
    return content


def write_pw3d(folder: Path, frames: int = 5, **changes: Any) -> dict[str, Any]:
    """One sequence of two people, as 3DPW pickles it."""
    path = folder / 'sequenceFiles' / 'test'
    path.mkdir(parents=True, exist_ok=True)
    joints = people(2, frames)
    turn = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    extrinsics = np.tile(np.eye(4), (frames, 1, 1))
    extrinsics[:, :3, :3] = turn
    extrinsics[:, :3, 3] = [0, 0.9, 4]
    extrinsics[:, 0, 3] = np.linspace(-0.2, 0.2, frames)  # the camera moves
    rng = np.random.default_rng(0)
    content = dict(
        sequence='downtown_walking_00',
        jointPositions=[spread(each, SMPL_24, FROM_SMPL).reshape(frames, -1) for each in joints],
        cam_intrinsics=np.array([[1961.0, 0, 540], [0, 1969, 960], [0, 0, 1]]),
        cam_poses=extrinsics,
        campose_valid=[np.array([1] * (frames - 1) + [0])] * 2,
        poses2d=[rng.uniform(1, 1000, (frames, 3, len(OPENPOSE_18))) for _ in joints],
        genders=['m', 'f'],
        betas=[np.zeros(10)] * 2,
    )
    for each in content['poses2d']:
        each[:, 2] = 0.5
    content.update(changes)
    content = {key: value for key, value in content.items() if value is not None}
    with open(path / 'downtown_walking_00.pkl', 'wb') as file:
        pickle.dump(content, file, protocol=2)
    return content
