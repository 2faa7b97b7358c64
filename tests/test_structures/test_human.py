# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which skeletons are human bodies: MMPose's own data sets of people, animals, hands and faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mmpose
import pytest
from metainfos import options_of, raw_metainfo
from mmengine.config import Config

from mmposeaug.converters.joints import MPI_TRAIN_28, SMPL_24
from mmposeaug.datasets.bone_length_bank import build_bone_length_bank
from mmposeaug.datasets.readers import skeleton_of_cfg
from mmposeaug.structures import H36M_16, H36M_17, Skeleton, judge_human, stature_ratios, tree_fault
from mmposeaug.structures.human import judge_lengths

METAINFO = Path(mmpose.__file__).parent / '.mim' / 'configs' / '_base_' / 'datasets'
# The midline that sets of 2D keypoints lack, as it is made for lifting: hips on a root, shoulders
# on the top of a trunk. What hangs on neither is left out.
MIDLINE = (
    *(('pelvis', 'left_hip'), ('pelvis', 'right_hip'), ('pelvis', 'neck_base')),
    *(('neck_base', 'left_shoulder'), ('neck_base', 'right_shoulder')),
)


def spanning_tree(name: str, root: str, links=(), **changes) -> dict:
    """Metainfo of one of MMPose's files, without the links that close a cycle."""
    info = Config.fromfile(METAINFO / f'{name}.py').dataset_info.to_dict()
    points = {point['name']: point for point in info['keypoint_info'].values()}
    for joint in {end for link in links for end in link} - set(points):
        points[joint] = dict(name=joint, swap='')
    links = [*links, *(tuple(link['link']) for link in info['skeleton_info'].values())]
    reached, tree, grown = {root}, [], True
    while grown:
        grown = False
        for first, second in links:
            if (first in reached) != (second in reached):
                reached |= {first, second}
                tree.append((first, second))
                grown = True
    kept = [point for joint, point in points.items() if joint in reached]
    swaps = {p['name']: p.get('swap', '') for p in kept}
    return dict(
        dict(
            dataset_name=info['dataset_name'],
            keypoint_info={
                i: dict(name=n, swap=s if s in swaps else '')
                for i, (n, s) in enumerate(swaps.items())
            },
            skeleton_info={i: dict(link=link) for i, link in enumerate(tree)},
            joint_weights=[1.0] * len(kept),
            sigmas=[],
        ),
        **changes,
    )


def mmpose_tree(name: str, root: str, links=(), **changes) -> Skeleton:
    return Skeleton.from_metainfo(spanning_tree(name, root, links, **changes), root)


def plain_tree(name: str, joints, parents: dict[str, str]) -> Skeleton:
    """A skeleton of a converter's joints, by the name of each one's parent."""
    names = tuple(joints)
    pairs = tuple(
        (names.index(n), names.index(n.replace('left', 'right'))) for n in names if 'left' in n
    )
    return Skeleton(
        name,
        names,
        tuple(names.index(parents[n]) if n in parents else -1 for n in names),
        pairs,
    )


def both_sides(*chains: str) -> dict[str, str]:
    """Parents in chains of joints; an asterisk stands for either side."""
    found = {}
    for chain in chains:
        for side in ('left', 'right'):
            names = chain.replace('*', side).split()
            found.update(zip(names[1:], names))
    return found


SMPL = plain_tree(
    'smpl',
    SMPL_24,
    both_sides(
        'root spine1 spine2 spine3 neck head',
        'root *_hip *_knee *_ankle *_foot',
        'spine3 *_collar *_shoulder *_elbow *_wrist *_hand',
    ),
)
MPI_28 = plain_tree(
    'mpi_28',
    MPI_TRAIN_28,
    both_sides(
        'root spine spine2 spine3 spine4 neck head head_top',
        'root *_hip *_knee *_ankle *_foot *_toe',
        'spine4 *_clavicle *_shoulder *_elbow *_wrist *_hand',
    ),
)
BVH = plain_tree(
    'bvh',
    ('Hips', 'Spine')
    + tuple(
        f'{side}{joint}'
        for joint in ('UpLeg', 'Leg', 'Foot', 'Arm', 'ForeArm', 'Hand')
        for side in ('left', 'right')
    ),
    both_sides('Hips Spine', 'Hips *UpLeg *Leg *Foot', 'Spine *Arm *ForeArm *Hand'),
)


