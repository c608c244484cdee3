"""What real Keras declares for every op on symbolic tensors with unknown sizes: shapes, dtypes, and which calls it refuses.

The calls are those of the ops' own golden files, with KerasTensors for their arrays: write those files first.

A refusal is written down if it is one: a wrong call that is refused must fail on arrays too, and a right call with unknown sizes must be
accepted with known ones and be refused by a ValueError. Keras' shape rules also stumble (`None + None` is a TypeError) and refuse what
Keras computes (grouped convolutions): those are no specification. Nor are the rules of `WRONG`.
"""

import functools
import inspect
import json

import keras
import numpy as np

import golden

# Calls of a function, and what has no symbolic form.
WITHOUT = {"convert_to_numpy", "is_tensor", "shape", "dtype", "size", "ndim"}
CALLS = 4


def is_stored(value):
    return isinstance(value, dict) and "data" in value and "dtype" in value


def plain(value):
    """Plain values of a golden file as Python writes them."""
    if isinstance(value, dict) and "slice" in value:
        return slice(*value["slice"])
    if isinstance(value, dict) and "ellipsis" in value:
        return Ellipsis
    if isinstance(value, list):
        items = [plain(item) for item in value]
        return tuple(items) if items and all(isinstance(item, int) for item in items) else items
    if isinstance(value, dict) and not is_stored(value):
        return {key: plain(item) for key, item in value.items()}
    return float(value) if value in ("nan", "inf", "-inf") else value


def replaced(value, make):
    """The nested value with `make(stored, n)` for the n-th array."""
    count = iter(range(10**6))

    def walk(item):
        if is_stored(item):
            return make(item, next(count))
        if isinstance(item, (list, tuple)):
            return type(item)(walk(inner) for inner in item)
        return {key: walk(inner) for key, inner in item.items()} if isinstance(item, dict) else item

    return walk(value)


# JAX keeps 32 bits of these.
NARROW = {"int64": "int32", "uint64": "uint32"}


def spec(shape, dtype):
    dtype = NARROW.get(dtype, dtype)
    return {"spec": list(shape), **({} if dtype == "float32" else {"dtype": dtype})}


def is_spec(value):
    return isinstance(value, dict) and "spec" in value


def unknown(axes):
    """Specs in which the sizes at `axes` (a function of the rank) are unknown."""
    return lambda stored, _: spec([None if i in axes(len(stored["shape"])) else n for i, n in enumerate(stored["shape"])], stored["dtype"])


KNOWN = unknown(lambda rank: ())
BATCH = unknown(lambda rank: (0,))
ALL = unknown(range)
MIDDLE = unknown(lambda rank: range(1, max(rank - 1, 2)))
LAST = unknown(lambda rank: (rank - 1,))


def first_only(stored, index):
    return BATCH(stored, index) if index == 0 else stored


def scalar(stored, _):
    return spec([], stored["dtype"])


def longer(stored, index):
    shape = stored["shape"]
    return spec([*shape[:-1], shape[-1] + 1] if index == 0 and shape else shape, stored["dtype"])


def symbols(value):
    if is_spec(value):
        return keras.KerasTensor(value["spec"], dtype=value.get("dtype", "float32"))
    if is_stored(value):
        data = np.array([[float(part) for part in x] if isinstance(x, list) else float(x) for x in value["data"]])
        whole = data[..., 0] + 1j * data[..., 1] if data.ndim == 2 else data
        return keras.ops.reshape(keras.ops.convert_to_tensor(whole, dtype=value["dtype"]), value["shape"])
    if isinstance(value, (list, tuple)):
        return type(value)(symbols(item) for item in value)
    return {key: symbols(item) for key, item in value.items()} if isinstance(value, dict) else value


def declared(output):
    if isinstance(output, keras.KerasTensor):
        return spec(output.shape, output.dtype)
    if isinstance(output, (list, tuple)):
        return [declared(item) for item in output]
    if isinstance(output, dict):
        return {key: declared(item) for key, item in output.items()}
    return None if golden.is_array(output) else output


def function_of(op):
    return functools.reduce(getattr, op.split("."), keras.ops)  # "image.resize" is keras.ops.image.resize


def declare(op, args, kwargs):
    """What Keras declares, or the class of what it raises."""
    try:
        return declared(function_of(op)(*symbols(args), **symbols(kwargs)))
    except Exception as error:
        return type(error)


def fails_on_arrays(op, args, kwargs):
    def array(value):
        if is_spec(value):
            return keras.ops.ones(value["spec"], dtype=value.get("dtype", "float32"))
        if isinstance(value, (list, tuple)) and not is_stored(value):
            return type(value)(array(item) for item in value)
        return {key: array(item) for key, item in value.items()} if isinstance(value, dict) and not is_stored(value) else symbols(value)

    try:
        function_of(op)(*array(args), **array(kwargs))
    except Exception:
        return True
    return False


