# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which of MMPose's lists of joints are trees, and which options make trees of the others."""

from __future__ import annotations

import copy

import pytest
from metainfos import AS_IS, FOLDER, LINKS, NOT_AT_ALL, ROOTS, options_of, raw_metainfo
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmposeaug.structures import Skeleton, get_skeleton, judge_human
from mmposeaug.structures.metainfo import find_root

COCO = raw_metainfo('coco')
DROPPED = LINKS['coco']['drop_links']


def refusal(raw: dict) -> str:
    with pytest.raises(ValueError) as caught:
        Skeleton.from_metainfo(raw)
    return str(caught.value)


def test_every_list_of_mmpose_loads_as_the_table_says():
    """As it is, with a root, with links, or with a sentence why not; all in one table."""
    ways = dict.fromkeys(AS_IS, 'as it is')
    ways.update(dict.fromkeys(ROOTS, 'with a root'))
    ways.update({name: 'with links' for name in LINKS})
    ways.update(dict.fromkeys(NOT_AT_ALL, 'not at all'))
    assert sorted(ways) == sorted(path.stem for path in FOLDER.glob('*.py')) and len(ways) == 55
    table = []
    for name, way in sorted(ways.items()):
        raw = raw_metainfo(name)
        why = '' if way == 'as it is' else refusal(raw)
        if way == 'not at all':
            why = refusal(dict(raw, root='sss_kpt1') if name == 'deepfashion2' else raw)
            assert NOT_AT_ALL[name] in why
        else:
            options = options_of(name, raw)
            skeleton = Skeleton.from_metainfo({**raw, **options})
            assert skeleton.num_joints == len(raw['keypoint_info'])
            root = options.get('root') or find_root(raw)
            assert skeleton.joint_names[skeleton.root] == root
            parsed = {**parse_pose_metainfo(copy.deepcopy(raw)), **options}
            assert Skeleton.from_metainfo(parsed) == skeleton
        table.append(f'{name:26} {len(raw["keypoint_info"]):4} joints  {way:12} {why[:90]}')
    print('\n'.join(table))
    counts = {way: list(ways.values()).count(way) for way in set(ways.values())}
    assert counts == {'as it is': 4, 'with a root': 11, 'with links': 35, 'not at all': 5}


def test_messages_lead_from_coco_to_a_tree():
    """Each sentence gives the option that the next attempt needs."""
    raw = dict(COCO)
    assert "root='nose' for instance" in refusal(raw)
    raw['root'] = 'nose'
    for link in DROPPED:
        said = refusal(raw)
        assert 'cycle' in said and any(
            f'drop_links=[{way!r}]' in said for way in (link, link[::-1])
        )
        raw['drop_links'] = [*raw.get('drop_links', ()), link]
    skeleton = Skeleton.from_metainfo(raw)
    assert skeleton.joint_names[skeleton.parents[skeleton.index('left_hip')]] == 'left_shoulder'
    assert judge_human(skeleton).human is False  # its root is no pelvis


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(root='Nose'), "root of the metainfo 'coco' names 'Nose'.*the nearest are nose"),
        (dict(root='pelvis'), "'pelvis', which is no joint; "),
        (dict(root=3), 'names 3, which is no joint; the joints are nose, left_eye'),
        (dict(drop_links=[('left_hip', 'rihgt_hip')]), "'rihgt_hip'.*nearest are right_hip"),
        (
            dict(drop_links=[('nose', 'left_hip')]),
            'not linked; the links of the two are .*left_knee',
        ),
        (dict(drop_links='left_hip'), r"'left_hip'; give pairs of joints, such as drop_links=\[\("),
        (dict(add_links=['left_hip']), "has 'left_hip'; give pairs"),
        (dict(add_links=[('nose',)]), 'give pairs of joints'),
        (dict(add_links=[('nose', 'nose')]), "links 'nose' with itself"),
        (dict(root='left_hip', drop_links=DROPPED), 'the tree must be symmetric, and its root on'),
        (
            dict(drop_links=[*DROPPED, ('left_knee', 'left_ankle'), ('right_knee', 'right_ankle')]),
            r"'left_ankle' and 1 more are not linked to 'nose'; .*add_links=\[\('nose', 'left_ank",
        ),
    ],
)
def test_a_wrong_option_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        Skeleton.from_metainfo({**COCO, 'root': 'nose', **options})


def test_added_links_may_be_there_already():
    tree = {**COCO, **LINKS['coco']}
    again = dict(tree, add_links=[('nose', 'left_eye')])
    assert Skeleton.from_metainfo(again) == Skeleton.from_metainfo(tree)


