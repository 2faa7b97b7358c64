# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The lines of docs/without_torch.md in an environment that has only numpy and onnxruntime."""

from __future__ import annotations

import json
import re
import subprocess
import venv
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

from mmposeaug.apis import LiftingInferencer
from mmposeaug.lifting.included_lifter import INCLUDED

pytest.importorskip('onnxruntime', reason='pip install onnxruntime')

ABSENT = ('torch', 'mmpose', 'mmengine', 'mmcv', 'mmposeaug', 'scipy', 'onnx')
SAMPLE = 'demo/resources/two_people_coco.json'


def with_requirements(*names: str) -> set[str]:
    """Names of distributions and of all that they ask for."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needed = map(Requirement, distribution(name).requires or ())
            waiting += [r.name for r in needed if not r.marker or r.marker.evaluate({'extra': ''})]
    return found


@pytest.fixture(scope='module')
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a new environment, into which the installed packages are linked."""
    root = tmp_path_factory.mktemp('bare')
    venv.EnvBuilder(symlinks=True).create(root)
    (site,) = root.glob('lib/python*/site-packages')
    for name in with_requirements('numpy', 'onnxruntime'):
        files = distribution(name).files or ()
        for part in {file.parts[0] for file in files} - {'..', '__pycache__'}:
            target = Path(str(distribution(name).locate_file(part)))
            (site / part).symlink_to(target.resolve())
    return root / 'bin' / 'python'


def run(python: Path, code: str, folder: Path) -> str:
    done = subprocess.run(
        [python, '-I', '-c', code], cwd=folder, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_environment_has_neither_torch_nor_mmpose(bare_python: Path, tmp_path: Path) -> None:
    code = 'import sys, json, importlib.util as u, numpy, onnxruntime; '
    code += f'print(json.dumps([[n for n in {ABSENT} if u.find_spec(n)], sorted(sys.modules)]))'
    found, loaded = json.loads(run(bare_python, code, tmp_path))
    assert found == [] and {'numpy', 'onnxruntime'} <= set(loaded)


def test_the_lines_of_the_docs_make_the_same_poses(
    bare_python: Path, tmp_path: Path, repo_root: Path
) -> None:
    inferencer = LiftingInferencer()
    (tmp_path / 'lifter.onnx').symlink_to(INCLUDED / 'lifter.onnx')
    (tmp_path / 'demo').symlink_to(repo_root / 'demo')
    text = (repo_root / 'docs' / 'without_torch.md').read_text(encoding='utf-8')
    (code,) = re.findall(r'```python\n(.*?)```', text, re.DOTALL)

    said = run(bare_python, code, tmp_path)

    lifted = inferencer(repo_root / SAMPLE, image_size=(1280, 720), focal=1000, stills=True)
    whole = (lifted.scores > 0.3).all(1) & ~lifted.interpolated.any(1)
    people = json.loads((repo_root / SAMPLE).read_text(encoding='utf-8'))
    assert 100 < whole.sum() < len(people)  # some have lost keypoints
    assert said.startswith(f'{whole.sum()} of {len(people)} people lifted')
    with np.load(tmp_path / 'poses.npz') as made:
        np.testing.assert_array_equal(np.diff(made['image_ids']), np.diff(lifted.frames[whole]))
        assert np.abs(made['poses'] - lifted.poses_rel[whole]).max() < 1e-4  # 0.1 mm
