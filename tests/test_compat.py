# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the compatibility layer finds and puts in place, mostly in fresh interpreters.

Imports cannot be undone in this one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmposeaug import compat
from mmposeaug.compat.placeholders import get_distribution

# Runs compat alone: the package around it would import all of MMPose each time.
ONLY_COMPAT = """
import importlib.util, pathlib, sys, types
root = pathlib.Path('mmposeaug').resolve()
package = types.ModuleType('mmposeaug')
package.__path__ = [str(root)]
sys.modules['mmposeaug'] = package
from mmposeaug import compat
"""


def run_python(code: str, repo_root: Path, *first_on_path: Path, **env: str) -> str:
    """Runs code in a fresh interpreter in the checkout and returns what it printed."""
    path = os.pathsep.join([*map(str, first_on_path), str(repo_root)])
    result = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=repo_root,
        env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1', **env},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


def installed(name: str) -> bool:
    """Tells whether the real thing is here, and no placeholder."""
    module = sys.modules.get(name)
    return module is not None and type(module).__name__ != '_Placeholder'


def test_apply_is_idempotent():
    first, hooks = compat.apply(), list(sys.meta_path)
    assert compat.apply() == first
    assert list(sys.meta_path) == hooks
    assert len({finding.subject for finding in first}) == len(first) == 6


def test_report_names_versions_and_what_was_done(repo_root):
    result = subprocess.run(
        [sys.executable, '-m', 'mmposeaug.compat'],
        cwd=repo_root,
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert f'torch: {torch.__version__.split("+")[0]}' in result.stdout  # not all say the build
    assert 'found in sys.modules' not in result.stderr
    # what is left out on purpose reads like no fault
    assert 'Error' not in result.stdout and result.stdout.endswith('mmposeaug can be used.\n')
    for finding in compat.apply():
        assert f'{finding.subject}: ' in result.stdout


@pytest.mark.skipif(installed('mmcv._ext') or installed('torchvision'), reason='full mmcv here')
def test_placeholders_name_themselves_and_do_not_pretend():
    import pkgutil

    import mmcv._ext
    import torchvision
    from mmcv.utils import collect_env
    from mmengine.model import revert_sync_batchnorm
    from torchvision.transforms import ToPILImage

    with pytest.raises(compat.PlaceholderError, match=r'mmcv\._ext\.nms .* full mmcv'):
        mmcv._ext.nms(1)
    with pytest.raises(compat.PlaceholderError, match=r'torchvision\.transforms\.ToPILImage'):
        ToPILImage()
    with pytest.raises(AttributeError, match="'torchvision' is a placeholder"):
        torchvision.models  # noqa: B018
    assert pkgutil.find_loader('mmcv._ext') is None  # MMEngine's test for the full mmcv
    model = revert_sync_batchnorm(torch.nn.Sequential(torch.nn.SyncBatchNorm(3)))
    assert not isinstance(model[0], torch.nn.SyncBatchNorm)
    assert collect_env()['MMCV Compiler'] == 'n/a'


def test_real_packages_are_left_alone(repo_root, tmp_path):
    (tmp_path / 'torchvision').mkdir()
    (tmp_path / 'torchvision' / '__init__.py').write_text("__version__ = '9.9'\n")
    (tmp_path / 'ext').mkdir()
    (tmp_path / 'ext' / '_ext.py').write_text('real = True\n')
    code = f"""
import mmcv
mmcv.__path__.append({str(tmp_path / 'ext')!r})
{ONLY_COMPAT}
for finding in compat.apply():
    if finding.subject in ('mmcv._ext', 'torchvision'):
        print(finding)
import mmcv._ext, torchvision
assert mmcv._ext.real and torchvision.__version__ == '9.9'
assert not hasattr(torchvision, 'transforms')
"""
    printed = run_python(code, repo_root, tmp_path).splitlines()
    assert printed == [
        'mmcv._ext: the compiled operators of mmcv import; nothing to do',
        'torchvision: version 9.9 imports; nothing to do',
    ]


def test_a_torchvision_for_another_torch_is_replaced(repo_root, tmp_path):
    (tmp_path / 'torchvision').mkdir()
    (tmp_path / 'torchvision' / '__init__.py').write_text(
        "from . import part\nraise RuntimeError('operator torchvision::nms does not exist')\n"
    )
    (tmp_path / 'torchvision' / 'part.py').write_text('')
    code = f"""
{ONLY_COMPAT}
print([str(f) for f in compat.apply() if f.subject == 'torchvision'][0])
assert 'torchvision.part' not in sys.modules
from torchvision.transforms import ToPILImage
"""
    printed = run_python(code, repo_root, tmp_path)
    assert (
        'RuntimeError: operator torchvision::nms does not exist; not needed for lifting' in printed
    )


def test_works_without_pkg_resources(repo_root):
    code = f"""
import sys
class Hiding:
    '''The path finder of a Python with setuptools 81.'''
    def __init__(self, finder): self.finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name == 'pkg_resources' else self.finder.find_spec(name, path, target)
sys.meta_path = [Hiding(finder) for finder in sys.meta_path]
{ONLY_COMPAT}
print([str(f) for f in compat.apply() if f.subject == 'pkg_resources'][0])
from mmengine.utils import get_installed_path, is_installed
import mmpose
assert get_installed_path('mmpose') == str(pathlib.Path(mmpose.__file__).parent)
assert is_installed('mmpose') and not is_installed('no_such_package')
"""
    assert 'pkg_resources: missing' in run_python(code, repo_root)


def test_distribution_offers_what_mmengine_reads():
    distribution = get_distribution('mmengine')
    assert Path(distribution.location, 'mmengine').is_dir()
    assert distribution.has_metadata('top_level.txt')
    assert distribution.get_metadata('top_level.txt').split() == ['mmengine']
    assert not distribution.has_metadata('no_such_file')


def test_a_missing_openmmlab_is_one_sentence(repo_root):
    code = """
import sys
sys.modules['mmpose'] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == 'mmpose' else find(name, *a)
try:
    import mmposeaug
except ImportError as error:
    print(error)
"""
    printed = run_python(code, repo_root)
    assert 'mmpose cannot be found' in printed and 'make env' in printed
