# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Validation and test loops over several named data sets, with flip at test time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, TestLoop, ValLoop, autocast
from mmpose.registry import LOOPS

from mmposeaug.compat.private import parse_losses, update_losses
from mmposeaug.evaluation import format_table
from mmposeaug.structures.choices import require_choice

from .eval_sets import ChainedDataLoader, EvalSet, build_eval_sets, build_loader
from .fast_layers import fast_layers
from .tensor_checks import reason_of_evaluator, reason_of_hooks, reason_of_lifter
from .tta import FlipTest


class _MultiSetLoop(BaseLoop):
    """What :class:`MultiSetValLoop` and :class:`MultiSetTestLoop` share."""

    phase: str
    evaluator: Any
    dataloader: Any

    def __init__(
        self,
        runner: Any,
        dataloader: Any,
        evaluator: Any,
        fp16: bool = False,
        sets: Mapping[str, Mapping[str, Any] | None] | None = None,
        flip_test: bool = False,
        image_size: Sequence[int] | None = None,
        on_tensors: bool = True,
    ) -> None:
        require_choice('on_tensors', on_tensors, (True, False))
        if fp16 and get_device() == 'cpu':
            runner.logger.warning('fp16 is ignored: MMPose cannot decode the bfloat16 of a CPU.')
            fp16 = False
        if sets is None:
            loader, tensors, reason = build_loader(runner, dataloader, on_tensors)
            super().__init__(runner, loader, evaluator, fp16)
            self.sets = [EvalSet('', loader, self.evaluator, flip_test, tensors, reason)]
        else:
            option = f'{self.phase}_cfg.sets'
            self.sets = build_eval_sets(
                runner, dataloader, evaluator, sets, flip_test, option, on_tensors
            )
            chained = ChainedDataLoader([item.dataloader for item in self.sets])
            super().__init__(runner, chained, self.sets[0].evaluator, fp16)
        flips = any(item.flip_test for item in self.sets)
        if flips and _flips_itself(runner.model):
            runner.logger.info("The model's own test_cfg.flip_test is on; the loop adds none.")
            flips = False
        if flips and not all(_has_pairs(item) for item in self.sets if item.flip_test):
            runner.logger.info(
                'flip_test is off where the metainfo pairs no joints (swap): the mirror image of a '
                'right hand is a left one.'
            )
        self.flips = [
            FlipTest(item.dataloader.dataset, item.name, image_size)
            if flips and item.flip_test and _has_pairs(item)
            else None
            for item in self.sets
        ]
        self._flip = self.flips[0]
        self._told: dict[str, str] = {}

    def run(self) -> dict[str, float]:
        """Evaluate the model on all sets.

        Hooks are called as by MMEngine's loops, once for all sets; batches are counted through.
        """
        self.runner.call_hook(f'before_{self.phase}')
        self.runner.call_hook(f'before_{self.phase}_epoch')
        self.runner.model.eval()
        scores: dict[str, dict[str, float]] = {}
        first = 0
        for item, flip in zip(self.sets, self.flips):
            self.evaluator = item.evaluator  # hooks ask for the current one's dataset_meta
            self._flip = flip
            scores[item.name] = self._run_set(item, first)
            first += len(item.dataloader)
        if len(scores) > 1 or '' not in scores:
            shown = {  # without those of groups, such as action/Walking/MPJPE
                name: {key: value for key, value in row.items() if key.count('/') < 2}
                for name, row in scores.items()
            }
            self.runner.logger.info('Scores of all sets\n' + format_table('set', shown))
        metrics = {
            f'{name}/{key}' if name else key: value
            for name, row in scores.items()
            for key, value in row.items()
        }
        self.runner.call_hook(f'after_{self.phase}_epoch', metrics=metrics)
        self.runner.call_hook(f'after_{self.phase}')
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Mapping[str, Any]) -> None:
        """Evaluate the model on one batch."""
        self.runner.call_hook(f'before_{self.phase}_iter', batch_idx=idx, data_batch=data_batch)
        step = getattr(self.runner.model, f'{self.phase}_step')
        with autocast(enabled=self.fp16):
            # losses, of models that give any, are added to `val_loss` or `test_loss`
            outputs, _ = update_losses(step(data_batch), self._losses)
            if self._flip is not None:
                outputs = self._flip(step, data_batch, outputs)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        self.runner.call_hook(
            f'after_{self.phase}_iter', batch_idx=idx, data_batch=data_batch, outputs=outputs
        )

    def _run_set(self, item: EvalSet, first: int) -> dict[str, float]:
        """Scores of one set whose first batch has the number ``first``."""
        self._losses.clear()
        if item.name:
            self.runner.logger.info(f'Evaluating on {item.name}, {item.size} samples')
        reason = self._reason(item)
        if item.tensors is not None and not reason:
            self._run_on_tensors(item, first)
        else:
            self._tell(item, reason)
            for idx, data_batch in enumerate(item.dataloader, start=first):
                self.run_iter(idx, data_batch)
        scores = item.evaluator.evaluate(item.size)
        if self._losses:
            scores.update(parse_losses(self._losses, self.phase))
        return scores

    def _run_on_tensors(self, item: EvalSet, first: int) -> None:
        """Score the samples of a set without making them one by one; hooks count the batches."""
        assert item.tensors is not None
        lifter = _unwrapped(self.runner.model)
        with fast_layers(lifter):
            batches = item.tensors.poses(lifter, self._flip)
            for idx in range(first, first + len(item.dataloader)):
                self.runner.call_hook(f'before_{self.phase}_iter', batch_idx=idx, data_batch=None)
                poses = next(batches)
                for metric in item.evaluator.metrics:
                    metric.process_poses(*poses)
                self.runner.call_hook(
                    f'after_{self.phase}_iter', batch_idx=idx, data_batch=None, outputs=None
                )

    def _reason(self, item: EvalSet) -> str:
        """Why a set cannot be evaluated on tensors; empty where it can, or nobody wants it."""
        tensors = item.tensors
        if tensors is None:
            return item.reason
        if type(self).run_iter is not _MultiSetLoop.run_iter:
            return f'{type(self).__name__} has its own run_iter'
        if self.fp16:
            return 'fp16 is on'
        if tensors.lacks_sizes(self._flip):
            return "the images' sizes are not known"
        return (
            reason_of_hooks(self.runner.hooks, self.phase)
            or reason_of_evaluator(item.evaluator)
            or reason_of_lifter(
                _unwrapped(self.runner.model), tensors.encoder, tensors.samples.bank.num_frames
            )
        )

    def _tell(self, item: EvalSet, reason: str) -> None:
        """Log once why a set is evaluated sample by sample."""
        if reason and self._told.get(item.name) != reason:
            self._told[item.name] = reason
            what = f'The set {item.name!r}' if item.name else 'The set'
            self.runner.logger.info(
                f'{what} is evaluated sample by sample, not on tensors: {reason}.'
            )

    @property
    def _losses(self) -> dict:
        return getattr(self, f'{self.phase}_loss')


