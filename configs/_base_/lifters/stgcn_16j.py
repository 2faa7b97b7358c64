# ST-GCN as PoseAug trains it: 16 joints on a graph of 17.
_base_ = ['./stgcn.py']

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
    backbone=dict(
        skeleton='h36m_16',
        graph_skeleton='h36m_17',
        dropout=dict(blocks=0.05, body=0.25, merge=0.1, head=0.1),
    ),
    head=dict(num_joints=16, loss=dict(type='MSELoss'), decoder=codec),
)
