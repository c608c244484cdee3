# Writes packages/core/src/registry/option-names.ts: the constructor options of Keras' classes, as real Keras has them.
# Run by hand with the Python of `npm run goldens` when the version of Keras changes.
import inspect
import pathlib
import re

import keras

COMMON = {
    "layers": ["name", "dtype", "trainable", "autocast", "activity_regularizer"],
    "losses": ["name", "dtype", "reduction"],
    "metrics": ["name", "dtype"],
    "optimizers": [],
    "schedules": [],
    "initializers": [],
    "regularizers": [],
    "constraints": [],
    "callbacks": [],
}
SCHEDULES = keras.optimizers.schedules

# Options that a constructor takes out of its keyword arguments by hand.
HIDDEN = {"LayerNormalization": ["rms_scaling"], **dict.fromkeys(("LSTM", "LSTMCell", "GRU", "GRUCell"), ["implementation"])}


def options(cls):
    found = []
    for base in cls.__mro__:
        if "__init__" not in base.__dict__:
            continue
        parameters = inspect.signature(base.__init__).parameters.values()
        named = [p.name for p in parameters if p.name != "self" and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        found += [name for name in named if name not in found]
        # The loss scaler takes the options of other optimizers only to refuse them.
        if not any(p.kind == p.VAR_KEYWORD for p in parameters) or base.__name__ == "LossScaleOptimizer":
            break
    return found + HIDDEN.get(cls.__name__, [])


def camel(name):
    return re.sub(r"(?<!^)_+([a-z0-9])", lambda match: match[1].upper(), name)


lines = ["// Constructor options of Keras' classes beside those that all of a kind share. Written by tools/options/option_names.py.", ""]
for kind, common in COMMON.items():
    classes = {name: cls for name, cls in vars(SCHEDULES if kind == "schedules" else getattr(keras, kind)).items() if inspect.isclass(cls) and cls.__name__ == name}
    if kind == "layers":
        for name in ("Layer", "Wrapper", "InputSpec"):
            classes.pop(name, None)
    lines += [f"export const {kind[:-2] if kind == 'losses' else kind[:-1]}Options: Readonly<Record<string, string>> = {{"]
    for name, cls in sorted(classes.items()):
        if name in ("Loss", "Metric", "Optimizer", "LearningRateSchedule", "Initializer", "Regularizer", "Constraint", "Callback", "CallbackList") or name.startswith("TFSM"):
            continue
        own = [camel(option) for option in options(cls) if option not in common]
        line = f'  {name}: "{" ".join(own)}",'
        lines += [line] if len(line) <= 120 else [f"  {name}:", f'    "{" ".join(own)}",']
    if kind == "layers":
        lines += ['  Functional: "inputs outputs",', '  Model: "inputs outputs",', '  Sequential: "layers",']
    lines += ["};", ""]
target = pathlib.Path(__file__).parents[2] / "packages/core/src/registry/option-names.ts"
target.write_text("\n".join(lines[:-1]) + "\n")
