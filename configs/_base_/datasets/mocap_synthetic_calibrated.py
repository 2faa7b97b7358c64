# The motion capture benchmark and the built-in synthetic set as one training set, with the codec
# for calibrated cameras: more motions and bodies for lifters of real video. A synthetic sample
# counts three times, which makes 38 % of all. Validated and tested as the benchmark alone.
_base_ = ['./mocap_calibrated.py']

synthetic_root = '{{$MMPOSEAUG_SYNTHETIC:data/synthetic/}}'
train_part = dict(
    type='MocapDataset',
    ann_file='source_train.npz',
    camera_param_file='cameras.pkl',
    split=dict(part='train', val_fraction=0.1, seed=0),
    pipeline={{_base_.train_pipeline}},
)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CombinedDataset',
        metainfo=dict(from_file='configs/_base_/datasets/h36m.py'),
        pipeline=[],
        datasets=[
            dict(train_part, data_root={{_base_.data_root}}),
            dict(
                type='RepeatDataset',
                times=3,
                dataset=dict(train_part, data_root=synthetic_root),
            ),
        ],
    )
)
