# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Files of experiments: what they mean, and what is said of a wrong one."""

from __future__ import annotations

import re

import pytest

from mmposeaug.apis import ExperimentError, load_plan
from mmposeaug.experiments.plan import CrossTable, Run
from mmposeaug.experiments.plan_values import flatten_options
from mmposeaug.experiments.processes import make_slots

CONFIG = 'configs/poseaug/baseline_simplebaseline-256_1xb256-96e_synthetic.py'
GOOD = f"""
title: Two ways
seeds: [0, 1]
reference: {{A: none-a, B: none-b}}
sets: [source_test, target_dev]
scores: [MPJPE]
groups: {{target_dev: subject}}
experiments:
  none-a: {{label: Nothing, section: A, config: {CONFIG}}}
  none-b: {{label: Nothing, section: B, config: {CONFIG}, seeds: [1, 5]}}
  more-b:
    section: B
    config: {CONFIG}
    options:
      train_cfg: {{max_epochs: 2, dynamic: [[1, 2], [3, 4]]}}
      optim_wrapper.optimizer.lr: 1e-3
"""


LINKED = f"""
sets: [h36m, 3dhp]
scores: [MPJPE, PCK]
published_source: a paper
tables:
- {{title: Errors, set: h36m, score: MPJPE}}
experiments:
  base:
    config: {CONFIG}
    row: mlp
    column: GT
    published: {{h36m: {{MPJPE: 41, PCK: 95.0}}, 3dhp: {{MPJPE: 83.1}}}}
  more: {{config: {CONFIG}, row: mlp, column: GT + PoseAug, start_from: base, seeds: [0]}}
  most: {{config: {CONFIG}, start_from: more}}
"""


@pytest.fixture
def load(tmp_path, repo_root):
    """Reads a text as a file of experiments."""

    def read(text: str):
        (tmp_path / 'plan.yml').write_text(text)
        return load_plan(tmp_path / 'plan.yml', repo_root)

    return read


def test_a_file_says_what_to_run(load, repo_root):
    plan = load(GOOD)
    assert [run.label for run in plan.runs()] == [
        'none-a, seed 0',
        'more-b, seed 0',
        'none-a, seed 1',
        'none-b, seed 1',
        'more-b, seed 1',
        'none-b, seed 5',
    ]
    assert [run.label for run in plan.runs(['*-b'], [1])] == ['none-b, seed 1', 'more-b, seed 1']
    assert {name: len(found) for name, found in plan.sections.items()} == {'A': 1, 'B': 2}
    more = plan.experiments[2]
    assert more.label == 'more-b' and more.config == repo_root / CONFIG
    assert plan.config_name(more) == CONFIG
    assert more.options == {
        'train_cfg.max_epochs': 2,
        'train_cfg.dynamic': [[1, 2], [3, 4]],
        'optim_wrapper.optimizer.lr': 0.001,
    }
    assert plan.references == {'A': 'none-a', 'B': 'none-b'}


def test_options_and_scores_of_the_file_and_of_its_parts(load):
    plan = load(
        GOOD.replace('sets:', 'options: {a.b: 1, train_cfg.max_epochs: 9}\nsets:', 1).replace(
            'scores:', 'set_scores: {source_test: [P-MPJPE]}\nscores:', 1
        )
    )
    none, more = (
        next(e for e in plan.experiments if e.name == name) for name in ('none-a', 'more-b')
    )
    assert none.options == {'a.b': 1, 'train_cfg.max_epochs': 9}
    assert more.options['a.b'] == 1 and more.options['train_cfg.max_epochs'] == 2
    assert plan.scores_of('source_test') == ('P-MPJPE',)
    assert plan.scores_of('target_dev') == plan.scores
    assert plan.headline == ('target_dev', plan.scores[0])
    assert sorted(plan.all_scores) == sorted({'P-MPJPE', *plan.scores})


def test_one_reference_is_that_of_its_section(load):
    plan = load(GOOD.replace('{A: none-a, B: none-b}', 'none-b'))
    assert plan.references == {'B': 'none-b'}