@pytest.mark.parametrize(
    'skeleton',
    [
        H36M_17,
        H36M_16,
        SMPL,
        MPI_28,
        BVH,
        mmpose_tree('h36m', 'root'),
        mmpose_tree('mpii', 'pelvis'),
        mmpose_tree('mpi_inf_3dhp', 'root'),
        mmpose_tree('jhmdb', 'belly'),
        mmpose_tree('panoptic_body3d', 'mid_hip', [('mid_hip', 'neck')]),
        mmpose_tree('halpe26', 'hip'),
        *(
            mmpose_tree(name, 'pelvis', [*MIDLINE, ('neck_base', 'nose')])
            for name in ('coco', 'coco_wholebody', 'h3wb', 'halpe', 'crowdpose', 'humanart21')
        ),
    ],
    ids=lambda skeleton: skeleton.name,
)
def test_sets_of_people_are_human(skeleton):
    assert judge_human(skeleton) == (True, 'its joints are named like those of a person')


@pytest.mark.parametrize(
    ('name', 'root', 'links', 'reason'),
    [
        ('ap10k', 'Root of tail', (), "'Root of tail' names a joint of an animal"),
        ('animalpose', 'TailBase', (), "'animalpose' names an animal"),
        ('ak', 'Tail_Top_Back', (), "'Animal Kingdom' names an animal"),
        ('atrw', 'tail', (), "'right_front_paw' names a joint of an animal"),
        # named like people all over, but that their arms are as long as their legs
        ('macaque', 'pelvis', MIDLINE, "'macaque' names an animal"),
        ('coco_wholebody_hand', 'wrist', (), 'it has no trunk'),
        ('onehand10k', 'wrist', (), 'it has no trunk'),
        ('freihand2d', 'middle_finger1', (), 'it has no trunk'),
        ('interhand2d', 'wrist', (), 'it has no trunk'),
        ('coco_wholebody_face', 'face-27', [('face-27', 'face-28')], 'it has no trunk'),
        # people, but held by the wrong end
        ('jhmdb', 'neck', (), "'left_shoulder' is where a person with the root at the pelvis"),
        ('h36m', 'head', (), 'starts neither at its root, the pelvis, nor'),
        ('mpi_inf_3dhp', 'spine', (), 'starts neither at its root, the pelvis, nor'),
        ('coco_openpose', 'neck', (), 'is where a person with the root at the pelvis has the leg'),
    ],
)
def test_animals_hands_and_faces_are_not(name, root, links, reason):
    skeleton = mmpose_tree(name, root, links)
    verdict = judge_human(skeleton)
    assert verdict.human is False and reason in verdict.reason
    # bones of any length change nothing about that
    assert judge_human(skeleton, [0.3] * skeleton.num_bones) == verdict


@pytest.mark.parametrize('name', ['wflw', '300w', 'zebra'])
def test_sets_whose_names_have_no_sides_are_no_people_either(name):
    raw = raw_metainfo(name)
    skeleton = Skeleton.from_metainfo({**raw, **options_of(name, raw)})
    assert judge_human(skeleton).human is False


def test_joints_without_a_meaning_say_nothing():
    nameless = Skeleton(
        'rig', tuple(f'joint_{i}' for i in range(17)), H36M_17.parents, H36M_17.joint_pairs
    )
    assert judge_human(nameless) == (None, "'joint_4' names no joint of a human limb")
    lengths = [1.7 * ratio for ratio in stature_ratios(H36M_17)]
    assert judge_human(nameless, lengths).human is True
    assert judge_human(nameless, [0.0] * 16).human is None


