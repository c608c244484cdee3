"""Convolution, pooling and reshaping cases of layers.json."""

import keras

from golden import integers, values
from layer_case import case

L = keras.layers
IMAGE = values(1, (2, 5, 6, 2))
FIRST = values(2, (2, 2, 5, 6))
SMALL = values(3, (2, 4, 4, 2))


def convolutions():
    conv = lambda **options: lambda: L.Conv2D(**{"filters": 3, "kernel_size": 3, **options})
    cases = [case(conv(), IMAGE), case(conv(kernel_size=(2, 3), strides=(2, 1), padding="same", activation="relu"), IMAGE), case(conv(strides=2, padding="same", use_bias=False), IMAGE), case(conv(strides=2), IMAGE), case(conv(dilation_rate=2, padding="same"), IMAGE), case(conv(dilation_rate=(1, 2)), IMAGE)]
    cases += [case(conv(filters=4, groups=2, padding="same"), IMAGE), case(conv(kernel_size=1, filters=2), IMAGE), case(conv(data_format="channels_first"), FIRST), case(conv(data_format="channels_first", padding="same", strides=2, filters=4, groups=2), FIRST)]
    cases += [case(conv(filters=2, kernel_size=2, kernel_regularizer=keras.regularizers.L2(0.01), bias_regularizer="l1", activity_regularizer=keras.regularizers.L1L2(0.01, 0.02), kernel_constraint="non_neg", bias_constraint=keras.constraints.MaxNorm(1.0), kernel_initializer=keras.initializers.HeNormal(seed=1), bias_initializer="ones", name="all_options"), SMALL), case(conv(filters=2, kernel_size=2, trainable=False), SMALL)]
    depth = lambda **options: lambda: L.DepthwiseConv2D(**{"kernel_size": 3, **options})
    cases += [case(depth(), IMAGE), case(depth(depth_multiplier=2, padding="same", activation="tanh"), IMAGE), case(depth(strides=2, padding="same"), IMAGE), case(depth(kernel_size=2, dilation_rate=2, use_bias=False), IMAGE), case(depth(data_format="channels_first", depth_multiplier=2), FIRST)]
    return cases + [case(depth(kernel_size=(2, 2), depthwise_regularizer="l2", depthwise_constraint="unit_norm", depthwise_initializer="he_uniform", bias_initializer="ones"), SMALL)]


def transposed():
    small, first, steps, volume = values(101, (2, 3, 4, 2)), values(102, (2, 2, 3, 4)), values(103, (2, 4, 3)), values(104, (2, 2, 3, 2, 2))
    conv = lambda **options: lambda: L.Conv2DTranspose(**{"filters": 3, "kernel_size": 3, **options})
    cases = [case(conv(), small), case(conv(kernel_size=(2, 3), strides=(2, 1), padding="same", activation="relu"), small), case(conv(strides=2, padding="same", use_bias=False), small), case(conv(kernel_size=2, strides=3), small), case(conv(dilation_rate=2, padding="same"), small), case(conv(kernel_size=2, dilation_rate=(1, 2)), small)]
    cases += [case(conv(strides=2, output_padding=1), small), case(conv(strides=(2, 3), output_padding=(0, 2), padding="same"), small), case(conv(kernel_size=4, strides=2, padding="same"), small), case(conv(data_format="channels_first", strides=2, padding="same"), first), case(conv(filters=1, kernel_size=1), small)]
    cases += [case(conv(filters=2, kernel_size=2, kernel_regularizer=keras.regularizers.L2(0.01), bias_regularizer="l1", activity_regularizer=keras.regularizers.L1L2(0.01, 0.02), kernel_constraint="non_neg", bias_constraint=keras.constraints.MaxNorm(1.0), kernel_initializer=keras.initializers.HeNormal(seed=1), bias_initializer="ones", name="all_options"), small), case(conv(dtype="mixed_float16"), small, grad=False)]
    line = lambda **options: lambda: L.Conv1DTranspose(**{"filters": 2, "kernel_size": 3, **options})
    cases += [case(line(), steps), case(line(strides=2, padding="same", activation="tanh"), steps), case(line(strides=3, output_padding=1), steps), case(line(dilation_rate=2, padding="same"), steps), case(line(data_format="channels_first", strides=2, use_bias=False), steps)]
    block = lambda **options: lambda: L.Conv3DTranspose(**{"filters": 2, "kernel_size": 2, **options})
    return cases + [case(block(), volume), case(block(strides=(1, 2, 1), padding="same"), volume), case(block(kernel_size=(1, 2, 1), strides=2, output_padding=(1, 0, 1)), volume), case(block(data_format="channels_first", use_bias=False), volume)]


