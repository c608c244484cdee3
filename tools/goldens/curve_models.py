"""The models and data of curves.json, written so that a TypeScript twin is line by line the same.

Data: one 32-bit linear congruential generator, state' = (1664525 * state + 1013904223) mod 2^32, starts at the seed; each draw
steps it and takes its top byte, state' >> 24. Rows are drawn one after the other, features in row-major order.
"""

import keras
import numpy as np

L = keras.layers


def draw_bytes(seed, count):
    state, drawn = seed, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        drawn.append(state >> 24)
    return np.array(drawn, dtype="int64")


def vectors(rows):
    """x: byte / 256 - 0.5, `[rows, 6]`; y: which of the first three features is largest (the first of equals)."""
    drawn = draw_bytes(1, rows * 6).reshape(rows, 6)
    return (drawn / 256 - 0.5).astype("float32"), drawn[:, :3].argmax(axis=1).astype("int32")


def images(rows):
    """x: byte / 256, `[rows, 8, 8, 1]`; y: which half of the image has the larger sum of bytes, 0 = upper (or equal), 1 = lower."""
    drawn = draw_bytes(2, rows * 64).reshape(rows, 8, 8, 1)
    lower = drawn[:, 4:].sum(axis=(1, 2, 3)) > drawn[:, :4].sum(axis=(1, 2, 3))
    return (drawn / 256).astype("float32"), lower.astype("int32")


def tokens(rows):
    """x: byte mod 12, `[rows, 7]`, int32; y: 1 if the first token is larger than the last but one, `[rows, 1]`, float32."""
    drawn = draw_bytes(3, rows * 7).reshape(rows, 7) % 12
    return drawn.astype("int32"), (drawn[:, :1] > drawn[:, 5:6]).astype("float32")


def mlp():
    model = keras.Sequential([keras.Input((6,)), L.Dense(16, activation="relu"), L.Dropout(0.3), L.Dense(16, activation="tanh"), L.Dropout(0.1), L.Dense(3, activation="softmax")])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.9), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def convnet():
    model = keras.Sequential([
        keras.Input((8, 8, 1)),
        L.Conv2D(6, 3, activation="relu", padding="same"),
        L.BatchNormalization(),
        L.MaxPooling2D(),
        L.Dropout(0.25),
        L.Conv2D(8, 3, activation="relu", kernel_initializer="he_normal"),
        L.BatchNormalization(momentum=0.9),
        L.Flatten(),
        L.Dropout(0.25),
        L.Dense(2),
    ])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.003), loss=loss, metrics=["accuracy"])
    return model


def lstm():
    model = keras.Sequential([keras.Input((7,), dtype="int32"), L.Embedding(12, 8, mask_zero=True), L.LSTM(10, dropout=0.2), L.Dense(1, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.AdamW(learning_rate=0.01), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def transformer():
    inputs = keras.Input((7,), dtype="int32")
    x = L.Embedding(12, 8)(inputs)
    attended = L.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1)(x, x)
    x = L.LayerNormalization()(L.Add()([x, attended]))
    hidden = L.Dense(16, activation="gelu")(x)
    hidden = L.Dropout(0.1)(L.Dense(8)(hidden))
    x = L.LayerNormalization()(L.Add()([x, hidden]))
    outputs = L.Dense(1, activation="sigmoid")(L.Flatten()(x))
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.AdamW(learning_rate=0.005, weight_decay=0.01), loss="binary_crossentropy", metrics=["accuracy"])
    return model


# name: (model, data, rows, seed, fit options); every fit is 10 epochs of 10 steps, the last of 22 rows
CURVES = {
    "mlp": (mlp, vectors, 310, 42, {}),
    "convnet": (convnet, images, 388, 7, {"validation_split": 0.2}),
    "lstm": (lstm, tokens, 310, 1337, {}),
    "transformer": (transformer, tokens, 310, 2024, {}),
}
