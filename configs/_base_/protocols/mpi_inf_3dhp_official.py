# MPI-INF-3DHP's official test set: PCK under 150 mm and AUC of 14 joints, the pose root-aligned, by
# scene (studio with green screen, studio without, outdoor) and activity. No flip. All valid frames
# count, also those that the person leaves in part (keep_frames='all').
# File: `python tools/dataset_converters/mpi_inf_3dhp.py test ... --joints 16` (docs/datasets.md).
_base_ = ['./test_16j.py']

test_dataloader = dict(
    dataset=dict(
        ann_file='mpi_inf_3dhp_test_official.npz',
        camera_param_file='cameras.pkl',
        data_root='{{$MMPOSEAUG_3DHP_OFFICIAL:data/mpi_inf_3dhp/official/}}',
    ),
)
test_evaluator = dict(
    type='LiftingMetrics',
    scores=('PCK', 'AUC', 'MPJPE'),
    joints=(
        *('head', 'thorax'),
        *('left_shoulder', 'left_elbow', 'left_wrist'),
        *('right_shoulder', 'right_elbow', 'right_wrist'),
        *('left_hip', 'left_knee', 'left_foot'),
        *('right_hip', 'right_knee', 'right_foot'),
    ),
    by=('scene', 'action'),
    name_pattern=r'(?P<subject>[^_.]+)_(?P<action>[^_.]+)_(?P<scene>[^_.]+)\.\d+_(?P<frame>\d+)',
    group_results=True,
)
test_cfg = dict(type='MultiSetTestLoop', sets=dict(mpi_inf_3dhp=dict()))
