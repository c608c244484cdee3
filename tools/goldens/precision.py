"""precision.json: mixed precision with loss scaling: single steps of the optimizer, and `fit` under each policy."""

import keras
import numpy as np

import golden
from curve_models import vectors
import models
from golden import values

L = keras.layers
O = keras.optimizers


def stepped(optimizer, wild=()):
    """Six steps with given gradients; those in `wild` have one that is not finite."""
    keras.utils.clear_session()
    variables = [keras.Variable(values(1, (2, 3)), name="kernel"), keras.Variable(values(2, (3,)), name="bias")]
    optimizer.build(variables)
    gradients = [[values(10 + 2 * step, (2, 3), -64, 64), values(11 + 2 * step, (3,), -64, 64)] for step in range(6)]
    for step, value in wild:
        gradients[step][0][1, 2] = value
    steps = []
    # On JAX the loss scale changes in pure calls only, as in `fit`.
    trainable, state = [v.value for v in variables], [v.value for v in optimizer.variables]
    for given in gradients:
        with keras.StatelessScope(state_mapping=list(zip(optimizer.variables, state))):
            scaled = optimizer.scale_loss(keras.ops.convert_to_tensor(np.float32(0.5)))
        trainable, state = optimizer.stateless_apply(state, [keras.ops.convert_to_tensor(g) for g in given], trainable)
        steps.append({"scaled_loss": scaled, "variables": trainable, "state": state})
    return {"optimizer": O.serialize(optimizer), "variables": [values(1, (2, 3)), values(2, (3,))], "gradients": gradients, "state_paths": [v.path for v in optimizer.variables], "steps": steps}


def steps():
    wrap = O.LossScaleOptimizer
    return [
        stepped(wrap(O.SGD(0.1, momentum=0.9), initial_scale=64.0, dynamic_growth_steps=2), [(3, np.inf)]),
        stepped(wrap(O.Adam(0.1, clipnorm=0.5), initial_scale=8.0, dynamic_growth_steps=3, name="mine"), [(0, np.nan), (1, -np.inf)]),
        stepped(wrap(O.AdamW(0.1, gradient_accumulation_steps=2, use_ema=True), dynamic_growth_steps=1)),
        stepped(wrap(O.SGD(0.1, loss_scale_factor=4.0))),
    ]


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses, self.scales = [], []

    def on_train_batch_end(self, batch, logs=None):
        # The running mean of the epoch.
        self.losses.append(np.float32(logs["loss"]))
        if isinstance(self.model.optimizer, O.LossScaleOptimizer):
            state = [v for v in self.model._jax_state["optimizer_variables"]]
            self.scales.append(np.float32(state[3]))


def trained(policy, optimizer, auto_scale_loss=True, norm=True):
    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy)
    keras.utils.set_random_seed(5)
    model = keras.Sequential([
        keras.Input((6,)),
        L.Dense(8, activation="tanh", name="hidden"),
        *([L.BatchNormalization(name="norm")] if norm else []),
        L.Dropout(0.2, name="drop"),
        L.Dense(8, activation="relu", name="more"),
        L.Dense(3, activation="softmax", dtype="float32", name="out"),
    ], name="small")
    model.compile(optimizer=optimizer(), loss="sparse_categorical_crossentropy", metrics=["accuracy"], auto_scale_loss=auto_scale_loss)
    x, y = vectors(96)
    recorder = Recorder()
    model.fit(x, y, batch_size=32, epochs=4, verbose=0, callbacks=[recorder])
    middle = keras.Model(model.inputs, model.get_layer("more").output)(x[:2])
    made = {
        "policy": policy, "auto_scale_loss": auto_scale_loss, "config": keras.saving.serialize_keras_object(model), "losses": recorder.losses, "scales": recorder.scales,
        "optimizer": O.serialize(model.optimizer), "state": [{"path": v.path, "shape": list(v.shape), "dtype": v.dtype} for v in model.optimizer.variables],
        "weights": [v.dtype for v in model.weights], "middle": str(middle.dtype), "predictions": model.predict(x[:4], verbose=0),
    }
    keras.config.set_dtype_policy("float32")
    return made


def runs():
    # The large scale overflows at first: some steps are left out. Without batch norm, under which the bias before it has gradients
    # that cancel: whether their partial sums overflow is up to the order in which they are added.
    high = lambda: O.LossScaleOptimizer(O.SGD(0.1, momentum=0.9), initial_scale=2.0**24, dynamic_growth_steps=3)
    return {
        "auto": trained("mixed_float16", lambda: O.SGD(0.1, momentum=0.9)),
        "high": trained("mixed_float16", high, norm=False),
        "unscaled": trained("mixed_float16", lambda: O.SGD(0.1, momentum=0.9), False),
        "bfloat16": trained("mixed_bfloat16", lambda: O.SGD(0.1, momentum=0.9)),
    }


def state(model):
    return [{"path": v.path, "value": np.array(v.value)} for v in model.weights + model.optimizer.variables]


def saved():
    """halves.keras: a model in half precision whose scale was halved and doubled, and how training goes on from the file."""
    keras.utils.clear_session()
    keras.config.set_dtype_policy("mixed_float16")
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), L.Dense(5, activation="relu", name="hidden"), L.Dense(2, dtype="float32", name="out")], name="halves")
    model.compile(O.LossScaleOptimizer(O.Adam(0.02), initial_scale=2.0**20, dynamic_growth_steps=3), "mse")
    keras.config.set_dtype_policy("float32")
    x, y = values(1, (12, 4)), values(2, (12, 2))
    models.train(model, x, y, 9)
    path = models.FOLDER / "halves.keras"
    config = models.save(model, path)
    made = {"file": "keras/halves.keras", "x": x, "y": y, "config": config, "state": state(model), "predictions": model.predict(x, verbose=0)}
    loaded = keras.saving.load_model(path)
    return {**made, "resumed": models.train(loaded, x, y, 5), "resumed_state": state(loaded)}


def make():
    golden.write("precision", {"steps": steps(), "runs": runs(), "saved": saved()})
