# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""TRC files hold the joints as lifted, at their times, in OpenSim's form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmposeaug.lifting import save_trc
from mmposeaug.lifting.motion_files import MARKERS
from mmposeaug.structures import H36M_17, LiftedPoses, Skeleton

UPRIGHT = np.array([1.0, -1.0, -1.0])  # camera axes to y up, where the camera is level


def read(path: Path) -> Any:
    """The file by another package."""
    trc = pytest.importorskip('trc', reason='needs `pip install trc-data-reader`')
    data = trc.TRCData()
    data.load(str(path))
    return data


def test_markers_come_back(make: Any, tmp_path: Path) -> None:
    lifted = make(frames=12)
    said: list[str] = []
    (path,) = save_trc(lifted, tmp_path / 'a.trc', report=said.append)
    data = read(path)
    assert said and 'up is not known' in said[0]
    assert (data['DataRate'], data['Units'], data['FileName']) == (25, 'm', 'a.trc')
    assert (data['NumFrames'], data['NumMarkers']) == (12, 17)
    assert data['Markers'] == [MARKERS.get(name, name) for name in H36M_17.joint_names]
    found = np.array([data[name] for name in data['Markers']]).swapaxes(0, 1)
    np.testing.assert_allclose(found, lifted.poses_cam * UPRIGHT, atol=1e-6)
    np.testing.assert_allclose(data['Time'], np.arange(12) / 25, atol=1e-6)


def test_frames_and_times_are_those_of_the_video(make: Any, without: Any, tmp_path: Path) -> None:
    lifted = make(people=2, frames=20, up_cam=np.array([0.0, -1.0, 0.0]))
    away = (lifted.tracks == 1) & np.isin(lifted.frames, [0, 1, 8, 9, 19])
    paths = save_trc(without(lifted, away), tmp_path / 'a.trc', unit='mm', report=[].append)
    assert [path.name for path in paths] == ['a_person0.trc', 'a_person1.trc']
    data = read(paths[1])
    assert data['Frame#'] == list(range(2, 19)) and data['OrigDataStartFrame'] == 2
    assert data['Time'][0] == pytest.approx(2 / 25)
    found = np.array([data[name] for name in data['Markers']]).swapaxes(0, 1)
    blank = np.isin(np.arange(2, 19), [8, 9])
    assert np.isnan(found[blank]).all()
    expected = (lifted.poses_cam * UPRIGHT * 1000)[(lifted.tracks == 1) & ~away]
    np.testing.assert_allclose(found[~blank], expected, atol=1e-3)


def test_lines_are_as_opensim_reads_them(make: Any, without: Any, tmp_path: Path) -> None:
    lifted = make(frames=3)
    (path,) = save_trc(without(lifted, lifted.frames == 1), tmp_path / 'a.trc', report=[].append)
    lines = path.read_text().split('\n')
    assert lines[0] == 'PathFileType\t4\t(X/Y/Z)\ta.trc'
    assert lines[1].split('\t')[-2:] == ['OrigDataStartFrame', 'OrigNumFrames']
    assert lines[3].startswith('Frame#\tTime\tHip\t\t\tRHip\t\t\tRKnee')
    assert lines[4].split() == [f'{axis}{i}' for i in range(1, 18) for axis in 'XYZ']
    assert lines[5] == '' and lines[-1] == ''
    # a tab behind each value: OpenSim takes what follows the last one for no value
    assert [line.count('\t') for line in lines[6:9]] == [53] * 3
    assert lines[7] == '1\t0.040000\t' + '\t' * 51


def test_names_of_other_joints(make: Any, tmp_path: Path) -> None:
    skeleton = Skeleton('dog', ('root', 'hip', 'my paw', '頭'), (-1, 0, 1, 1))
    (path,) = save_trc(make(skeleton=skeleton), tmp_path / 'ä b.trc', report=[].append)
    # both would be Hip, so neither is
    assert read(path)['Markers'] == ['root', 'hip', 'my_paw', 'joint']
    assert read(path)['FileName'] == 'ä b.trc'


def test_what_cannot_be_written_is_told(make: Any, tmp_path: Path) -> None:
    lifted = make()
    with pytest.raises(ValueError, match='A TRC file needs the frames a second'):
        save_trc(LiftedPoses(**dict(lifted.__dict__, fps=None)), tmp_path / 'a.trc')
    with pytest.raises(ValueError, match="no unit 'cm'"):
        save_trc(lifted, tmp_path / 'a.trc', unit='cm')
    assert list(tmp_path.iterdir()) == []