def separable():
    steps = values(105, (2, 6, 3))
    conv = lambda **options: lambda: L.SeparableConv2D(**{"filters": 3, "kernel_size": 3, **options})
    cases = [case(conv(), IMAGE), case(conv(depth_multiplier=2, padding="same", activation="relu"), SMALL), case(conv(kernel_size=(2, 3), strides=2, padding="same", use_bias=False), IMAGE), case(conv(dilation_rate=2), IMAGE), case(conv(data_format="channels_first", depth_multiplier=2), FIRST)]
    cases += [case(conv(kernel_size=2, depthwise_initializer="he_uniform", pointwise_initializer="he_normal", bias_initializer="ones", depthwise_regularizer="l2", pointwise_regularizer="l1", bias_regularizer="l1", activity_regularizer="l2", depthwise_constraint="unit_norm", pointwise_constraint="non_neg", bias_constraint="max_norm"), SMALL), case(conv(dtype="mixed_float16"), SMALL, grad=False)]
    line = lambda **options: lambda: L.SeparableConv1D(**{"filters": 2, "kernel_size": 3, **options})
    return cases + [case(line(), steps), case(line(strides=2, padding="same", depth_multiplier=2), steps), case(line(dilation_rate=2, activation="tanh"), steps), case(line(data_format="channels_first", padding="same"), steps)]


def pooling():
    cases = []
    for make in (L.MaxPooling2D, L.AveragePooling2D):
        pool = lambda make=make, **options: lambda: make(**{"pool_size": 2, **options})
        cases += [case(pool(), IMAGE), case(pool(padding="same"), IMAGE), case(pool(pool_size=(2, 3), strides=1), IMAGE), case(pool(pool_size=3, strides=2, padding="same"), IMAGE), case(pool(pool_size=3, strides=(1, 2)), IMAGE), case(pool(data_format="channels_first"), FIRST), case(pool(pool_size=3, padding="same", data_format="channels_first"), FIRST)]
    for keep in (False, True):
        for data_format in ("channels_last", "channels_first"):
            cases += [case(lambda: L.GlobalAveragePooling2D(data_format=data_format, keepdims=keep), IMAGE), case(lambda: L.GlobalAveragePooling1D(data_format=data_format, keepdims=keep), values(4, (2, 4, 3)))]
    mask = integers(5, (2, 4), 0, 2).astype("bool")
    mask[:, 0] = True
    return cases + [case(lambda: L.GlobalAveragePooling1D(), ([values(4, (2, 4, 3))], {"mask": mask}), trace=False)]


def shapes():
    x = values(6, (2, 3, 4))
    cases = [case(lambda: L.Flatten(), item) for item in (x, IMAGE, values(7, (3,)), values(7, (3, 2)))] + [case(lambda: L.Flatten(data_format="channels_first"), item) for item in (x, FIRST)]
    cases += [case(lambda: L.Reshape(target), x) for target in ((12,), (4, 3), (-1, 2), (2, -1, 3), (2, 6, 1))] + [case(lambda: L.Reshape((2, 2)), integers(8, (3, 4), 0, 9))]
    cases += [case(lambda: L.Rescaling(scale=1.0 / 255), values(9, (2, 3), 0, 255, 0)), case(lambda: L.Rescaling(scale=2.0, offset=-1.0), x), case(lambda: L.Rescaling(1.0 / 127.5, offset=-1), integers(10, (2, 2, 2, 3), 0, 255, "uint8")), case(lambda: L.Rescaling(scale=[1.0, 2.0, 3.0, 4.0], offset=[0.0, 1.0, 0.5, -1.0]), x)]
    y = values(11, (2, 3, 4))
    one = lambda *tensors: ([list(tensors)], {})
    cases += [case(lambda: L.Add(), one(x, y)), case(lambda: L.Add(), one(x, y, x)), case(lambda: L.Add(), one(x, values(12, (2, 4)))), case(lambda: L.Add(), one(x, values(12, (2, 1, 4)))), case(lambda: L.Add(), one(integers(13, (2, 3), 0, 9), integers(14, (2, 3), 0, 9)))]
    return cases + [case(lambda: L.Concatenate(), one(x, y)), case(lambda: L.Concatenate(axis=1), one(x, values(15, (2, 2, 4)))), case(lambda: L.Concatenate(axis=-2), one(x, y, x)), case(lambda: L.Concatenate(axis=0), one(x, y), trace=False)]


def make():
    return convolutions() + transposed() + separable() + pooling() + shapes()
