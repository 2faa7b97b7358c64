# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Exported lifters against the adapter, and what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from scripts import load_script

from mmposeaug.apis import ExportError, ExportReport, LoadedLifter, export_onnx, load_lifter
from mmposeaug.datasets.keypoints_2d import build_keypoint_map
from mmposeaug.geometry import flip_intrinsics, flip_keypoints, flip_pose
from mmposeaug.structures import H36M_17
from mmposeaug.version import __version__

ort = pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')

JOINTS = H36M_17.num_joints
H36M = 'mmpose::body_3d_keypoint/{0}/h36m/{1}_h36m.py'


def simplebaseline(root: Path) -> Config:
    cfg = Config.fromfile(root / 'configs/poseaug/baseline_simplebaseline-256_1xb256-72e_mocap.py')
    cfg.model.backbone.stem_channels = cfg.model.head.in_channels = 32
    return cfg


def calibrated(root: Path) -> Config:
    """The camera is an input; the image's size is none, not even with flip."""
    name = 'configs/poseaug/calibrated/baseline_simplebaseline-256_1xb256-72e_mocap.py'
    cfg = Config.fromfile(root / name)
    cfg.model.backbone.stem_channels = cfg.model.head.in_channels = 32
    return cfg


def image(root: Path) -> Config:
    """With means and standard deviations of inputs and targets."""
    cfg = get_config(H36M.format('image_pose_lift', 'image-pose-lift_tcn_8xb64-200e'))
    cfg.model.backbone.stem_channels = cfg.model.head.in_channels = 32
    return cfg


def video(root: Path) -> Config:
    cfg = get_config(H36M.format('video_pose_lift', 'video-pose-lift_tcn-27frm-supv_8xb128-160e'))
    cfg.model.backbone.stem_channels = cfg.model.head.in_channels = 32
    return cfg


def causal(root: Path) -> Config:
    """Nine frames, dilated instead of strided."""
    cfg = video(root)
    cfg.model.backbone.update(causal=True, kernel_sizes=(3, 3, 1), use_stride_conv=False)
    cfg.test_dataloader.dataset.update(seq_len=9, causal=True)
    return cfg


def motionbert(root: Path) -> Config:
    cfg = get_config(H36M.format('motionbert', 'motionbert_dstformer-243frm_8xb32-240e'))
    cfg.model.backbone.update(feat_size=16, depth=1, num_heads=2, seq_len=12)
    cfg.model.head.update(in_channels=16, embedding_size=16)
    cfg.test_dataloader.dataset.multiple_target = 12
    return cfg


def save_checkpoint(cfg: Config, path: Path) -> Path:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), path)
    return path


@dataclass(frozen=True)
class Case:
    """A lifter and its export."""

    lifter: LoadedLifter
    report: ExportReport
    flip: bool
    session: Any

    @property
    def metadata(self) -> dict[str, str]:
        return self.session.get_modelmeta().custom_metadata_map


CASES: dict[str, tuple[Callable[[Path], Config], bool]] = dict(
    simplebaseline=(simplebaseline, True),
    calibrated=(calibrated, True),
    image=(image, False),
    image_flip=(image, True),
    video=(video, False),
    causal=(causal, False),
    motionbert=(motionbert, False),
)


