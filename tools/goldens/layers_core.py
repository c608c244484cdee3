"""Dense, embedding, activation, normalisation and dropout cases of layers.json."""

import keras
import numpy as np

from golden import integers, values
from layer_case import case

L = keras.layers
X = values(21, (3, 4))
WIDE = values(22, (2, 3, 4))


def dense():
    make = lambda **options: lambda: L.Dense(**{"units": 3, **options})
    cases = [case(make(), X), case(make(use_bias=False), X), case(make(activation="softmax"), WIDE), case(make(), values(23, (2, 2, 2, 3))), case(make(units=1, activation=keras.layers.LeakyReLU(negative_slope=0.1)), X)]
    cases += [case(make(activation="gelu", kernel_initializer=keras.initializers.Orthogonal(seed=1), bias_initializer=keras.initializers.Constant(0.2), kernel_regularizer=keras.regularizers.L1(0.1), bias_regularizer=keras.regularizers.L2(0.1), activity_regularizer="l2", kernel_constraint=keras.constraints.MinMaxNorm(0.5, 1.0, rate=0.5, axis=1), bias_constraint="non_neg", name="named"), X)]
    cases += [case(make(trainable=False), X), case(make(), integers(24, (2, 4), 0, 5)), case(make(units=2), np.zeros((0, 4), "float32"))]
    cases += [case(make(dtype="float16"), X, grad=False), case(make(dtype="mixed_float16"), X, grad=False), case(make(dtype="mixed_bfloat16"), X, grad=False)]
    return cases + [case(make(kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.1, mode="columns")), X), case(make(activation=keras.activations.softplus), X)]


def embedding():
    tokens = np.array([[1, 0, 3, 4], [2, 2, 0, 0]], "int32")
    make = lambda **options: lambda: L.Embedding(**{"input_dim": 6, "output_dim": 3, **options})
    cases = [case(make(), tokens), case(make(mask_zero=True), tokens), case(make(), np.array([1, 5], "int32")), case(make(), tokens.astype("float32"), grad=False), case(make(), tokens.astype("uint8"))]
    return cases + [case(make(embeddings_initializer="glorot_normal", embeddings_regularizer="l2", embeddings_constraint="unit_norm"), tokens), case(make(weights=[values(25, (6, 3))]), tokens, note="the option weights")]


def activations():
    cases = [case(lambda: L.Activation(name), X) for name in ("relu", "tanh", "softmax", "sigmoid", "linear", "gelu", "elu", "silu", "leaky_relu")]
    cases += [case(lambda: L.ReLU(), X * 8), case(lambda: L.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.5), X * 4), case(lambda: L.ReLU(max_value=6.0), X * 9), case(lambda: L.ReLU(threshold=0.3), X), case(lambda: L.ReLU(negative_slope=0.2), X)]
    mask = np.array([[True, True, False, True], [True, False, False, True], [False, True, True, True]])
    softmax = [case(lambda: L.Softmax(), X), case(lambda: L.Softmax(axis=0), X), case(lambda: L.Softmax(axis=[1, 2]), WIDE), case(lambda: L.Softmax(axis=1), WIDE), case(lambda: L.Softmax(), ([X], {"mask": mask}), trace=False)]
    return cases + softmax


