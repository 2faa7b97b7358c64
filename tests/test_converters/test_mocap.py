# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
from __future__ import annotations

import re

import numpy as np
import pytest
from published_files import ROOT, load_tool, project_cv2
from scipy.spatial.transform import Rotation

from mmposeaug.converters.mocap import convert_mocap
from mmposeaug.converters.mocap.asf_amc import read_amc, read_asf
from mmposeaug.converters.mocap.build import place_take
from mmposeaug.converters.mocap.bvh import read_bvh
from mmposeaug.converters.mocap.joint_map import load_joint_map
from mmposeaug.datasets import MocapDataset, load_camera_dicts, load_pose_bank
from mmposeaug.fileio import load_npz
from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import H36M_17

MAPS = ROOT / 'configs' / 'joint_maps'

# name, parent, offset in inches / 0.45 and the order of its rotations, of a BVH person
BODY = (
    ('Hips', '', (0, 0, 0), 'ZYX'),
    ('LeftUpLeg', 'Hips', (1.8, -1.2, 0), 'ZXY'),
    ('LeftLeg', 'LeftUpLeg', (0, -7.2, 0), 'XYZ'),
    ('LeftFoot', 'LeftLeg', (0, -7.0, 0), 'YXZ'),
    ('RightUpLeg', 'Hips', (-1.8, -1.2, 0), 'ZXY'),
    ('RightLeg', 'RightUpLeg', (0, -7.2, 0), 'XYZ'),
    ('RightFoot', 'RightLeg', (0, -7.0, 0), 'YXZ'),
    ('Spine', 'Hips', (0, 2.0, 0), 'ZYX'),
    ('Spine1', 'Spine', (0, 2.1, 0), 'ZYX'),
    ('Neck', 'Spine1', (0, 2.2, 0), 'ZYX'),
    ('Head', 'Neck', (0, 1.6, 0.3), 'ZYX'),
    ('LeftArm', 'Spine1', (3.2, 1.9, 0), 'ZYX'),
    ('LeftForeArm', 'LeftArm', (5.0, 0, 0), 'YZX'),
    ('LeftHand', 'LeftForeArm', (4.2, 0, 0), 'ZYX'),
    ('RightArm', 'Spine1', (-3.2, 1.9, 0), 'ZYX'),
    ('RightForeArm', 'RightArm', (-5.0, 0, 0), 'YZX'),
    ('RightHand', 'RightForeArm', (-4.2, 0, 0), 'ZYX'),
)
ENDS = {'LeftFoot': (0, 0, 1.5), 'RightFoot': (0, 0, 1.5), 'Head': (0, 1.7, 0)}
ENDS.update(LeftHand=(1, 0, 0), RightHand=(-1, 0, 0))


def hierarchy(name, depth=0):
    """BVH text of a joint and all below it."""
    _, parent, offset, order = next(each for each in BODY if each[0] == name)
    pad = '\t' * depth
    channels = ' '.join(f'{axis}rotation' for axis in order)
    if not parent:
        channels = f'Xposition Yposition Zposition {channels}'
    text = f'{pad}{"JOINT" if parent else "ROOT"} {name}\n{pad}{{\n'
    text += f'{pad}\tOFFSET {offset[0]} {offset[1]} {offset[2]}\n'
    text += f'{pad}\tCHANNELS {len(channels.split())} {channels}\n'
    for child in [each[0] for each in BODY if each[1] == name]:
        text += hierarchy(child, depth + 1)
    if name in ENDS:
        x, y, z = ENDS[name]
        text += f'{pad}\tEnd Site\n{pad}\t{{\n{pad}\t\tOFFSET {x} {y} {z}\n{pad}\t}}\n'
    return f'{text}{pad}}}\n'


