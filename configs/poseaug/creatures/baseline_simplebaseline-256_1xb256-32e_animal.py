_base_ = [
    '../../_base_/datasets/animal_calibrated.py',
    '../../_base_/lifters/simplebaseline_animal.py',
    '../../_base_/schedules/adam-linear.py',
]

train_cfg = dict(max_epochs=32)
test_cfg = dict(
    sets=dict(_delete_=True, source_test=dict(), target=dict(ann_file='target.npz')),
)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
