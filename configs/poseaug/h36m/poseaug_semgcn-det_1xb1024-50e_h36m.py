# SemGCN with PoseAug as released, Detectron's 2D, from baseline_semgcn-det_*.
_base_ = [
    '../../_base_/poseaug/released.py',
    '../../_base_/lifters/semgcn_16j.py',
    '../../_base_/datasets/h36m_16j_det.py',
]

train_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
