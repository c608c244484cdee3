"""The writer that every family shares: values in, stable JSON out."""

import json
import math
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "packages" / "conformance" / "goldens"


def number(value, kind=None):
    """The shortest decimal that reads back to the same number of the same width."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    as_float = float(value)
    if math.isnan(as_float):
        return '"nan"'
    if math.isinf(as_float):
        return '"inf"' if as_float > 0 else '"-inf"'
    text = repr(as_float) if isinstance(value, float) and kind is None else str(np.asarray(value)[()])
    return text[:-2] if text.endswith(".0") else text


def is_array(value):
    return hasattr(value, "shape") and hasattr(value, "dtype") and hasattr(value, "__array__")


def host(value):
    """A NumPy array of a backend tensor, a variable or an array; halves widen exactly to float32."""
    dtype = str(getattr(value, "dtype", ""))
    name = dtype.removeprefix("<dtype: '").split("'")[0]
    array = np.asarray(value)
    return array, name or str(array.dtype)


def array_text(value):
    array, dtype = host(value)
    if dtype == "bfloat16":
        array = array.astype("float32")
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)  # complex numbers are pairs
    data = ",".join(number(item, "numpy") for item in array.ravel())
    shape = ",".join(str(size) for size in np.shape(value))
    return f'{{"data":[{data}],"dtype":"{dtype}","shape":[{shape}]}}'


def text(value):
    """JSON of plain values, arrays, slices and dtypes, keys sorted, no spaces."""
    if value is None:
        return "null"
    if isinstance(value, np.generic):
        return number(value, "numpy")
    if value is Ellipsis:
        return '{"ellipsis":true}'
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, slice):
        return '{"slice":' + text([value.start, value.stop, value.step]) + "}"
    if isinstance(value, (bool, int, float)) and not is_array(value):
        return number(value)
    if is_array(value):
        return array_text(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(k))}:{text(value[k])}" for k in sorted(value, key=str)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(text(item) for item in value) + "]"
    raise TypeError(f"no JSON form for {type(value)}: {value!r}")


def write(name, content):
    """Writes `<name>.json`: one line for each entry of a list, so that a changed case is a changed line."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    parts = []
    for key in sorted(content):
        value = content[key]
        if isinstance(value, list) and value:
            body = "[\n" + ",\n".join(text(item) for item in value) + "\n]"
        elif isinstance(value, dict) and value:
            body = "{\n" + ",\n".join(f"{json.dumps(k)}:{text(value[k])}" for k in sorted(value)) + "\n}"
        else:
            body = text(value)
        parts.append(f"{json.dumps(key)}:{body}")
    path = FOLDER / f"{name}.json"
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB", flush=True)


def values(seed, shape, low=-1.0, high=1.0, decimals=2, dtype="float32"):
    """Short decimals from a named stream, so that files stay small and every run draws the same."""
    drawn = np.random.default_rng(seed).uniform(low, high, shape)
    return np.asarray(np.round(drawn, decimals), dtype=dtype)


def integers(seed, shape, low, high, dtype="int32"):
    return np.asarray(np.random.default_rng(seed).integers(low, high, shape), dtype=dtype)
