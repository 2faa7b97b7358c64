_base_ = [
    '../_base_/datasets/mocap.py',
    '../_base_/lifters/stgcn.py',
    '../_base_/schedules/adam-linear.py',
]
