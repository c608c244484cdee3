"""Trains a Keras model with onnxruntime alone: python train.py folder [epochs]

The folder has step.onnx and step.start.onnx, which export.ts writes. Nothing of Keras or keras-ts runs here.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

BATCH = 32


def load_digits():
    path = Path(__file__).parent.parent / "digits" / "digits.csv.gz"
    rows = np.loadtxt(gzip.open(path), delimiter=",")
    rows = rows[np.arange(len(rows)) % 5 != 0]
    images = (rows[:, :64] / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    return images, rows[:, 64].astype(np.int32)


class Trainer:
    def __init__(self, folder):
        self.session = onnxruntime.InferenceSession(str(folder / "step.onnx"))
        # Which inputs are batches, which are state, and which output is the next value of which state.
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.layout = json.loads(metadata["keras_training_step"])
        start = onnxruntime.InferenceSession(str(folder / "step.start.onnx"))
        names = [output.name for output in start.get_outputs()]
        self.start = dict(zip(names, start.run(names, {})))
        self.state = dict(self.start)

    def reset_metrics(self):
        for variable in self.layout["state"]:
            if variable["kind"] == "metric":
                self.state[variable["input"]] = self.start[variable["input"]]

    def step(self, x, y):
        [images], [target] = self.layout["inputs"], self.layout["targets"]
        moving = [variable for variable in self.layout["state"] if variable["output"] is not None]
        wanted = self.layout["logs"] + [variable["output"] for variable in moving]
        results = self.session.run(wanted, {images: x, target: y, **self.state})
        logs, values = results[: len(self.layout["logs"])], results[len(self.layout["logs"]) :]
        self.state.update(zip([variable["input"] for variable in moving], values))
        return {name: float(value) for name, value in zip(self.layout["logs"], logs)}


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    images, labels = load_digits()
    trainer = Trainer(folder)
    for epoch in range(epochs):
        trainer.reset_metrics()
        for start in range(0, len(images), BATCH):
            logs = trainer.step(images[start : start + BATCH], labels[start : start + BATCH])
        print(json.dumps({"epoch": epoch + 1, **logs}))


main()
