# The same with 2D keypoints of CPN, fine-tuned on Human3.6M.
# File: `data_2d_h36m_cpn_ft_h36m_dbb.npz` among the converter's --keypoints (docs/datasets.md).
_base_ = ['./h36m_16j_gt.py']

detections = dict(
    keypoint_2d_src='detection',
    keypoint_2d_det_file='fps50/joint_2d_det_files/cpn_ft_h36m_dbb_train.npy',
)
train_dataloader = dict(dataset=detections)
val_dataloader = dict(dataset=detections)
test_dataloader = dict(
    dataset=dict(
        keypoint_2d_src='detection',
        keypoint_2d_det_file='fps50/joint_2d_det_files/cpn_ft_h36m_dbb_test.npy',
    )
)
