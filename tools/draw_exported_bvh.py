# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Draws poses as lifted beside what another package reads from their BVH file.

    python tools/draw_exported_bvh.py lifted.npz picture.png

The other package is pymotion (`pip install upc-pymotion`). The picture is that of
docs/other_programs.md; the largest distance between both is printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import common  # noqa: F401  (keeps warnings of others quiet)
from mmposeaug import apis

if TYPE_CHECKING:
    import matplotlib.pyplot as plt
    import numpy as np

    from mmposeaug.structures import Skeleton

COLORS = {'left': '#2e6ec8', 'right': '#d65428', '': '#6e6e6e'}
POSES = 4


def read_back(path: Path, skeleton: Skeleton) -> np.ndarray:
    """Joints (T, J, 3) in metres of a BVH file in centimetres, by pymotion."""
    from pymotion.io.bvh import BVH
    from pymotion.ops.skeleton import fk

    bvh = BVH()
    bvh.load(str(path))
    turns, places, parents, offsets, _, _ = bvh.get_data()
    joints, _ = fk(turns, places[:, 0], offsets, parents)
    names = bvh.data['names'].tolist()
    return joints[:, [names.index(name) for name in skeleton.joint_names]] / 100


def draw(axes: plt.Axes, pose: np.ndarray, skeleton: Skeleton, title: str) -> None:
    """One pose, root in the middle, y up."""
    pose = (pose - pose[skeleton.root])[:, [0, 2, 1]] * (1, -1, 1)
    for child, parent in skeleton.bones:
        axes.plot(*pose[[child, parent]].T, color=COLORS[skeleton.sides[child]], linewidth=2.5)
    axes.set(title=title, xlim=(-0.7, 0.7), ylim=(-0.7, 0.7), zlim=(-0.9, 0.7))
    axes.set_box_aspect((1.4, 1.4, 1.6))
    axes.set_xlabel('x', labelpad=-12)
    axes.set_ylabel('-z', labelpad=-12)
    axes.set_zlabel('y', labelpad=-12)
    axes.tick_params(labelbottom=False, labelleft=False, labelright=False)
    axes.view_init(12, -70)


def main(argv: Sequence[str] | None = None) -> int:
    """Draws the first person; the return value is the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('lifted', help='npz of the demo')
    parser.add_argument('picture', type=Path, help='PNG to write')
    args = parser.parse_args(argv)
    import matplotlib
    import numpy as np

    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    from mmposeaug.lifting.motion_files.people import people_of

    try:
        lifted = apis.load_lifted(args.lifted)
    except (OSError, ValueError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = apis.save_bvh(lifted, Path(folder) / 'person.bvh')[0]
        read = read_back(path, lifted.skeleton)
    person = next(people_of(lifted))
    read = read[person.frames - lifted.frames[0]]
    chosen = np.linspace(0, len(read) - 1, POSES).astype(int)
    figure = plt.figure(figsize=(10, 5.6), layout='constrained')
    for row, (what, poses) in enumerate((('lifted', person.poses), ('BVH', read))):
        for column, at in enumerate(chosen):
            axes = figure.add_subplot(2, POSES, row * POSES + column + 1, projection='3d')
            draw(axes, poses[at], lifted.skeleton, f'{what}, frame {person.frames[at]}')
    figure.savefig(args.picture, dpi=110)
    distances = np.linalg.norm(read - person.poses, axis=-1) * 1000
    print(
        f'{args.picture}: joints of the BVH file are {distances.mean():.1f} mm from those lifted '
        f'(largest {distances.max():.1f} mm), since its bones have constant lengths.'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
