"""metrics.json: results and state of metrics after each of several updates, and after a reset."""

import keras
import numpy as np

import golden
from golden import integers, values

M = keras.metrics


def metric_case(metric, *updates):
    tensor = lambda value: None if value is None else keras.ops.convert_to_tensor(value)
    steps = []
    for update in updates:
        *args, weight = update
        metric.update_state(*[tensor(arg) for arg in args], sample_weight=tensor(weight))
        steps.append({"args": args, "sample_weight": weight, "result": metric.result(), "state": [v.value for v in metric.variables]})
    paths = [v.path for v in metric.variables]
    metric.reset_state()
    return {"metric": keras.metrics.serialize(metric), "paths": paths, "steps": steps, "after_reset": {"result": metric.result(), "state": [v.value for v in metric.variables]}}


def probabilities(seed, shape):
    x = np.exp(values(seed, shape, -2, 2))
    return np.round(x / x.sum(-1, keepdims=True), 3).astype("float32")


def pairs(true, guess, weight):
    half = len(true) // 2
    return [(true[:half], guess[:half], None), (true[half:], guess[half:], None), (true, guess, weight)]


def make():
    keras.utils.clear_session()
    cases = []
    x, w = values(1, (4,)), np.array([1.0, 0.0, 2.0, 0.5], "float32")
    for make_metric in (M.Mean, M.Sum):
        cases += [metric_case(make_metric(), (x, None), (x * 2, w), (np.float32(3.0), None), (np.float32(1.5), np.float32(4.0))), metric_case(make_metric(name="named"), (values(2, (2, 3)), None), (values(3, (2, 3)), values(4, (2,), 0, 1)))]
    cases.append(metric_case(M.Mean(), (x, np.zeros(4, "float32"))))
    cases.append(metric_case(M.RootMeanSquaredError(), (x, x * 2, None), (x, x + 1, w)))
    labels, hot = np.array([0, 2, 1, 2, 0, 1], "int32"), np.eye(3, dtype="float32")[[0, 2, 1, 2, 0, 1]]
    p, weight = probabilities(5, (6, 3)), np.array([1.0, 0.0, 2.0, 1.0, 0.5, 1.0], "float32")
    guess = integers(6, (6,), 0, 3)
    cases += [metric_case(M.Accuracy(), *pairs(labels, guess, weight)), metric_case(M.Accuracy(), *pairs(labels[:, None], guess[:, None], weight)), metric_case(M.CategoricalAccuracy(), *pairs(hot, p, weight)), metric_case(M.SparseCategoricalAccuracy(), *pairs(labels, p, weight)), metric_case(M.SparseCategoricalAccuracy(), *pairs(labels[:, None], p, weight))]
    steps = probabilities(7, (2, 3, 4))
    cases += [metric_case(M.SparseCategoricalAccuracy(), (integers(8, (2, 3), 0, 4), steps, None), (integers(9, (2, 3), 0, 4), steps, np.array([1.0, 3.0], "float32")), (integers(9, (2, 3), 0, 4), steps, values(10, (2, 3), 0, 1)))]
    binary, out = integers(11, (6, 1), 0, 2).astype("float32"), values(12, (6, 1), 0, 1)
    for threshold in (0.5, 0.3):
        cases += [metric_case(M.BinaryAccuracy(threshold=threshold), *pairs(binary, out, weight)), metric_case(M.BinaryAccuracy(threshold=threshold), *pairs(np.repeat(binary, 2, 1), values(13, (6, 2), 0, 1), weight))]
    for k in (1, 2, 3, 5):
        cases += [metric_case(M.TopKCategoricalAccuracy(k=k), *pairs(hot, p, weight)), metric_case(M.SparseTopKCategoricalAccuracy(k=k), *pairs(labels, p, weight))]
    regression, target = values(14, (6, 2)), values(15, (6, 2))
    for make_metric in (M.MeanSquaredError, M.RootMeanSquaredError, M.MeanAbsoluteError, M.MeanAbsolutePercentageError, M.MeanSquaredLogarithmicError, M.CosineSimilarity, M.LogCoshError):
        cases.append(metric_case(make_metric(), *pairs(target, regression, weight)))
    logits = values(16, (6, 3), -3, 3)
    cases += [metric_case(M.CategoricalCrossentropy(), *pairs(hot, p, weight)), metric_case(M.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), *pairs(hot, logits, weight)), metric_case(M.SparseCategoricalCrossentropy(), *pairs(labels, p, weight)), metric_case(M.SparseCategoricalCrossentropy(from_logits=True), *pairs(labels, logits, weight)), metric_case(M.BinaryCrossentropy(), *pairs(binary, out, weight)), metric_case(M.BinaryCrossentropy(from_logits=True, label_smoothing=0.2), *pairs(binary, out * 6 - 3, weight)), metric_case(M.KLDivergence(), *pairs(p, probabilities(17, (6, 3)), weight)), metric_case(M.Poisson(), *pairs(np.abs(target), np.abs(regression), weight))]
    ties = np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]], "float32")
    cases += [metric_case(M.SparseCategoricalAccuracy(), (np.array([1, 1], "int32"), ties, None)), metric_case(M.SparseTopKCategoricalAccuracy(k=1), (np.array([1, 1], "int32"), ties, None))]
    cases += [metric_case(make_metric(), *pairs(binary, out, weight)) for make_metric in (M.Precision, M.Recall, M.AUC, M.TruePositives, M.FalsePositives, M.TrueNegatives, M.FalseNegatives)]
    identifiers = {name: keras.metrics.serialize(keras.metrics.get(name)) for name in ("mse", "mae", "mean_squared_error", "MeanSquaredError", "categorical_accuracy", "binary_accuracy", "sparse_categorical_accuracy", "CategoricalAccuracy", "top_k_categorical_accuracy", "sparse_categorical_crossentropy")}
    golden.write("metrics", {"cases": cases, "identifiers": identifiers})
