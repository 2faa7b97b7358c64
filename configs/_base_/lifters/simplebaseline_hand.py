# SimpleBaseline of width 256 for ../datasets/hand_calibrated.py.
_base_ = ['./simplebaseline_calibrated.py']

model = dict(
    backbone=dict(in_channels=2 * 21, stem_channels=256, dropout=0.1),
    head=dict(in_channels=256, num_joints=21, decoder=dict(num_keypoints=21, root_index=0)),
)