def make_motion(frames, seed=0, rate=30):
    """Angles (T, 17, 3) in degrees in each joint's own order, and root positions (T, 3)."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / rate
    phase, speed = rng.uniform(0, 6, (2, 1, len(BODY), 3))
    angles = 15 * np.sin(2 * np.pi * time * (0.3 + 0.05 * speed) + phase)
    way = np.stack((10 * time[:, 0, 0], np.full(frames, 17.0), 3 * np.sin(time[:, 0, 0])), axis=1)
    return angles, way


def write_bvh(path, frames=31, seed=0, rate=30):
    angles, way = make_motion(frames, seed, rate)
    rows = np.concatenate((way, angles.reshape(frames, -1)), axis=1)
    lines = '\n'.join(' '.join(f'{value:.9f}' for value in row) for row in rows)
    # depth first, as the columns must be
    assert [line.split()[1] for line in hierarchy('Hips').splitlines() if 'JOINT' in line] == [
        each[0] for each in BODY[1:]
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'HIERARCHY\n{hierarchy("Hips")}MOTION\nFrames: {frames}\nFrame Time: {1 / rate:.9f}\n'
        f'{lines}\n'
    )
    return angles, way


def chain_positions(angles, way):
    """Places of the joints of one frame by scipy's rotations, from the root outwards."""
    places, turns = {'Hips': way}, {}
    for (name, parent, offset, order), degrees in zip(BODY, angles):
        local = Rotation.from_euler(order, degrees, degrees=True)
        turns[name] = turns[parent] * local if parent else local
        if parent:
            places[name] = places[parent] + turns[parent].apply(offset)
    for name, offset in ENDS.items():
        places[f'{name}_end'] = places[name] + turns[name].apply(offset)
    return places


def test_bvh_positions(tmp_path):
    angles, way = write_bvh(tmp_path / '1_walk.bvh')
    motion = read_bvh(str(tmp_path / '1_walk.bvh'))
    assert len(motion) == 31 and motion.frame_rate == pytest.approx(30, rel=1e-6)
    positions = motion.positions()
    for frame in (0, 7, 30):
        places = chain_positions(angles[frame], way[frame])
        assert set(places) == set(motion.names)
        for index, name in enumerate(motion.names):
            assert np.abs(positions[frame, index] - places[name]).max() < 1e-6


def test_bvh_positions_of_other_joints_replace_their_offset(tmp_path):
    path = tmp_path / 'a.bvh'
    path.write_text(
        'HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n'
        'JOINT b\n{\nOFFSET 0 5 0\nCHANNELS 3 Xposition Yposition Zposition\n'
        'End Site\n{\nOFFSET 0 1 0\n}\n}\n}\n'
        'MOTION\nFrames: 1\nFrame Time: 0.1\n90 0 0 0 2 0\n'
    )
    np.testing.assert_allclose(
        read_bvh(str(path)).positions()[0, 1:], [[-2, 0, 0], [-3, 0, 0]], atol=1e-12
    )


@pytest.mark.parametrize(
    'spell',
    [
        lambda text: text.replace('Hips', 'Bip01 Hips'),
        lambda text: text.replace('position', 'Position').replace('rotation', 'ROTATION'),
        lambda text: text.replace('HIERARCHY', 'Hierarchy').replace('OFFSET', 'offset'),
        lambda text: text.replace('JOINT', 'Joint').replace('End Site', 'END SITE tip of it'),
        lambda text: text.replace('Frame Time', 'FRAME TIME').replace('MOTION', 'Motion'),
        lambda text: text.replace('Hips', 'LOCOMOTION_Hips'),
        lambda text: chr(0xFEFF) + text.replace('\n', '\r\n'),
        lambda text: text.replace(' {', '{').replace('OFFSET', '\n OFFSET'),
    ],
)
def test_bvh_as_exporters_write_it(spell, tmp_path):
    write_bvh(tmp_path / 'a.bvh')
    text = (tmp_path / 'a.bvh').read_text()
    (tmp_path / 'b.bvh').write_bytes(spell(text).encode())
    assert spell(text) != text
    plain, spelt = (read_bvh(str(tmp_path / name)) for name in ('a.bvh', 'b.bvh'))
    np.testing.assert_array_equal(spelt.positions(), plain.positions())
    assert spelt.names[1:] == plain.names[1:] and spelt.names[0].endswith('Hips')


def test_bvh_with_a_frame_more_than_announced(tmp_path):
    write_bvh(tmp_path / 'a.bvh')
    text = (tmp_path / 'a.bvh').read_text()
    (tmp_path / 'b.bvh').write_text(text.replace('Frames: 31', 'Frames: 30'))
    assert len(read_bvh(str(tmp_path / 'b.bvh'))) == 31
    (tmp_path / 'b.bvh').write_text(text.replace('Frames: 31', 'Frames: 29'))
    with pytest.raises(ValueError, match='29 frames of'):
        read_bvh(str(tmp_path / 'b.bvh'))
    for part in ('OFFSET', 'Frame Time:'):
        commas = re.sub(rf'({part} *\S*?)\.', r'\1,', text, count=1)
        (tmp_path / 'b.bvh').write_text(commas)
        with pytest.raises(ValueError, match='write decimal points in place of commas as in'):
            read_bvh(str(tmp_path / 'b.bvh'))


