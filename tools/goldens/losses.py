"""losses.json: the loss classes and functions of the slice, with the gradient at `y_pred`."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

import golden
from golden import integers, values

L = keras.losses


def loss_case(loss, y_true, y_pred, sample_weight=None, note=None):
    true, pred = keras.ops.convert_to_tensor(y_true), keras.ops.convert_to_tensor(y_pred)
    weight = None if sample_weight is None else keras.ops.convert_to_tensor(sample_weight)
    back = jax.grad(lambda p: jnp.sum(loss(true, p, sample_weight=weight)))(pred)
    made = {"loss": keras.losses.serialize(loss), "y_true": y_true, "y_pred": y_pred, "sample_weight": sample_weight, "output": loss(true, pred, sample_weight=weight), "gradient": back}
    return {**made, "note": note} if note else made


def function_case(name, y_true, y_pred, **options):
    function = getattr(L, name)
    true, pred = keras.ops.convert_to_tensor(y_true), keras.ops.convert_to_tensor(y_pred)
    back = jax.grad(lambda p: jnp.sum(function(true, p, **options)))(pred)
    return {"function": name, "options": options, "y_true": y_true, "y_pred": y_pred, "output": function(true, pred, **options), "gradient": back}


def probabilities(seed, shape):
    x = np.exp(values(seed, shape, -2, 2))
    return np.round(x / x.sum(-1, keepdims=True), 3).astype("float32")


def one_hot(indices, classes):
    return np.eye(classes, dtype="float32")[indices]


def make():
    cases, functions = [], []
    true, pred = values(1, (3, 4)), values(2, (3, 4))
    row_weight, reductions = np.array([1.0, 0.0, 2.5], "float32"), ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
    for make_loss in (L.MeanSquaredError, L.MeanAbsoluteError):
        for reduction in reductions:
            cases += [loss_case(make_loss(reduction=reduction), true, pred, weight) for weight in (None, row_weight, row_weight[:, None])]
        cases += [loss_case(make_loss(), values(3, (4,)), values(4, (4, 1)), note="ranks differ by one"), loss_case(make_loss(), values(3, (2, 3, 2)), values(4, (2, 3, 2)), values(5, (2, 3), 0, 1)), loss_case(make_loss(), integers(6, (3, 2), 0, 5), values(4, (3, 2)), note="int targets")]
    cases += [loss_case(make_loss(), true, pred) for make_loss in (L.Huber, L.LogCosh, L.MeanAbsolutePercentageError, L.MeanSquaredLogarithmicError, L.Hinge, L.SquaredHinge, L.KLDivergence, L.Poisson, L.CosineSimilarity)]
    p, logits = probabilities(7, (4, 3)), values(8, (4, 3), -3, 3)
    labels = np.array([0, 2, 1, 2], "int32")
    hot, soft, weights = one_hot(labels, 3), probabilities(9, (4, 3)), np.array([1.0, 0.5, 0.0, 2.0], "float32")
    for from_logits, guess in ((False, p), (True, logits)):
        for reduction in reductions:
            cases += [loss_case(L.CategoricalCrossentropy(from_logits=from_logits, reduction=reduction), hot, guess, weight) for weight in (None, weights)]
            cases += [loss_case(L.SparseCategoricalCrossentropy(from_logits=from_logits, reduction=reduction), labels, guess, weight) for weight in (None, weights)]
        for smoothing in (0.1, 0.5):
            cases.append(loss_case(L.CategoricalCrossentropy(from_logits=from_logits, label_smoothing=smoothing), hot, guess))
        cases += [loss_case(L.CategoricalCrossentropy(from_logits=from_logits), soft, guess), loss_case(L.CategoricalCrossentropy(from_logits=from_logits, axis=1), one_hot(integers(10, (2, 4), 0, 3), 3).transpose(0, 2, 1).copy(), np.ascontiguousarray(guess[:4].reshape(1, 4, 3).transpose(0, 2, 1).repeat(2, 0)))]
        cases += [loss_case(L.SparseCategoricalCrossentropy(from_logits=from_logits), labels[:, None], guess), loss_case(L.SparseCategoricalCrossentropy(from_logits=from_logits), labels.astype("float32"), guess), loss_case(L.SparseCategoricalCrossentropy(from_logits=from_logits, ignore_class=2), labels, guess), loss_case(L.SparseCategoricalCrossentropy(from_logits=from_logits, ignore_class=-1), np.array([0, -1, 1, 2], "int32"), guess, weights), loss_case(L.SparseCategoricalCrossentropy(from_logits=from_logits), labels.reshape(2, 2), guess.reshape(2, 2, 3), note="a class for each step")]
    edge = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.2, 0.2, 0.2], [0.0, 0.0, 0.0]], "float32")
    cases += [loss_case(L.CategoricalCrossentropy(reduction="none"), hot, edge, note="probabilities 0 and 1"), loss_case(L.SparseCategoricalCrossentropy(reduction="none"), labels, edge, note="probabilities 0 and 1"), loss_case(L.SparseCategoricalCrossentropy(from_logits=True, reduction="none"), labels, edge * 2000 - 1000)]
    binary, guess = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], "float32"), values(11, (3, 2), 0.05, 0.95)
    for from_logits, out in ((False, guess), (True, guess * 6 - 3)):
        for reduction in reductions:
            cases.append(loss_case(L.BinaryCrossentropy(from_logits=from_logits, reduction=reduction), binary, out, row_weight))
        cases += [loss_case(L.BinaryCrossentropy(from_logits=from_logits, label_smoothing=0.2), binary, out), loss_case(L.BinaryCrossentropy(from_logits=from_logits, axis=0, reduction="none"), binary, out), loss_case(L.BinaryCrossentropy(from_logits=from_logits), binary.astype("int32"), out), loss_case(L.BinaryCrossentropy(from_logits=from_logits), binary[:, 0], out[:, :1])]
    cases.append(loss_case(L.BinaryCrossentropy(reduction="none"), np.array([[1.0], [0.0], [1.0], [0.0]], "float32"), np.array([[0.0], [0.0], [1.0], [1.0]], "float32"), note="probabilities 0 and 1"))
    cases.append(loss_case(L.MeanSquaredError(name="named", dtype="float16"), true, pred.astype("float32")))
    functions += [function_case(name, true, pred) for name in ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "hinge")]
    functions += [function_case("categorical_crossentropy", hot, p), function_case("categorical_crossentropy", hot, logits, from_logits=True, label_smoothing=0.1), function_case("sparse_categorical_crossentropy", labels, p), function_case("sparse_categorical_crossentropy", labels, logits, from_logits=True, ignore_class=1), function_case("binary_crossentropy", binary, guess), function_case("binary_crossentropy", binary, guess, from_logits=True, label_smoothing=0.1)]
    identifiers = {name: keras.losses.serialize(keras.losses.get(name)) for name in ("mse", "MSE", "mae", "mean_squared_error", "MeanSquaredError", "categorical_crossentropy", "CategoricalCrossentropy", "sparse_categorical_crossentropy", "binary_crossentropy")}
    golden.write("losses", {"cases": cases, "functions": functions, "identifiers": identifiers})
