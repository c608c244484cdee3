"""training.json: what fit, evaluate and the callbacks do, scenario by scenario. The TypeScript twins stand in training/*.test.ts.

Data: grid(rows, columns, a, b, c)[i, j] = ((i * a + j * b) mod c) / c - 0.5 as float32.
"""

import io
import os
import re
import sys
import tempfile

import keras
import numpy as np

import golden

L = keras.layers


def grid(rows, columns, a, b, c):
    i, j = np.arange(rows)[:, None], np.arange(columns)[None, :]
    return (((i * a + j * b) % c) / c - 0.5).astype("float32")


X, Y = grid(23, 4, 7, 3, 11), grid(23, 2, 5, 2, 7)
LABELS = ((np.arange(23) * 5) % 3).astype("int32")
ONEHOT = np.eye(3, dtype="float32")[LABELS]
WEIGHTS = (((np.arange(23) * 3) % 5) / 2).astype("float32")


def mlp(units=2, activation=None, **dense):
    return keras.Sequential([keras.Input((4,)), L.Dense(5, activation="tanh", name="hidden", **dense), L.Dense(units, activation=activation, name="out")])


def sgd(rate=0.1):
    return keras.optimizers.SGD(learning_rate=rate, momentum=0.9)


def numbers(values):
    return [np.float32(v) for v in values]


def told(history):
    return {"history": {k: numbers(v) for k, v in history.history.items()}, "order": list(history.history), "epoch": history.epoch}


def sums(model):
    return numbers([np.asarray(w.value, "float64").sum() for w in model.weights])


def named(logs):
    return {k: np.float32(v) for k, v in logs.items()}


def scores(values):
    return numbers(values if isinstance(values, list) else [values])


SCENARIOS = {}


def scenario(f):
    SCENARIOS[f.__name__] = f
    return f


def compiled(model, **options):
    model.compile(**{"optimizer": sgd(), "loss": "mse", **options})
    return model


@scenario
def validation_split():
    model = compiled(mlp(), metrics=["mae"])
    return {**told(model.fit(X, Y, batch_size=5, epochs=3, validation_split=0.3, verbose=0)), "sums": sums(model)}


@scenario
def validation_data():
    model = compiled(mlp(), metrics=["mae"], weighted_metrics=["mse"])
    held = (X[:9], Y[:9], WEIGHTS[:9])
    return told(model.fit(X, Y, batch_size=6, epochs=4, validation_data=held, validation_freq=2, validation_batch_size=4, shuffle=False, verbose=0))


@scenario
def validation_some():
    model = compiled(mlp())
    return told(model.fit(X, Y, epochs=5, initial_epoch=1, validation_data=(X, Y), validation_freq=[2, 5], validation_steps=1, validation_batch_size=8, verbose=0))


@scenario
def shuffle_batch():
    model = compiled(mlp())
    return {**told(model.fit(X, Y, batch_size=5, epochs=3, shuffle="batch", verbose=0)), "sums": sums(model)}


@scenario
def sample_weight():
    model = compiled(mlp(), metrics=["mae", "mae"], weighted_metrics=["mae", keras.metrics.MeanSquaredError(name="mae")])
    made = told(model.fit(X, Y, batch_size=5, epochs=2, sample_weight=WEIGHTS, verbose=0))
    return {**made, "evaluate": named(model.evaluate(X, Y, sample_weight=WEIGHTS, batch_size=4, verbose=0, return_dict=True))}


