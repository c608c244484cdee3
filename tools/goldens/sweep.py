"""dtypes.json: every op on every dtype that it takes, every pair of dtypes for two operands: the result dtype and the values.

A call is written once with `{"in": name, "shape": [...]}` where an input of the swept dtype stands; `rows` has, by dtype (`a` or `a,b`),
what comes out of it. Inputs are the first values of the tables below, for the dtype's kind: extremes, zeros of both signs, ties.
"""

import jax
import jax.numpy as jnp
import keras
import ml_dtypes
import numpy as np

import golden
from call import leaves, replaced
from sweep_calls import BINARY, UNARY, Input

DTYPES = "bool uint8 uint16 uint32 int8 int16 int32 float16 bfloat16 float32".split()
ROUNDED = {"xla_allow_excess_precision": False}  # halves are rounded after each step, as without jit
WEAK = {"int": 3, "float": 2.5}


def signed(bits):
    top = 2 ** (bits - 1)
    return {"x": [-top, 1 - top, -7, 5, 0, 1, 3, top - 1], "y": [-1, 2, 0, -3, -2, 100, bits, -1]}


def unsigned(bits):
    top = 2**bits
    return {"x": [top - 1, top // 2, 7, 5, 0, 1, 3, top // 2 - 1], "y": [1, 2, 0, 3, 2, 100, bits, top - 1]}


# x and y meet element by element: the least number by -1, something by zero, shifts by the width. s is small, for products and sums.
SMALL = [1, 2, 3, 4, 2, 1, 5, 3]
FLOATS = {"x": [-2.5, -1.0, -0.0, 0.0, 0.3, 1.0, 7.25, 20.0], "y": [2.0, -0.75, 0.0, -0.0, 3.0, -1.0, 0.5, 100.0]}
KINDS = {
    "bool": {"x": [1, 0, 1, 1, 0, 0, 1, 0], "y": [1, 1, 0, 1, 0, 1, 0, 0], "s": [1, 0, 1, 1, 0, 1, 1, 1]},
    **{f"int{bits}": {**signed(bits), "s": SMALL} for bits in (8, 16, 32)},
    **{f"uint{bits}": {**unsigned(bits), "s": SMALL} for bits in (8, 16, 32)},
    **{name: {**FLOATS, "s": [0.5, 2.0, 3.0, 0.25, 1.5, 1.0, 0.75, 4.0]} for name in ("float16", "bfloat16", "float32")},
}


def given(spec, dtype):
    if dtype in WEAK:
        return WEAK[dtype]
    count = int(np.prod(spec.shape))
    values = np.resize(np.array(KINDS[dtype][spec.name], "float64"), count).reshape(spec.shape)
    return values.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


def is_input(value):
    return isinstance(value, Input)


def call_of(op, args, kwargs, chosen):
    """The call with its inputs filled in, and the arrays among them to be traced."""
    specs = leaves((args, kwargs), is_input)
    names = sorted({spec.operand for spec in specs})
    filled = [given(spec, chosen[names.index(spec.operand)]) for spec in specs]
    arrays = [value for value in filled if golden.is_array(value)]

    def run(traced):
        fresh = iter(traced)
        values = iter([next(fresh) if golden.is_array(value) else value for value in filled])
        call_args, call_kwargs = replaced((args, kwargs), is_input, values)
        call_args, call_kwargs = replaced((call_args, call_kwargs), fixed, map(jnp.asarray, leaves((call_args, call_kwargs), fixed)))
        return jax.tree_util.tree_leaves(getattr(keras.ops, op)(*call_args, **call_kwargs))

    return run, arrays


def fixed(value):
    return isinstance(value, np.ndarray) and value.ndim > 0


def rows_of(op, args, kwargs):
    """All dtypes of one call in one compiled program; those that Keras refuses are left out."""
    pair = len({spec.operand for spec in leaves((args, kwargs), is_input)}) == 2
    names = [*DTYPES, *WEAK] if pair and op not in SAME_RANK else DTYPES
    keys = [(a, b) for a in names for b in names if not (a in WEAK and b in WEAK)] if pair else [(a,) for a in names]
    calls = {}
    for key in keys:
        if (op, *key) in NO_KERNEL or (op in MEANINGLESS and MEANINGLESS[op](key[0], args)):
            continue
        run, arrays = call_of(op, args, kwargs, key)
        try:
            jax.eval_shape(run, arrays)
        except (TypeError, ValueError, NotImplementedError):
            continue
        calls[",".join(key)] = (run, arrays)
    compiled = jax.jit(lambda inputs: {key: run(inputs[key]) for key, (run, _) in calls.items()}, compiler_options=ROUNDED)
    return compiled({key: arrays for key, (_, arrays) in calls.items()})


# XLA's CPU has no kernel for it.
NO_KERNEL = {("dot_product_attention", "float16")}
# What comes of these dtypes is an accident: limits that overflow in NumPy, unsigned differences below 0, fractions as positions.
MEANINGLESS = {
    "saturate_cast": lambda dtype, args: "int" in dtype and "float" in args[1],
    "batch_normalization": lambda dtype, args: "uint" in dtype,
    "binary_crossentropy": lambda dtype, args: "uint" in dtype,
    "unravel_index": lambda dtype, args: "float" in dtype,
}
# A number cannot stand for an array here.
SAME_RANK = "concatenate stack append cross dot inner matmul tensordot vdot kron einsum outer take_along_axis searchsorted scatter segment_sum".split()


def short(value, dtype):
    """The shortest decimal that reads back as the same number of this dtype."""
    if dtype != "bfloat16":
        return golden.number(value, "numpy")
    as_float = float(value)
    for digits in range(1, 8):
        if float(ml_dtypes.bfloat16(f"{as_float:.{digits}g}")) == as_float:
            return golden.number(float(f"{as_float:.{digits}g}"))
    return golden.number(as_float)


def output_text(array):
    dtype = str(array.dtype)
    data = ",".join(short(item, dtype) for item in np.asarray(array).ravel())
    return f'["{dtype}",[{data}]]'


def plain(value):
    """A call as it is written down."""
    if is_input(value):
        return {"in": value.name, "operand": value.operand, "shape": list(value.shape)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return {key: plain(value[key]) for key in value} if isinstance(value, dict) else value


class Text(str):
    """JSON that is ready."""


def entry(op, args, kwargs):
    rows = rows_of(op, args, kwargs)
    if not rows:
        raise ValueError(f"{op}: Keras takes no dtype of {args}")
    shapes = [list(out.shape) for out in next(iter(rows.values()))]
    for key, outputs in rows.items():
        assert [list(out.shape) for out in outputs] == shapes, (op, key)
    head = golden.text({"op": op, "args": plain(args), "kwargs": plain(kwargs), "shapes": shapes})
    body = ",".join(f'"{key}":[{",".join(output_text(out) for out in rows[key])}]' for key in rows if rows[key] is not None)
    return f'{head[:-1]},"rows":{{{body}}}}}'


def make():
    inputs = {name: KINDS[name] for name in DTYPES}
    lines, failures = [], []
    for op, args, kwargs in [*UNARY, *BINARY]:
        try:
            lines.append(entry(op, list(args), kwargs))
        except Exception as error:
            failures.append(f"{op} {args} {kwargs}: {error!r}"[:300])
    if failures:
        raise RuntimeError("\n".join(failures))
    content = ",\n".join(lines)
    path = golden.FOLDER / "dtypes.json"
    path.write_text(f'{{\n"inputs":{golden.text(inputs)},\n"scalars":{golden.text(WEAK)},\n"calls":[\n{content}\n]\n}}\n', encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB", flush=True)
