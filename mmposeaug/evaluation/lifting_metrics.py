# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Scores of 3D pose lifting in millimetres and percent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable, Union

import numpy as np
from mmengine.dist import get_world_size
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS

from mmposeaug.structures.choices import require_choice
from mmposeaug.structures.metainfo import find_root

from .functional import auc, joint_errors, pck, procrustes_align, root_align, scale_align
from .groups import H36M_NAME, NameGroups
from .joint_scores import JointScores, mean_scores, score_groups
from .motion_errors import MOTION_SCORES, motion_errors, require_frame_group
from .poses import PoseSet, read_batch, read_sample, stack_samples, warn_about_size

DEFAULT_SCORES = ('MPJPE', 'P-MPJPE', 'N-MPJPE', 'PCK', 'AUC')
SCORE_NAMES = (*DEFAULT_SCORES, *MOTION_SCORES)
ALIGNMENTS = {'P-MPJPE': procrustes_align, 'N-MPJPE': scale_align}
"""dict: Alignments, which have to be found from the joints that count, by score."""

WITH_ROOT = '_with_root'
"""str: What the name of a score ends in if the root joint counts in it."""

Joint = Union[str, int]
"""A joint by its name in the metainfo or by its index."""


@METRICS.register_module()
class LiftingMetrics(BaseMetric):
    """MPJPE, P-MPJPE, N-MPJPE, PCK, AUC, MPJVE and Accel of 3D pose lifting.

    Prediction and ground truth are root-aligned first, so that lifters whose codec puts the
    true root back and lifters that predict it can be compared. Scores are means over all visible
    joints of all poses:

    - ``MPJPE``: mean joint error in mm.
    - ``P-MPJPE``: the same after the best rotation, scale and translation of each pose.
    - ``N-MPJPE``: the same after the best scale of each pose.
    - ``PCK``: percentage of joints with an error below ``pck_threshold``.
    - ``AUC``: mean of PCK over ``auc_thresholds``.
    - ``MPJVE``: mean error of the joints' velocity, in mm a frame (Pavllo et al. 2019).
    - ``Accel``: mean error of their acceleration, in mm a frame squared (Kanazawa et al. 2019).

    The last two look at frames of a video that follow each other, by the number in the images'
    names: see :func:`~mmposeaug.evaluation.motion_errors.motion_errors`.

    These names never look at the root joint, which root alignment makes correct for free.
    ``MPJPE_with_root``, ``PCK_with_root`` and so on count it like any other joint, as MMPose
    and the released PoseAug do: lower errors and higher percentages for the same poses.

    Args:
        scores (Sequence[str]): Scores to compute. Defaults to the first five. (Not called
            ``metrics``: a dict with that key is an evaluator to MMEngine.)
        root (str | int | Sequence[str | int]): Root joint by name or index. With several, the
            root is their mean and none of them is left out of a score. Defaults to None, the root
            of the data set's skeleton: ``root`` of its metainfo, else the joint called so.
        alignment (str): ``'root'``, or ``'none'`` to compare camera-space positions as they
            are. Defaults to ``'root'``.
        include_root (bool | str): False for the plain scores, True for those ``_with_root``,
            ``'both'`` for both. Defaults to False.
        joints (Sequence[str | int], optional): Joints to score, by name or index. Root
            alignment works whether or not the root is among them. Defaults to all.
        unit_scale (float): Millimetres in one unit of the data. Defaults to 1000, MMPose's
            metres.
        pck_threshold (float): PCK threshold in mm. Defaults to 150.
        auc_thresholds (Sequence[float], optional): AUC thresholds in mm. Defaults to 0, 5, ...,
            150.
        by (Sequence[str]): Parts of the file name, of ``'subject'``, ``'action'``, ``'camera'``
            for the default pattern, for each of which a table of scores is written to the log.
            Defaults to none.
        name_pattern (str): Regular expression with one named group for each of ``by``, and one
            called ``frame`` for MPJVE and Accel. Defaults to Human3.6M's names.
        group_results (bool): Whether the tables' numbers are among the results too, as
            ``action/Walking/MPJPE``. Defaults to False.
        mean_over (str, optional): Part of the file name, as for ``by``: scores are the mean of
            those of its groups, such as all cameras, each weighing the same. Defaults to None,
            the mean over all joints.
        min_joints (int): Joints of a pose that must count for it to be in ``P-MPJPE`` and
            ``N-MPJPE``: few points are aligned well with anything. Defaults to 1, all poses.
        collect_device (str): ``'cpu'`` or ``'gpu'``, see BaseMetric. Defaults to ``'cpu'``.
        prefix (str, optional): Prefix of the results' names. Defaults to none.
        collect_dir (str, optional): See BaseMetric.

    Raises:
        ValueError: If an option is not one of the above; while evaluating, if there is no
            sample, no ground truth or no joint to score, if shapes differ, if a prediction is
            not finite, a sample is in no group of ``mean_over``, or MPJVE and Accel find no
            frames that follow each other.
    """

    default_prefix = ''  # an empty one spares the warning that there is none

    def __init__(
        self,
        scores: Sequence[str] = DEFAULT_SCORES,
        root: Joint | Sequence[Joint] | None = None,
        alignment: str = 'root',
        include_root: bool | str = False,
        joints: Sequence[Joint] | None = None,
        unit_scale: float = 1000.0,
        pck_threshold: float = 150.0,
        auc_thresholds: Sequence[float] | None = None,
        by: Sequence[str] = (),
        name_pattern: str = H36M_NAME,
        group_results: bool = False,
        mean_over: str | None = None,
        min_joints: int = 1,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.scores = (scores,) if isinstance(scores, str) else tuple(scores)
        for name in self.scores or ('',):
            require_choice('scores', name, SCORE_NAMES)
        require_choice('alignment', alignment, ('root', 'none'))
        require_choice('include_root', include_root, (True, False, 'both'))
        if not unit_scale > 0:
            raise ValueError(f'unit_scale must be positive (1000 for metres), got {unit_scale}.')
        if type(min_joints) is not int or min_joints < 1:
            raise ValueError(f'min_joints is {min_joints!r}; give a whole number from 1 on.')
        self.root = [root] if isinstance(root, (str, int, np.integer)) else root
        self.root = None if self.root is None else list(self.root)
        if self.root == []:
            raise ValueError('root is empty; name a joint, or leave it out for that of the data.')
        self.alignment = alignment
        self.variants = {True: [True], False: [False], 'both': [False, True]}[include_root]
        self.joints = None if joints is None else list(joints)
        self.unit_scale = unit_scale
        self.pck_threshold = pck_threshold
        self.auc_thresholds = (
            np.arange(0, 151, 5) if auc_thresholds is None else np.asarray(auc_thresholds)
        )
        self.groups = NameGroups(by, name_pattern)
        for name in MOTION_SCORES:
            if name in self.scores:
                require_frame_group(self.groups.pattern, name)
        self.group_results = group_results
        self.mean_groups = None if mean_over is None else NameGroups((mean_over,), name_pattern)
        self.min_joints = min_joints

    @property
    def dataset_meta(self) -> dict | None:
        """Dict | None: Metainfo of the data set."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        self._dataset_meta = dataset_meta
        self._roots()  # refuses a data set without a root before a training

    def process(self, data_batch: Any, data_samples: Sequence[Mapping[str, Any]]) -> None:
        """Keep what the scores need of a batch of data samples."""
        for sample in data_samples:
            self.results.append(read_sample(sample, len(self.results)))

    def process_poses(
        self,
        pred: np.ndarray,
        truth: np.ndarray,
        visible: np.ndarray,
        names: np.ndarray | None = None,
    ) -> None:
        """Keep a batch of poses, as :meth:`process` does of data samples.

        Args:
            pred (np.ndarray): Predicted joints (B, T, K, 3), in the unit of the data.
            truth (np.ndarray): Ground truth (B, T, K, 3), in the same unit.
            visible (np.ndarray): Visible joints, booleans (B, T, K).
            names (np.ndarray, optional): Names of the images (B, T). Defaults to None, not known.

        Raises:
            ValueError: If the shapes of prediction and ground truth differ.
        """
        # several processes exchange samples, and drop those that fill up the last batch; a class
        # that scores in its own way gets them one by one
        own = type(self).compute_metrics is LiftingMetrics.compute_metrics
        whole = get_world_size() == 1 and own
        self.results += read_batch(pred, truth, visible, names, len(self.results), whole)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the scores of all samples."""
        poses = stack_samples(results)
        root = self._indices(self._roots(), poses.gt.shape[1], 'root')
        poses = self._align(poses, root)
        scores = self._score_joints(poses, self._chosen_joints(poses, root))
        return {
            **mean_scores(scores, poses.names, self.mean_groups),
            **score_groups(scores, poses.names, self.groups, self.group_results),
        }

    def _align(self, poses: PoseSet, root: Sequence[int]) -> PoseSet:
        """Millimetres, and the root at the origin if asked for."""
        pred, gt = poses.pred * self.unit_scale, poses.gt * self.unit_scale
        visible = poses.visible
        limits = {'PCK': self.pck_threshold, 'AUC': float(self.auc_thresholds.max())}
        threshold = max((limits[s] for s in self.scores if s in limits), default=None)
        warn_about_size(gt, visible, self.unit_scale, threshold)
        if self.alignment == 'root':  # an invisible root can align nothing
            visible = visible & visible[:, list(root)].all(axis=1, keepdims=True)
            pred, gt = root_align(pred, root), root_align(gt, root)
        return PoseSet(pred, gt, visible, poses.names)

    # ----------------------------------------------------------------- joints
    def _roots(self) -> Sequence[Joint]:
        """The root joints: those given, or that of the data set."""
        meta = self.dataset_meta or {}
        known = 'keypoint_name2id' in meta
        return self.root or [find_root(meta) if known else 'root']

    def _indices(self, joints: Sequence[Joint], num_joints: int, what: str) -> list[int]:
        """Joint indices of names and indices."""
        by_name = (self.dataset_meta or {}).get('keypoint_name2id', {})
        indices = []
        for joint in joints:
            index = by_name.get(joint, -1) if isinstance(joint, str) else joint
            if not 0 <= index < num_joints:
                raise ValueError(
                    f'{what} names the joint {joint!r}, which the data set does not have; use '
                    f'an index below {num_joints}'
                    + (f' or one of {", ".join(by_name)}.' if by_name else '.')
                )
            indices.append(index)
        return indices

    def _chosen_joints(self, poses: PoseSet, root: Sequence[int]) -> dict[bool, np.ndarray]:
        """Joints that count, (K,), without and with the root."""
        num_joints = poses.gt.shape[1]
        chosen = np.zeros(num_joints, dtype=bool)
        chosen[
            slice(None) if self.joints is None else self._indices(self.joints, num_joints, 'joints')
        ] = True
        plain = chosen.copy()
        if len(root) == 1:
            plain[root] = False
        found = {True: chosen, False: plain}
        for with_root in self.variants:
            if not (poses.visible & found[with_root]).any():
                raise ValueError(
                    'No joint is left to score: none of those chosen is visible, or the root is '
                    'the only one; check joints, include_root and lifting_target_visible.'
                )
        return found

    # ----------------------------------------------------------------- scores
    def _score_joints(
        self, poses: PoseSet, chosen: Mapping[bool, np.ndarray]
    ) -> dict[str, JointScores]:
        """What each score is made of."""
        orders = {name: MOTION_SCORES[name] for name in self.scores if name in MOTION_SCORES}
        motion = motion_errors(poses, orders, self.groups.pattern) if orders else {}
        plain = joint_errors(poses.pred, poses.gt)
        reduce: dict[str, Callable] = {'PCK': self._pck, 'AUC': self._auc}
        scores = {}
        for with_root in self.variants:
            scored = poses.visible & chosen[with_root]
            whole = scored & (scored.sum(axis=1, keepdims=True) >= self.min_joints)
            for name in self.scores:
                errors, counts = plain, scored
                if name in motion:
                    errors, counts = motion[name]
                    counts = counts & chosen[with_root]
                elif name in ALIGNMENTS:
                    aligned = ALIGNMENTS[name](poses.pred, poses.gt, scored)
                    errors, counts = joint_errors(aligned, poses.gt), whole
                key = name + WITH_ROOT if with_root else name
                scores[key] = JointScores(errors, counts, reduce.get(name, np.mean))
        return scores

    def _pck(self, errors: np.ndarray) -> float:
        return pck(errors, self.pck_threshold)

    def _auc(self, errors: np.ndarray) -> float:
        return auc(errors, self.auc_thresholds)
