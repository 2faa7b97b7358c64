# SimpleBaseline of width 256 for ../datasets/animal_calibrated.py.
_base_ = ['./simplebaseline_calibrated.py']

model = dict(
    backbone=dict(in_channels=2 * 17, stem_channels=256, dropout=0.1),
    head=dict(in_channels=256, num_joints=17, decoder=dict(num_keypoints=17, root_index=4)),
)
