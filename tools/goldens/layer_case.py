"""One golden layer: built, given short weights, called once or several times, differentiated, and traced symbolically."""

import jax
import jax.numpy as jnp
import keras
from keras.src import backend

import golden
from call import differentiable, floats, leaves, only, replaced


def tensors(value):
    return replaced(value, golden.is_array, (keras.ops.convert_to_tensor(leaf) for leaf in leaves(value, golden.is_array)))


def state_of(layer):
    return [{"path": v.path, "value": v.value} for v in layer.non_trainable_variables]


def short_weights(layer, seed):
    """Values that are small in the file; variances must stay positive."""
    for index, weight in enumerate(layer.weights):
        low, high = (0.3, 1.5) if "variance" in weight.path else (-0.8, 0.8)
        weight.assign(golden.values(seed + index, tuple(weight.shape), low, high, dtype=str(weight.dtype)))


def masks_of(outputs):
    found = [backend.get_keras_mask(leaf) for leaf in jax.tree_util.tree_leaves(outputs)]
    return found if any(mask is not None for mask in found) else None


def gradients(layer, args, kwargs, outputs):
    """Gradients of `sum(output * cotangent)` at the float inputs and at the trainable weights, before the call changes any state."""
    inputs = leaves((args, kwargs), differentiable)
    trainable = [v.value for v in layer.trainable_variables]
    cotangents = [golden.values(77 + i, out.shape, dtype=str(out.dtype)) for i, out in enumerate(floats(outputs))]
    if not cotangents or not (inputs or trainable):
        return {}
    fixed = [(v, v.value) for v in layer.non_trainable_variables]

    def weighted(weights, arrays):
        call_args, call_kwargs = replaced((args, kwargs), differentiable, iter(arrays))
        with keras.StatelessScope(state_mapping=[*zip(layer.trainable_variables, weights), *fixed]):
            made = floats(layer(*call_args, **call_kwargs))
        return sum(jnp.sum(out * cotangent) for out, cotangent in zip(made, cotangents))

    by_weight, by_input = jax.jit(jax.grad(weighted, argnums=(0, 1)))(trainable, inputs)
    back = iter(by_input)
    found = {"cotangents": cotangents, "input_gradients": only(list(args), differentiable, back)}
    by_kwarg = only(kwargs, differentiable, back)
    if leaves(by_kwarg, golden.is_array):
        found["kwarg_gradients"] = by_kwarg
    found["weight_gradients"] = [{"path": v.path, "value": g} for v, g in zip(layer.trainable_variables, by_weight)]
    return found


def one_call(layer, args, kwargs, grad):
    made = {"args": list(args), "kwargs": kwargs}
    args, kwargs = tensors(list(args)), tensors(kwargs)
    before = [(v, v.value) for v in layer.non_trainable_variables]
    outputs = layer(*args, **kwargs)
    made.update({"outputs": outputs, "state": state_of(layer)})
    if layer.losses:
        made["losses"] = list(layer.losses)
    masks = masks_of(outputs)
    if masks:
        made["output_masks"] = masks
    if grad:
        after = [v.value for v, _ in before]
        for variable, value in before:
            variable.assign(value)
        made.update(gradients(layer, args, kwargs, outputs))
        for (variable, _), value in zip(before, after):
            variable.assign(value)
    return made


def symbolic(layer, args, kwargs):
    """Shapes and dtypes out of the layer for inputs with an unknown batch."""
    def spec(tensor):
        return {"shape": list(tensor.shape), "dtype": keras.backend.standardize_dtype(tensor.dtype)}

    every = leaves(list(args), golden.is_array)
    unknown = [keras.KerasTensor((None, *leaf.shape[1:]), dtype=str(leaf.dtype)) for leaf in every]
    outputs = layer(*replaced(list(args), golden.is_array, iter(unknown)), **kwargs)
    is_symbolic = lambda leaf: isinstance(leaf, keras.KerasTensor)
    outputs = jax.tree_util.tree_leaves(outputs, is_leaf=is_symbolic)
    return {"inputs": [spec(t) for t in unknown], "outputs": [spec(t) for t in outputs]}


def case(make, *calls, seed=200, grad=True, trace=True, note=None, keep_weights=False):
    """`make` builds the layer (after a fixed global seed, so unseeded layers repeat); each call is (args, kwargs)."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    layer = make()
    calls = [call if isinstance(call, tuple) and len(call) == 2 and isinstance(call[1], dict) else ([call], {}) for call in calls]
    config = keras.saving.serialize_keras_object(layer)
    config.pop("build_config", None)
    first_args, first_kwargs = calls[0]
    spec_kwargs = {key: value for key, value in first_kwargs.items() if not leaves(value, golden.is_array)}
    traced = symbolic(layer, first_args, spec_kwargs) if trace else None
    if not layer.built:
        layer(*tensors(list(first_args)))
    short_weights(layer, seed)
    made = {"layer": config, "weights": [{"path": w.path, "trainable": w.trainable, "value": w.value} for w in layer.weights], "initial_state": state_of(layer)}
    made["calls"] = [one_call(layer, args, kwargs, grad and index == 0) for index, (args, kwargs) in enumerate(calls)]
    if traced:
        made["symbolic"] = traced
    if note:
        made["note"] = note
    return made