@scenario
def class_weight():
    weight = {0: 0.5, 2: 3.0}
    model = compiled(mlp(3, "softmax"), loss="sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["acc"])
    sparse = told(model.fit(X, LABELS, batch_size=5, epochs=2, class_weight=weight, verbose=0))
    column = told(model.fit(X, LABELS[:, None], batch_size=5, epochs=1, class_weight=weight, verbose=0))
    model = compiled(mlp(3, "softmax"), loss="categorical_crossentropy", metrics=["accuracy"])
    onehot = told(model.fit(X, ONEHOT, batch_size=5, epochs=2, class_weight=weight, verbose=0))
    return {"sparse": sparse, "column": column, "onehot": onehot}


def two_by_two():
    a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
    joined = L.Concatenate()([L.Dense(3, activation="tanh", name="left")(a), b])
    p = L.Dense(2, name="p")(joined)
    q = L.Dense(3, activation="softmax", name="q")(joined)
    return keras.Model([a, b], [p, q])


@scenario
def outputs_list():
    model = compiled(two_by_two(), loss=["mse", "sparse_categorical_crossentropy"], loss_weights=[0.5, 2.0], metrics=[["mae"], ["accuracy", "accuracy"]], weighted_metrics=[[], ["acc"]])
    made = told(model.fit([X, Y], [Y, LABELS], batch_size=5, epochs=2, verbose=0))
    values = model.evaluate([X, Y], [Y, LABELS], batch_size=5, verbose=0)
    return {**made, "evaluate": scores(values), "by_name": named(model.evaluate([X, Y], [Y, LABELS], batch_size=5, verbose=0, return_dict=True))}


@scenario
def outputs_dict():
    model = compiled(two_by_two(), loss={"q": "sparse_categorical_crossentropy", "p": "mae"}, loss_weights={"p": 3.0, "q": 1.0}, metrics={"q": "accuracy"})
    y = {"p": Y, "q": LABELS}
    made = told(model.fit({"a": X, "b": Y}, y, batch_size=5, epochs=2, verbose=0))
    made["weighted"] = told(model.fit([X, Y], [Y, LABELS], batch_size=5, epochs=1, sample_weight=[WEIGHTS, WEIGHTS[::-1].copy()], verbose=0))
    return {**made, "evaluate": scores(model.evaluate({"a": X, "b": Y}, y, batch_size=5, verbose=0))}


@scenario
def outputs_one_loss():
    model = compiled(two_by_two(), loss=["mse", None])
    first = told(model.fit([X, Y], [Y, ONEHOT], batch_size=5, epochs=1, verbose=0))
    model = compiled(two_by_two(), loss="mse")
    return {"first": first, "shared": told(model.fit([X, Y], [Y, ONEHOT], batch_size=5, epochs=1, sample_weight=WEIGHTS, verbose=0))}


@scenario
def on_batch():
    model = compiled(mlp(), metrics=["mae"])
    trained = [scores(model.train_on_batch(X[:5], Y[:5])), named(model.train_on_batch(X[5:12], Y[5:12], sample_weight=WEIGHTS[5:12], return_dict=True))]
    tested = [scores(model.test_on_batch(X, Y)), named(model.test_on_batch(X, Y, sample_weight=WEIGHTS, return_dict=True))]
    return {"trained": trained, "tested": tested, "predicted": model.predict_on_batch(X[:2]), "iterations": int(model.optimizer.iterations.value)}


@scenario
def steps_per_epoch():
    model = compiled(mlp())
    ends = []
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: ends.append([batch, np.float32(logs["loss"])]))
    made = told(model.fit(X, Y, batch_size=5, epochs=4, steps_per_epoch=3, shuffle=False, callbacks=[callback], verbose=0))
    return {**made, "ends": ends, "spread": told(compiled(mlp()).fit(X, Y, epochs=2, steps_per_epoch=4, verbose=0))}


class Extra(L.Layer):
    def call(self, x):
        self.add_loss(0.01 * keras.ops.sum(keras.ops.square(x)))
        return x


