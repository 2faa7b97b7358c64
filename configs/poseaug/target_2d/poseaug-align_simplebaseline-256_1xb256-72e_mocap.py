# PoseAug, people put where people of the target are seen (global position alignment).
_base_ = [
    '../poseaug_simplebaseline-256_1xb256-72e_mocap.py',
    '../../_base_/datasets/mocap_target_2d.py',
]

train_cfg = dict(target_2d={{_base_.target_2d}}, align_position=True)
