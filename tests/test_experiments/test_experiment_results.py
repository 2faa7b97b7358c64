# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What is read from scalar files and results, and how it is put into words."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmposeaug.apis import ExperimentError, ExperimentRunner, collect_results, write_summary
from mmposeaug.experiments.epoch_figure import PANELS
from mmposeaug.experiments.json_files import save_compact_json
from mmposeaug.experiments.plan import CrossTable, Experiment, ExperimentPlan
from mmposeaug.experiments.report import format_summary
from mmposeaug.experiments.result import git_state, read_diagnostics
from mmposeaug.experiments.runs import RunFolder
from mmposeaug.experiments.score_figure import draw_scores, series_styles
from mmposeaug.experiments.tables import csv_rows, format_cell, unit_of


def write_scalars(folder: Path, *lines: dict) -> None:
    folder.mkdir(parents=True)
    (folder / 'scalars.json').write_text(''.join(json.dumps(line) + '\n' for line in lines))


def test_epochs_are_means_and_later_files_win(tmp_path):
    first, second = (tmp_path / name / 'vis_data' for name in ('1', '2'))
    write_scalars(
        first,
        {'loss': 4.0, 'lr': 1, 'epoch': 1, 'step': 1},
        {'loss': 2.0, 'poseaug/in_view': 0.5, 'epoch': 1, 'step': 2},
        {'val/MPJPE': 90.0, 'time': 1.0, 'step': 1},
        {'loss': 100.0, 'epoch': 2, 'step': 3},
    )
    with open(first / 'scalars.json', 'a') as file:
        file.write('{"loss": 1')  # interrupted while it wrote
    write_scalars(
        second,
        {'poseaug/hardness': 1.0, 'step': 10},  # adversarial phase of the epoch that follows
        {'poseaug/hardness': 2.0, 'step': 20},
        {'loss': 1.0, 'epoch': 2, 'step': 3},
        {'loss': float('nan'), 'epoch': 2, 'step': 4},
        {'augmentation/error_real': 40.0, 'step': 2},
        {'val/MPJPE': 80.0, 'step': 2},
    )
    found = read_diagnostics(tmp_path)
    assert found['training'] == {
        'epoch': [1, 2],
        'loss': [3.0, 1.0],
        'poseaug/in_view': [0.5, None],
        'poseaug/hardness': [None, 1.5],
        'augmentation/error_real': [None, 40.0],
    }
    assert found['validation'] == {'epoch': [1, 2], 'val/MPJPE': [90.0, 80.0]}


def test_panels_show_the_augmentation_that_is_used():
    def names(title, **training):
        diagnostics = dict(training={'epoch': [1], **training}, validation={'epoch': [1], 's': [9]})
        result = dict(diagnostics=diagnostics, checkpoint=dict(score_name='s'))
        panel = next(panel for panel in PANELS if panel.title.startswith(title))
        return list(panel.find(result))

    depth = {f'augmentation/depth_{name}': [1] for name in ('random', 'learned', 'learned_low')}
    assert names('Depth', **depth) == ['augmentation/depth_learned', *list(depth)[2:]]
    assert names('Depth', **{'augmentation/depth_random': [1]}) == list(depth)[:1]
    assert names('Depth', **{'poseaug/depth': [1]}) == ['poseaug/depth']
    accuracy = {'poseaug/accuracy_3d': [1], 'poseaug/accuracy_3d_with_real': [1]}
    assert names('Accuracy', **accuracy) == ['poseaug/accuracy_3d']
    assert names('Validation') == ['validation'] and names('Hardness') == []


