"""One golden call of a `keras.ops` function: arguments, outputs, and the gradients of `sum(output * cotangent)`."""

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np

import golden


def differentiable(value):
    return golden.is_array(value) and str(value.dtype) in ("float32", "complex64")


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
    return [leaf for leaf in jax.tree_util.tree_leaves(output) if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.inexact)]


def cotangent(seed, out):
    if not jnp.issubdtype(out.dtype, jnp.complexfloating):
        return golden.values(seed, out.shape, dtype=str(out.dtype))
    return np.asarray(golden.values(seed, out.shape) + 1j * golden.values(seed + 100, out.shape), "complex64")


def inner(out, weight):
    """The sum of all real and imaginary parts, each times its weight."""
    if not jnp.issubdtype(out.dtype, jnp.complexfloating):
        return jnp.sum(out * weight)
    return jnp.sum(jnp.real(out) * weight.real + jnp.imag(out) * weight.imag)


def gradients(function, inputs, seed=9):
    """Cotangents in short decimals for the float and complex outputs, and the vjp of them at `inputs`."""
    outputs = floats(function(inputs))
    if not outputs or not inputs:
        return None
    cotangents = [cotangent(seed + i, out) for i, out in enumerate(outputs)]

    def weighted(arrays):
        return sum(inner(out, weight) for out, weight in zip(floats(function(arrays)), cotangents))

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


# What is compared of an output that is not wholly defined, written in the case as `observe`, one word for each output.
OBSERVED = {"same": lambda x: x, "magnitude": jnp.abs, "shape": lambda x: x * 0}


def observing(function, observe):
    """The function, giving of each output what `observe` says: signs of vectors are free, and whole bases of null spaces."""

    def observed(*args, **kwargs):
        outputs = function(*args, **kwargs)
        assert len(outputs) == len(observe)
        return [OBSERVED[how](output) for how, output in zip(observe, outputs)]

    return observed if observe else function


def case(op, *args, grad=True, second=False, note=None, observe=None, **kwargs):
    function = observing(functools.reduce(getattr, op.split("."), keras.ops), observe)  # "image.resize" is keras.ops.image.resize
    if op not in ("convert_to_tensor", "array"):
        args, kwargs = [tupled(item) for item in args], {key: tupled(item) for key, item in kwargs.items()}
    made = {"op": op, "args": list(args), "kwargs": kwargs}
    if note:
        made["note"] = note
    if observe:
        made["observe"] = observe
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
