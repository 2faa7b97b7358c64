# The original's VideoPose for single frames.
_base_ = ['./mlp_h36m-16j.py']

model = dict(backbone=dict(num_blocks=4, kernel_sizes=(1, 1, 1, 1, 1), dropout=0.25))
