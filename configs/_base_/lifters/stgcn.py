# ST-GCN for single frames (Cai et al. 2019): joints, parts and body; a non-local block.
_base_ = ['./simplebaseline.py']

model = dict(
    backbone=dict(
        _delete_=True,
        type='STGCN',
        skeleton='h36m_17',
        channels=(128, 128, 256),
        part_channels=512,
    ),
    head=dict(type='JointRegressionHead', in_channels=2 * 256),
)