def row(op, args, kwargs, found):
    written = {"op": op, "args": list(args), **({"kwargs": kwargs} if kwargs else {})}
    return {**written, "error": found.__name__} if isinstance(found, type) else {**written, "output": found}


def chosen(cases):
    """A few calls that differ in options, dtypes and ranks; those without complex numbers and empty tensors first."""
    seen, found = set(), []
    for case in cases:
        arrays = []
        replaced([case["args"], case["kwargs"]], lambda stored, _: arrays.append(stored))
        if not arrays:
            continue
        shown = [sorted(case["kwargs"]), [len(a["shape"]) for a in arrays], [a["dtype"] for a in arrays], [a for a in case["args"] if not is_stored(a) and not isinstance(a, (int, float, list))]]
        key = json.dumps(shown)
        if key not in seen:
            seen.add(key)
            found.append(case)
    found.sort(key=lambda case: -len(case["kwargs"]))
    options = [case for case in found if case["kwargs"]]
    bare = [case for case in found if not case["kwargs"]]
    return (bare[:2] + options[:CALLS] + bare[2:])[:CALLS] if options else bare[:CALLS]


def rows(op, cases):
    names = list(inspect.signature(function_of(op)).parameters)
    for at, case in enumerate(chosen(cases)):
        call = [tuple(plain(case["args"])) if case["args"] else (), plain(case["kwargs"])]
        known = isinstance(declare(op, *replaced(call, KNOWN)), type)
        for form in [BATCH, MIDDLE, ALL, LAST, KNOWN, first_only] if at == 0 else [BATCH, ALL] if at == 1 else [BATCH]:
            args, kwargs = replaced(call, form)
            found = declare(op, args, kwargs)
            if (not isinstance(found, type) or (found is ValueError and not known)) and not is_wrong(op, args, found):
                yield row(op, args, kwargs, found)
        if at > 0:
            continue
        wrong = [replaced(call, scalar), replaced(call, longer)]
        if "axis" in names and len(call[0]) <= names.index("axis"):
            args, kwargs = replaced(call, KNOWN)
            wrong.append([args, {**kwargs, "axis": 9}])
        for args, kwargs in wrong:
            found = declare(op, args, kwargs)
            if isinstance(found, type) and fails_on_arrays(op, args, kwargs):
                yield row(op, args, kwargs, found)


def specs_in(value):
    """All specs of nested lists."""
    if is_spec(value):
        return [value]
    return [inner for item in value for inner in specs_in(item)] if isinstance(value, (list, tuple)) else []


def has_complex(args, _):
    return any(item.get("dtype") == "complex64" for item in specs_in(args))


def has_unknown_axes(args, found):
    """Of a refused pair whose parts have one shape."""
    parts = specs_in(args)
    return isinstance(found, type) and len(parts) == 2 and parts[0]["spec"] == parts[1]["spec"] and None in parts[0]["spec"]


REAL = ("declares complex64 for the real numbers that it computes of complex ones", has_complex)
AXES = ("refuses axes of unknown size, which it declares for rfft and irfft", has_unknown_axes)
EXTRA_AXIS = ("declares an axis too many for channels_last", lambda args, found: not isinstance(found, type) and len(found["spec"]) != len(args[0]["spec"]))
# Declared results that contradict what Keras itself computes, so that a functional model built on them fails: op -> why, and which calls.
WRONG = {
    **dict.fromkeys(["abs", "absolute", "angle", "imag", "real", "std"], REAL),
    **dict.fromkeys(["fft", "fft2", "ifft2"], AXES),
    **dict.fromkeys(["adaptive_average_pool", "adaptive_max_pool"], EXTRA_AXIS),
    "polar": ("declares real numbers of the first shape; the result is complex and broadcast", lambda _, found: not isinstance(found, type)),
    "slogdet": ("declares one sign for a batch of matrices", lambda args, _: len(args[0]["spec"]) > 2),
    "where": ("declares one tensor for the tuple of indices that it computes of a condition alone", lambda args, _: len(args) == 1),
}


def is_wrong(op, args, found):
    return op in WRONG and WRONG[op][1](args, found)


def make():
    by_op = {}
    for path in sorted(golden.FOLDER.glob("ops-*.json")):
        for case in json.loads(path.read_text())["cases"]:
            by_op.setdefault(case["op"], []).append(case)
    made, seen = [], set()
    # These are of Keras 3.16: there is nothing to ask yet.
    for op in sorted(set(by_op) - WITHOUT - {"column_stack", "gammainc", "matrix_power", "reconstruct_patches"}):
        for found in rows(op, by_op[op]):
            key = golden.text(found)
            if key not in seen:
                seen.add(key)
                made.append(found)
    golden.write("specs", {"cases": made})
