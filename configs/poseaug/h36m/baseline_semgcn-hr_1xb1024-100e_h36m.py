# SemGCN without augmentation, Human3.6M, HRNet's 2D.
_base_ = [
    '../../_base_/poseaug/baseline.py',
    '../../_base_/lifters/semgcn_16j.py',
    '../../_base_/datasets/h36m_16j_hr.py',
]

train_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(lr=2e-2))
