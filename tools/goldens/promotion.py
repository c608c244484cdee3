"""promotion.json: the dtype that comes out for every pair of dtypes."""

import keras
import numpy as np

import golden

DTYPES = "bool uint8 uint16 uint32 int8 int16 int32 bfloat16 float16 float32".split()
BINARY = "add subtract multiply divide floor_divide mod power maximum minimum equal matmul where arctan2 logaddexp concatenate outer".split()
UNARY = "abs negative sign square sqrt exp log sin floor round sum prod mean max std var cumsum cumprod argmax relu sigmoid softmax logsumexp any reciprocal all median logical_not".split()


def sample(name):
    return {"int": 1, "float": 1.0}.get(name) or keras.ops.ones((1, 1), dtype=name)


def promoted(call):
    try:
        return str(np.dtype("bool")) if (found := keras.backend.standardize_dtype(call().dtype)) == "bool" else found
    except (TypeError, ValueError, AttributeError):
        return None


def binary(op, left, right):
    if op == "where":
        return promoted(lambda: keras.ops.where(True, sample(left), sample(right)))
    if op == "concatenate":
        return promoted(lambda: keras.ops.concatenate([sample(left), sample(right)]))
    return promoted(lambda: getattr(keras.ops, op)(sample(left), sample(right)))


def result_type(left, right):
    try:
        return keras.backend.result_type(*[{"int": int, "float": float}.get(name, name) for name in (left, right)])
    except ValueError:
        return None


def promotion():
    names = [*DTYPES, "int", "float"]
    pairs = [(a, b) for a in names for b in names if not (a in ("int", "float") and b in ("int", "float"))]
    return {
        "dtypes": names,
        "result_type": {f"{a},{b}": result_type(a, b) for a, b in pairs},
        "binary": {op: {f"{a},{b}": binary(op, a, b) for a, b in pairs if op not in ("matmul", "concatenate") or "int" not in (a, b) and "float" not in (a, b)} for op in BINARY},
        "unary": {op: {a: promoted(lambda: getattr(keras.ops, op)(sample(a))) for a in DTYPES} for op in UNARY},
    }


def make():
    golden.write("promotion", promotion())
