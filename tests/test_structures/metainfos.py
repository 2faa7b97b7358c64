# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What makes trees of MMPose's own metainfos: options of each, by the name of its file."""

from __future__ import annotations

from pathlib import Path

import mmpose
from mmengine.config import Config

FOLDER = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets'


def raw_metainfo(name: str) -> dict:
    """Metainfo of a file as it is written."""
    return Config.fromfile(FOLDER / f'{name}.py').dataset_info.to_dict()


def star(names, centre: str, start: str = '') -> list[tuple[str, str]]:
    """Links from a joint to all whose name starts so."""
    return [(centre, name) for name in names if name.startswith(start) and name != centre]


def across(*joints: str, sides=('left_{}', 'right_{}')) -> list[tuple[str, ...]]:
    """Links between the two sides of joints."""
    return [tuple(side.format(joint) for side in sides) for joint in joints]


def both(*links: tuple[str, str], sides=('left', 'right')) -> list[tuple[str, ...]]:
    """Links of both sides; an asterisk stands for either."""
    return [tuple(end.replace('*', side) for end in link) for side in sides for link in links]


AS_IS = ('h36m', 'mhp', 'mpi_inf_3dhp', 'mpii')
"""tuple[str]: Lists of joints that are trees around a joint called root or pelvis."""

_HANDS = [
    'coco_wholebody_hand',
    'freihand2d',
    'interhand2d',
    'onehand10k',
    'panoptic_hand2d',
    'rhd2d',
]
ROOTS = {
    **dict.fromkeys(_HANDS, 'wrist'),
    **dict(atrw='tail', coco_openpose='neck', exlpose='neck', jhmdb='belly', zebra='tailbase'),
}
"""dict[str, str]: The root of those that need nothing else."""

_FEET = [('*_ankle', f'*_{toe}') for toe in ('big_toe', 'small_toe', 'heel')]
_COCO = dict(root='nose', drop_links=across('eye', 'shoulder', 'hip'))
_LEGS = [('thorax', f'{leg}leg*1') for leg in ('fore', 'mid', 'hind')]
_RING = [('*_Wrist', '*_Ring_1'), *((f'*_Ring_{i}', f'*_Ring_{i + 1}') for i in (1, 2, 3))]
_UBODY = [('Pelvis', '*_Hip'), ('Neck', '*_Shoulder')]
_BELOW = dict(shoulder='shoulder', bow='elbow', wrist='wrist', hip='hip', knee='knee')
_CONTOURS = [
    *((joint, f'medial_*_{part}') for part, joint in [(p, f'*_{j}') for p, j in _BELOW.items()]),
    ('*_ankle', 'medial_*_ankle'),
    ('neck', '*_neck'),
]
_FACES = {
    '300vw': 'kpt-30',
    '300wlp': 'kpt-30',
    '300w': 'kpt-30',
    'aflw': 'kpt-13',
    'coco_wholebody_face': 'face-30',
}
_FACES.update(cofw='kpt-20', lapa='kpt-51', wflw='kpt-51')

LINKS = {
    **dict.fromkeys(('coco', 'humanart', 'macaque', 'ochuman'), _COCO),
    'humanart21': _COCO,
    **dict.fromkeys(('coco_aic', 'humanart_aic'), dict(_COCO, add_links=[('nose', 'neck')])),
    **dict.fromkeys(
        ('coco_wholebody', 'h3wb', 'ubody2d'),
        dict(_COCO, add_links=both(('*_wrist', '*_hand_root')), star=('nose', 'face-')),
    ),
    'coco_wholebody_openpose': dict(
        root='neck', add_links=both(('*_wrist', '*_hand_root'), *_FEET), star=('nose', 'face-')
    ),
    'halpe26': dict(
        drop_links=[*across('eye'), *both(('*_ear', '*_shoulder'))], add_links=[('head', 'nose')]
    ),
    'halpe': dict(
        drop_links=[*across('eye'), *both(('*_ear', '*_shoulder'))],
        add_links=[('head', 'nose'), *both(('*_wrist', '*_hand_root'))],
        star=('nose', 'face-'),
    ),
    'aic': dict(root='neck', drop_links=across('hip')),
    **dict.fromkeys(('campus', 'shelf'), dict(root='bottom_head', drop_links=across('hip'))),
    'crowdpose': dict(root='neck', drop_links=across('shoulder', 'hip')),
    'posetrack18': dict(
        root='head_bottom', drop_links=across('shoulder', 'hip'), add_links=both(('nose', '*_ear'))
    ),
    'panoptic_body3d': dict(root='mid_hip', add_links=both(('nose', '*_eye'), ('*_eye', '*_ear'))),
    'ap10k': dict(root='Root of tail', drop_links=across('Eye', sides=('L_{}', 'R_{}'))),
    'animalpose': dict(root='TailBase', drop_links=across('Eye', sides=('L_{}', 'R_{}'))),
    'ak': dict(
        root='Tail_Top_Back',
        drop_links=both(('Mouth_Front_Bottom', 'Mouth_Back_*'), sides=('Left', 'Right')),
        add_links=[('Mouth_Front_Top', 'Mouth_Front_Bottom'), ('Head_Mid_Top', 'Mouth_Front_Top')],
    ),
    'horse10': dict(
        root='Hip',
        drop_links=[('Girth', 'Elbow')],
        add_links=[
            ('Elbow', 'Nearknee'),
            ('Elbow', 'Offknee'),
            ('Stifle', 'Nearhindhock'),
            ('Stifle', 'Offhindhock'),
        ],
    ),
    'fly': dict(root='thorax', add_links=both(*_LEGS, sides='LR')),
    'locust': dict(root='thorax', add_links=both(*_LEGS, ('head', 'eye*'), sides='LR')),
    'ubody3d': dict(
        drop_links=[
            *across('Eye', 'Shoulder', 'Hip', sides=('L_{}', 'R_{}')),
            *both(('*_Shoulder', '*_Hip'), ('*_Ear', '*_Shoulder'), sides='LR'),
        ],
        add_links=[
            ('Pelvis', 'Neck'),
            ('Neck', 'Nose'),
            *both(*_UBODY, *_RING, sides='LR'),
        ],
        star=('Nose', 'Face_'),
    ),
    'mpii_trb': dict(
        root='neck',
        drop_links=[*across('hip'), ('right_neck', 'left_neck')],
        add_links=both(*_CONTOURS),
    ),
    **{name: dict(root=centre, star=(centre, '')) for name, centre in _FACES.items()},
}
"""dict[str, dict]: Options of those whose links make cycles or leave joints out."""

_PAIRED = 'pairs every joint with one of the other side'
NOT_AT_ALL = {
    # thirteen garments, of which one picture shows some
    'deepfashion2': "swaps 'vest_kpt9' with 'vest_kpt13' but not back",
    **dict.fromkeys((f'deepfashion_{part}' for part in ('full', 'lower', 'upper')), _PAIRED),
    'interhand3d': _PAIRED,
}
"""dict[str, str]: Lists that no links make one symmetric tree, and why."""


def options_of(name: str, raw: dict) -> dict:
    """Options of a list of joints."""
    if name in ROOTS:
        return dict(root=ROOTS[name])
    options = dict(LINKS.get(name, {}))
    if 'star' in options:
        names = [point['name'] for point in raw['keypoint_info'].values()]
        options['add_links'] = [*options.get('add_links', ()), *star(names, *options.pop('star'))]
    return options