def lengths_of(**segments: float) -> list[float]:
    """Lengths of the bones of Human3.6M's tree, in metres."""
    joints = dict(
        knee=segments['thigh'],
        foot=segments['shank'],
        elbow=segments['upper_arm'],
        wrist=segments['forearm'],
        spine=segments['trunk'] / 2,
        thorax=segments['trunk'] / 2,
    )
    return [joints.get(name.split('_')[-1], 0.1) for name in H36M_17.bone_names]


@pytest.mark.parametrize(
    ('segments', 'reason'),
    [
        # medians of the motion capture benchmark: its source's skeleton, CMU's subjects 2 and 3
        (dict(thigh=0.392, shank=0.411, upper_arm=0.244, forearm=0.223, trunk=0.432), None),
        (dict(thigh=0.429, shank=0.408, upper_arm=0.279, forearm=0.285, trunk=0.539), None),
        (dict(thigh=0.397, shank=0.433, upper_arm=0.307, forearm=0.279, trunk=0.570), None),
        # a child: long trunk, short legs
        (dict(thigh=0.20, shank=0.20, upper_arm=0.17, forearm=0.14, trunk=0.30), None),
        # a dog, a macaque and an ape with the joints of a person
        (dict(thigh=0.25, shank=0.30, upper_arm=0.20, forearm=0.25, trunk=0.60), 'its trunk is 2.'),
        (dict(thigh=0.16, shank=0.15, upper_arm=0.13, forearm=0.14, trunk=0.35), 'arms are 0.87'),
        (dict(thigh=0.29, shank=0.25, upper_arm=0.30, forearm=0.28, trunk=0.45), 'arms are 1.07'),
    ],
)  # fmt: skip
def test_proportions_tell_people_from_animals(segments, reason):
    verdict = judge_human(H36M_17, lengths_of(**segments))
    assert verdict.human is (reason is None)
    assert reason is None or reason in verdict.reason
    assert judge_lengths(SMPL, [0.1] * 23).human is None, 'arms with collar bones'


def test_the_people_of_human36m_have_proportions_of_people():
    people = build_bone_length_bank('poseaug_h36m', skeleton=H36M_16)
    for lengths in people.lengths.tolist():
        assert judge_lengths(H36M_16, lengths).human


def test_metainfo_has_the_last_word(tmp_path):
    ape = spanning_tree('macaque', 'pelvis', MIDLINE)
    assert judge_human(Skeleton.from_metainfo(dict(ape, human=True))).human is True
    person = spanning_tree('h36m', 'root')
    assert judge_human(Skeleton.from_metainfo(dict(person, human=False))).human is False
    told = Skeleton.from_metainfo(dict(person, human=True))
    assert judge_human(told, [1.0] * 16).human is True, 'whatever its proportions'
    assert told == Skeleton.from_metainfo(person), 'the joints are the same'
    assert not tree_fault(told, whole=True)
    hand = Skeleton('hand', ('wrist', 'palm'), (-1, 0), human=True)
    assert judge_human(hand).human is False, 'what is not there cannot be said to be'
    with pytest.raises(ValueError, match="'h36m' has human='yes'; use True or False"):
        Skeleton.from_metainfo(dict(person, human='yes'))
    # MMPose's parsing drops the key
    written = tmp_path / 'animal.py'
    written.write_text(f'dataset_info = {dict(person, human=False)!r}')
    for metainfo in (
        dict(person, human=False),
        dict(from_file='configs/_base_/datasets/h36m.py', human=False),
        dict(from_file=str(written)),
    ):
        assert skeleton_of_cfg(dict(type='Human36mDataset', metainfo=metainfo)).human is False
    assert skeleton_of_cfg(dict(type='Human36mDataset')).human is None
    assert replace(told, human=None).human is None
