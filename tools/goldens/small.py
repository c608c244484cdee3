"""activations.json, regularizers.json and constraints.json: all that Keras has in these namespaces."""

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np

import golden
from call import gradients


def names_of(module):
    return sorted(n for n in dir(module) if not n.startswith("_") and n not in ("get", "serialize", "deserialize"))


def call_case(function, x, name, options):
    tensor = keras.ops.convert_to_tensor(x)
    cotangents, back = gradients(lambda arrays: function(arrays[0], **options), [tensor])
    return {"name": name, "options": options, "input": x, "output": function(tensor, **options), "cotangent": cotangents[0], "gradient": back[0]}


def activations():
    module = keras.activations
    extra = {
        "celu": [{"alpha": 0.5}], "elu": [{"alpha": 0.5}], "gelu": [{"approximate": True}], "glu": [{"axis": 0}], "hard_shrink": [{"threshold": 1.0}],
        "leaky_relu": [{"negative_slope": 0.01}], "log_softmax": [{"axis": 0}], "relu": [{"negative_slope": 0.1}, {"max_value": 1.0}, {"threshold": 0.5, "max_value": 2.0, "negative_slope": 0.2}],
        "soft_shrink": [{"threshold": 1.0}], "softmax": [{"axis": 0}], "sparsemax": [{"axis": 0}], "squareplus": [{"b": 1.0}], "threshold": [{"threshold": 0.5, "default_value": -1.0}],
    }
    x = golden.values(1, (4, 6), -4, 4)
    cases, identifiers = [], {}
    for name in names_of(module):
        function = getattr(module, name)
        if not inspect.isfunction(function):
            continue
        runs = extra.get(name, []) if name == "threshold" else [{}, *extra.get(name, [])]
        for options in runs:
            cases.append(call_case(function, x, name, options))
        if name not in ("glu", "softmax", "log_softmax", "sparsemax", "threshold"):
            points = np.array([-1000.0, -50.0, -6.0, -3.0, -1.0, -0.0, 0.0, 1.0, 3.0, 6.0, 50.0, 1000.0], "float32")
            cases.append({"name": name, "options": {}, "input": points, "output": function(keras.ops.convert_to_tensor(points))})
        identifiers[name] = module.serialize(function)
    golden.write("activations", {"cases": cases, "identifiers": identifiers})


def regularizers():
    module = keras.regularizers
    made = [module.L1(), module.L1(0.1), module.L2(), module.L2(0.1), module.L1L2(), module.L1L2(0.1, 0.2), module.OrthogonalRegularizer(), module.OrthogonalRegularizer(0.1, mode="columns")]
    cases = []
    for regularizer in made:
        for shape in ((3, 4), (5, 2)) + (() if isinstance(regularizer, module.OrthogonalRegularizer) else ((4,), (2, 2, 2))):
            x = golden.values(2, shape)
            tensor = keras.ops.convert_to_tensor(x)
            back = jax.grad(lambda v: jnp.sum(regularizer(v)))(tensor)
            cases.append({"regularizer": module.serialize(regularizer), "input": x, "output": regularizer(tensor), "gradient": back})
    identifiers = {name: module.serialize(module.get(name)) for name in ("l1", "l2", "l1l2", "L1L2", "L1", "L2", "orthogonal_regularizer")}
    golden.write("regularizers", {"cases": cases, "identifiers": identifiers})


def constraints():
    module = keras.constraints
    made = [module.NonNeg(), module.MaxNorm(), module.MaxNorm(0.5), module.MaxNorm(0.5, axis=1), module.UnitNorm(), module.UnitNorm(axis=1), module.MinMaxNorm(), module.MinMaxNorm(0.5, 0.8, rate=0.5), module.MinMaxNorm(0.5, 0.8, axis=1)]
    cases = []
    for constraint in made:
        for x in (golden.values(3, (3, 4)), golden.values(4, (2, 5), -3, 3), np.zeros((2, 2), "float32")):
            cases.append({"constraint": module.serialize(constraint), "input": x, "output": constraint(keras.ops.convert_to_tensor(x))})
    image = golden.values(5, (2, 2, 2, 3))
    for constraint in (module.MaxNorm(0.7, axis=[0, 1, 2]), module.UnitNorm(axis=[0, 1, 2])):
        cases.append({"constraint": module.serialize(constraint), "input": image, "output": constraint(keras.ops.convert_to_tensor(image))})
    identifiers = {name: module.serialize(module.get(name)) for name in ("max_norm", "min_max_norm", "non_neg", "unit_norm", "MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm")}
    golden.write("constraints", {"cases": cases, "identifiers": identifiers})


def make():
    activations()
    regularizers()
    constraints()
