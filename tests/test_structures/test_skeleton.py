# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmposeaug.structures import H36M_16, H36M_17, H36M_17_TO_16, Skeleton, get_skeleton

H36M_METAINFO = dict(from_file='configs/_base_/datasets/h36m.py')


def named(skeleton, bones):
    return {skeleton.bone_names[b] for b in bones}


def test_preset_equals_mmpose_metainfo():
    built = Skeleton.from_metainfo(parse_pose_metainfo(H36M_METAINFO))
    assert built.joint_names == H36M_17.joint_names
    assert built.parents == H36M_17.parents
    assert built.flip_indices == H36M_17.flip_indices
    assert set(built.joint_pairs) == set(H36M_17.joint_pairs)


def test_raw_and_parsed_metainfo_agree():
    raw = dict(
        dataset_name='mini',
        keypoint_info={
            0: dict(name='pelvis', swap=''),
            1: dict(name='left_hip', swap='right_hip'),
            2: dict(name='right_hip', swap='left_hip'),
        },
        skeleton_info={
            0: dict(link=('left_hip', 'pelvis')),
            1: dict(link=('pelvis', 'right_hip')),
        },
        joint_weights=[1.0] * 3,
        sigmas=[],
    )
    assert Skeleton.from_metainfo(raw) == Skeleton.from_metainfo(parse_pose_metainfo(raw))


def test_sixteen_joints_of_the_paper():
    assert H36M_16.num_joints == 16
    assert [H36M_17.joint_names[j] for j in H36M_17_TO_16] == list(H36M_16.joint_names)
    assert H36M_16.bones == (
        (1, 0), (2, 1), (3, 2), (4, 0), (5, 4), (6, 5), (7, 0), (8, 7),
        (9, 8), (10, 8), (11, 10), (12, 11), (13, 8), (14, 13), (15, 14),
    )  # fmt: skip
    assert len(H36M_16.length_groups) == 9
    assert [named(H36M_16, g) for g in H36M_16.length_groups] == [
        {'right_hip', 'left_hip'},
        {'right_knee', 'left_knee'},
        {'right_foot', 'left_foot'},
        {'spine'},
        {'thorax'},
        {'head'},
        {'left_shoulder', 'right_shoulder'},
        {'left_elbow', 'right_elbow'},
        {'left_wrist', 'right_wrist'},
    ]


@pytest.mark.parametrize('skeleton', [H36M_16, H36M_17], ids=lambda s: s.name)
def test_parts_trunk_and_groups_by_name(skeleton):
    neck = {'neck_base'} & set(skeleton.joint_names)
    assert [skeleton.bone_names[b] for b in skeleton.trunk_bones] == ['spine', 'thorax']
    parts = {name: named(skeleton, bones) for name, bones in skeleton.parts.items()}
    assert parts['torso'] == neck | {
        'left_hip', 'right_hip', 'spine', 'thorax', 'head', 'left_shoulder', 'right_shoulder'
    }  # fmt: skip
    assert parts['left_leg'] == {'left_hip', 'left_knee', 'left_foot', 'right_hip', 'spine'}
    assert parts['right_arm'] == {'right_shoulder', 'right_elbow', 'right_wrist', 'thorax'}
    assert set(parts) == {'torso', 'left_leg', 'right_leg', 'left_arm', 'right_arm'}
    groups = {
        name: {skeleton.joint_names[j] for j in joints}
        for name, joints in skeleton.joint_groups.items()
    }
    assert groups['near'] == {'left_hip', 'right_hip', 'left_shoulder', 'right_shoulder'}
    assert groups['middle'] == {'left_knee', 'right_knee', 'left_elbow', 'right_elbow'}
    assert groups['far'] == {'left_foot', 'right_foot', 'left_wrist', 'right_wrist'}
    assert groups['head'] == {'head'}


