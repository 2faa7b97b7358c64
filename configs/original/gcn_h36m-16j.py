# The original's SemGCN.
_base_ = ['../_base_/datasets/h36m_16j.py', '../_base_/lifters/semgcn.py']

model = dict(
    backbone=dict(skeleton='h36m_16'),
    head=dict(num_joints=16, decoder=dict(num_keypoints=16)),
)
