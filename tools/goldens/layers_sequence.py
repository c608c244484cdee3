"""Attention and recurrent cases of layers.json."""

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


def other_recurrent(layer, gated):
    """GRU and SimpleRNN: what an LSTM has, with one state."""
    make = lambda **options: lambda: layer(**{"units": 3, **options})
    x, h = values(61, (2, 4, 3)), values(62, (2, 3))
    # Keras does not write the seed of SimpleRNN.
    seeded = {"seed": 9} if gated else {}
    cases = [case(make(), x), case(make(return_sequences=True, return_state=True), x), case(make(go_backwards=True, return_sequences=True), x), case(make(unroll=True, return_sequences=True), x), case(make(use_bias=False), x), case(make(activation="relu"), x), case(make(activation=None), x)]
    cases += [case(make(return_state=True), ([x], {"initial_state": [h]}), trace=False)]
    cases += [case(make(), ([x], {"mask": mask}), trace=False) for mask in (TAIL, STEPS)] + [case(make(return_sequences=True, return_state=True), ([x], {"mask": STEPS}), trace=False), case(make(return_sequences=True, zero_output_for_mask=True), ([x], {"mask": STEPS}), trace=False)]
    cases += [case(make(stateful=True), x, x, values(63, (2, 4, 3)), trace=False)]
    cases += [case(make(dropout=0.3, **seeded), ([x], {"training": True}), ([x], {"training": True}), ([x], {"training": False})), case(make(recurrent_dropout=0.3, **seeded), ([x], {"training": True}), ([x], {"training": False})), case(make(dropout=0.2, recurrent_dropout=0.4, return_sequences=True, **seeded), ([x], {"training": True}), ([x], {"training": False}), ([x], {"training": True}))]
    cases += [case(make(dropout=0.4), ([x], {"training": True}), note="unseeded after set_random_seed(0)"), case(make(dropout=1.0), ([x], {"training": True}))]
    cases += [case(make(kernel_initializer="he_normal", recurrent_initializer=keras.initializers.Orthogonal(seed=2), bias_initializer="ones", kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2", activity_regularizer="l2", kernel_constraint="non_neg", recurrent_constraint="unit_norm", bias_constraint="max_norm"), x)]
    if gated:
        cases += [case(make(recurrent_activation="hard_sigmoid"), x), case(make(reset_after=False), x), case(make(reset_after=False, use_bias=False, return_sequences=True), x), case(make(implementation=1), x), case(make(reset_after=False, recurrent_dropout=0.3, seed=5), ([x], {"training": True}))]
    return cases


def bidirectional():
    make = lambda make_layer, **options: lambda: L.Bidirectional(make_layer(), **options)
    sequences = lambda **options: lambda: L.GRU(**{"units": 2, "return_sequences": True, "seed": 3, **options})
    x, states = values(71, (2, 4, 3)), [values(72 + i, (2, 2)) for i in range(4)]
    cases = [case(make(sequences(), merge_mode=mode), x) for mode in ("concat", "sum", "ave", "mul", None)]
    cases += [case(make(lambda: L.LSTM(2, seed=3)), x), case(make(lambda: L.LSTM(2, seed=3, return_state=True)), x), case(make(lambda: L.LSTM(2, seed=3, return_state=True, return_sequences=True), merge_mode=None), x), case(make(lambda: L.RNN(L.LSTMCell(2, seed=3), return_sequences=True)), x)]
    cases += [case(make(lambda: L.LSTM(2, seed=3, return_state=True)), ([x], {"initial_state": states}), trace=False)]
    cases += [case(make(sequences()), ([x], {"mask": mask}), trace=False) for mask in (TAIL, STEPS)] + [case(make(lambda: L.LSTM(2, seed=3)), ([x], {"mask": STEPS}), trace=False), case(make(sequences(), merge_mode=None), ([x], {"mask": STEPS}), trace=False)]
    cases += [case(make(sequences(dropout=0.3)), ([x], {"training": True}), ([x], {"training": False}))]
    return cases + [case(lambda: L.Bidirectional(L.LSTM(2, seed=3, return_sequences=True), backward_layer=L.GRU(2, return_sequences=True, go_backwards=True, seed=3)), x)]


def make():
    return attention() + lstm() + other_recurrent(L.GRU, True) + other_recurrent(L.SimpleRNN, False) + bidirectional()