@pytest.mark.parametrize(
    ('old', 'new', 'sentence'),
    [
        ('title: Two ways', 'titel: Two ways', "Unknown key 'titel' in the file; the keys are"),
        ('section: A,', 'sectoin: A,', "Unknown key 'sectoin' in experiments.none-a; the keys"),
        ('  none-b:', '  none-a:', r"The name 'none-a' comes twice \(again in line 9\)"),
        ('  none-b:', '  none b:', "'none b' cannot be the name of a folder"),
        ('  none-b:', '  7:', '7 cannot be the name of a folder'),
        (CONFIG, 'configs/no.py', "experiments.none-a.config 'configs/no.py' does not exist; give"),
        ('seeds: [0, 1]', 'seeds: [0, one]', "seeds holds 'one'; a seed is a whole number from 0"),
        ('seeds: [0, 1]', 'seeds: [-1]', 'seeds holds -1; a seed is'),
        ('seeds: [0, 1]', 'seeds: [true]', 'seeds holds True; a seed is'),
        ('seeds: [0, 1]', 'seeds: 3', r'seeds must be a list, not 3; write \[0, 1, 2\]'),
        ('[1, 5]', '[5, 5]', 'experiments.none-b.seeds is .* with a seed twice'),
        ('B: none-b', 'B: nothing', "reference names 'nothing', which is not an experiment"),
        ('B: none-b', 'B: [none-b]', "reference of section 'B' must be a line of text"),
        ('B: none-b', 'B: none-a', "reference of section 'B' is none-a, which is in section 'A'"),
        ('sets:', '# sets:', 'sets must be a list of names, not None'),
        ('{target_dev: ', '{target: ', "groups names the set 'target', but sets are source_test"),
        (
            'section: B\n',
            'section: B\n    label: Nothing\n',
            "label 'Nothing' is also that of none-b",
        ),
        ('max_epochs: 2', 'max_epochs: 2026-01-31', 'max_epochs is datetime.* a setting is text'),
        ('none-a: {', 'none: 3\n  none-a: {', 'experiments.none must be a mapping of label'),
        ('optim_wrapper.optimizer.lr', 'randomness.seed', 'sets randomness.seed, which seeds sets'),
        ('optim_wrapper.optimizer.lr', 'train_cfg.max_epochs', 'sets train_cfg.max_epochs twice'),
        ('title: Two ways', 'title: [', 'is not valid YAML'),
        ('sets:', 'set_scores: {here: [PCK]}\nsets:', "set_scores names the set 'here', but sets"),
        ('sets:', 'set_scores: {target_dev: PCK}\nsets:', 'set_scores.target_dev must be a list'),
        ('sets:', 'options: 3\nsets:', 'options must be a mapping of config keys'),
        ('title: Two ways', 'title: 3', 'title must be a line of text without'),
    ],
)
def test_each_mistake_is_one_sentence(load, tmp_path, old, new, sentence):
    assert old in GOOD
    with pytest.raises(ExperimentError, match=sentence) as caught:
        load(GOOD.replace(old, new, 1))
    assert str(caught.value).startswith(f'{tmp_path / "plan.yml"}: ')
    assert '\n' not in str(caught.value)


def test_experiments_with_starts_published_figures_and_tables(load):
    plan = load(LINKED)
    base, more, most = plan.experiments
    assert base.published == {'h36m': {'MPJPE': 41.0, 'PCK': 95.0}, '3dhp': {'MPJPE': 83.1}}
    assert plan.published_source == 'a paper' and not more.published
    assert plan.tables == (CrossTable('Errors', 'h36m', 'MPJPE'),)
    assert [e.cell for e in plan.experiments] == [('mlp', 'GT'), ('mlp', 'GT + PoseAug'), None]
    starts = {run.experiment.name: plan.start_of(run) for run in plan.runs()}
    assert starts == {'base': None, 'more': Run(base, 0), 'most': Run(more, 0)}