def test_resampling_keeps_bones_and_meets_recorded_frames(tmp_path):
    write_bvh(tmp_path / '1_walk.bvh')
    motion = read_bvh(str(tmp_path / '1_walk.bvh'))
    recorded = motion.positions()
    tenth = motion.resampled(10)
    assert len(tenth) == 11
    np.testing.assert_allclose(tenth.positions(), recorded[::3], atol=1e-5)
    odd = motion.resampled(24).positions()
    assert len(odd) == 25
    for child, parent in enumerate(motion.parents):
        if parent >= 0:
            lengths = np.linalg.norm(odd[:, child] - odd[:, parent], axis=-1)
            np.testing.assert_allclose(lengths, np.linalg.norm(motion.steps[0, child]), rtol=1e-9)
    # half way between two frames is half way, up to the bend of the path
    between = motion.resampled(60).positions()[1::2]
    assert np.abs(between - (recorded[1:] + recorded[:-1]) / 2).max() < 0.02
    with pytest.raises(ValueError, match='above 0'):
        motion.resampled(0)


def test_broken_bvh(tmp_path):
    path = tmp_path / '1_walk.bvh'
    write_bvh(path)
    text = path.read_text()

    def refused(match, broken):
        assert broken != text
        path.write_text(broken)
        with pytest.raises(ValueError, match=match):
            read_bvh(str(path))

    refused('complete', text[: int(len(text) * 0.8)])
    refused("no 'MOTION'", text[:800])
    refused('ends too early|not closed', text.replace('MOTION', '', 1)[:700] + 'MOTION')
    refused("'Frames:'", text.replace('Frame Time', 'Speed'))
    refused("channel 'Wrotation'", text.replace('Zrotation', 'Wrotation', 1))
    refused("'wide' stands where a number", text.replace('OFFSET 1.8', 'OFFSET wide', 1))
    refused("two joints are called 'LeftLeg'", text.replace('LeftForeArm', 'LeftLeg'))
    refused("not 'HIERARCHY'", text.replace('HIERARCHY', 'TREE'))
    refused('word in a number', text.replace(text.split()[-1], 'x'))
    refused('must be positive', text.replace('Frame Time: 0.0', 'Frame Time: -0.0'))


ASF = """# a comment
:version 1.10
:name body
:units
  mass 1.0
  length 0.45
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
{bones}
:hierarchy
  begin
    root lhip rhip
    lhip lthigh
    rhip rthigh
  end
"""
ASF_BONES = {
    'lhip': ((0.6, -0.7, 0.4), 2.4, (10, -20, 66), ()),
    'rhip': ((-0.6, -0.7, 0.4), 2.4, (0, 0, -66), ()),
    'lthigh': ((0.34, -0.94, 0), 7.1, (0, 15, 20), ('rx', 'ry', 'rz')),
    'rthigh': ((-0.34, -0.94, 0), 7.1, (5, 0, -20), ('rx', 'rz')),
}


def write_asf(folder, bones=None, **changes):
    text = ''
    for number, (name, (direction, length, axis, dof)) in enumerate((bones or ASF_BONES).items()):
        text += f'  begin\n    id {number + 1}\n    name {name}\n'
        text += f'    direction {" ".join(map(str, direction))}\n    length {length}\n'
        text += f'    axis {" ".join(map(str, axis))} XYZ\n'
        if dof:
            text += f'    dof {" ".join(dof)}\n    limits (-10 10)\n'
            text += '      (-20 20)\n' * (len(dof) - 1)
        text += '  end\n'
    body = ASF.format(bones=text)
    for old, new in changes.items():
        body = body.replace(old, new)
    path = folder / 'body.asf'
    path.write_text(body)
    return str(path)


def write_amc(path, rows):
    text = '#!OML:ASF F:\\body.asf\n:FULLY-SPECIFIED\n:DEGREES\n'
    for number, row in enumerate(rows):
        text += f'{number + 1}\n' + ''.join(
            f'{name} {" ".join(map(str, values))}\n' for name, values in row.items()
        )
    path.write_text(text)
    return str(path)