def test_sides_come_from_names_or_from_above():
    """A face's points have no side in their names; insects' legs and fingers have."""
    raw = raw_metainfo('h3wb')
    skeleton = Skeleton.from_metainfo({**raw, **options_of('h3wb', raw)})
    side = dict(zip(skeleton.joint_names, skeleton.sides))
    assert (side['left_forefinger4'], side['right_small_toe'], side['nose']) == (
        'left',
        'right',
        '',
    )
    assert {side['face-0'], side['face-16']} == {'left', 'right'} and side['face-8'] == ''
    fly = raw_metainfo('fly')
    side = Skeleton.from_metainfo({**fly, **options_of('fly', fly)}).sides
    names = [point['name'] for point in fly['keypoint_info'].values()]
    assert all(
        s == {'L': 'left', 'R': 'right'}[n.rstrip('1234')[-1]] for n, s in zip(names, side) if s
    )
    chain = dict(
        dataset_name='claw',
        root='base',
        keypoint_info={
            i: dict(name=n, swap=s)
            for i, (n, s) in enumerate(
                [('base', ''), ('b', 'left_a'), ('left_a', 'b'), ('tip2', 'tip1'), ('tip1', 'tip2')]
            )
        },
        skeleton_info={
            i: dict(link=link)
            for i, link in enumerate(
                [('base', 'b'), ('base', 'left_a'), ('b', 'tip2'), ('left_a', 'tip1')]
            )
        },
    )
    assert Skeleton.from_metainfo(chain).joint_pairs == ((2, 1), (4, 3))


def test_one_hand_may_be_called_right():
    """Names of one side alone are no oversight; those of both sides without swap are."""
    hand = raw_metainfo('interhand3d')
    points = [p for p in hand['keypoint_info'].values() if p['name'].startswith('right')]
    links = [v for v in hand['skeleton_info'].values() if v['link'][0].startswith('right')]
    one = dict(
        hand,
        root='right_wrist',
        keypoint_info={i: dict(p, swap='') for i, p in enumerate(points)},
        skeleton_info=dict(enumerate(links)),
    )
    skeleton = Skeleton.from_metainfo(one)
    assert skeleton.num_joints == 21 and not skeleton.joint_pairs


def test_a_file_is_read_with_the_options_beside_it(tmp_path):
    """A graph lifter's skeleton is named in the words of the data set's metainfo."""
    named = get_skeleton(dict(from_file='configs/_base_/datasets/onehand10k.py', root='wrist'))
    assert named.num_joints == 21 and named.joint_names[named.root] == 'wrist'
    own = tmp_path / 'own.py'
    own.write_text(f'dataset_info = {dict(COCO, **LINKS["coco"])!r}')
    assert get_skeleton(dict(from_file=str(own))) == Skeleton.from_metainfo(
        {**COCO, **LINKS['coco']}
    )
    with pytest.raises(ValueError, match="'left_hip' and 'right_knee', which are not linked"):
        get_skeleton(dict(from_file=str(own), drop_links=[('left_hip', 'right_knee')]))
    with pytest.raises(ValueError, match="no option 'drop_link'.*Did you mean 'drop_links'"):
        get_skeleton(dict(from_file=str(own), drop_link=[]))
    with pytest.raises(FileNotFoundError, match='nowhere.py. does not exist'):
        get_skeleton(dict(from_file='nowhere.py'))
    own.write_text('nothing = 1')
    with pytest.raises(ValueError, match='sets no dataset_info'):
        get_skeleton(dict(from_file=str(own)))


def test_a_missing_file_is_not_replaced_by_another_of_its_name():
    with pytest.raises(FileNotFoundError, match="'/no/such/h36m.py' does not exist"):
        get_skeleton(dict(from_file='/no/such/h36m.py'))
    assert get_skeleton(dict(from_file='configs/_base_/datasets/h36m.py')).num_joints == 17


def test_a_misspelt_partner_is_no_joint_of_the_midline():
    raw = copy.deepcopy(raw_metainfo('h36m'))
    for point in raw['keypoint_info'].values():
        if point['name'] == 'right_knee':
            point['name'] = 'rigth_knee'
            point['swap'] = ''
        if point['name'] == 'left_knee':
            point['swap'] = ''
    for link in raw['skeleton_info'].values():
        link['link'] = tuple(n.replace('right_knee', 'rigth_knee') for n in link['link'])
    assert "'left_knee' has no partner" in refusal(raw)
