# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Human3.6M's 3D from folders: the official archives and h36m.zip."""

from __future__ import annotations

import json

import numpy as np
import pytest
from published_files import ARCHIVES, load_tool, write_h36m, write_h36m_archive
from scipy.io import savemat

from mmposeaug.converters import convert_h36m
from mmposeaug.fileio import load_npz

pytest.importorskip('h5py')


@pytest.fixture(scope='module')
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp('h36m')
    made = write_h36m(folder, 3)
    positions = made['content'][0]
    for actions in positions.values():
        # as the archives have it: whole recordings in an order of their own, single precision
        for action, world in reversed(list(actions.items())):
            metres = (1000 * world).astype(np.float64) / 1000
            actions[action] = metres.astype(np.float32)
    np.savez_compressed(folder / 'data_3d_h36m.npz', positions_3d=positions)
    return made


@pytest.fixture(scope='module')
def from_npz(published, tmp_path_factory):
    out = tmp_path_factory.mktemp('from_npz')
    convert_h36m(published['positions'], published['cameras'], out, published['keypoints'])
    return out


@pytest.mark.parametrize('kind', ARCHIVES)
def test_all_kinds_of_files_give_the_same_arrays(published, from_npz, tmp_path, kind):
    folder = write_h36m_archive(tmp_path / 'h36m', kind, published['content'][0])
    cameras, keypoints = published['cameras'], published['keypoints']
    # the folder that h36m.zip unpacks to, or the one that it is in
    given = folder.parent if kind == 'h5' else folder
    lines = []
    convert_h36m(str(given), cameras, tmp_path / 'out', keypoints, report=lines.append)
    for split in ('train', 'test'):
        a, b = (
            load_npz(str(out / f'fps50/h36m_{split}.npz')) for out in (from_npz, tmp_path / 'out')
        )
        assert a.keys() == b.keys()
        for name in a:
            assert a[name].dtype == b[name].dtype and a[name].tobytes() == b[name].tobytes()
        detections = f'fps50/joint_2d_det_files/cpn_ft_h36m_dbb_{split}.npy'
        assert (from_npz / detections).read_bytes() == (tmp_path / 'out' / detections).read_bytes()
    missing = [line for line in lines if 'fewer than the two takes' in line]
    assert len(missing) == 7
    first = (
        'S1 has fewer than the two takes of Directions, Discussion, Eating, Greeting and 11 other'
    )
    assert missing[0].startswith(first)


def test_the_order_of_the_npz_does_not_matter(published, from_npz, tmp_path):
    positions = {
        subject: dict(reversed(list(actions.items())))
        for subject, actions in reversed(list(published['content'][0].items()))
    }
    np.savez(tmp_path / 'data_3d_h36m.npz', positions_3d=positions)
    convert_h36m(str(tmp_path / 'data_3d_h36m.npz'), published['cameras'], tmp_path)
    a, b = (load_npz(str(out / 'fps50/h36m_train.npz')) for out in (from_npz, tmp_path))
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_a_second_call_makes_what_is_missing(published, tmp_path):
    folder = write_h36m_archive(tmp_path / 'pose', 'cdf.mat', published['content'][0])
    (folder / 'S1/MyPoseFeatures/D3_Positions/_ALL.cdf.mat').write_bytes(b'not read')
    paths = convert_h36m(str(folder), published['cameras'], tmp_path / 'out')
    record = json.loads((tmp_path / 'out/conversion.json').read_text())
    inputs = record['fps50/train']['inputs']
    assert len(inputs) == 15 and any(name.endswith('Directions.cdf.mat') for name in inputs)
    time = paths[0].stat().st_mtime_ns
    paths[1].unlink()
    convert_h36m(str(folder), published['cameras'], tmp_path / 'out')
    assert paths[1].exists() and paths[0].stat().st_mtime_ns == time
    (folder / 'S1/MyPoseFeatures/D3_Positions/Directions.cdf.mat').unlink()
    with pytest.raises(FileExistsError, match=r'Directions.cdf.mat \[.*\], not None'):
        convert_h36m(str(folder), published['cameras'], tmp_path / 'out')


def test_an_array_without_its_cell_is_read(published, from_npz, tmp_path):
    folder = write_h36m_archive(tmp_path / 'pose', 'cdf.mat', published['content'][0])
    for path in folder.rglob('*.cdf.mat'):
        world = published['content'][0][path.parts[-4]][path.name[: -len('.cdf.mat')]]
        savemat(path, dict(data=world.reshape(len(world), -1).astype(float) * 1000))
    convert_h36m(str(folder), published['cameras'], tmp_path / 'out')
    a, b = (load_npz(str(out / 'fps50/h36m_test.npz')) for out in (from_npz, tmp_path / 'out'))
    assert a['S'].tobytes() == b['S'].tobytes()


