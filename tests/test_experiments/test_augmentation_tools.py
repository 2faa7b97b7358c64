# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The tools that draw, export and measure augmentations, from the command line to files."""

from __future__ import annotations

import csv
import importlib
import json
import re
import sys

import pytest
from PIL import Image

from mmposeaug.experiments.augmentation.browse import FILES, OF_CLIPS

NO_CAMERAS = ('--cfg-options', 'test_dataloader.dataset.camera_param_file=None')
CLIPS = [f'train_dataloader.dataset.{each}' for each in ('seq_len=9', 'pad_video_seq=True')]
NAMES = ('browse_augmentation', 'export_augmented', 'measure_diversity', 'common')


def of_frames(*names: str) -> list[str]:
    """Files that are written for single frames."""
    return sorted(FILES[name] for name in names if name not in OF_CLIPS)


@pytest.fixture
def tools(repo_root, monkeypatch):
    """Main functions of the tools, in this process, which has MMPose imported."""
    monkeypatch.syspath_prepend(str(repo_root / 'tools'))

    def run(name: str, *args: object) -> None:
        importlib.import_module(name).main([str(arg) for arg in args])

    for name in NAMES:
        sys.modules.pop(name, None)
    yield run
    for name in NAMES:
        sys.modules.pop(name, None)


def test_browse_writes_pictures_numbers_and_a_page(tools, small_run, tmp_path, capsys):
    more = ('--out-dir', tmp_path / 'out', '--samples', 120, '--examples', 2)
    tools('browse_augmentation', small_run.config, small_run.last, *more)
    assert 'The augmentation is the augmentor of epoch_2.pth.' in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == of_frames(*FILES)
    for name in ('examples', 'distributions', 'changes'):
        with Image.open(tmp_path / 'out' / FILES[name]) as picture:
            assert min(picture.size) > 300
    numbers = json.loads((tmp_path / 'out' / 'numbers.json').read_text())
    assert numbers['samples'] == 120 and list(numbers['kinds']) == ['real', 'random', 'learned']
    assert numbers['kinds']['learned']['hardness']['over_real'] > 0
    page = (tmp_path / 'out' / 'index.html').read_text()
    assert len(page) > 1_000_000  # plotly itself is in it
    assert not re.search(r'<(script|link|img)[^>]+(src|href)=', page)  # and nothing is fetched
    assert page.count('class="plotly-graph-div"') == 4
    assert 'Learned bone angles</option>' in page


def test_browse_without_checkpoint_says_that_nothing_is_learned(tools, small_run, tmp_path, capsys):
    tools('browse_augmentation', small_run.config, '--out-dir', tmp_path, '--samples', 40)
    assert 'a fresh augmentor, which has learned nothing yet' in capsys.readouterr().out
    numbers = json.loads((tmp_path / 'numbers.json').read_text())
    assert 'error_mm' not in numbers['kinds']['learned']
    assert 'learned nothing yet' in (tmp_path / 'index.html').read_text()


def test_browse_takes_options_of_the_config_and_shows_how_clips_move(
    tools, small_run, tmp_path, monkeypatch
):
    monkeypatch.setattr('mmposeaug.experiments.augmentation.browse.has_plotly', lambda: False)
    slow = ('motion.speed=0', 'motion.rate=(0.5,0.5)', 'motion.cap=0')
    still = ('yaw=0', 'pitch_std=0', 'angle_noise=0')
    options = [f'train_cfg.augmentor.{each}' for each in (*still, *slow)]
    more = ('--out-dir', tmp_path, '--samples', 60, '--examples', 2, '--cfg-options')
    tools('browse_augmentation', small_run.random_config, *more, *options, *CLIPS)
    numbers = json.loads((tmp_path / 'numbers.json').read_text())
    assert list(numbers['kinds']) == ['real', 'random']
    # people are seen from where they were seen, but for a little roll
    real, drawn = (numbers['kinds'][kind]['elevation_deg']['mean'] for kind in ('real', 'random'))
    assert drawn == pytest.approx(real, abs=8)
    files = {path.name for path in tmp_path.iterdir()}
    assert files == set(FILES.values()) - {FILES['page']}
    with Image.open(tmp_path / 'clips.gif') as picture:
        assert picture.n_frames == 9 and picture.width > picture.height
    assert numbers['motion']['units']['turn'] == 'degrees a frame'
    real, drawn = (numbers['motion']['kinds'][kind]['turn'] for kind in ('real', 'random'))
    assert real['over_real'] == 1 and 0 < real['median'] < real['p99.9'] <= real['max']
    assert drawn['over_real'] == pytest.approx(drawn['mean'] / real['mean'])
    assert drawn['over_real'] == pytest.approx(0.5, abs=0.1)  # played at half the speed


