"""curves.json: 100 steps of `fit` from one global seed, loss by loss."""

import random

import keras
import numpy as np

import golden
from curve_models import CURVES


class Recorder(keras.callbacks.Callback):
    """The running mean that `fit` reports, and the loss of each batch worked out from two such means."""

    def __init__(self, rows, batch):
        super().__init__()
        self.rows, self.batch = rows, batch
        self.running, self.batches, self.epochs = [], [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.seen, self.total = 0, 0.0

    def on_train_batch_end(self, batch, logs=None):
        size = min(self.batch, self.rows - self.seen)
        self.seen += size
        total = float(logs["loss"]) * self.seen
        self.running.append(np.float32(logs["loss"]))
        self.batches.append(np.float32((total - self.total) / size))
        self.total = total

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append({key: np.float32(value) for key, value in logs.items()})


def digest(variables):
    made = []
    for variable in variables:
        value = np.asarray(variable.value)
        made.append({"path": variable.path, "shape": list(value.shape), "dtype": str(value.dtype), "sum": round(float(value.astype("float64").sum()), 6), "first": value.ravel()[:4]})
    return made


def curve(name):
    build, data, rows, seed, options = CURVES[name]
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = build()
    x, y = data(rows)
    initial = digest(model.variables)
    recorder = Recorder(310, 32)
    history = model.fit(x, y, batch_size=32, epochs=10, verbose=0, callbacks=[recorder], **options)
    after = {"python": random.randint(1, 10**9), "numpy": np.random.permutation(5).tolist()}
    predictions = model.predict(x[:8], verbose=0)
    return {
        "name": name, "seed": seed, "rows": rows, "options": {"batch_size": 32, "epochs": 10, **options},
        "data": {"first_x": x[:2], "first_y": y[:8], "x_sum": round(float(x.astype("float64").sum()), 6), "y_sum": float(y.sum())},
        "initial": initial, "running_loss": recorder.running, "batch_loss": recorder.batches, "epochs": recorder.epochs,
        "history": {key: [np.float32(v) for v in history.history[key]] for key in history.history},
        "final": digest(model.variables), "optimizer_variables": digest(model.optimizer.variables),
        "next_draws": after, "predictions": predictions, "evaluate": {key: np.float32(v) for key, v in model.evaluate(x, y, verbose=0, return_dict=True).items()},
    }


def make():
    golden.write("curves", {"cases": [curve(name) for name in CURVES]})
