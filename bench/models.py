"""The Python twins of models.ts: times whole fit steps of one model on one Keras backend and prints them, by epoch, as JSON.

Usage: KERAS_BACKEND=jax python3 models.py MODEL STEPS EPOCHS
"""

import json
import resource
import sys
import time

import numpy as np


def mlp(keras, layers):
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dense(512, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def convnet(keras, layers):
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def transformer(keras, layers):
    inputs = keras.Input((64, 128))
    x = inputs
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(num_heads=4, key_dim=32)(y, y)])
        y = layers.Dense(512, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(128)(y)])
    pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(pooled))


def lstm(keras, layers):
    return keras.Sequential(
        [
            keras.Input((50, 32)),
            layers.LSTM(128),
            layers.Dense(10, activation="softmax"),
        ]
    )


def resnet(keras, layers):
    def normed(y, filters, size, strides):
        conv = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(y)
        return layers.BatchNormalization()(conv)

    def relu(y):
        return layers.Activation("relu")(y)

    inputs = keras.Input((32, 32, 3))
    x = relu(normed(inputs, 32, 3, 1))
    for filters in (32, 64, 128):
        strides = 1 if filters == 32 else 2
        inner = normed(relu(normed(x, filters, 3, strides)), filters, 3, 1)
        shortcut = x if filters == 32 else normed(x, filters, 1, strides)
        x = relu(layers.Add()([inner, shortcut]))
    pooled = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(pooled))


# The model, its batch size and the shape of one sample.
MODELS = {
    "mlp": (mlp, 128, (784,)),
    "convnet": (convnet, 128, (28, 28, 1)),
    "transformer": (transformer, 32, (64, 128)),
    "lstm": (lstm, 64, (50, 32)),
    "resnet": (resnet, 64, (32, 32, 3)),
}


def build(name):
    import keras
    from keras import layers

    model = MODELS[name][0](keras, layers)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def main():
    name, steps, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    model = build(name)
    _, batch, shape = MODELS[name]
    rows = batch * steps
    x = np.random.default_rng(0).random((rows, *shape), dtype=np.float32)
    y = (np.arange(rows) % 10).astype(np.int32)
    start = time.perf_counter()
    model.fit(x[:batch], y[:batch], batch_size=batch, epochs=1, verbose=0)
    first = (time.perf_counter() - start) * 1000
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
    times = []
    for _ in range(epochs):
        start = time.perf_counter()
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
        times.append((time.perf_counter() - start) / steps * 1000)
    print(json.dumps({"times": times, "first": first, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}))


if __name__ == "__main__":
    main()