@pytest.mark.parametrize(
    ('old', 'new', 'sentence'),
    [
        (
            'start_from: base',
            'start_from: bass',
            "start_from names 'bass', which is not an experiment",
        ),
        ('start_from: more', 'start_from: most', 'in a circle, most -> most; one of them must'),
        ('{title', '{titel', "Unknown key 'titel' in table 1; the keys are title, set, score"),
        (
            '    row: mlp\n',
            '    row: mlp\n    start_from: most\n',
            'base.start_from leads in a circle, base -> most -> more -> base; one',
        ),
        ('[0]', '[0, 3]', 'more.start_from names base, which has no seed 3; add it to the seeds'),
        (
            'start_from: base',
            'start_from: base, options: {load_from: x.pth}',
            'experiments.more has start_from and options with load_from; leave one out',
        ),
        ('published_source: a paper', '', 'base.published has no source; add published_source'),
        ('h36m: {MPJPE: 41', 'H36M: {MPJPE: 41', "published names the set 'H36M', but sets are"),
        ('{MPJPE: 83.1}', '{mpjpe: 83.1}', "names the score 'mpjpe', but scores are MPJPE, PCK"),
        ('83.1', '83.1 mm', "published.3dhp.MPJPE is '83.1 mm'; write the number alone"),
        ('83.1', '.nan', 'published.3dhp.MPJPE is nan; write the number alone'),
        ('{MPJPE: 83.1}', '83.1', 'published.3dhp must be a mapping of SCORE: number, not 83.1'),
        ('set: h36m', 'set: h37m', "table 1 names the set 'h37m', but sets are h36m, 3dhp"),
        ('score: MPJPE', 'score: 1', 'table 1.score must be a line of text'),
        ('    column: GT\n', '', 'base has a row but no column; an experiment in the tables needs'),
        ('GT + PoseAug', 'GT', r"more has the row and column \('mlp', 'GT'\) of base; give"),
        (
            'tables:\n- {title: Errors, set: h36m, score: MPJPE}',
            '',
            'have a row and a column, but the file has no tables; add',
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_one_sentence(load, old, new, sentence):
    assert old in LINKED
    with pytest.raises(ExperimentError, match=sentence) as caught:
        load(LINKED.replace(old, new, 1))
    assert '\n' not in str(caught.value)


def test_tables_without_cells_are_one_sentence(load):
    text = re.sub(r' +(row|column): [^,\n]*[,\n]', '', LINKED)
    with pytest.raises(ExperimentError, match='has tables, but no experiment has a row and'):
        load(text)


def test_an_empty_and_an_absent_file_are_one_sentence(load, tmp_path, repo_root):
    with pytest.raises(ExperimentError, match='The file must be a mapping of title, seeds'):
        load('')
    with pytest.raises(ExperimentError, match=r"There is no file 'no\.yml' of experiments"):
        load_plan('no.yml', repo_root)
    with pytest.raises(ExperimentError, match='The file of experiments .* is a folder; give a'):
        load_plan(tmp_path, repo_root)


def test_merge_keys_of_yaml(load):
    plan = load(GOOD.replace('none-b: {', 'none-b: {<<: {seeds: [7], section: A}, ', 1))
    (experiment,) = (e for e in plan.experiments if e.name == 'none-b')
    assert experiment.section == 'B', 'its own key counts before a merged one'


def test_patterns_and_seeds_that_fit_nothing_are_refused(load):
    plan = load(GOOD)
    with pytest.raises(
        ExperimentError, match=r"named like 'c\*'; there are none-a, none-b, more-b"
    ):
        plan.runs(['none-a', 'c*'])
    with pytest.raises(ExperimentError, match='has the seed 5, but they have 0, 1; add it'):
        plan.runs(['none-a'], [5])


def test_options_are_plain_values_by_dotted_keys(load):
    options = flatten_options(
        {'a': {'b': [0.5, 1e-3]}, 'c': True, 'd.e': None, 'f': 'a b', 'g': {}}
    )
    assert options == {'a.b': [0.5, 0.001], 'c': True, 'd.e': None, 'f': 'a b', 'g': {}}
    plan = load(GOOD.replace('max_epochs: 2', 'watchdog: {}, note: "a b"'))
    assert plan.experiments[2].options['train_cfg.watchdog'] == {}


def test_places_are_cores_or_devices(repo_root, monkeypatch):
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    assert [env['CUDA_VISIBLE_DEVICES'] for env in make_slots(repo_root, 2)] == ['-1', '-1']
    slots = make_slots(repo_root, 7, ['0', '2'])
    assert [env['CUDA_VISIBLE_DEVICES'] for env in slots] == ['0', '2']
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '4,6')
    assert make_slots(repo_root, 1, ['1'])[0]['CUDA_VISIBLE_DEVICES'] == '6'
    for devices in (['2'], ['x'], ['0', '0']):
        with pytest.raises(ExperimentError, match=f"'{devices[-1]}' is not another CUDA device"):
            make_slots(repo_root, 1, devices)
