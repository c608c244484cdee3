"""models.json and keras/*.keras: real saved models, what they predict, how they print and how their training goes on."""

import json
import re
import zipfile

import keras
import numpy as np

import golden
from golden import integers, values

L = keras.layers
FOLDER = golden.FOLDER / "keras"


def one_hot(indices, classes):
    return np.eye(classes, dtype="float32")[indices]


def mlp():
    model = keras.Sequential([keras.Input((4,)), L.Dense(8, activation="relu", kernel_regularizer="l2"), L.Dense(3, activation="softmax")], name="mlp")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, values(1, (12, 4)), integers(2, (12,), 0, 3)


def branches():
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    block = keras.Sequential([keras.Input((4,)), L.Dense(4, activation="tanh", name="inner_a"), L.Dense(4, name="inner_b")], name="block")
    joined = L.Add(name="add")([block(left), block(right)])
    both = L.Concatenate(name="concat")([joined, left, L.Rescaling(0.5, name="half")(right)])
    model = keras.Model([left, right], L.Dense(1, name="score")(both), name="branches")
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "mse", metrics=["mae"])
    return model, [values(3, (12, 4)), values(4, (12, 4))], values(5, (12, 1))


def convnet():
    model = keras.Sequential([
        keras.Input((6, 6, 2)), L.Conv2D(4, 3, padding="same", activation="relu"), L.BatchNormalization(momentum=0.8), L.MaxPooling2D(), L.DepthwiseConv2D(3, padding="same"),
        L.ReLU(max_value=6.0), L.AveragePooling2D(2, padding="same"), L.Dropout(0.25, seed=5), L.Flatten(), L.Dense(3), L.Softmax(),
    ], name="convnet")
    model.layers[3].trainable = False
    model.compile(keras.optimizers.AdamW(0.01, weight_decay=0.01), keras.losses.CategoricalCrossentropy(label_smoothing=0.1), metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(k=2)])
    return model, values(6, (12, 6, 6, 2)), one_hot(integers(7, (12,), 0, 3), 3)


def tokens():
    model = keras.Sequential([keras.Input((5,), dtype="int32"), L.Embedding(9, 4, mask_zero=True), L.LSTM(5, return_sequences=True), L.LSTM(3, go_backwards=True), L.Dense(1, activation="sigmoid")], name="tokens")
    model.compile(keras.optimizers.Adam(0.02, amsgrad=True), "binary_crossentropy", metrics=["accuracy"])
    return model, integers(8, (12, 5), 0, 9), integers(9, (12, 1), 0, 2).astype("float32")


def transformer():
    inputs = keras.Input((5, 4), name="steps")
    x = L.MultiHeadAttention(2, 3, name="attention")(inputs, inputs, use_causal_mask=True)
    x = L.LayerNormalization(name="norm_a")(inputs + x)
    hidden = L.Dropout(0.1, seed=3)(L.Dense(4)(L.Activation("gelu")(L.Dense(8)(x))))
    x = L.LayerNormalization(name="norm_b")(L.Add()([x, hidden]))
    model = keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(x)), name="transformer")
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 4, 0.9)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["sparse_categorical_accuracy"])
    return model, values(10, (12, 5, 4)), integers(11, (12,), 0, 2)


def outputs():
    inputs = keras.Input((4,), name="features")
    hidden = L.Dense(6, activation="relu", name="shared")(inputs)
    model = keras.Model({"features": inputs}, {"kind": L.Dense(3, activation="softmax", name="kind")(hidden), "size": L.Dense(1, name="size")(L.Reshape((6,))(hidden))}, name="outputs")
    model.compile("sgd", {"kind": "categorical_crossentropy", "size": "mse"}, loss_weights={"kind": 1.0, "size": 0.5}, metrics={"kind": ["accuracy"], "size": ["mae"]})
    return model, {"features": values(12, (12, 4))}, {"kind": one_hot(integers(13, (12,), 0, 3), 3), "size": values(14, (12, 1))}


MODELS = {"mlp": mlp, "branches": branches, "convnet": convnet, "tokens": tokens, "transformer": transformer, "outputs": outputs}


def numbered(text):
    """Keras names shared objects by their address in memory; small numbers in order of appearance mean the same."""
    seen = {}
    number = lambda match: f'{match[1]}{seen.setdefault(match[2], len(seen) + 1)}'
    return re.sub(r'("shared_object_id": )(\d+)', number, text)


def save(model, path):
    """Saves with a fixed date inside and fixed times on the members, so that the same model is the same file."""
    made = FOLDER / "made.keras"
    model.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "metadata.json":
                content = json.dumps({**json.loads(content), "date_saved": "2026-01-01@00:00:00"}).encode()
            if name == "config.json":
                content = numbered(content.decode()).encode()
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    made.unlink()
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read("config.json"))


def summary(model, **options):
    lines = []
    model.summary(print_fn=lambda text, line_break=None: lines.append(text), **options)
    return {"options": options, "text": "\n".join(lines)}


def train(model, x, y, steps):
    return [{key: np.float32(value) for key, value in model.train_on_batch(x, y, return_dict=True).items()} for _ in range(steps)]


def model_case(name):
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    model, x, y = MODELS[name]()
    summaries = [summary(model), summary(model, expand_nested=True, show_trainable=True), summary(model, line_length=100), summary(model, layer_range=[model.layers[1].name, model.layers[-1].name])]
    before = train(model, x, y, 3)
    summaries.append({**summary(model), "compiled": True})
    config = save(model, FOLDER / f"{name}.keras")
    predictions = model.predict(x, verbose=0)
    weights = [{"path": w.path, "trainable": w.trainable, "value": w.value} for w in model.weights]
    state = [{"path": v.path, "value": v.value} for v in model.optimizer.variables]
    text = model.to_json()
    keras.utils.clear_session()
    keras.utils.set_random_seed(2)
    loaded = keras.saving.load_model(FOLDER / f"{name}.keras")
    same = loaded.predict(x, verbose=0)
    for left, right in zip(keras.tree.flatten(predictions), keras.tree.flatten(same)):
        np.testing.assert_allclose(left, right, atol=1e-6)
    return {
        "name": name, "file": f"keras/{name}.keras", "x": x, "y": y, "trained": before, "predictions": predictions, "weights": weights, "optimizer_variables": state,
        "to_json": numbered(text), "config": config, "summaries": summaries, "resume_seed": 2, "resumed": train(loaded, x, y, 5), "resumed_predictions": loaded.predict(x, verbose=0),
        "evaluate": {key: np.float32(v) for key, v in loaded.evaluate(x, y, verbose=0, return_dict=True).items()},
    }


def make():
    FOLDER.mkdir(parents=True, exist_ok=True)
    golden.write("models", {"cases": [model_case(name) for name in MODELS]})