@LOOPS.register_module()
class MultiSetValLoop(_MultiSetLoop, ValLoop):
    """Validation on one data set, or on several named ones.

    Each set gets its own data loader, from ``val_dataloader`` with the set's options merged
    into ``dataset``, and its own evaluator, from ``val_evaluator``. Results are called
    ``set/score``, for instance ``source_val/MPJPE``, also for ``save_best`` of CheckpointHook.

    Args:
        runner (Runner): The runner.
        dataloader (DataLoader | dict): Data loader; with ``sets`` its config.
        evaluator (Evaluator | dict | list): Evaluator; with ``sets`` its config.
        fp16 (bool): Whether to evaluate in mixed precision, which a CPU ignores. Defaults to
            False.
        sets (Mapping[str, Mapping], optional): Options of the data set that differ from
            ``dataloader.dataset``, by the name of the set. A set's ``evaluator`` holds the options
            in which its metric differs, its ``flip_test`` goes before the loop's, ``optional``
            leaves it out where its files do not exist; None in the place of the options leaves
            it out. Defaults to None, the data loader's own data
            set and results without prefix.
        flip_test (bool): Whether to average predictions with those of the mirrored input, see
            :class:`~mmposeaug.engine.tta.FlipTest`. Defaults to False.
        image_size (Sequence[int], optional): Width and height of images without camera, which
            the flip of some codecs needs.
        on_tensors (bool): Whether to read samples into tensors and lift them in batches, where
            nothing needs them one by one (docs/evaluation.md); hooks get no ``data_batch`` and
            no ``outputs`` then. False is MMPose's pipeline. The scores are the same. Defaults to
            True.

    Raises:
        FileNotFoundError: If a file of a set that is not optional does not exist.
        TypeError: If ``sets`` is given and data loader or evaluator is not a config.
        ValueError: If a set's name or option is unusable, a set is empty, or there is no way to
            flip it.
    """

    phase = 'val'


@LOOPS.register_module()
class MultiSetTestLoop(_MultiSetLoop, TestLoop):
    """Test on one data set, or on several named ones.

    See :class:`MultiSetValLoop` for the arguments and errors; ``test_dataloader`` and
    ``test_evaluator`` take the place of those for validation.
    """

    phase = 'test'


def _has_pairs(item: EvalSet) -> bool:
    """Whether the mirror image of a set's body is such a body; a right hand's is not."""
    partners = (getattr(item.dataloader.dataset, 'metainfo', None) or {}).get('flip_indices')
    return partners is None or list(partners) != list(range(len(partners)))


def _flips_itself(model: Any) -> bool:
    """Whether the model averages flips by its own ``test_cfg``."""
    return bool((getattr(_unwrapped(model), 'test_cfg', None) or {}).get('flip_test', False))


def _unwrapped(model: Any) -> Any:
    """The model without a distributed wrapper."""
    return model.module if is_model_wrapper(model) else model
