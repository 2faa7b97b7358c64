# SemGCN (Zhao et al. 2019): four residual blocks of semantic graph convolutions.
_base_ = ['./simplebaseline.py']

model = dict(
    backbone=dict(_delete_=True, type='SemGCN', skeleton='h36m_17', channels=128, num_blocks=4),
    head=dict(type='JointRegressionHead', in_channels=2 * 128),
)