@scenario
def penalties():
    model = keras.Sequential([
        keras.Input((4,)),
        L.Dense(5, kernel_regularizer=keras.regularizers.L2(0.05), activity_regularizer=keras.regularizers.L1(0.02)),
        Extra(),
        L.Dense(2, bias_regularizer=keras.regularizers.L1(0.1)),
    ])
    compiled(model, metrics=["mse"])
    made = told(model.fit(X, Y, batch_size=5, epochs=3, verbose=0))
    model = compiled(keras.Sequential([keras.Input((4,)), L.Dense(2, kernel_regularizer="l2"), Extra()]), loss=None)
    return {**made, "alone": told(model.fit(X, Y, batch_size=5, epochs=1, verbose=0))}


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = L.Dense(4, activation="relu")
        self.drop = L.Dropout(0.25)
        self.last = L.Dense(2)
        self.mine = keras.metrics.Mean(name="mine")

    def call(self, x, training=False):
        return self.last(self.drop(self.first(x), training=training))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = keras.ops.mean(keras.ops.abs(y - y_pred)) + super().compute_loss(x, y, y_pred, sample_weight, training)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        self.mine.update_state(keras.ops.max(y_pred))
        return super().compute_metrics(x, y, y_pred, sample_weight)


@scenario
def subclass():
    model = compiled(Own(), metrics=["mae"])
    made = told(model.fit(X, Y, batch_size=5, epochs=2, validation_split=0.2, verbose=0))
    return {**made, "evaluate": scores(model.evaluate(X, Y, batch_size=8, verbose=0)), "predicted": model.predict(X[:3], verbose=0)}


@scenario
def early_stopping():
    made = []
    for options in EARLY:
        keras.utils.set_random_seed(3)
        model = compiled(mlp(), optimizer=sgd(0.6), metrics=["mae"])
        stop = keras.callbacks.EarlyStopping(**options)
        history = model.fit(X, Y, batch_size=8, epochs=12, validation_split=0.3, callbacks=[stop], verbose=0)
        made.append({"options": options, **told(history), "wait": stop.wait, "stopped_epoch": stop.stopped_epoch, "best_epoch": stop.best_epoch, "best": np.float32(stop.best), "sums": sums(model)})
    return {"cases": made}


EARLY = [
    {"monitor": "val_loss"},
    {"monitor": "val_loss", "patience": 2, "restore_best_weights": True},
    {"monitor": "val_mae", "patience": 3, "min_delta": 0.01},
    {"monitor": "loss", "patience": 2, "baseline": 0.01, "restore_best_weights": True},
    {"monitor": "val_loss", "patience": 1, "start_from_epoch": 4},
    {"monitor": "val_loss", "mode": "max", "patience": 1},
]


@scenario
def checkpoints():
    made = []
    for name, options in CHECKPOINTS:
        keras.utils.set_random_seed(3)
        model = compiled(mlp(), optimizer=sgd(0.6), metrics=["mae"])
        with tempfile.TemporaryDirectory() as folder:
            keep = keras.callbacks.ModelCheckpoint(os.path.join(folder, name), **options)
            model.fit(X, Y, batch_size=8, epochs=5, validation_split=0.3, callbacks=[keep], verbose=0)
            made.append({"name": name, "options": options, "files": sorted(os.listdir(folder))})
    return {"cases": made}


CHECKPOINTS = [
    ("m-{epoch:02d}-{val_loss:.3f}.keras", {}),
    ("m-{epoch}.weights.h5", {"save_weights_only": True, "save_best_only": True}),
    ("b-{epoch}-{batch:03d}.weights.h5", {"save_weights_only": True, "save_freq": 3}),
    ("t-{epoch}.weights.h5", {"save_weights_only": True, "save_best_only": True, "initial_value_threshold": 0.09}),
    ("a-{epoch}-{mae:.2f}.weights.h5", {"save_weights_only": True, "save_best_only": True, "monitor": "val_mae", "mode": "max"}),
]