def test_asf_amc_positions(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        dict(
            root=[*rng.normal(0, 5, 3), *rng.uniform(-60, 60, 3)],
            lthigh=rng.uniform(-60, 60, 3),
            rthigh=rng.uniform(-60, 60, 2),
        )
        for _ in range(3)
    ]
    bones = read_asf(write_asf(tmp_path))
    motion = read_amc(write_amc(tmp_path / '01_01.amc', rows), bones)
    assert motion.names == ('root', 'lhip', 'rhip', 'lthigh', 'rthigh')
    assert motion.frame_rate == 120
    for frame, row in enumerate(rows):
        # scipy's lower case: axes that stay, x first
        root = Rotation.from_euler('xyz', row['root'][3:], degrees=True)
        places = {'root': np.array(row['root'][:3])}
        turns = {'root': root}
        for name, parent in (
            ('lhip', 'root'),
            ('rhip', 'root'),
            ('lthigh', 'lhip'),
            ('rthigh', 'rhip'),
        ):
            direction, length, axis, dof = ASF_BONES[name]
            frame_of_bone = Rotation.from_euler('xyz', axis, degrees=True)
            angles = dict(zip(dof, row.get(name, ())))
            turn = Rotation.from_euler('xyz', [angles.get(a, 0) for a in ('rx', 'ry', 'rz')], True)
            turns[name] = turns[parent] * frame_of_bone * turn * frame_of_bone.inv()
            places[name] = places[parent] + turns[name].apply(np.array(direction) * length)
        for index, name in enumerate(motion.names):
            assert np.abs(motion.positions()[frame, index] - places[name]).max() < 1e-6


def test_broken_asf_and_amc(tmp_path):
    with pytest.raises(ValueError, match='section :hierarchy'):
        read_asf(write_asf(tmp_path, **{':hierarchy': ':tree'}))
    with pytest.raises(ValueError, match="'rad'"):
        read_asf(write_asf(tmp_path, **{'angle deg': 'angle rad'}))
    with pytest.raises(ValueError, match="unknown bone 'wing'"):
        read_asf(write_asf(tmp_path, **{'rhip rthigh': 'rhip wing'}))
    with pytest.raises(ValueError, match="degree of freedom 'tx'"):
        read_asf(write_asf(tmp_path, **{'dof rx ry rz': 'dof rx ry tx'}))
    with pytest.raises(ValueError, match="'lhip' .* no entry 'length'"):
        read_asf(write_asf(tmp_path, **{'length 2.4': ''}))
    bones = read_asf(write_asf(tmp_path))
    row = dict(root=[0] * 6, lthigh=[0] * 3, rthigh=[0] * 2)
    path = tmp_path / '01_01.amc'
    with pytest.raises(ValueError, match="bone 'tail'"):
        read_amc(write_amc(path, [dict(row, tail=[1])]), bones)
    with pytest.raises(ValueError, match="2 numbers for 'lthigh', 3"):
        read_amc(write_amc(path, [dict(row, lthigh=[0, 0])]), bones)
    with pytest.raises(ValueError, match="2 frames but 1 of the bone 'rthigh'"):
        read_amc(write_amc(path, [row, dict(root=[0] * 6, lthigh=[0] * 3)]), bones)
    with pytest.raises(ValueError, match='no frames'):
        read_amc(write_amc(path, []), bones)


@pytest.fixture(scope='module')
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp('bvh')
    names = ['7_walk', '7_turn.left', '8_walk']
    for seed, name in enumerate(names):
        write_bvh(folder / f'{name}.bvh', frames=91, seed=seed)
    return [str(folder / f'{name}.bvh') for name in names]


def test_films_are_what_the_cameras_see(recordings, tmp_path):
    convert_mocap(recordings, tmp_path, str(MAPS / 'cmu_bvh.yml'), name='mine')
    arrays = load_npz(str(tmp_path / 'mine.npz'))
    cameras = load_camera_dicts(str(tmp_path / 'mine_cameras.pkl'))
    assert len(cameras) == 8
    stems = {name.split('.')[0] for name in arrays['imgname']}
    assert stems == {'7_walk', '7_turn-left', '8_walk'}
    worlds = {}
    for i, name in enumerate(arrays['imgname']):
        subject, rest = name.split('_', 1)
        action, camera_id, frame = rest.replace('.jpg', '').replace('.', '_').split('_')
        camera = cameras[subject, camera_id]
        pose = arrays['S'][i, :, :3].astype(float)
        assert np.abs(arrays['part'][i, :, :2] - project_cv2(pose, camera)).max() < 0.01
        world = pose @ camera['R'].T + camera['T'].ravel()
        worlds.setdefault((subject, action, frame), []).append(world)
    for views in worlds.values():  # all cameras see the same body
        assert np.abs(np.array(views) - views[0]).max() < 2e-6
    motion = read_bvh(recordings[0]).resampled(10)
    recorded = 0.0564444 * motion.positions()[0]
    knee, foot = (motion.names.index(name) for name in ('LeftLeg', 'LeftFoot'))
    shown = worlds['7', 'walk', '000001'][0]
    # heights are those of the recording, above its lowest joint
    gap = recorded[knee, 1] - recorded[foot, 1]
    index = H36M_17.index
    shank = shown[index('left_knee'), 2] - shown[index('left_foot'), 2]
    assert shank == pytest.approx(gap, abs=1e-5)
    lowest = min(min(view[:, 2].min() for view in views) for views in worlds.values())
    assert -1e-5 < lowest < 0.1


