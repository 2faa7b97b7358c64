# The original's ST-GCN, on a graph of 17 joints: the neck is put between thorax and head.
_base_ = ['../_base_/datasets/h36m_16j.py', '../_base_/lifters/stgcn.py']

model = dict(
    backbone=dict(skeleton='h36m_16', graph_skeleton='h36m_17'),
    head=dict(num_joints=16, decoder=dict(num_keypoints=16)),
)