class Events(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.events = []


def listen(name):
    def hook(self, *args, logs=None):
        first = [a for a in args if not isinstance(a, dict)]
        logs = next((a for a in args if isinstance(a, dict)), logs)
        self.events.append([name, *first, list(logs or {})])

    return hook


for kind in ("train", "test", "predict"):
    for end in ("begin", "end"):
        for hook in (f"on_{kind}_{end}", f"on_{kind}_batch_{end}"):
            setattr(Events, hook, listen(hook))
for hook in ("on_epoch_begin", "on_epoch_end"):
    setattr(Events, hook, listen(hook))


@scenario
def hooks():
    made = {}
    for steps in (1, 2):
        model = compiled(mlp(), metrics=["mae"], steps_per_execution=steps)
        events = Events()
        model.fit(X, Y, batch_size=8, epochs=2, validation_split=0.5, callbacks=[events], verbose=0)
        model.evaluate(X, Y, batch_size=12, callbacks=[events], verbose=0)
        model.predict(X, batch_size=12, callbacks=[events], verbose=0)
        made[f"every_{steps}"] = events.events
    return made


@scenario
def averages():
    made = {}
    for name, options in {"plain": {}, "often": {"ema_overwrite_frequency": 2}}.items():
        model = compiled(mlp(), optimizer=keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8, **options))
        made[name] = {**told(model.fit(X, Y, batch_size=5, epochs=2, verbose=0)), "sums": sums(model)}
    return made


@scenario
def accumulation():
    model = compiled(mlp(), optimizer=keras.optimizers.Adam(0.05, gradient_accumulation_steps=3))
    return {**told(model.fit(X, Y, batch_size=5, epochs=3, verbose=0)), "sums": sums(model), "iterations": int(model.optimizer.iterations)}


@scenario
def frozen():
    model = compiled(mlp())
    model.layers[0].trainable = False
    before = sums(model)
    return {"before": before, **told(model.fit(X, Y, batch_size=5, epochs=2, verbose=0)), "sums": sums(model), "slots": len(model.optimizer.variables)}


@scenario
def modes():
    model = keras.Sequential([keras.Input((4,)), L.Dense(6, use_bias=False), L.BatchNormalization(momentum=0.8), L.Dropout(0.4), L.Dense(2)])
    compiled(model, optimizer=keras.optimizers.Adam(0.02))
    made = {**told(model.fit(X, Y, batch_size=5, epochs=3, validation_data=(X, Y), verbose=0)), "sums": sums(model)}
    made["evaluate"] = scores(model.evaluate(X, Y, batch_size=7, verbose=0))
    model.layers[1].trainable = False
    compiled(model, optimizer=keras.optimizers.Adam(0.02))
    return {**made, "still": told(model.fit(X, Y, batch_size=5, epochs=1, verbose=0)), "still_sums": sums(model)}


@scenario
def again():
    model = compiled(mlp(), optimizer=keras.optimizers.Adam(0.05))
    made = [{**told(model.fit(X, Y, batch_size=5, epochs=2, verbose=0)), "iterations": int(model.optimizer.iterations)} for _ in range(3)]
    return {"fits": made, "draw": np.random.permutation(5).tolist()}


@scenario
def streams():
    def batches():
        for at in range(0, 23, 5):
            yield X[at : at + 5], Y[at : at + 5], WEIGHTS[at : at + 5]

    def forever():
        while True:
            yield from batches()

    model = compiled(mlp(), weighted_metrics=["mae"])
    finite = told(model.fit(batches(), epochs=1, verbose=0))
    endless = told(model.fit(forever(), epochs=3, steps_per_epoch=3, validation_data=(X, Y), validation_batch_size=10, verbose=0))
    return {"finite": finite, "endless": endless, "evaluate": scores(model.evaluate(forever(), steps=4, verbose=0)), "predicted": model.predict(forever(), steps=2, verbose=0)}


