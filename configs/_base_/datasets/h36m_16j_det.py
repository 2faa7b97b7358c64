# The same with 2D keypoints of Detectron's Mask R-CNN, fine-tuned on Human3.6M.
# File: `data_2d_h36m_detectron_ft_h36m.npz` among the converter's --keypoints (docs/datasets.md).
_base_ = ['./h36m_16j_gt.py']

detections = dict(
    keypoint_2d_src='detection',
    keypoint_2d_det_file='fps50/joint_2d_det_files/detectron_ft_h36m_train.npy',
)
train_dataloader = dict(dataset=detections)
val_dataloader = dict(dataset=detections)
test_dataloader = dict(
    dataset=dict(
        keypoint_2d_src='detection',
        keypoint_2d_det_file='fps50/joint_2d_det_files/detectron_ft_h36m_test.npy',
    )
)
