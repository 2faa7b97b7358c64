# ST-GCN with PoseAug as released, HRNet's 2D, from baseline_stgcn-hr_*.
_base_ = [
    '../../_base_/poseaug/released.py',
    '../../_base_/lifters/stgcn_16j.py',
    '../../_base_/datasets/h36m_16j_hr.py',
]

train_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
model = dict(backbone=dict(dropout=0.0))