def test_a_half_written_checkpoint_is_passed_over(tmp_path):
    torch.save(dict(a=torch.zeros(3)), tmp_path / 'epoch_1.pth')
    whole = (tmp_path / 'epoch_1.pth').read_bytes()
    (tmp_path / 'epoch_2.pth').write_bytes(whole[: len(whole) // 2])
    (tmp_path / 'last_checkpoint').write_text('/moved/epoch_2.pth')
    assert RunFolder(tmp_path).last_checkpoint() == tmp_path / 'epoch_1.pth'
    (tmp_path / 'epoch_2.pth').write_bytes(whole)
    os.utime(tmp_path / 'epoch_2.pth', (0, 0))
    assert RunFolder(tmp_path).last_checkpoint() == tmp_path / 'epoch_2.pth'


def test_there_is_no_revision_outside_of_git(tmp_path):
    assert git_state(tmp_path) == dict(commit=None, dirty=None)


def test_lists_of_numbers_are_one_line_and_texts_stay(tmp_path):
    content = dict(a=[1, float('nan'), 2.5], b='[1,2]  [x]', c=[dict(d=[])])
    save_compact_json(tmp_path / 'x.json', content)
    text = (tmp_path / 'x.json').read_text()
    assert '"a": [1, null, 2.5],' in text
    assert json.loads(text) == dict(content, a=[1, None, 2.5])


def test_cells():
    assert format_cell([]) == '-'
    assert format_cell([10.0]) == '10.0'
    assert format_cell([1.0, 2.0, 3.0], [4.0]) == '2.0 ± 1.0 (-50.0 %)'
    units = {'N-MPJPE': 'mm', 'AUC_with_root': '%', 'MPJVE': 'mm/frame', 'Accel': 'mm/frame²'}
    assert {score: unit_of(score) for score in units} == units


# ----------------------------------------------------------------------- plans
@pytest.fixture
def plan(tmp_path):
    """Two experiments, of which one has one of its two results and the other none."""
    experiments = tuple(
        Experiment(name, label, tmp_path / 'c.py', seeds=(0, 1))
        for name, label in (('a', 'First'), ('b', 'Second'))
    )
    plan = ExperimentPlan(
        tmp_path, 'Title', experiments, ('dev',), ('MPJPE',), {'': 'b'}, {'dev': 'subject'}
    )
    result = dict(
        experiment='a',
        config='c.py',
        options={},
        seed=0,
        config_sha256='0',
        commit='0123456789abcdef',
        dirty=True,
        resumed_on=['fedcba9876543210'],
        versions=dict(torch='2'),
        machine=dict(cpu='chip'),
        lifter_steps=12345,
        epochs=9,
        collapses=2,
        train_seconds=90.0,
        checkpoint=dict(name='x.pth', epoch=8, score_name='val/MPJPE', score=50.04),
        metrics={'dev/MPJPE': 100.0, 'dev/subject/S10/MPJPE': 90.0, 'dev/subject/S9/MPJPE': 80.0},
        diagnostics=dict(training={'epoch': []}, validation={'epoch': []}),
    )
    save_compact_json(tmp_path / 'runs/a/seed_0/result.json', result)
    return plan


def test_missing_runs_are_said_and_not_made_up(plan, tmp_path):
    results = collect_results(plan, tmp_path / 'runs')
    assert list(results.missing) == ['b, seed 0', 'a, seed 1', 'b, seed 1']
    lines = format_summary(results, []).splitlines()
    assert '- a, seed 1: no result' in lines
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in lines if '|' in line]
    assert ['First', '1 of 2', '100.0'] in cells and ['Second', '0 of 2', 'not run yet'] in cells
    assert ['training', 'S9', 'S10'] in cells
    assert ['First', '12,345', '9', '8', '50.0', '2', '1.5'] in cells
    runs = '- First: `c.py`; seed 0; revision 0123456789 with changes, fedcba9876; torch 2 on chip'
    assert runs in lines and '- Second: `c.py`; not run' in lines
    assert [row[5] for row in csv_rows(results)] == ['group', '', 'S9', 'S10']


def test_each_reference_is_quoted_with_its_section(plan, tmp_path):
    def sentence(plan) -> str:
        text = format_summary(collect_results(plan, tmp_path / 'runs'), [])
        return text.split(' the mean is than that of ')[1].split(', in percent')[0]

    assert sentence(plan) == '"Second"'
    a, b = plan.experiments
    two = (replace(a, section='X'), replace(b, section='Y'))
    two = replace(plan, experiments=two, references={'X': 'a', 'Y': 'b'})
    assert sentence(two) == '"First" in X and "Second" in Y'


def test_results_of_folders_and_earlier_summaries_are_joined(plan, tmp_path):
    (tmp_path / 'c.py').write_text('model = dict()')
    (result,) = collect_results(plan, tmp_path / 'runs').found.values()
    earlier = [dict(result, metrics={'dev/MPJPE': 1.0})]
    earlier += [dict(result, seed=1), dict(result, experiment='b', options={'lr': 1})]
    save_compact_json(tmp_path / 'earlier.json', dict(results=earlier))
    joined = collect_results(plan, tmp_path / 'runs', [tmp_path / 'earlier.json'])
    assert joined.values(plan.experiments[0], 'dev', 'MPJPE') == [100.0, 100.0]
    assert set(joined.missing) == {'b, seed 0', 'b, seed 1'}
    assert "made with options {'lr': 1}" in joined.missing['b, seed 0']
    alone = collect_results(plan, files=[tmp_path / 'earlier.json'])
    assert alone.values(plan.experiments[0], 'dev', 'MPJPE') == [1.0, 100.0]
    # and they are not run again
    runner = ExperimentRunner(plan, tmp_path / 'new', results=[tmp_path / 'earlier.json'])
    states = {run.label: runner.states.state(run) for run in plan.runs()}
    assert states == {
        'a, seed 0': 'done',
        'a, seed 1': 'done',
        'b, seed 0': 'new',
        'b, seed 1': 'new',
    }
    assert runner.run([run for run in plan.runs() if run.experiment.name == 'a'], clean=True) == {}


def test_results_of_other_settings_are_left_out(plan, tmp_path):
    changed = replace(plan.experiments[0], options={'lr': 1})
    with pytest.raises(ExperimentError, match='left out, since it was made with options {}'):
        collect_results(replace(plan, experiments=(changed,)), tmp_path / 'runs')


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        ('{', 'is not a file of results; name a JSON file that'),
        ('{"results": [1]}', 'is not a file of results; name a JSON file that'),
        (
            '{"results": []}',
            r'There is no result of these experiments in .* \(a, seed 0: no result',
        ),
        (
            '{"results": [{"experiment": "a", "seed": 0}]}',
            "a, seed 0: its result lacks 'config'",
        ),
    ],
)
def test_wrong_result_files_are_one_sentence(plan, tmp_path, content, sentence):
    (tmp_path / 'x.json').write_text(content)
    with pytest.raises(ExperimentError, match=sentence):
        collect_results(plan, files=[tmp_path / 'x.json'])


