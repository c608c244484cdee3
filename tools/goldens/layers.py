"""layers.json: every layer of the slice over all its options."""

import keras
import numpy as np

import golden
import layers_core
import layers_image
import layers_sequence


def input_layers():
    cases = []
    options = ({"shape": (4,)}, {"shape": (None, 3), "dtype": "int32", "name": "tokens"}, {"batch_shape": (2, 4)}, {"shape": (4,), "batch_size": 8}, {"shape": (2, 2), "optional": True})
    for option in options:
        keras.utils.clear_session()
        layer = keras.layers.InputLayer(**option)
        tensor = layer.output
        spec = {"shape": list(tensor.shape), "dtype": tensor.dtype, "name": tensor.name}
        cases.append({"options": option, "layer": keras.saving.serialize_keras_object(layer), "output": spec})
    return cases


def masks():
    """`compute_mask` of layers that combine or pass masks."""
    a = np.array([[True, False, True], [True, True, False]])
    b = np.array([[True, True, False], [True, False, False]])
    x, y = golden.values(1, (2, 3, 2)), golden.values(2, (2, 3, 2))
    layers = keras.layers
    table = ((layers.Add(), [x, y], [a, b]), (layers.Add(), [x, y], [a, None]), (layers.Concatenate(), [x, y], [a, b]), (layers.Concatenate(axis=1), [x, y], [a, b]), (layers.Concatenate(axis=1), [x, y], [a, None]), (layers.Embedding(4, 2, mask_zero=True), np.array([[0, 1], [2, 0]], "int32"), None), (layers.Embedding(4, 2), np.array([[0, 1]], "int32"), None), (layers.GlobalAveragePooling1D(), x, a), (layers.LSTM(2, return_sequences=True), x, a), (layers.LSTM(2), x, a), (layers.Dropout(0.1), x, a), (layers.Dense(2), x, a), (layers.LayerNormalization(), x, a), (layers.Activation("relu"), x, a))
    made = []
    for layer, inputs, mask in table:
        to_tensor = lambda v: v if v is None else keras.ops.convert_to_tensor(v)
        listed = lambda v: [to_tensor(item) for item in v] if isinstance(v, list) else to_tensor(v)
        out = layer.compute_mask(listed(inputs), listed(mask))
        config = keras.saving.serialize_keras_object(layer)
        config["config"]["name"] = type(layer).__name__.lower()
        made.append({"layer": config, "inputs": inputs, "mask": mask, "output": out, "supports_masking": layer.supports_masking})
    return made


def make():
    cases = layers_core.make() + layers_image.make() + layers_sequence.make()
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    golden.write("layers", {"cases": cases, "input_layers": input_layers(), "masks": masks()})
