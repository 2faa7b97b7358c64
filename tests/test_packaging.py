# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Requirements, packaging data and the rules that keep a user's environment as it is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import mmposeaug


def requirement_lines(path: Path) -> list[str]:
    """Reads a requirements file without comments."""
    lines = (line.split('#')[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def run_setup(root: Path, *args: str) -> str:
    """Runs a copy's setup.py."""
    result = subprocess.run(
        [sys.executable, 'setup.py', '--quiet', *args], cwd=root, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@pytest.fixture
def sources(repo_root: Path, tmp_path: Path) -> Path:
    """A copy of what packaging needs, so that building leaves nothing in the checkout."""
    root = tmp_path / 'checkout'
    skip = shutil.ignore_patterns('__pycache__', '.mim', '*.egg-info')
    for name in ('mmposeaug', 'requirements', 'tools', 'configs'):
        if (repo_root / name).exists():
            shutil.copytree(repo_root / name, root / name, ignore=skip)
    for pattern in ('setup.py', 'pyproject.toml', '*.yml', '*.in', 'LICENSE', '*.md', '*.cff'):
        for path in repo_root.glob(pattern):
            shutil.copy2(path, root)
    return root


def test_version_agrees_everywhere(repo_root, sources):
    assert run_setup(sources, '--version').strip().splitlines()[-1] == mmposeaug.__version__
    citation = yaml.safe_load((repo_root / 'CITATION.cff').read_text())
    assert citation['version'] == mmposeaug.__version__
    assert mmposeaug.__version__ in (repo_root / 'CHANGELOG.md').read_text()


def test_install_asks_for_nothing_of_openmmlab(repo_root):
    runtime = requirement_lines(repo_root / 'requirements' / 'runtime.txt')
    names = {re.split(r'[<>=!~ \[]', line)[0].lower() for line in runtime}
    assert not names & {'torch', 'torchvision', 'numpy', 'mmcv', 'mmengine', 'mmdet', 'mmpose'}


def test_no_file_asks_for_torch_without_a_version(repo_root):
    for path in (repo_root / 'requirements').glob('*.txt'):
        for line in requirement_lines(path):
            if re.match(r'torch\b', line):
                assert re.fullmatch(r'torch==[\d.]+(;.*)?', line), f'{path.name}: {line}'


@pytest.mark.parametrize('name', ['pinned.txt', 'pinned-nodeps.txt'])
def test_tested_set_is_pinned_with_one_opencv(repo_root, name):
    lines = requirement_lines(repo_root / 'requirements' / name)
    assert all(re.fullmatch(r'[\w.-]+==[\w.]+', line) for line in lines)
    names = [line.split('==')[0].lower() for line in lines]
    assert len(set(names)) == len(names)
    assert 'opencv-python' not in names


def test_other_pythons_get_the_packages_of_the_tested_set(repo_root):
    folder = repo_root / 'requirements'
    pinned = (folder / 'pinned.txt').read_text().split('# What these need in turn')[0]
    wanted = set(re.findall(r'^([\w.-]+)==', pinned, re.MULTILINE))
    todo, found = ['unpinned.txt'], set()
    while todo:
        for line in requirement_lines(folder / todo.pop()):
            if line.startswith('-r'):
                todo.append(line[2:].strip())
            else:
                found.add(re.split(r'[<>=!~;\[ ]', line)[0])
    assert wanted <= found


def test_tested_set_builds_the_documentation(repo_root):
    pinned = requirement_lines(repo_root / 'requirements' / 'pinned.txt')
    assert set(requirement_lines(repo_root / 'requirements' / 'docs.txt')) <= set(pinned)


def test_wheel_carries_configs_and_tools_for_mim(sources):
    run_setup(sources, 'bdist_wheel')
    (wheel,) = (sources / 'dist').glob('*.whl')
    import zipfile

    names = set(zipfile.ZipFile(wheel).namelist())
    assert {'mmposeaug/.mim/tools/train.py', 'mmposeaug/.mim/tools/dist_train.sh'} <= names
    assert {'mmposeaug/.mim/model-index.yml', 'mmposeaug/.mim/dataset-index.yml'} <= names
    assert 'mmposeaug/compat/__main__.py' in names
    assert 'mmposeaug/visualization/page/drawing.js' in names
    assert not any(name.endswith('.pyc') for name in names)
    for config in (sources / 'configs').rglob('*.py'):
        assert f'mmposeaug/.mim/{config.relative_to(sources)}' in names


def test_development_install_links_for_mim(sources):
    code = "import sys, setup; sys.argv = ['setup.py', 'editable_wheel']; setup.add_mim_extension()"
    for _ in range(2):  # a second time replaces what the first made
        subprocess.run([sys.executable, '-c', code], cwd=sources, check=True)
    link = sources / 'mmposeaug' / '.mim' / 'tools'
    assert link.is_symlink()
    assert (link / 'train.py').samefile(sources / 'tools' / 'train.py')


def test_indices_name_files_that_exist(repo_root):
    for path in yaml.safe_load((repo_root / 'model-index.yml').read_text())['Import']:
        assert (repo_root / path).is_file(), path
    index = yaml.safe_load((repo_root / 'dataset-index.yml').read_text())
    for name, entry in index.items():
        if isinstance(entry, dict) and 'script' in entry:
            assert (repo_root / entry['script']).is_file(), name


def test_every_source_file_names_its_licence(repo_root):
    header = '# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.'
    for folder in ('mmposeaug', 'tools', 'tests', 'demo'):
        for path in (repo_root / folder).rglob('*.py'):
            if '.mim' not in path.parts:
                assert path.read_text().startswith(header), path


def test_make_help_lists_the_targets(repo_root):
    result = subprocess.run(['make', 'help'], cwd=repo_root, capture_output=True, text=True)
    targets = {line.split()[0] for line in result.stdout.splitlines()}
    assert {'env', 'test', 'lint', 'docs', 'linkcheck', 'quickstart', 'clean', 'help'} <= targets