def test_bank_and_dataset_read_them(recordings, tmp_path):
    convert_mocap(recordings, tmp_path, str(MAPS / 'cmu_bvh.yml'), name='mine', rig='target')
    files = dict(
        data_root=str(tmp_path), ann_file='mine.npz', camera_param_file='mine_cameras.json'
    )
    bank = load_pose_bank(dict(files, type='MocapDataset'))
    assert bank.subjects == ('7', '8') and len(bank) > 3 * 4 * 31 / 2
    lengths = bone_lengths(bank.pose_cam[bank.subject_index == 0], bank.skeleton)
    thigh = bank.skeleton.bone_names.index('left_knee')
    np.testing.assert_allclose(lengths[:, thigh], 7.2 * 0.0564444, rtol=1e-5)
    parts = [MocapDataset(**files, split=dict(part=part)) for part in ('train', 'val')]
    assert sum(map(len, parts)) == len(bank)


def test_the_same_recording_is_filmed_alike_in_any_company(recordings, tmp_path):
    mapping = str(MAPS / 'cmu_bvh.yml')
    convert_mocap(recordings, tmp_path / 'all', mapping)
    convert_mocap(recordings[2:], tmp_path / 'one', mapping)
    whole, one = (load_npz(str(tmp_path / name / 'mocap.npz')) for name in ('all', 'one'))
    rows = np.char.startswith(whole['imgname'], '8_')
    np.testing.assert_array_equal(whole['S'][rows], one['S'])
    convert_mocap(recordings[2:], tmp_path / 'other', mapping, seed=1)
    other = load_npz(str(tmp_path / 'other' / 'mocap.npz'))
    assert other['S'].shape != one['S'].shape or np.abs(other['S'] - one['S']).max() > 0.1


def test_cameras_follow_a_long_path():
    frames = 200
    body = np.random.default_rng(0).normal(0, 0.3, (17, 3)) + [0, 0, 1]
    joints = np.tile(body, (frames, 1, 1))
    joints[..., 0] += np.linspace(0, 25, frames)[:, None]  # 20 s at 1.25 m/s
    placed = place_take(joints, H36M_17, 10.0, np.random.default_rng(0))
    root = placed[:, H36M_17.root, :2]
    assert np.abs(root[45:-45] - root[100]).max() < 1e-6  # even walking stays in place
    assert np.abs(root).max() < 2.5
    still = place_take(joints * [0.05, 1, 1], H36M_17, 10.0, np.random.default_rng(0))
    moved = np.linalg.norm(still[-1, 0] - still[0, 0])
    assert moved == pytest.approx(25 * 0.05, rel=1e-6)  # a short path is left as it is


