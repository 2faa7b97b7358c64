# SemGCN as PoseAug trains it: without non-local blocks and dropout, the root among its 16 joints.
_base_ = ['./semgcn.py']

codec = dict(
    type='VideoPoseLifting', num_keypoints=16, zero_center=True, root_index=0, remove_root=False
)
pipeline = [
    dict(type='GenerateTarget', encoder=codec),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
model = dict(
    backbone=dict(skeleton='h36m_16'),
    head=dict(num_joints=16, loss=dict(type='MSELoss'), decoder=codec),
)