def test_eyes_on_the_head_are_no_arms():
    names = (*H36M_17.joint_names, 'left_eye', 'right_eye')
    head = H36M_17.index('head')
    tree = Skeleton('eyes', names, (*H36M_17.parents, head, head), (*H36M_17.joint_pairs, (17, 18)))
    assert [tree.bone_names[b] for b in tree.trunk_bones] == ['spine', 'thorax']
    assert tree.limbs['left_arm'] == H36M_17.limbs['left_arm']
    groups = {k: {names[j] for j in v} for k, v in tree.joint_groups.items()}
    assert groups['head'] == {'head', 'left_eye', 'right_eye'}
    assert groups['near'] == {'left_hip', 'right_hip', 'left_shoulder', 'right_shoulder'}


def test_flip_indices_are_an_involution():
    flip = H36M_17.flip_indices
    assert [flip[f] for f in flip] == list(range(17))
    assert flip[H36M_17.index('left_wrist')] == H36M_17.index('right_wrist')


def test_a_tree_without_arms_and_root_last():
    tree = Skeleton('tripod', ('left_toe', 'right_toe', 'top', 'root'), (3, 3, 3, -1), ((0, 1),))
    assert tree.root == 3
    assert tree.trunk_bones == ()
    assert tree.length_groups == ((0, 1), (2,))
    assert tree.parts['left_leg'] == (0, 1, 2)


@pytest.mark.parametrize(
    ('names', 'parents', 'pairs', 'message'),
    [
        (('root', 'a', 'b'), (-1, 2, 1), (), "cycle through 'a'"),
        (('root', 'a', 'b'), (-1, 0, -1), (), '2 roots .root, b.'),
        (('root', 'a'), (-1,), (), '1 parents'),
        (('root', 'a', 'a'), (-1, 0, 0), (), "'a' twice"),
        (('root', 'a'), (-1, 5), (), 'the parent 5'),
        (('root', 'left_hip', 'right_hip'), (-1, 0, 0), (), "'left_hip' has no partner"),
        (('root', 'L_Hip', 'R_Hip'), (-1, 0, 0), (), "'L_Hip' has no partner"),
        (
            ('root', 'left_hip', 'right_hip'),
            (-1, 0, 1),
            ((1, 2),),
            'their parents are not',
        ),
        (('root', 'left_hip', 'right_hip'), (-1, 0, 0), ((1, 1),), 'pair .1, 1.'),
    ],
)
def test_malformed_tree_is_refused_by_name(names, parents, pairs, message):
    with pytest.raises(ValueError, match=message):
        Skeleton('bad', names, parents, pairs)


@pytest.mark.parametrize(
    ('links', 'names', 'message'),
    [
        ([('root', 'a'), ('a', 'b'), ('b', 'root')], ('root', 'a', 'b'), 'cycle'),
        ([('root', 'a')], ('root', 'a', 'b'), "second root: 'b'"),
        ([('root', 'x')], ('root', 'a'), "unknown joint 'x'"),
        ([('a', 'b')], ('a', 'b'), "no joints called root.*root='a'"),
    ],
)
def test_malformed_metainfo_is_refused_by_name(links, names, message):
    metainfo = dict(
        dataset_name='bad',
        keypoint_info={i: dict(name=n) for i, n in enumerate(names)},
        skeleton_info={i: dict(link=link) for i, link in enumerate(links)},
    )
    with pytest.raises(ValueError, match=message):
        Skeleton.from_metainfo(metainfo)


def test_one_sided_swap_and_empty_metainfo():
    metainfo = dict(
        dataset_name='bad',
        keypoint_info={
            0: dict(name='root'),
            1: dict(name='left_hip', swap='right_hip'),
            2: dict(name='right_hip'),
        },
        skeleton_info={0: dict(link=('root', 'left_hip')), 1: dict(link=('root', 'right_hip'))},
    )
    with pytest.raises(ValueError, match='not back'):
        Skeleton.from_metainfo(metainfo)
    with pytest.raises(ValueError, match='keypoint_info'):
        Skeleton.from_metainfo({})


def test_unknown_names_are_named():
    with pytest.raises(KeyError, match="no joint 'nose'"):
        H36M_17.index('nose')
    with pytest.raises(KeyError, match="skeleton is 'coco'; use one of h36m_17"):
        get_skeleton('coco')
    assert get_skeleton(H36M_16) is get_skeleton('h36m_16')
