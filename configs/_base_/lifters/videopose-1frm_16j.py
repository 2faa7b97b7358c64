# VideoPose for single frames as PoseAug trains it.
_base_ = ['./mlp_16j.py']

model = dict(backbone=dict(num_blocks=4, kernel_sizes=(1, 1, 1, 1, 1)))
