"""Attention and LSTM cases of layers.json."""

import keras
import numpy as np

from golden import integers, values
from layer_case import case

L = keras.layers
STEPS = np.array([[True, True, True, False], [True, False, True, True]])
TAIL = np.array([[True, True, True, False], [True, True, False, False]])


def attention():
    make = lambda **options: lambda: L.MultiHeadAttention(**{"num_heads": 2, "key_dim": 3, **options})
    q, v, k = values(41, (2, 3, 4)), values(42, (2, 4, 4)), values(43, (2, 4, 4))
    cases = [case(make(), ([q, v], {})), case(make(), ([q, v, k], {})), case(make(), ([q, q], {"return_attention_scores": True})), case(make(value_dim=2), ([q, v], {"return_attention_scores": True})), case(make(use_bias=False, output_shape=5), ([q, v], {})), case(make(output_shape=(2, 3)), ([q, v], {}))]
    mask = integers(44, (2, 3, 4), 0, 2).astype("bool")
    mask[..., 0] = True
    cases += [case(make(), ([q, v], {"attention_mask": mask}), trace=False), case(make(), ([q, v], {"attention_mask": mask, "return_attention_scores": True}), trace=False), case(make(), ([q, q], {"use_causal_mask": True})), case(make(), ([v, v], {"use_causal_mask": True, "return_attention_scores": True}))]
    cases += [case(make(), ([v, v], {"query_mask": TAIL, "value_mask": TAIL, "key_mask": TAIL}), trace=False), case(make(), ([v, v], {"query_mask": STEPS, "use_causal_mask": True}), trace=False)]
    grid = values(45, (2, 2, 3, 4))
    cases += [case(make(attention_axes=(2,)), ([grid, grid], {})), case(make(attention_axes=(1, 2)), ([grid, grid], {"return_attention_scores": True})), case(make(attention_axes=(1,)), ([grid, grid], {}))]
    cases += [case(make(dropout=0.3, seed=7), ([q, v], {"training": True}), ([q, v], {"training": True}), ([q, v], {"training": False})), case(make(dropout=0.3, seed=7), ([q, v], {"training": True, "return_attention_scores": True})), case(make(dropout=0.2), ([q, v], {"training": True}), note="unseeded after set_random_seed(0)")]
    cases += [case(make(kernel_initializer=keras.initializers.HeNormal(seed=3), bias_initializer="ones", kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l2", kernel_constraint="non_neg", bias_constraint="max_norm"), ([q, v], {}))]
    if "use_gate" in L.MultiHeadAttention(1, 1).get_config():
        cases.append(case(make(use_gate=True), ([q, v], {})))
    return cases + [case(make(dtype="mixed_float16"), ([q, v], {}), grad=False)]


def lstm():
    make = lambda **options: lambda: L.LSTM(**{"units": 3, **options})
    x = values(51, (2, 4, 3))
    h, c = values(52, (2, 3)), values(53, (2, 3))
    cases = [case(make(), x), case(make(return_sequences=True), x), case(make(return_state=True), x), case(make(return_sequences=True, return_state=True), x), case(make(go_backwards=True), x), case(make(go_backwards=True, return_sequences=True), x), case(make(unroll=True, return_sequences=True), x)]
    cases += [case(make(use_bias=False), x), case(make(unit_forget_bias=False), x), case(make(activation="relu", recurrent_activation="hard_sigmoid"), x), case(make(return_state=True), ([x], {"initial_state": [h, c]}), trace=False)]
    cases += [case(make(), ([x], {"mask": mask}), trace=False) for mask in (TAIL, STEPS)] + [case(make(return_sequences=True, return_state=True), ([x], {"mask": STEPS}), trace=False), case(make(return_sequences=True, zero_output_for_mask=True), ([x], {"mask": STEPS}), trace=False), case(make(return_sequences=True, go_backwards=True), ([x], {"mask": TAIL}), trace=False), case(make(return_sequences=True, unroll=True), ([x], {"mask": STEPS}), trace=False)]
    cases += [case(make(stateful=True), x, x, values(54, (2, 4, 3)), trace=False), case(make(stateful=True, return_sequences=True), x, x, trace=False)]
    cases += [case(make(dropout=0.3, seed=9), ([x], {"training": True}), ([x], {"training": True}), ([x], {"training": False})), case(make(recurrent_dropout=0.3, seed=9), ([x], {"training": True}), ([x], {"training": False})), case(make(dropout=0.2, recurrent_dropout=0.4, seed=11, return_sequences=True), ([x], {"training": True}), ([x], {"training": False}), ([x], {"training": True}))]
    cases += [case(make(kernel_initializer="he_normal", recurrent_initializer=keras.initializers.Orthogonal(seed=2), bias_initializer="ones", kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2", activity_regularizer="l2", kernel_constraint="non_neg", recurrent_constraint="unit_norm", bias_constraint="max_norm"), x)]
    return cases


def make():
    return attention() + lstm()