def normalisation():
    train, infer = {"training": True}, {"training": False}
    make = lambda **options: lambda: L.BatchNormalization(**options)
    y = values(26, (3, 4), -2, 2)
    image = values(27, (2, 3, 2, 4))
    cases = [case(make(), ([X], train), ([y], train), ([X], infer)), case(make(), ([X], infer)), case(make(), X, note="without training: inference"), case(make(momentum=0.8, epsilon=0.01), ([image], train), ([image], infer)), case(make(axis=1), ([values(28, (2, 3, 4))], train)), case(make(axis=1), ([image], train)), case(make(center=False), ([X], train)), case(make(scale=False), ([X], train)), case(make(center=False, scale=False), ([X], infer))]
    mask = np.array([[True, True, False], [True, False, False]])
    cases += [case(make(), ([WIDE], {"training": True, "mask": mask}), trace=False), case(make(trainable=False), ([X], train), note="frozen: behaves as in inference"), case(make(renorm=True), ([X], train), ([y], train)) if "renorm" in L.BatchNormalization().get_config() else None]
    cases += [case(make(beta_initializer="ones", gamma_initializer=keras.initializers.Constant(0.5), moving_mean_initializer="ones", moving_variance_initializer="ones", beta_regularizer="l1", gamma_regularizer="l2", beta_constraint="non_neg", gamma_constraint="unit_norm"), ([X], train))]
    cases += [case(make(dtype="mixed_float16"), ([X.astype("float16")], train), grad=False)]
    norm = lambda **options: lambda: L.LayerNormalization(**options)
    cases += [case(norm(), X), case(norm(), WIDE), case(norm(axis=1), WIDE), case(norm(axis=[1, 2]), WIDE), case(norm(epsilon=0.1), X), case(norm(center=False), X), case(norm(scale=False), X), case(norm(center=False, scale=False), X), case(norm(axis=[-1]), WIDE), case(norm(dtype="mixed_float16"), X, grad=False)]
    cases += [case(norm(beta_initializer="ones", gamma_initializer="zeros", beta_regularizer="l1", gamma_regularizer="l2", beta_constraint="non_neg", gamma_constraint="max_norm"), X)]
    return [made for made in cases if made]


def other_normalisation():
    group = lambda **options: lambda: L.GroupNormalization(**{"groups": 2, **options})
    image, first = values(111, (2, 3, 2, 4), -2, 2), values(112, (2, 4, 3, 2), -2, 2)
    cases = [case(group(), X), case(group(), image), case(group(groups=-1), image, note="instances"), case(group(groups=1), WIDE), case(group(axis=1), first), case(group(axis=2), values(113, (2, 3, 4, 2))), case(group(axis=-2, groups=3), WIDE), case(group(epsilon=0.1), image), case(group(center=False), X), case(group(scale=False), X), case(group(center=False, scale=False), WIDE)]
    cases += [case(group(dtype="mixed_float16"), X, grad=False), case(group(), integers(114, (2, 4), 0, 9), grad=False, note="integers stay what they are until the last cast")]
    cases += [case(group(beta_initializer="ones", gamma_initializer="zeros", beta_regularizer="l1", gamma_regularizer="l2", beta_constraint="non_neg", gamma_constraint="max_norm"), X)]
    rms = lambda **options: lambda: L.RMSNormalization(**options)
    return cases + [case(rms(), X), case(rms(), WIDE), case(rms(axis=[1, 2]), WIDE), case(rms(axis=[-1, -2], epsilon=0.1), WIDE), case(rms(dtype="mixed_float16"), X, grad=False)]


def dropout():
    train = {"training": True}
    wide = values(29, (4, 6))
    make = lambda **options: lambda: L.Dropout(**options)
    cases = [case(make(rate=0.5, seed=1), ([wide], train), ([wide], train), ([wide], {"training": False})), case(make(rate=0.2, seed=42), ([wide], train)), case(make(rate=0.5, seed=3), wide, note="without training: inference"), case(make(rate=0.0), ([wide], train)), case(make(rate=1.0, seed=1), ([wide], train)), case(make(rate=0.5), ([wide], train), note="unseeded after set_random_seed(0)")]
    return cases + [case(make(rate=0.5, noise_shape=(None, 1), seed=5), ([wide], train)), case(make(rate=0.4, noise_shape=(4, 1, 3), seed=5), ([values(30, (4, 2, 3))], train)), case(make(rate=0.3, seed=2, dtype="float16"), ([wide.astype("float16")], train), grad=False)]


def make():
    return dense() + embedding() + activations() + normalisation() + other_normalisation() + dropout()