def test_wrong_folders_are_refused(published, tmp_path):
    positions, cameras = published['content'][0], published['cameras']
    folder = write_h36m_archive(tmp_path / 'pose', 'cdf.mat', positions)
    place = folder / 'S6/MyPoseFeatures/D3_Positions'
    path = place / 'Directions.cdf.mat'
    good = path.read_bytes()

    def refused(match, error=ValueError):
        with pytest.raises(error, match=match):
            convert_h36m(str(folder), cameras, tmp_path / 'out')

    savemat(path, dict(data=np.zeros((4, 95))))
    refused(r"'.*S6.*Directions.cdf.mat' has shape \(4, 95\)")
    savemat(path, dict(data=np.array([[1, 2], [3, 4]], dtype=object)))
    refused("'data' of .*4 cells")
    savemat(path, dict(data=np.full((4, 96), 0.04)))
    refused('in metres')
    savemat(path, dict(data=np.zeros((0, 96))))
    refused("'.*S6.*Directions.cdf.mat' has no frames")
    savemat(path, dict(positions=np.zeros((4, 96))))
    refused("no array 'data', only positions")
    path.write_bytes(good[:300])
    refused('MATLAB file.*complete')
    path.write_bytes(good)
    (place / 'WalkingDog 1.cdf.mat').write_bytes(good)
    refused('WalkDog 1.cdf.mat.*WalkingDog 1.cdf.mat.*same recording')
    for each in place.iterdir():
        each.rename(each.with_suffix(''))
    refused(r'no \*.cdf.mat in .*S6.*add the files of S6', FileNotFoundError)
    write_h36m_archive(folder, 'h5', dict(S6=positions['S6']))
    refused('has both')


def test_h5_files_that_are_none(published, tmp_path):
    folder = write_h36m_archive(tmp_path / 'h36m', 'h5', published['content'][0])
    (folder / 'S9/MyPoses/3D_positions/Directions.h5').write_bytes(b'none')
    with pytest.raises(ValueError, match='S9.*cannot be read as a HDF5 file'):
        convert_h36m(str(folder), published['cameras'], tmp_path / 'out')


def test_the_tool_says_what_a_folder_lacks(published, tmp_path, capsys):
    main = load_tool('h36m')
    rest = [published['cameras'], str(tmp_path / 'out')]
    place = tmp_path / 'S1/MyPoseFeatures/D3_Positions'
    place.mkdir(parents=True)
    assert main([str(tmp_path), *rest]) == 1
    assert 'has none of S1/Poses_D3_Positions/*.cdf.mat' in capsys.readouterr().err
    (place / 'Directions 1.cdf').write_bytes(b'')
    assert main([str(tmp_path), *rest]) == 1
    error = capsys.readouterr().err
    assert error.count('\n') == 1 and "Directions 1.cdf' is a .cdf file" in error
    assert 'convert_cdf_to_mat.m' in error
    assert main([str(tmp_path / 'h36m.zip'), *rest]) == 1
    assert 'is packed; unpack it and name the folder' in capsys.readouterr().err
    for name in ('Directions 1.cdf.mat', 'annot.mat', 'Directions 1.h5', 'Directions 1.cdf'):
        assert main([str(place / name), *rest]) == 1
        assert 'is one recording; name the folder that holds S1, S5' in capsys.readouterr().err


def test_actions_of_another_data_set_are_said(published, tmp_path):
    folder = write_h36m_archive(tmp_path / 'pose', 'cdf.mat', published['content'][0])
    place = folder / 'S6/MyPoseFeatures/D3_Positions'
    for name in ('Foo 1', 'Bar'):
        (place / f'{name}.cdf.mat').write_bytes((place / 'Directions.cdf.mat').read_bytes())
    lines = []
    convert_h36m(str(folder), published['cameras'], tmp_path / 'out', report=lines.append)
    said = [line for line in lines if 'no action of Human3.6M' in line]
    assert len(said) == 1 and said[0].startswith('S6 has Bar, Foo_1, no action')
    names = load_npz(str(tmp_path / 'out/fps50/h36m_train.npz'))['imgname']
    assert any('S6_Foo_1.' in name for name in names)
