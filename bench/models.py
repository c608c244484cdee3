"""The Python twins of models.ts: times whole fit steps of one model on one Keras backend and prints them, by epoch, as JSON.

Usage: KERAS_BACKEND=jax python3 models.py MODEL STEPS EPOCHS
"""

import json
import sys
import time

import numpy as np


def build(name):
    import keras
    from keras import layers

    if name == "mlp":
        model = keras.Sequential(
            [
                keras.Input((784,)),
                layers.Dense(512, activation="relu"),
                layers.Dense(512, activation="relu"),
                layers.Dense(10, activation="softmax"),
            ]
        )
    else:
        model = keras.Sequential(
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
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def main():
    name, steps, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    model = build(name)
    shape = (784,) if name == "mlp" else (28, 28, 1)
    rows = 128 * steps
    x = np.random.default_rng(0).random((rows, *shape), dtype=np.float32)
    y = (np.arange(rows) % 10).astype(np.int32)
    model.fit(x, y, batch_size=128, epochs=1, verbose=0)
    times = []
    for _ in range(epochs):
        start = time.perf_counter()
        model.fit(x, y, batch_size=128, epochs=1, verbose=0)
        times.append((time.perf_counter() - start) / steps * 1000)
    print(json.dumps(times))


main()
