# MPI-INF-3DHP's 2,929 test frames as PoseAug scores them: flip at test time, the file's own 2D. The
# original counts the root in PCK and AUC (`_with_root`); both are given. All 2,929 frames count;
# their images are square or landscape, so none would be padded.
# File: `python tools/dataset_converters/mpi_inf_3dhp.py spin ...` (docs/datasets.md).
mpi_inf_3dhp = dict(
    ann_file='mpi_inf_3dhp_2929.npz',
    camera_param_file='cameras.pkl',
    data_root='{{$MMPOSEAUG_3DHP:data/mpi_inf_3dhp/spin/}}',
    keypoint_2d_src='gt',
    subjects=None,
    keep_frames='all',
    flip_test=True,
    evaluator=dict(
        type='LiftingMetrics',
        include_root='both',
        by=('scene',),
        name_pattern=r'(?P<subject>[^_.]+)_(?P<action>[^_.]+)_(?P<scene>[^_.]+)\.\d+_(?P<frame>\d+)',
        group_results=True,
    ),
)
