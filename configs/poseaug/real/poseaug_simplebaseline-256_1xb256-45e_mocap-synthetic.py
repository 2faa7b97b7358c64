_base_ = ['./anatomical_simplebaseline-256_1xb256-45e_mocap-synthetic.py']

train_cfg = dict(
    type='PoseAugTrainLoop',
    variant='learned',
    augmentor=dict(_delete_=True, draw={{_base_.wide_draw}}),
)
