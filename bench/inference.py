"""Latency of one sample: times single predictions of one model on one Keras backend, and prints the best milliseconds as JSON.

Usage: KERAS_BACKEND=jax python3 inference.py MODEL CALLS
"""

import json
import sys
import time

import keras
import numpy as np
from models import MODELS, build


def ways(model, x):
    """Ways to ask for one prediction, each compiled: the fastest counts."""
    yield lambda: np.asarray(model.predict_on_batch(x))
    if keras.backend.backend() == "jax":
        import jax

        state = ([v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables])
        call = jax.jit(lambda trainable, other, x: model.stateless_call(trainable, other, x, training=False)[0])
        yield lambda: np.asarray(call(*state, x))
    elif keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        call = tf.function(lambda x: model(x, training=False))
        yield lambda: call(tf.constant(x)).numpy()
    elif keras.backend.backend() == "torch":
        import torch

        def call():
            with torch.no_grad():
                return model(torch.from_numpy(x), training=False).numpy()

        yield call


def best(call, calls):
    for _ in range(20):
        call()
    times = []
    for _ in range(10):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        times.append((time.perf_counter() - start) / calls * 1000)
    return min(times)


def main():
    name, calls = sys.argv[1], int(sys.argv[2])
    model = build(name)
    x = np.random.default_rng(0).random((1, *MODELS[name][2]), dtype=np.float32)
    print(json.dumps(min(best(call, calls) for call in ways(model, x))))


main()
