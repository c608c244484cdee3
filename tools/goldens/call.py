"""One golden call of a `keras.ops` function: arguments, outputs, and the gradients of `sum(output * cotangent)`."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

import golden


def differentiable(value):
    return golden.is_array(value) and str(value.dtype) == "float32"


def replaced(value, pick, fresh):
    """The nested value with every leaf that `pick` takes replaced by the next of `fresh`; lists and dicts stay."""
    if pick(value):
        return next(fresh)
    if isinstance(value, (list, tuple)):
        return type(value)(replaced(item, pick, fresh) for item in value)
    if isinstance(value, dict):
        return {key: replaced(value[key], pick, fresh) for key in value}
    return value


def leaves(value, pick):
    if pick(value):
        return [value]
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], pick)]
    return [leaf for item in value for leaf in leaves(item, pick)] if isinstance(value, (list, tuple)) else []


def only(value, pick, fresh):
    """As `replaced`, with null for all other leaves: the form in which gradients are written."""
    if pick(value):
        return next(fresh)
    if isinstance(value, (list, tuple)):
        return [only(item, pick, fresh) for item in value]
    if isinstance(value, dict):
        return {key: only(value[key], pick, fresh) for key in value}
    return None


def floats(output):
    return [leaf for leaf in jax.tree_util.tree_leaves(output) if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)]


def gradients(function, inputs, seed=9):
    """Cotangents in short decimals for the float outputs, and the vjp of them at `inputs`."""
    outputs = floats(function(inputs))
    if not outputs or not inputs:
        return None
    cotangents = [golden.values(seed + i, out.shape, dtype=str(out.dtype)) for i, out in enumerate(outputs)]

    def weighted(arrays):
        return sum(jnp.sum(out * cotangent) for out, cotangent in zip(floats(function(arrays)), cotangents))

    return cotangents, jax.grad(weighted)(inputs)


def tupled(value):
    """JAX wants static options hashable: a list of plain numbers becomes a tuple."""
    return tuple(value) if isinstance(value, list) and value and all(isinstance(item, int) for item in value) else value


def second_order(function, inputs, cotangents, seed=19):
    """Tangents in short decimals, and the gradients of `sum(gradient * tangent)`: the Hessian of the weighted sum times them."""
    tangents = [golden.values(seed + i, x.shape) for i, x in enumerate(inputs)]

    def weighted(arrays):
        return sum(jnp.sum(out * cotangent) for out, cotangent in zip(floats(function(arrays)), cotangents))

    def along(arrays):
        return sum(jnp.sum(slope * tangent) for slope, tangent in zip(jax.grad(weighted)(arrays), tangents))

    return tangents, jax.grad(along)(inputs)


def case(op, *args, grad=True, second=False, note=None, **kwargs):
    function = getattr(keras.ops, op)
    if op not in ("convert_to_tensor", "array"):
        args, kwargs = [tupled(item) for item in args], {key: tupled(item) for key, item in kwargs.items()}
    made = {"op": op, "args": list(args), "kwargs": kwargs}
    if note:
        made["note"] = note
    every = leaves((args, kwargs), golden.is_array)
    tensors = (keras.ops.convert_to_tensor(leaf) for leaf in every)
    tensor_args, tensor_kwargs = replaced((args, kwargs), golden.is_array, tensors)
    output = function(*tensor_args, **tensor_kwargs)
    made["output"] = output
    inputs = leaves((tensor_args, tensor_kwargs), differentiable)
    if not grad or not inputs:
        return made

    def call(arrays):
        call_args, call_kwargs = replaced((tensor_args, tensor_kwargs), differentiable, iter(arrays))
        return function(*call_args, **call_kwargs)

    found = gradients(call, inputs)
    if found:
        cotangents, back = found
        back = iter(back)
        made["cotangents"] = cotangents
        made["gradients"] = only(list(args), differentiable, back)
        rest = only(kwargs, differentiable, back)
        if second:
            made["tangents"], made["second"] = second_order(call, inputs, cotangents)
        if leaves(rest, golden.is_array):
            made["kwarg_gradients"] = rest
    return made


def array(data, dtype="float32"):
    return np.array(data, dtype=dtype)
