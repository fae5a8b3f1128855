# region recommend
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("policy.onnx")


def recommend(histories):
    """Items and scores [rows, k], best first, for lists of item indices, oldest first."""
    width = max(map(len, histories), default=0)
    items = np.zeros((len(histories), width), dtype=np.int64)
    mask = np.zeros((len(histories), width), dtype=bool)
    for row, history in enumerate(histories):
        items[row, : len(history)] = history
        mask[row, : len(history)] = True
    return session.run(["top_items", "top_scores"], {"items": items, "mask": mask})
# endregion recommend


if __name__ == "__main__":
    print(recommend([[3, 14, 15], [9], []]))
