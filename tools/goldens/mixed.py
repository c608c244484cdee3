"""mixed.json: models with half-precision policies trained by real Keras, loss by loss, and what compile made of their optimizer."""

import keras
import numpy as np

import golden
import models
from golden import integers, values

L = keras.layers


class Losses(keras.callbacks.Callback):
    """The running mean of each epoch's batches."""

    def __init__(self):
        super().__init__()
        self.running = []

    def on_train_batch_end(self, batch, logs=None):
        self.running.append(np.float32(logs["loss"]))


def trained(policy, make_optimizer, **options):
    keras.utils.clear_session()
    keras.utils.set_random_seed(5)
    keras.config.set_dtype_policy(policy)
    model = keras.Sequential([L.Input((8,)), L.Dense(16, activation="gelu"), L.BatchNormalization(), L.Dropout(0.25), L.Dense(4), L.Activation("softmax", dtype="float32")])
    optimizer = make_optimizer()
    given = keras.optimizers.serialize(optimizer)
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", **options)
    x, y = values(501, (32, 8), -2, 2), integers(502, (32,), 0, 4)
    losses = Losses()
    model.fit(x, y, batch_size=8, epochs=4, verbose=0, callbacks=[losses])
    made = model.optimizer
    result = {
        "policy": policy, "optimizer": given, "options": options, "x": x, "y": y, "running_loss": losses.running,
        "compiled": keras.optimizers.serialize(made), "optimizer_paths": [v.path for v in made.variables], "dtypes": [[v.path, str(v.dtype)] for v in model.weights],
        "scale": made.dynamic_scale.value if isinstance(made, keras.optimizers.LossScaleOptimizer) else None, "predictions": model.predict(x[:4], verbose=0),
    }
    keras.config.set_dtype_policy("float32")
    return result


def state(model):
    return [{"path": v.path, "value": np.array(v.value)} for v in model.weights + model.optimizer.variables]


def saved():
    """halves.keras: a model in half precision whose scale was halved and doubled, and how training goes on from the file."""
    keras.utils.clear_session()
    keras.config.set_dtype_policy("mixed_float16")
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), L.Dense(5, activation="relu", name="hidden"), L.Dense(2, dtype="float32", name="out")], name="halves")
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.02), initial_scale=2.0**20, dynamic_growth_steps=3), "mse")
    keras.config.set_dtype_policy("float32")
    x, y = values(1, (12, 4)), values(2, (12, 2))
    models.train(model, x, y, 9)
    path = models.FOLDER / "halves.keras"
    made = {"file": "keras/halves.keras", "x": x, "y": y, "config": models.save(model, path), "state": state(model), "predictions": model.predict(x, verbose=0)}
    loaded = keras.saving.load_model(path)
    return {**made, "resumed": models.train(loaded, x, y, 5), "resumed_state": state(loaded)}


def make():
    def adam():
        return keras.optimizers.Adam(0.01)

    def growing():
        return keras.optimizers.LossScaleOptimizer(adam(), initial_scale=2.0**10, dynamic_growth_steps=3)

    def too_high():
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.05), initial_scale=2.0**22)

    cases = [trained("mixed_float16", adam), trained("mixed_float16", adam, auto_scale_loss=False), trained("mixed_bfloat16", adam), trained("mixed_float16", growing), trained("mixed_float16", too_high)]
    golden.write("mixed", {"cases": cases, "saved": saved()})
