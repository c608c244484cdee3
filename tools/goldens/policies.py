"""policies.json: dtype policies by path: what is written, which policy a path gets, and what a model under such a policy has."""

import json

import keras

import golden

L = keras.layers
Map = keras.dtype_policies.DTypePolicyMap
Policy = keras.DTypePolicy

ENTRIES = [["encoder/layer_0/dense", "bfloat16"], ["encoder/.*", "mixed_float16"], ["decoder", "float16"], ["head_(?P<n>[0-9]+)/out", "mixed_bfloat16"]]
PATHS = ["encoder/layer_0/dense", "encoder/attention/query", "encoder", "decoder", "decoder/attention", "head_12/out", "head_x/out", "my_encoder/x", ""]


def chosen(policies, path):
    try:
        return policies[path].name
    except ValueError:
        return "several"


def case(default, entries):
    keras.config.set_dtype_policy("float32")
    policies = Map(default_policy=default)
    for key, policy in entries:
        policies[key] = Policy(policy)
    lookups = [[path, chosen(policies, path)] for path in PATHS]
    summary = {"name": policies.name, "compute_dtype": policies.compute_dtype, "variable_dtype": policies.variable_dtype}
    written = json.dumps(keras.dtype_policies.serialize(policies))
    # Read in a session with another global policy: what had no default follows it.
    keras.config.set_dtype_policy("mixed_bfloat16")
    again = keras.dtype_policies.deserialize(json.loads(written))
    result = {
        "default": default.name if isinstance(default, Policy) else default, "object": isinstance(default, Policy), "entries": entries, "lookups": lookups, "written": written,
        "later": [[path, chosen(again, path)] for path in PATHS], "rewritten": json.dumps(keras.dtype_policies.serialize(again)), **summary,
    }
    keras.config.set_dtype_policy("float32")
    return result


def model_case():
    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
    inner = Map(default_policy="float32", policy_map={"attention/query": Policy("mixed_float16"), "attention/(key|value)": Policy("mixed_bfloat16")})
    outer = Map(default_policy="mixed_bfloat16", policy_map={"first": Policy("float16"), "second": Policy("float32")})
    x = keras.Input((5, 4), name="x")
    y = L.MultiHeadAttention(2, 3, name="attention", dtype=inner)(x, x)
    y = L.Dense(3, name="first", dtype=outer)(y)
    y = L.Dropout(0.1, name="drop", dtype=outer)(y)
    y = L.Dense(2, name="second", dtype=outer)(y)
    y = L.Dense(2, name="third", dtype=outer)(y)
    model = keras.Model(x, y, name="by_path")
    layers = [[layer.name, layer.compute_dtype, layer.variable_dtype] for layer in model._flatten_layers(include_self=False)]
    model.get_layer("third").dtype_policy = "float16"
    return {
        "layers": layers, "weights": [[v.path, str(v.dtype)] for v in model.weights], "to_json": model.to_json(),
        "output_dtypes": [[name, model.get_layer(name).output.dtype] for name in ("attention", "first", "drop", "second", "third")], "keys": list(outer),
    }


def make():
    maps = [case(None, ENTRIES), case("mixed_float16", ENTRIES), case(Policy("bfloat16"), ENTRIES[:2]), case(None, []), case("float32", [["encoder/.*", "float16"], ["encoder/attention/.*", "bfloat16"]])]
    golden.write("policies", {"maps": maps, "models": [model_case()]})
