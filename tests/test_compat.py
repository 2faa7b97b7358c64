# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The compatibility layer, mostly in fresh interpreters: imports cannot be undone in this one."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner, find_latest_checkpoint

from mmposeaug import compat
from mmposeaug.compat.patches import restore_tostring_rgb
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
    assert f'torch: {torch.__version__}' in result.stdout
    assert 'found in sys.modules' not in result.stderr
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
    assert 'RuntimeError: operator torchvision::nms does not exist; put a placeholder' in printed


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


def run_training(config: Path, **changes: object) -> Runner:
    """Trains the small config through MMEngine's own runner."""
    cfg = Config.fromfile(config)
    cfg.work_dir = str(config.parent / 'run')
    cfg.merge_from_dict(changes)
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def test_runner_checkpoint_resumes_and_loads_under_protection(lifting_config):
    from mmpose.apis import init_model

    first = run_training(lifting_config)
    path = find_latest_checkpoint(first.work_dir)
    assert path is not None and path.endswith('epoch_2.pth')

    loaded = torch.load(path, weights_only=True)
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(history, HistoryBuffer)
    kept = first.message_hub.log_scalars['train/loss'].data
    np.testing.assert_array_equal(history.data[0], kept[0])
    assert history.mean() == pytest.approx(float(np.mean(kept[0])))

    model = init_model(str(lifting_config), path, device='cpu')
    for name, value in first.model.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value)

    resumed = run_training(lifting_config, resume=True, train_cfg=dict(max_epochs=3))
    assert resumed.epoch == 3
    assert resumed.iter == 9  # 3 batches an epoch, of which 6 come from the first run


class _Forged:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'forged',
    [
        _Forged(os.getcwd),
        _Forged(getattr, HistoryBuffer, '__init__'),
        _Forged(getattr, np.ndarray, 'tofile'),
        _Forged(eval, '1'),
    ],
    ids=['os', 'getattr of an admitted type', 'getattr of ndarray', 'eval'],
)
def test_forged_checkpoints_stay_refused(forged):
    file = io.BytesIO()
    torch.save({'state_dict': forged}, file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(file)


@pytest.mark.parametrize(
    'value',
    [
        HistoryBuffer(),
        np.float32(0.5),
        np.int64(3),
        np.bool_(True),
        np.zeros(0),
        np.array(['left', 'right']),
        np.arange(3, dtype=np.uint8),
        np.array([[True]]),
    ],
    ids=lambda value: f'{type(value).__name__} {getattr(value, "dtype", "")}',
)
def test_what_checkpoints_hold_comes_back(value):
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    loaded = torch.load(file)
    assert type(loaded) is type(value)
    if not isinstance(value, HistoryBuffer):
        np.testing.assert_array_equal(loaded, value)


def test_tostring_rgb_is_the_drawn_figure(monkeypatch):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1), dpi=50)
    canvas = FigureCanvasAgg(figure)
    figure.add_axes((0, 0, 1, 1)).fill([0, 1, 1], [0, 0, 1], 'r')
    canvas.draw()
    monkeypatch.delattr(FigureCanvasAgg, 'tostring_rgb', raising=False)
    finding = restore_tostring_rgb()
    try:
        assert finding.done
        assert not restore_tostring_rgb().done
        image = np.frombuffer(canvas.tostring_rgb(), np.uint8).reshape(50, 100, 3)
        np.testing.assert_array_equal(image, np.asarray(canvas.buffer_rgba())[..., :3])
        assert image.min() == 0 and image.max() == 255
    finally:
        del FigureCanvasAgg.tostring_rgb


def test_3d_visualizer_draws(tmp_path):
    from mmengine.structures import InstanceData
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    from mmpose.structures import PoseDataSample
    from mmpose.visualization import Pose3dLocalVisualizer

    rng = np.random.default_rng(0)
    keypoints = rng.normal(size=(1, 17, 3))
    sample = PoseDataSample(
        pred_instances=InstanceData(keypoints=keypoints, keypoint_scores=np.ones((1, 17))),
        gt_instances=InstanceData(
            lifting_target=keypoints, lifting_target_visible=np.ones((1, 17))
        ),
    )
    visualizer = Pose3dLocalVisualizer(name=str(tmp_path))
    meta = parse_pose_metainfo(dict(from_file='configs/_base_/datasets/h36m.py'))
    visualizer.set_dataset_meta(meta)
    out_file = tmp_path / 'pose.png'
    visualizer.add_datasample(
        'pose', np.full((100, 100, 3), 255, np.uint8), sample, draw_2d=False, out_file=str(out_file)
    )
    from mmcv import imread

    image = imread(str(out_file))
    assert image.shape[0] >= 100 and len(np.unique(image.reshape(-1, 3), axis=0)) > 10
