# 2D keypoints of the target domain of the motion capture benchmark, made of target_dev.npz by
# `python tools/dataset_converters/keypoints.py` (docs/target_2d.md). No 3D of it is ever used.
target_2d = dict(
    file='target_dev_2d.json', data_root='{{$MMPOSEAUG_MOCAP_2D:work_dirs/target_2d/}}'
)
