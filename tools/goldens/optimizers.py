"""optimizers.json: variables after each of six steps with given gradients; schedules.json: learning rates by step."""

import keras
import numpy as np

import golden
from golden import values

O = keras.optimizers
S = keras.optimizers.schedules
STEPS = 6


def run(optimizer, constrained=False, setup=None, broken=()):
    keras.utils.clear_session()
    kernel = keras.Variable(values(1, (2, 3)), name="kernel")
    bias = keras.Variable(values(2, (3,)), name="bias")
    if constrained:
        kernel.constraint = keras.constraints.NonNeg()
    variables = [kernel, bias]
    optimizer.build(variables)
    if setup:
        setup(optimizer, variables)
    gradients = [[values(10 + 2 * step, (2, 3), -2, 2), values(11 + 2 * step, (3,), -2, 2)] for step in range(STEPS)]
    for step in broken:  # what overflow leaves behind
        gradients[step][step % 2].ravel()[1] = np.inf if step % 2 else np.nan
    steps = []
    for given in gradients:
        tensors = [keras.ops.convert_to_tensor(g) for g in given]
        if isinstance(optimizer, O.LossScaleOptimizer):  # on JAX it has branches, which only pure functions may
            values_after, state_after = optimizer.stateless_apply([v.value for v in optimizer.variables], tensors, [v.value for v in variables])
            for variable, value in zip([*variables, *optimizer.variables], [*values_after, *state_after]):
                variable.assign(value)
        else:
            optimizer.apply(tensors, variables)
        steps.append({"variables": [v.value for v in variables], "state": [v.value for v in optimizer.variables], "learning_rate": optimizer.learning_rate})
    made = {"optimizer": keras.optimizers.serialize(optimizer), "variables": [values(1, (2, 3)), values(2, (3,))], "gradients": gradients, "state_paths": [v.path for v in optimizer.variables], "constrained": constrained, "steps": steps}
    if optimizer.use_ema:
        optimizer.finalize_variable_values(variables)
        made["finalized"] = [v.value for v in variables]
    return made


def exclude_bias(optimizer, variables):
    optimizer.exclude_from_weight_decay(var_names=["bias"])


def optimizers():
    common = ({}, {"weight_decay": 0.1}, {"clipnorm": 0.5}, {"global_clipnorm": 0.5}, {"clipvalue": 0.3}, {"use_ema": True, "ema_momentum": 0.9}, {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2}, {"gradient_accumulation_steps": 2}, {"gradient_accumulation_steps": 3, "clipnorm": 0.5}, {"loss_scale_factor": 4.0})
    cases = []
    for make in (O.SGD, O.Adam, O.AdamW):
        cases += [run(make(learning_rate=0.1, **options)) for options in common]
        cases += [run(make()), run(make(learning_rate=0.1), constrained=True), run(make(learning_rate=S.ExponentialDecay(0.1, 2, 0.5))), run(make(learning_rate=0.1, name="mine"))]
    cases += [run(O.SGD(0.1, momentum=m, nesterov=n)) for m in (0.9, 0.5) for n in (False, True)] + [run(O.SGD(0.1, momentum=0.9, weight_decay=0.01, clipnorm=1.0))]
    cases += [run(make(0.1, amsgrad=True)) for make in (O.Adam, O.AdamW)] + [run(O.Adam(0.05, beta_1=0.8, beta_2=0.9, epsilon=1e-3))]
    cases += [run(O.AdamW(0.1, weight_decay=0.2), setup=exclude_bias), run(O.Adam(0.1, weight_decay=0.2), setup=exclude_bias), run(O.AdamW(0.1, weight_decay=0.0))]
    made = [{**case, "excluded_from_weight_decay": ["bias"] if index >= len(cases) - 3 and index < len(cases) - 1 else []} for index, case in enumerate(cases)]
    scaled = [(O.SGD(0.1, momentum=0.9), {"initial_scale": 4.0, "dynamic_growth_steps": 2}, ()), (O.Adam(0.1), {"initial_scale": 8.0, "dynamic_growth_steps": 2}, (2,)), (O.Adam(0.1, clipnorm=0.5, weight_decay=0.1), {"initial_scale": 2.0}, (0, 3)), (O.SGD(S.ExponentialDecay(0.1, 2, 0.5)), {"dynamic_growth_steps": 1, "name": "scaler"}, (1, 4, 5))]
    made += [{**run(O.LossScaleOptimizer(inner, **options), broken=broken), "excluded_from_weight_decay": []} for inner, options, broken in scaled]
    identifiers = {name: keras.optimizers.serialize(keras.optimizers.get(name)) for name in ("sgd", "SGD", "adam", "Adam", "adamw", "AdamW")}
    golden.write("optimizers", {"cases": made, "identifiers": identifiers})


def schedules():
    table = [
        S.ExponentialDecay(0.1, 10, 0.5), S.ExponentialDecay(0.1, 10, 0.5, staircase=True), S.PiecewiseConstantDecay([3, 10], [0.1, 0.05, 0.01]), S.PolynomialDecay(0.1, 20), S.PolynomialDecay(0.1, 10, end_learning_rate=0.01, power=2.0), S.PolynomialDecay(0.1, 10, cycle=True),
        S.InverseTimeDecay(0.1, 10, 0.5), S.InverseTimeDecay(0.1, 10, 0.5, staircase=True), S.CosineDecay(0.1, 20), S.CosineDecay(0.1, 20, alpha=0.1), S.CosineDecay(0.0, 20, warmup_target=0.1, warmup_steps=5), S.CosineDecayRestarts(0.1, 5), S.CosineDecayRestarts(0.1, 5, t_mul=1.0, m_mul=0.8, alpha=0.05),
    ]
    steps = [0, 1, 2, 3, 4, 5, 9, 10, 11, 15, 19, 20, 21, 40, 100]
    cases = [{"schedule": S.serialize(schedule), "steps": steps, "rates": [schedule(keras.ops.convert_to_tensor(step, "int32")) for step in steps]} for schedule in table]
    golden.write("schedules", {"cases": cases})


def make():
    optimizers()
    schedules()