@pytest.fixture(scope='module')
def get_case(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    """Each case, exported when it is asked for first."""
    folder = tmp_path_factory.mktemp('export')
    made: dict[str, Case] = {}

    def get(name: str) -> Case:
        if name not in made:
            make, flip = CASES[name]
            cfg = make(repo_root)
            lifter = load_lifter(cfg, save_checkpoint(cfg, folder / f'{name}.pth'))
            report = export_onnx(lifter, folder / f'{name}.onnx', flip)
            made[name] = Case(lifter, report, flip, ort.InferenceSession(report.path))
        return made[name]

    return get


def draw(case: Case, batch: int, frames: int) -> dict[str, torch.Tensor]:
    """Inputs of one batch, those that the graph has."""
    generator = torch.Generator().manual_seed(batch * 100 + frames)

    def rand(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    given = dict(
        keypoints_px=rand(batch, frames, JOINTS, 2) * 400 + 200,
        image_size=(rand(batch, 2) * 500 + 600).round(),
        scores=rand(batch, frames, JOINTS),
        intrinsics=torch.cat((rand(batch, 2) + 1000, rand(batch, 2) + 400, rand(batch, 5) / 10), 1),
        root_depth=rand(batch, frames) * 3 + 3,
    )
    return {spec.name: given[spec.name] for spec in case.report.inputs}


def run(case: Case, given: dict[str, torch.Tensor]) -> torch.Tensor:
    (found,) = case.session.run(None, {name: value.numpy() for name, value in given.items()})
    return torch.from_numpy(found)


def expect(case: Case, given: dict[str, torch.Tensor]) -> torch.Tensor:
    """The adapter on the image and, for flip, on keypoints mirrored by hand."""
    adapter = case.lifter.adapter
    pose = adapter.predict(**given)
    if not case.flip:
        return pose
    index = list(H36M_17.flip_indices)
    pixels = given['keypoints_px']
    # of a camera that is mirrored too any width will do
    size = given.get('image_size', torch.full((len(pixels), 2), 900.0))
    width = size[:, :1].expand(pixels.shape[:2])
    mirrored = dict(given, keypoints_px=flip_keypoints(pixels, width, index))
    if 'intrinsics' in given:
        mirrored['intrinsics'] = flip_intrinsics(given['intrinsics'], size[:, 0])
    if 'scores' in given:
        mirrored['scores'] = given['scores'][..., index]
    return (pose + flip_pose(adapter.predict(**mirrored), index)) / 2


@pytest.mark.parametrize('name', CASES)
def test_poses_are_the_adapters_for_every_batch_and_length(
    name: str, get_case: Callable[[str], Case]
) -> None:
    case = get_case(name)
    fixed = case.metadata['frames'] == 'fixed'
    lengths = [int(case.metadata['num_frames'])] if fixed else [1, 5, 12]
    for batch in (1, 3, 64):
        for frames in lengths:
            given = draw(case, batch, frames)
            expected = expect(case, given)
            torch.testing.assert_close(run(case, given), expected, rtol=0, atol=1e-5)
    assert case.report.max_difference_mm < 0.01
    assert [size[0] for size in case.report.checked] == [1, 3, 64]


@pytest.mark.parametrize(
    ('name', 'inputs', 'frames', 'num_frames', 'target'),
    [
        ('simplebaseline', ['keypoints_px', 'image_size'], 'fixed', '1', 'centre'),
        ('calibrated', ['keypoints_px', 'intrinsics'], 'fixed', '1', 'centre'),
        ('image', ['keypoints_px'], 'fixed', '1', 'centre'),
        ('image_flip', ['keypoints_px', 'image_size'], 'fixed', '1', 'centre'),
        ('video', ['keypoints_px', 'image_size'], 'fixed', '27', 'centre'),
        ('causal', ['keypoints_px', 'image_size'], 'fixed', '9', 'last'),
        (
            'motionbert',
            ['keypoints_px', 'image_size', 'scores', 'intrinsics', 'root_depth'],
            '1 to 12',
            '12',
            'all',
        ),
    ],
)
def test_file_tells_how_to_use_it(
    name: str,
    inputs: list[str],
    frames: str,
    num_frames: str,
    target: str,
    get_case: Callable[[str], Case],
) -> None:
    case = get_case(name)
    found = case.metadata
    assert [spec.name for spec in case.session.get_inputs()] == inputs
    assert list(json.loads(found['inputs'])) == inputs
    assert (found['frames'], found['num_frames'], found['target_frame']) == (
        frames,
        num_frames,
        target,
    )
    assert json.loads(found['joint_names']) == list(H36M_17.joint_names)
    assert json.loads(found['parents']) == list(H36M_17.parents)
    weights = build_keypoint_map('coco', H36M_17).weights
    np.testing.assert_array_equal(json.loads(found['from_coco']), weights.astype(float))
    assert json.loads(found['flip']) is case.flip
    assert found['checkpoint_sha256'] == case.lifter.sha256
    assert found['mmposeaug_version'] == __version__
    assert found == case.report.metadata
    free = ['batch'] if frames == 'fixed' else ['batch', 'frames']
    shape = case.session.get_outputs()[0].shape
    assert [size for size in shape if isinstance(size, str)] == free
    assert tuple(shape) == case.report.output[1]


def test_clip_beyond_what_was_learnt_is_refused(get_case: Callable[[str], Case]) -> None:
    case = get_case('motionbert')
    with pytest.raises(Exception, match='13'):
        run(case, draw(case, 1, 13))


def test_file_holds_no_path_of_this_machine(
    repo_root: Path, get_case: Callable[[str], Case]
) -> None:
    case = get_case('simplebaseline')
    content = case.report.path.read_bytes()
    for path in (str(repo_root), 'site-packages', str(case.lifter.checkpoint.parent)):
        assert path.encode() not in content


def test_image_size_and_opset_are_fixed_in_the_graph(
    get_case: Callable[[str], Case], tmp_path: Path
) -> None:
    import onnx

    case = get_case('simplebaseline')
    report = export_onnx(
        case.lifter, tmp_path / 'sized.onnx', flip=True, opset=20, image_size=(800, 600)
    )
    assert onnx.load(report.path).opset_import[0].version == 20
    assert [spec.name for spec in report.inputs] == ['keypoints_px']
    given = draw(case, 3, 1)
    given['image_size'][:] = torch.tensor([800.0, 600.0])
    (found,) = ort.InferenceSession(report.path).run(
        None, dict(keypoints_px=given['keypoints_px'].numpy())
    )
    np.testing.assert_allclose(found, run(case, given).numpy(), rtol=0, atol=1e-5)


# ------------------------------------------------------------------- refusals
def test_bad_options_are_named(get_case: Callable[[str], Case], tmp_path: Path) -> None:
    case, out = get_case('simplebaseline'), tmp_path / 'lifter.onnx'
    with pytest.raises(ValueError, match='opset is 17; it must lie from 18'):
        export_onnx(case.lifter, out, opset=17)
    with pytest.raises(ValueError, match=r'image_size is \(0, 600\)'):
        export_onnx(case.lifter, out, image_size=(0, 600))
    with pytest.raises(ValueError, match=r'image_size=\(800, 600\) changes nothing'):
        export_onnx(get_case('image').lifter, out, image_size=(800, 600))
    with pytest.raises(ValueError, match=r"lifter.pt' must be called \*.onnx"):
        export_onnx(case.lifter, out.with_suffix('.pt'))
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written_to_is_named(
    get_case: Callable[[str], Case], tmp_path: Path
) -> None:
    (tmp_path / 'file').write_text('')
    outs = [tmp_path / 'file' / 'lifter.onnx']
    if Path('/proc').is_dir():  # holds no files of users, not even of root
        outs.append(Path('/proc/lifter.onnx'))
    if os.name == 'posix' and os.geteuid():
        (tmp_path / 'shut').mkdir(mode=0o555)
        outs.append(tmp_path / 'shut' / 'lifter.onnx')
    for out in outs:
        with pytest.raises(OSError, match=f"'{re.escape(str(out))}' cannot be written"):
            export_onnx(get_case('simplebaseline').lifter, out)


def test_export_that_gives_other_poses_leaves_the_older_file(
    repo_root: Path, tmp_path: Path
) -> None:
    cfg = simplebaseline(repo_root)
    lifter = load_lifter(cfg, save_checkpoint(cfg, tmp_path / 'lifter.pth'))
    out = tmp_path / 'lifter.onnx'
    out.write_text('older')
    head = lifter.adapter.module.head
    forward = head.forward
    head.forward = lambda feats: forward(feats) + torch.rand_like(forward(feats))
    with pytest.raises(ExportError, match=r'mm off torch, more than the 0.\d+ mm that'):
        export_onnx(lifter, out)
    assert out.read_text() == 'older'
    assert {path.name for path in tmp_path.iterdir()} == {'lifter.pth', 'lifter.onnx'}


# ----------------------------------------------------------------------- tool
@pytest.fixture(scope='module')
def tool(repo_root: Path) -> Any:
    return load_script(repo_root / 'tools' / 'export_onnx.py')


def test_tool_writes_the_same_file_and_reports(
    tool: Any, get_case: Callable[[str], Case], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    case = get_case('simplebaseline')
    config, out = tmp_path / 'config.py', tmp_path / 'new' / 'lifter.onnx'
    case.lifter.cfg.dump(config)
    capsys.readouterr()
    assert tool.main([str(config), str(case.lifter.checkpoint), str(out), '--flip']) == 0
    printed = capsys.readouterr()
    assert f'input  keypoints_px (batch, 1, {JOINTS}, 2): keypoints in pixels' in printed.out
    assert f'output pose_rel (batch, 1, {JOINTS}, 3)' in printed.out
    assert re.search(r'largest difference to torch: 0\.00\d+ mm in coord', printed.out)
    assert 'Warning' not in printed.out + printed.err
    assert out.read_bytes() == case.report.path.read_bytes()
    assert os.listdir(out.parent) == [out.name]


def test_tool_folds_a_camera_in(
    tool: Any, get_case: Callable[[str], Case], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    case, config = get_case('calibrated'), tmp_path / 'config.py'
    case.lifter.cfg.dump(config)
    cameras = tmp_path / 'cameras.json'
    camera = dict(f=[1000, 990], c=[410, 290], k=[-0.1, 0.1, 0], p=[0.001, 0], w=800, h=600)
    cameras.write_text(json.dumps({'S/a': camera}))
    files = [str(config), str(case.lifter.checkpoint), str(tmp_path / 'lifter.onnx')]
    for options, sentence in (
        (['--focal', '35', '--image-size', '800', '600'], '35 px, 170 degrees across an image of'),
        (['--focal', '900'], '--focal needs --image-size'),
        (['--focal', '900', '--camera-file', str(cameras)], 'give one of them'),
        (['--camera-file', str(cameras), '--image-size', '640', '480'], 'image_size is 640 x 480'),
    ):
        assert tool.main([*files, *options]) == 1
        assert sentence in capsys.readouterr().err
    assert not Path(files[-1]).exists()
    assert tool.main([*files, '--camera-file', str(cameras), '--image-size', '800', '600']) == 0
    session = ort.InferenceSession(files[-1])
    assert [each.name for each in session.get_inputs()] == ['keypoints_px']
    fixed = json.loads(session.get_modelmeta().custom_metadata_map['camera'])
    assert fixed == [1000, 990, 410, 290, -0.1, 0.1, 0, 0.001, 0]
    pixels = draw(case, 3, 1)['keypoints_px']
    expected = case.lifter.adapter.predict(pixels, intrinsics=torch.tensor([fixed] * 3))
    (found,) = session.run(None, dict(keypoints_px=pixels.numpy()))
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-5)
    with pytest.raises(ValueError, match='The camera changes nothing: the codec of this lifter'):
        export_onnx(get_case('simplebaseline').lifter, files[-1], camera=fixed)


def test_tool_refuses_the_checkpoint_of_another_width(
    tool: Any, lifting_config: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    cfg = Config.fromfile(lifting_config)
    cfg.model.backbone.stem_channels = cfg.model.head.in_channels = 8
    checkpoint = save_checkpoint(cfg, tmp_path / 'narrow.pth')
    out = tmp_path / 'lifter.onnx'
    assert tool.main([str(lifting_config), str(checkpoint), str(out)]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and 'error: The checkpoint' in error[0]
    assert 'backbone.expand_conv.conv.weight is of size (8, 34, 1)' in error[0]
    assert not out.exists()


@pytest.mark.parametrize('package', ['onnx', 'onnxscript', 'onnxruntime'])
def test_missing_package_is_named_with_the_remedy(
    package: str, tool: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert tool.main(['config.py', 'lifter.pth', 'lifter.onnx']) == 1
    error = capsys.readouterr().err
    assert f'error: Exporting needs {package}' in error
    assert '`pip install onnx onnxscript onnxruntime`' in error and error.count('\n') == 1


def test_example_of_the_docs_needs_no_torch(
    repo_root: Path, get_case: Callable[[str], Case], tmp_path: Path
) -> None:
    page = (repo_root / 'docs' / 'export.md').read_text()
    (example,) = re.findall(r'```python\n(import json.*?)```', page, re.DOTALL)
    model = get_case('simplebaseline').report.path
    (tmp_path / 'lifter.onnx').write_bytes(model.read_bytes())
    example += "\nimport sys\nassert not {'torch', 'mmpose', 'mmposeaug'} & set(sys.modules)\n"
    result = subprocess.run(
        [sys.executable, '-c', example], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f'(5, 1, {JOINTS}, 3) {H36M_17.joint_names[-1]} [')
