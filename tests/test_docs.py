# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Every command that the documentation shows is one that its program takes."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from mmengine.config import Config
from scripts import load_script

from mmposeaug.apis import LiftingInferencer, save_bvh
from mmposeaug.converters import convert_mocap
from mmposeaug.datasets import load_pose_bank
from mmposeaug.lifting.command_line import build_parser

PAGES = ['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'configs/**/*.md', 'mmposeaug/**/*.md']
H36M = 'configs/_base_/datasets/h36m.py'
SHELL = {'source', 'export', 'git', 'wget', 'mkdir', 'sed', 'cp', 'cd', 'unzip', 'pre-commit'}

OTHER_PACKAGES = {
    'pre-commit',
    'bpy',
    'cdflib',
    'opensim',
    'tomli',
    'onnxscript',
    'numpy',
    'torch',
    'mmpose',
}
"""set[str]: Packages of the index that the pages name and no file of ``requirements/`` does."""


def commands(repo_root: Path) -> list[tuple[str, str]]:
    """Pages and their commands, lines that end with a backslash joined."""
    found = []
    for pattern in PAGES:
        for path in sorted(repo_root.glob(pattern)):
            if '.mim' in path.parts:
                continue
            name, text = str(path.relative_to(repo_root)), path.read_text(encoding='utf-8')
            saved = re.findall(r'[Ss]ave this as `([^`]+)`', text)
            for block in re.findall(r'```(?:bash|shell|sh|console)\n(.*?)```', text, re.DOTALL):
                lines = block.replace('\\\n', ' ').splitlines()
                lines = [line.strip() for line in lines]
                found += [
                    (name, line)
                    for line in lines
                    if not any(line.startswith(f'python {each} ') for each in saved)
                ]
            found += [(name, line) for line in re.findall(r'`(pip install [^`]+)`', text)]
    return [(name, line) for name, line in found if line and not line.startswith('#')]


def check_pip(repo_root: Path, words: list[str]) -> str | None:
    """What is wrong with the arguments of ``pip install``."""
    extras = set(re.findall(r"'(\w+)': read_requirements", (repo_root / 'setup.py').read_text()))
    known = set(OTHER_PACKAGES)
    for path in (repo_root / 'requirements').glob('*.txt'):
        lines = path.read_text().splitlines()
        known |= {re.split(r'[<>=!~\[ #]', line.strip())[0].lower() for line in lines}
    previous = ''
    for word in words:
        if previous in ('-r', '--requirement'):
            if not (repo_root / word).is_file():
                return f'{word} is missing'
        elif word.startswith('.'):
            if not set(re.findall(r'\w+', word)) <= extras:
                return f'no such extra: {word}'
        elif not word.startswith('-') and re.split(r'[<>=!~\[]', word)[0].lower() not in known:
            return f'{word} is not a package that is known to be on the index'
        previous = word
    return None


def check_program(repo_root: Path, parser, line: str, words: list[str]) -> str | None:
    """What is wrong with the arguments of one of our programs, by its own parser."""
    synopsis = re.search(r'[\[|{]|OPTION|\.\.\.', line) or '--help' in words
    options = set(parser._option_string_actions)
    for word in words:
        name = re.sub(r'[\[\]]', '', word).split('=')[0]
        if synopsis and re.match(r'--\w', name) and name not in options:
            return f'{name} is not an option'
        path = name.split('*')[0]
        shown = path.startswith(('configs/', 'demo/', 'tools/')) and not path.endswith('.pth')
        if shown and not list(repo_root.glob(name)) and '$' not in name:
            return f'{name} is missing'
    if synopsis:
        return None
    try:
        parser.parse_args(words)
    except SystemExit:
        return 'is refused'
    return None


def fault(repo_root: Path, parsers: dict, line: str) -> str | None:
    """What is wrong with a command; None if nothing is."""
    words = shlex.split(line, comments=True)
    while words and re.match(r'[A-Z_0-9]+=', words[0]):
        words = [] if '$(' in words[0] else words[1:]
    if words[:1] in (['python'], ['.venv/bin/python']) and len(words) > 1:
        if words[1] == '-c' or words[1:3] == ['-m', 'mmposeaug.compat']:
            return None
        names = re.match(r'(.*)\{(.*)\}(.*)', words[1])
        files = [words[1]]
        if names:
            files = [f'{names[1]}{each}{names[3]}' for each in names[2].split(',')]
        for file in files:
            if not (repo_root / file).is_file():
                return f'{file} is missing'
            if file not in parsers:
                module = load_script(repo_root / file)
                parsers[file] = module.build_parser() if hasattr(module, 'build_parser') else None
            found = parsers[file] and check_program(repo_root, parsers[file], line, words[2:])
            if found:
                return found
        return None
    if words[:1] == ['mmposeaug-lift']:
        return check_program(repo_root, build_parser(), line, words[1:])
    if words[:2] == ['pip', 'install']:
        return check_pip(repo_root, words[2:])
    if words[:1] == ['make']:
        targets = [word for word in words[1:] if '=' not in word]
        makefile = (repo_root / 'Makefile').read_text()
        missing = [each for each in targets if not re.search(rf'^{each}:', makefile, re.M)]
        return f'no target {missing}' if missing else None
    if words[:1] == ['bash']:
        return None if (repo_root / words[1]).is_file() else f'{words[1]} is missing'
    if not words or words[0] in SHELL or line.startswith('('):
        return None
    return 'is not a command that this test knows'


@pytest.fixture
def scripts_path(repo_root, monkeypatch):
    for folder in ('tools', 'demo', 'benchmarks', 'tools/dataset_converters'):
        monkeypatch.syspath_prepend(str(repo_root / folder))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if '.' not in name:
            sys.modules.pop(name, None)


def test_documented_commands_are_true(repo_root, scripts_path, capsys):
    parsers: dict = {}
    shown = commands(repo_root)
    assert len(shown) > 100
    faults = []
    for page, line in shown:
        found = fault(repo_root, parsers, line)
        if found:
            faults.append(f'{page}: {line!r} {found}')
    assert not faults, '\n'.join(faults)


@pytest.mark.parametrize(
    'line',
    [
        "pip install 'mmposeaug[detect]'",
        "pip install -e '.[nothing]'",
        'pip install -r requirements/nothing.txt',
        'make nothing',
        'mmposeaug-lift KEYPOINTS --nothing 3',
        'mmposeaug-lift KEYPOINTS --detector nothing',
        'python tools/nothing.py',
        'python tools/train.py configs/nothing.py',
        'python tools/test.py CONFIG CHECKPOINT --nothing',
        'nothing',
    ],
)
def test_what_is_not_true_is_found(repo_root, scripts_path, capsys, line):
    assert fault(repo_root, {}, line)


def test_the_walk_from_own_recordings(repo_root, tmp_path, monkeypatch):
    text = (repo_root / 'docs' / 'own_data.md').read_text(encoding='utf-8')
    (joint_map,) = re.findall(r'```yaml\n(.*?)```', text, re.DOTALL)
    (config,) = re.findall(r'```python\n(.*?)```', text, re.DOTALL)
    (tmp_path / 'joints.yml').write_text(joint_map)
    (tmp_path / 'configs').symlink_to(repo_root / 'configs')
    # of the wide set nothing is made here: the takes stand for it too
    config = config.replace('data/synthetic_wide/', 'data/mine/').replace('source_train', 'train')
    (tmp_path / 'my_lifter.py').write_text(config.replace("'cameras.pkl'", "'train_cameras.pkl'"))

    lifted = LiftingInferencer()(
        str(repo_root / 'demo' / 'resources' / 'two_people_coco.json'),
        image_size=(1280, 720), focal=1000, fps=25, bones='constant',
    )  # fmt: skip
    takes = save_bvh(lifted, tmp_path / 'two_people.bvh')
    monkeypatch.chdir(tmp_path)
    convert_mocap([str(take) for take in takes], 'data/mine', 'joints.yml', name='train')
    bank = load_pose_bank(Config.fromfile('my_lifter.py').train_dataloader.dataset)
    one = load_pose_bank(
        dict(type='MocapDataset', data_root='data/mine/', ann_file='train.npz',
             camera_param_file='train_cameras.pkl', metainfo=dict(from_file=H36M)),
    )  # fmt: skip
    assert len(takes) == 2 and len(one) > 200
    assert len(bank) == 101 * len(one)