@scenario
def stateless():
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), L.Dense(6, activation="relu", use_bias=False), L.BatchNormalization(), L.Dropout(0.3), L.Dense(2, kernel_regularizer="l2")])
    compiled(model, optimizer=keras.optimizers.Adam(0.02), metrics=["mae"])
    return {**told(model.fit(X, Y, batch_size=5, epochs=3, shuffle=False, verbose=0)), "sums": sums(model)}


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    """Stands for `time` in the progress bar: each look is a step of the given seconds later."""

    def __init__(self, steps):
        self.now, self.steps, self.count = 1000.0, steps, 0

    def time(self):
        self.now += self.steps[self.count % len(self.steps)]
        self.count += 1
        return self.now


BARS = [
    {"target": 5, "verbose": 1, "clock": [0.25], "values": [[["loss", 0.5]], [["loss", 0.25], ["acc", 0.03125]], [["loss", 1e-4]], [["loss", -2.5]], [["loss", 12345.678]]]},
    {"target": 5, "verbose": 2, "clock": [0.25], "values": [[["loss", 0.5]], [], [], [], [["loss", -0.5], ["acc", 0.28125]]]},
    {"target": 12, "verbose": 1, "clock": [0.02], "values": [[["loss", 1.0 / (n + 1)]] for n in range(12)]},
    {"target": 3, "verbose": 1, "clock": [4000.0], "values": [[], [], []]},
    {"target": 3, "verbose": 1, "clock": [50.0], "values": [[], [], []]},
    {"target": 100, "verbose": 1, "clock": [0.0004], "values": [[["a", 0.0]] for _ in range(100)]},
    {"target": None, "verbose": 1, "clock": [0.5], "values": [[["loss", 0.5]], [["loss", 0.4]], []]},
    {"target": None, "verbose": 2, "clock": [0.5], "values": [[["loss", 0.5]], [["loss", 0.4]], []]},
    {"target": 2, "verbose": 1, "clock": [1.5], "values": [[["loss", float("nan")]], [["loss", float("inf")]]]},
    {"target": 2, "verbose": 1, "clock": [0.25], "values": [[["a_rather_long_name", 0.5]], [["a_rather_long_name", 0.5]]], "width": 7},
]


@scenario
def progress_bars():
    from keras.src.utils import progbar

    cases = []
    for case in BARS:
        screen, real_time, real_out = Terminal(), progbar.time, sys.stdout
        sys.stdout, progbar.time = screen, Clock(case["clock"])
        try:
            bar = progbar.Progbar(case["target"], verbose=case["verbose"], width=case.get("width", 20), stateless_metrics=set())
            for n, values in enumerate(case["values"]):
                bar.update(n + 1, values)
        finally:
            sys.stdout, progbar.time = real_out, real_time
        cases.append({**case, "text": screen.getvalue()})
    return {"cases": cases}


@scenario
def progress_of_fit():
    made = {}
    for name, options in {"one": {"epochs": 1}, "two": {"epochs": 2}, "lines": {"epochs": 2, "verbose": 2}, "held": {"epochs": 2, "validation_split": 0.5}}.items():
        keras.utils.set_random_seed(4)
        model = compiled(mlp(), metrics=["mae"])
        screen, real_out = Terminal(), sys.stdout
        sys.stdout = screen
        try:
            model.fit(X, Y, batch_size=8, **options)
        finally:
            sys.stdout = real_out
        made[name] = still(screen.getvalue())
    screen, sys.stdout = Terminal(), screen
    sys.stdout = screen
    try:
        model.evaluate(X, Y, batch_size=8)
        model.predict(X, batch_size=8)
    finally:
        sys.stdout = real_out
    return {**made, "evaluate_predict": still(screen.getvalue())}


def still(text):
    """What is left on the screen, without the times."""
    lines = [line.split("\r")[-1] for line in text.split("\n")]
    lines = [re.sub(r"\x1b\[\d+m", "", line).rstrip() for line in lines]
    return [re.sub(r"\d+(s|ms|us)(/step)?", "T\\2", line) for line in lines]


def made_by(name):
    keras.utils.clear_session()
    keras.utils.set_random_seed(11)
    return SCENARIOS[name]()


def make():
    golden.write("training", {name: made_by(name) for name in SCENARIOS})
