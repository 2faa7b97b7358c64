# SimpleBaseline without augmentation, Human3.6M, projected 2D.
_base_ = [
    '../../_base_/poseaug/baseline.py',
    '../../_base_/lifters/mlp_16j.py',
    '../../_base_/datasets/h36m_16j_gt.py',
]

train_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.pipeline}}))