def test_browse_without_plotly_writes_all_but_the_page(
    tools, small_run, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr('mmposeaug.experiments.augmentation.browse.has_plotly', lambda: False)
    tools('browse_augmentation', small_run.config, '--out-dir', tmp_path, '--samples', 40)
    assert 'needs plotly' in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == of_frames(*(FILES.keys() - {'page'}))


def test_export_says_what_it_wrote(tools, small_run, tmp_path, capsys):
    out = tmp_path / 'new' / 'aug.npz'
    more = ('--copies', 2, '--with-real')
    tools('export_augmented', small_run.config, small_run.last, out, *more)
    said = capsys.readouterr().out
    real, augmented, left_out = map(
        int,
        re.search(r'wrote (\d+) real and (\d+) augmented samples to .* \((\d+) aug', said).groups(),
    )
    assert augmented + left_out == 2 * real
    assert sorted(path.name for path in out.parent.iterdir()) == ['aug.npz', 'aug_cameras.pkl']
    tools('export_augmented', small_run.random_config, tmp_path / 'random.npz')  # no checkpoint
    assert (tmp_path / 'random.npz').is_file()


def test_diversity_writes_tables_and_a_figure(tools, small_run, tmp_path, capsys):
    out = tmp_path / 'diversity'
    tools(
        'measure_diversity',
        small_run.config,
        small_run.last,
        small_run.last,
        *('--target', 'target_dev', '--random', small_run.random_config),
        *('--samples', 60, '--out', out),
    )
    said = capsys.readouterr().out
    text = out.with_suffix('.md').read_text()
    assert text in said
    assert 'Learned 1: run/epoch_2.pth; Learned 2: run/epoch_2.pth.' in text
    rows = json.loads(out.with_suffix('.json').read_text())['rows']
    assert list(rows) == ['Real', 'Random', 'Draw', 'Learned 1', 'Learned 2']
    assert rows['Learned 1'] == rows['Learned 2']  # the same checkpoint, the same seed
    assert f'| {rows["Random"]["nearest_pose"]:.0f}' in text
    with open(out.with_suffix('.csv')) as file:
        table = {row['poses']: row for row in csv.DictReader(file)}
    assert float(table['Draw']['depth_high']) == rows['Draw']['depth_high']
    with Image.open(out.with_suffix('.png')) as picture:
        assert picture.width > picture.height


def test_diversity_of_a_random_config_without_target(tools, small_run, tmp_path):
    more = ('--samples', 40, '--out', tmp_path / 'diversity.md')  # an ending is dropped
    tools('measure_diversity', small_run.random_config, *more)
    text = (tmp_path / 'diversity.md').read_text()
    assert '| RandomPoseAugmentor |' in text and 'nearest' not in text


@pytest.mark.parametrize(
    ('name', 'args', 'sentence'),
    [
        ('browse_augmentation', ['no.py'], "the config 'no.py' does not exist"),
        ('browse_augmentation', ['{config}', 'no.pth'], "The checkpoint 'no.pth' does not exist"),
        ('browse_augmentation', ['{config}', '{best}'], 'holds no augmentor'),
        ('browse_augmentation', ['{baseline}'], 'The config trains without augmentation'),
        ('browse_augmentation', ['{config}', '--samples', '1'], 'The number of samples is 1'),
        ('browse_augmentation', ['{config}', '--out-dir', '{best}/x'], 'nothing can be written to'),
        (
            'browse_augmentation',
            ['{config}', '--cfg-options', 'train_dataloader.dataset.data_root=nowhere'],
            'does not exist; set ann_file',
        ),
        ('export_augmented', ['{config}', 'out.txt'], 'ends in .npz'),
        ('export_augmented', ['{config}', '{best}/x/out.npz'], 'nothing can be written to'),
        ('export_augmented', ['{baseline}', 'out.npz'], 'The config trains without augmentation'),
        ('export_augmented', ['{config}', '{best}', 'out.npz'], 'holds no augmentor'),
        ('measure_diversity', ['{config}', '{best}'], 'holds no augmentor'),
        ('measure_diversity', ['{config}', '--target', 'x'], "no test set 'x'"),
        ('measure_diversity', ['{config}', '--target', 'x.npz'], "The target 'x.npz' does not"),
        (
            'measure_diversity',
            ['{config}', '--target', 'target_dev', *NO_CAMERAS],
            "The target 'target_dev' has no cameras; give the set a camera_param_file in",
        ),
        (
            'measure_diversity',
            ['{config}', '--random', '{config}'],
            'learns; give one without',
        ),
        ('measure_diversity', ['{config}', '--random', 'no.py'], "the config 'no.py' does not"),
        (
            'measure_diversity',
            ['{config}', '--random', '{baseline}'],
            'trains without augmentation',
        ),
    ],
)
def test_bad_input_is_one_sentence(
    tools, small_run, tmp_path, monkeypatch, capsys, name, args, sentence
):
    monkeypatch.chdir(tmp_path)
    paths = dict(config=small_run.config, best=small_run.best, baseline=small_run.baseline_config)
    with pytest.raises(SystemExit) as caught:
        tools(name, *[arg.format(**paths) for arg in args])
    assert caught.value.code in (1, 2)
    error = capsys.readouterr().err
    assert sentence in error.strip().splitlines()[-1] and 'Traceback' not in error
    assert not list(tmp_path.rglob('*.*'))