def test_amc_recordings_of_cmus_names(tmp_path):
    """A body with CMU's bones, standing."""
    bones = {}
    tree = {'root': ['lhipjoint', 'rhipjoint', 'lowerback']}
    for side, x in (('l', 1), ('r', -1)):
        bones[f'{side}hipjoint'] = ((x * 0.65, -0.75, 0), 2.4, (0, 0, 0), ())
        bones[f'{side}femur'] = ((x * 0.34, -0.94, 0), 7.1, (0, 0, x * 20), ('rx', 'ry', 'rz'))
        bones[f'{side}tibia'] = ((x * 0.34, -0.94, 0), 7.0, (0, 0, x * 20), ('rx',))
        bones[f'{side}clavicle'] = ((x * 0.9, 0.4, 0), 3.5, (0, 0, 0), ('ry', 'rz'))
        bones[f'{side}humerus'] = ((x, 0, 0), 5.1, (0, 0, 0), ('rx', 'ry', 'rz'))
        bones[f'{side}radius'] = ((x, 0, 0), 3.3, (0, 0, 0), ('rx',))
        tree[f'{side}hipjoint'], tree[f'{side}femur'] = [f'{side}femur'], [f'{side}tibia']
        tree[f'{side}clavicle'] = [f'{side}humerus']
        tree[f'{side}humerus'] = [f'{side}radius']
    for name, child in (
        ('lowerback', 'upperback'),
        ('upperback', 'thorax'),
        ('thorax', 'upperneck'),
        ('upperneck', 'head'),
    ):
        bones[name] = ((0, 1, 0), 2.1, (0, 0, 0), ('rx', 'ry', 'rz'))
        tree[name] = [child]
    tree['thorax'] += ['lclavicle', 'rclavicle']
    bones['head'] = ((0, 1, 0), 1.8, (0, 0, 0), ())
    order = ['root', *tree['root']]
    for name in order:
        order += [child for child in tree.get(name, ()) if child not in order]
    old = 'root lhip rhip\n    lhip lthigh\n    rhip rthigh'
    new = '\n'.join(f'    {name} {" ".join(tree[name])}' for name in order if name in tree)
    write_asf(tmp_path, bones, **{old: new})
    rng = np.random.default_rng(0)
    row = {name: rng.uniform(-10, 10, len(each[3])) for name, each in bones.items() if each[3]}
    rows = [dict(root=[0, 17, 0, 0, 5 * i, 0], **row) for i in range(25)]
    path = write_amc(tmp_path / '35_01.amc', rows)
    convert_mocap([path], tmp_path / 'out', str(MAPS / 'cmu_asf.yml'))
    cfg = dict(
        type='MocapDataset',
        data_root=str(tmp_path / 'out'),
        ann_file='mocap.npz',
        camera_param_file='mocap_cameras.pkl',
    )
    bank = load_pose_bank(cfg)
    assert len(bank) == 3 * 4 and bank.subjects == ('35',)
    lengths = dict(zip(bank.skeleton.bone_names, bone_lengths(bank.pose_cam, bank.skeleton)[0]))
    unit = 0.0564444 * np.hypot(0.34, 0.94)
    assert float(lengths['left_foot']) == pytest.approx(7.0 * unit, rel=1e-5)
    assert float(lengths['right_knee']) == pytest.approx(7.1 * unit, rel=1e-5)


def test_wrong_options(recordings, tmp_path, capsys):
    main = load_tool('mocap')
    mapping = str(MAPS / 'cmu_bvh.yml')

    def refused(*words, files=recordings, joint_map=mapping, options=()):
        assert main([str(tmp_path / 'o'), *files, '--joint-map', joint_map, *options]) == 1
        error = capsys.readouterr().err
        assert 'error: ' in error and error.count('\n') == 1
        assert all(word in error for word in words), error

    refused('metres_per_unit', options=['--metres-per-unit', '1'])
    refused("'RightUpLeg'", files=[bare(tmp_path)])
    refused('does not match', options=['--name-pattern', '(?P<subject>x)(?P<action>y)'])
    refused("groups 'subject'", options=['--name-pattern', '.*'])
    refused('frames a second', options=['--frame-rate', '0'])
    other = tmp_path / 'map.yml'
    other.write_text('up: x\nmetres_per_unit: 1\njoints: {}\n')
    refused("'x'; use y or z", joint_map=str(other))
    other.write_text('up: y\nmetres_per_unit: 1\n')
    refused("['metres_per_unit', 'up']", joint_map=str(other))
    other.write_text('up: [\n')
    refused('not valid YAML', joint_map=str(other))
    amc = tmp_path / '1_a.amc'
    amc.write_text('')
    refused('0 .asf files beside', files=[str(amc)])
    refused('neither', files=[str(other)])
    assert main([str(tmp_path / 'o'), *recordings, '--joint-map', mapping]) == 0


def bare(folder):
    """A BVH file of a single joint."""
    path = folder / '1_bare.bvh'
    path.write_text(
        'HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n}\n'
        'MOTION\nFrames: 1\nFrame Time: 0.1\n0 0 0\n'
    )
    return str(path)


@pytest.mark.parametrize('path', sorted(MAPS.glob('*.yml')), ids=lambda path: path.stem)
def test_published_maps_name_all_joints_on_the_right_side(path):
    mapping = load_joint_map(str(path))
    assert set(mapping.joints) == set(H36M_17.joint_names)
    for joint, recipe in mapping.joints.items():
        side = joint.split('_')[0]
        if side in ('left', 'right'):
            assert all(name.lower().startswith((side, side[0])) for name in recipe)
