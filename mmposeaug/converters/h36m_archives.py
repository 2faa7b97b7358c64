# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Human3.6M's 3D from folders: the official archives as MATLAB files, and h36m.zip's HDF5 files.

Both hold one file a recording, named after its action, with 32 joints in world space and
millimetres. The numbers are rounded to float32 metres, as VideoPose3D's npz file holds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmposeaug.fileio import Track

from .checks import check_frames, check_metres, number_array
from .h36m_files import SUBJECTS, Sequences, canonical_action
from .joints import H36M_32
from .matlab import load_hdf5, load_mat

Recordings = dict[tuple[str, str], str]
"""(subject, action) to the file."""

_COLUMNS = 3 * len(H36M_32)
_H5 = '3D_positions'  # the data set of h36m.zip's files
_ALL = '_ALL'  # the archives' name of all recordings in one
_SMALLEST_METRES = 0.1  # people who stand have a larger coordinate


@dataclass(frozen=True)
class Layout:
    """Where a kind of archive has its files, and how the frames (T, 96), millimetres, are read."""

    folder: str
    suffix: str
    read: Callable[[str], np.ndarray]


def _read_cdf_mat(path: str) -> np.ndarray:
    """Return the one cell of what MATLAB's cdfread gives; or the array without its cell."""
    data = load_mat(path, ['data'])['data']
    if data.dtype != object:
        return data.T
    if data.size != 1:
        raise ValueError(f"The array 'data' of {path!r} has {data.size} cells, 1 is needed.")
    return data.item()


LAYOUTS = (
    Layout('Poses_D3_Positions', '.cdf.mat', _read_cdf_mat),
    Layout('MyPoseFeatures/D3_Positions', '.cdf.mat', _read_cdf_mat),
    Layout('MyPoses/3D_positions', '.h5', lambda path: load_hdf5(path, [_H5])[_H5].T),
)
"""tuple[Layout]: The archives that are known."""


def find_recordings(folder: str) -> Recordings:
    """Find the files of all subjects."""
    root = Path(folder)
    root = root / 'h36m' if (root / 'h36m').is_dir() else root
    layout = _layout_of(root)
    found: Recordings = {}
    for subject in SUBJECTS:
        files = _files(root, subject, layout)
        if not files:
            raise FileNotFoundError(
                f"There is no *{layout.suffix} in '{root / subject / layout.folder}'; add the "
                f'files of {subject}.'
            )
        for path in files:
            key = (subject, canonical_action(path.name[: -len(layout.suffix)]))
            if key in found:
                raise ValueError(
                    f"'{found[key]}' and '{path}' are the same recording; remove one of them."
                )
            found[key] = str(path)
    return found


def _layout_of(root: Path) -> Layout:
    present = [each for each in LAYOUTS if any(_files(root, s, each) for s in SUBJECTS)]
    if len(present) > 1:
        first, second = (f'S*/{each.folder}/*{each.suffix}' for each in present[:2])
        raise ValueError(f"'{root}' has both {first} and {second}; leave one of them there.")
    if present:
        return present[0]
    for layout in LAYOUTS:
        cdf = next(iter(sorted(root.glob(f'S*/{layout.folder}/*.cdf'))), None)
        if cdf is not None:
            raise ValueError(
                f"'{cdf}' is a .cdf file, which is not read; make data_3d_h36m.npz of the files "
                "with VideoPose3D's prepare_data_h36m.py, or .cdf.mat files in MATLAB with its "
                'convert_cdf_to_mat.m (docs/datasets.md).'
            )
    wanted = ', '.join(f'S1/{each.folder}/*{each.suffix}' for each in LAYOUTS)
    raise FileNotFoundError(
        f"'{root}' has none of {wanted}, nor MMPose's h36m_train.npz; name the folder that has."
    )


def _files(root: Path, subject: str, layout: Layout) -> list[Path]:
    paths = sorted((root / subject / layout.folder).glob(f'*{layout.suffix}'))
    return [path for path in paths if not path.name.startswith(_ALL)]


def read_recordings(recordings: Recordings, track: Track) -> Sequences:
    """Read world positions (T, 32, 3) in metres by (subject, action)."""
    return {key: _read(recordings[key]) for key in track(list(recordings))}


def _read(path: str) -> np.ndarray:
    layout = next(each for each in LAYOUTS if path.endswith(each.suffix))
    where = f'The 3D of {path!r}'
    frames = number_array(layout.read(path), (None, _COLUMNS), where)
    check_frames(frames, where)
    metres = (frames / 1000).astype(np.float32).astype(np.float64)
    check_metres(metres, where)
    largest = np.abs(metres).max()
    if largest < _SMALLEST_METRES:
        raise ValueError(
            f'{where} has no coordinate above {1000 * largest:.0f} mm, so it seems to be in '
            'metres; millimetres are needed.'
        )
    return metres.reshape(len(metres), len(H36M_32), 3)
