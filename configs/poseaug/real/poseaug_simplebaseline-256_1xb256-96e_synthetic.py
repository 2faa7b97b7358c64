_base_ = ['./baseline_simplebaseline-256_1xb256-96e_synthetic.py']

train_cfg = dict(
    type='PoseAugTrainLoop',
    augmentor={{_base_.draw}},
    augmented_share=0.8,
)