@pytest.mark.parametrize('wrong', [dict(metrics=[]), dict(diagnostics={}), dict(checkpoint=None)])
def test_broken_results_are_left_out(plan, tmp_path, wrong):
    (result,) = collect_results(plan, tmp_path / 'runs').found.values()
    save_compact_json(tmp_path / 'x.json', dict(results=[dict(result, **wrong)]))
    with pytest.raises(ExperimentError, match='a, seed 0: its result is not that of a run'):
        collect_results(plan, files=[tmp_path / 'x.json'])


def test_groups_that_no_result_has_are_one_sentence(plan, tmp_path):
    with pytest.raises(
        ExperimentError, match=r"by action, .* test_evaluator have by=\('action',\)"
    ):
        collect_results(replace(plan, groups={'dev': 'action'}), tmp_path / 'runs')


# ------------------------------------------------------------ published figures
@pytest.fixture
def published(plan):
    """The plan with published figures and a table of two rows."""
    a, b = plan.experiments
    a = replace(a, cell=('mlp', 'GT'), published={'dev': {'MPJPE': 41.4}})
    b = replace(b, cell=('tcn', 'DET'), published={'dev': {'MPJPE': 52.0}})
    tables = (CrossTable('Errors', 'dev', 'MPJPE'),)
    return replace(plan, experiments=(a, b), published_source='a paper', tables=tables)


def table_cells(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith('|')]
    return [[cell.strip() for cell in line.split('|')[1:-1]] for line in lines]


def test_published_figures_stand_beside_ours_and_count_nowhere(published, tmp_path):
    results = collect_results(published, tmp_path / 'runs')
    cells = table_cells(format_summary(results, []))
    assert ['mlp', '100.0 (1 of 2 seeds)<br>*41.4*', '-'] in cells
    assert ['tcn', '-', 'not run yet<br>*52.0*'] in cells
    assert ['training', 'seeds', 'MPJPE (mm)', 'MPJPE published'] in cells
    assert ['First', '1 of 2', '100.0', '41.4'] in cells
    assert ['Second', '0 of 2', 'not run yet', '52.0'] in cells
    head, first, *_, last = csv_rows(results)
    assert head[6:8] == ['MPJPE', 'MPJPE_published']
    assert first[3:8] == [0, 'dev', '', '100.0000', '41.4000']
    assert last[1:8] == ['b', 'Second', '', 'dev', '', '', '52.0000']
    assert [row[7] for row in csv_rows(results) if row[5] in ('S9', 'S10')] == ['', '']


def test_published_figures_alone_make_a_summary(published, tmp_path):
    results = collect_results(published, tmp_path / 'nothing')
    text, files = write_summary(results, tmp_path / 'out' / 'x')
    assert [path.name for path in files] == ['x.md', 'x.csv', 'x.json']
    assert '**Nothing of this has been run yet.**' in text
    assert ['mlp', 'not run yet<br>*41.4*', '-'] in table_cells(text)
    assert '*Italics*: published (a paper).' in text and 'Trainings' not in text
    # the JSON file has no results, and gives the same summary
    again = collect_results(published, files=[tmp_path / 'out' / 'x.json'])
    assert format_summary(again, []) == text


def test_published_figures_are_marked_in_the_figure(published, tmp_path):
    results = collect_results(published, tmp_path / 'runs')
    (axes,) = draw_scores(results).axes
    marks = [line for line in axes.lines if line.get_marker() == 'D']
    assert [(mark.get_xdata()[0], mark.get_markerfacecolor()) for mark in marks] == [(41.4, 'none')]


# --------------------------------------------------------------------- figures
def test_no_two_lines_of_a_section_look_alike(plan, tmp_path):
    sections = {'A': range(20), 'B': range(15, 23)}  # five labels are in both
    experiments = tuple(
        Experiment(f'{section}{n}', f'way {n}', tmp_path / 'c.py', section=section)
        for section, numbers in sections.items()
        for n in numbers
    )
    styles = series_styles(replace(plan, experiments=experiments))
    for numbers in sections.values():
        assert len({styles[f'way {n}'] for n in numbers}) == len(numbers)
    assert [styles[f'way {n}'].marker for n in (0, 7, 8, 16)] == ['', '', 'o', '^']
    assert styles['way 20'] == styles['way 0'], 'a section begins with the plain lines again'
