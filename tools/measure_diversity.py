# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Measures how varied real, random and learned poses are (docs/augmentation.md)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from common import add_cfg_options, merged_config, plain_errors, require_folder
from mmposeaug import engine, models
from mmposeaug.experiments import augmentation as reports

ENDINGS = ('.md', '.csv', '.json', '.png')


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Compare real poses, random augmentation, and the augmentation of a config: '
        'how far poses, views and places are apart, how near they come to a target set, and how '
        'many are implausible.'
    )
    parser.add_argument('config', help='config with an augmentation')
    parser.add_argument(
        'checkpoints',
        nargs='*',
        metavar='checkpoint',
        help='epoch_N.pth of one or several trainings (default: a fresh augmentor)',
    )
    parser.add_argument(
        '--target', metavar='SET|FILE', help='set of test_cfg.sets, or annotation file, to cover'
    )
    parser.add_argument(
        '--random',
        metavar='CONFIG',
        help='config whose random augmentation is compared (default: RandomPoseAugmentor as it is)',
    )
    parser.add_argument(
        '--samples', type=int, default=10000, help='poses of each kind (default: 10000)'
    )
    parser.add_argument(
        '--out', help='path of the files without ending (default: work_dirs/CONFIG/diversity)'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of all draws (default: 0)')
    add_cfg_options(parser)
    return parser


def sources_of(
    parser: argparse.ArgumentParser,
    loaded: reports.LoadedAugmentation,
    cfg: Config,
    args: argparse.Namespace,
    random_cfg: Config | None,
) -> list[reports.Source]:
    """The augmentations to compare, the random one first."""
    if random_cfg is None:
        module = models.RandomPoseAugmentor(loaded.bank.skeleton)
        engine.bank_facts.fit_to_bank(module, loaded.bank)
        sources = [
            reports.Source('Random', engine.augmentation.Augmentation(loaded.bank.skeleton, module))
        ]
    else:
        # it augments the data of the other config
        random_cfg.train_dataloader = cfg.train_dataloader
        other = reports.load_augmentation(random_cfg, check=False).augmentation
        if other.learned:
            parser.error(f'--random {args.random!r} has an augmentor that learns; give one without')
        sources = [reports.Source('Random', other)]
    augmentation = loaded.augmentation
    draw = getattr(augmentation.augmentor, 'draw', None)
    draw_label = '' if draw is None else 'Draw'
    if not augmentation.learned:
        name = type(augmentation.augmentor).__name__ if augmentation.augmentor else 'Bone lengths'
        return [*sources, reports.Source(name, augmentation)]
    if len(args.checkpoints) < 2:
        label = 'Learned' if args.checkpoints else 'Learned (fresh)'
        return [*sources, reports.Source(label, augmentation, draw_label)]
    for number, path in enumerate(args.checkpoints, start=1):
        other = reports.load_augmentation(cfg, path, check=False).augmentation
        sources.append(reports.Source(f'Learned {number}', other, draw_label))
    return sources


def describe_learned(loaded: reports.LoadedAugmentation, checkpoints: Sequence[str]) -> list[str]:
    """Which checkpoint each learned augmentation is of."""
    if not loaded.augmentation.learned:
        return []
    if len(checkpoints) < 2:
        return [f'Learned: {loaded.origin}.']
    names = ['/'.join(Path(path).parts[-2:]) for path in checkpoints]
    return ['; '.join(f'Learned {i}: {name}' for i, name in enumerate(names, start=1)) + '.']


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser = build_parser()
    args = parser.parse_args(argv)
    name = Path(args.config).stem
    cfg = merged_config(parser, args.config, args.cfg_options)
    random_cfg = merged_config(parser, args.random, None) if args.random else None
    out = Path(args.out or Path('work_dirs', name, 'diversity'))
    if out.suffix in ENDINGS:
        out = out.with_suffix('')
    first = args.checkpoints[0] if args.checkpoints else None
    with plain_errors(parser, first):
        loaded = reports.load_augmentation(cfg, first, args.seed)
        sources = sources_of(parser, loaded, cfg, args, random_cfg)
        target = None
        if args.target:
            target = reports.load_target(cfg, args.target, args.samples, args.seed)
        require_folder(parser, out.absolute().parent)
        sets = reports.collect_sets(loaded, sources, args.samples, args.seed)
        rows = reports.measure_diversity(sets, target, args.seed)
        count = len(sets['Real'])
        notes = [f'{count} poses of each, all in view, of the training data of {name}.']
        notes += describe_learned(loaded, args.checkpoints)
        named = None if target is None else (Path(args.target).stem, target)
        print(reports.write_diversity(out, rows, sets, named, notes))
    print(*(f'wrote {out}{ending}' for ending in ENDINGS), sep='\n')


if __name__ == '__main__':
    main()
