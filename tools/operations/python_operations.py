"""Writes two files of packages/core/src/ops, read from the source of the installed Keras: python-operations.ts, which Keras class stands
for which op, and signatures.ts, the names of parameters, by which arguments are checked.

A function of `keras.ops` on symbolic tensors makes an operation, `Sum(axis=axis, keepdims=keepdims).symbolic_call(x)`: what goes to the
class is its config, what goes to the call is saved with the graph's node.
"""

import ast
import json
import sys
from pathlib import Path

import keras

ROOT = Path(keras.__file__).parent / "src" / "ops"
MODULES = ["core", "einops", "linalg", "math", "nn", "numpy", "image"]
FOLDER = Path(__file__).parents[2] / "packages/core/src/ops"
RANDOM = Path(keras.__file__).parent / "src" / "random" / "random.py"


def camel(name):
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def exported_names(function):
    """The names under `keras.ops` (or `keras.ops.image`) that the function is exported as: `silu` and `swish`."""
    paths = [node.value for d in function.decorator_list for node in ast.walk(d) if isinstance(node, ast.Constant)]
    names = {path.split(".")[-1] for path in paths if str(path).startswith("keras.ops.")}
    return sorted(names | {path.removeprefix("keras.") for path in paths if str(path).startswith("keras.random.")})


def parameters(function):
    """Names in order, those without a default first in the first list, the others in the second."""
    arguments = function.args
    names = [a.arg for a in arguments.args if a.arg not in ("self", "name")]
    required = names[: len(names) - min(len(arguments.defaults), len(names))]
    defaults = [*arguments.defaults[len(arguments.defaults) - (len(names) - len(required)) :], *arguments.kw_defaults]
    later = names[len(required) :] + [a.arg for a in arguments.kwonlyargs]
    optional = [(name, literal(value)) for name, value in zip(later, defaults) if name != "name"]
    for node in ast.walk(function) if arguments.kwarg else []:  # kwargs.pop("rms_scaling", False): an option that the signature hides
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "kwargs.pop" and len(node.args) == 2:
            optional.append((node.args[0].value, literal(node.args[1])))
    if arguments.vararg:
        required.append("*" + arguments.vararg.arg)
    return required, optional


def all_names(function):
    """All parameters, and `**` if keywords of any name are taken besides."""
    required, optional = parameters(function)
    named = function.args.kwarg and function.args.kwarg.arg != "kwargs"
    return required + [name for name, _ in optional] + (["**"] if named else [])


def literal(default):
    """The default as JSON without spaces."""
    return json.dumps(ast.literal_eval(default), separators=(",", ":")) if default is not None else "null"


def operation_call(function, classes):
    """The class that the function makes for symbolic tensors."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        maker = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "symbolic_call" else node.func
        if isinstance(maker, ast.Call) and isinstance(maker.func, ast.Name) and maker.func.id in classes:
            return maker.func.id
    return None


def open_names(functions):
    """Ops that take options of any name: `rearrange(x, "a b -> b a", **axes_lengths)`. `**kwargs` are hidden options instead."""
    return {name for name, (_, node) in functions.items() if node.args.kwarg and node.args.kwarg.arg != "kwargs"}


OPEN = set()


def rows():
    functions, classes, calls = {}, {}, {}
    for module, path in [*((name, ROOT / f"{name}.py") for name in MODULES), ("random", RANDOM)]:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
                init = all_names(methods["__init__"]) if "__init__" in methods else []
                call = all_names(methods["call"]) if "call" in methods else []
                classes[node.name] = (module, init, call)
            elif isinstance(node, ast.FunctionDef):
                functions.update({name: (module, node) for name in exported_names(node)})
    OPEN.update(camel(name) for name in open_names(functions))
    for name, (module, node) in functions.items():
        calls[name] = operation_call(node, classes)
        if calls[name] is None:  # an alias: `def abs(x): return absolute(x)`
            last = node.body[-1]
            if isinstance(last, ast.Return) and isinstance(last.value, ast.Call) and isinstance(last.value.func, ast.Name):
                target = functions.get(last.value.func.id)
                calls[name] = operation_call(target[1], classes) if target else None
    for name, (module, node) in sorted(functions.items()):
        required, optional = parameters(node)
        if name == "where":
            required, optional = ["condition", "x1", "x2"], []
        made = calls[name]
        spelled = ".".join(camel(part) for part in name.split("."))
        where, init, call = classes[made] if made else ("", [], [])
        options = " ".join(f"{option}={default}" for option, default in optional)
        yield f"{spelled}:{where}:{made or ''}:{' '.join(init)}:{' '.join(call)}:{' '.join(required)}:{options}"


def signatures(lines):
    """Ops by their parameters: `x|axis keepdims` stands for many; `*` for options of any name."""
    groups = {}
    for line in lines:
        fields = line.split(":", 6)
        required = " ".join(("*" if name.startswith("*") else "") + camel(name.lstrip("*")) for name in fields[5].split())
        optional = " ".join(camel(option.split("=")[0]) for option in fields[6].split())
        optional = "*" if fields[0] in OPEN else optional
        groups.setdefault(f"{required}|{optional}", []).append(fields[0])
    return [f"{parameters}:{' '.join(names)}" for parameters, names in sorted(groups.items())]


# Ops of Keras 3.16 that have a twin here already.
LATER = [
    "columnStack:numpy:ColumnStack::xs:xs:",
    "gammainc:math:Gammainc::x1 x2:x1 x2:",
    "matrixPower:linalg:MatrixPower:n:x:x n:",
    'reconstructPatches:image:ReconstructPatches:size output_size strides padding data_format:patches:patches size output_size:strides=null padding="valid" data_format=null',
]


def main():
    lines = sorted([*rows(), *LATER], key=lambda line: line.split(":")[0])
    head = "// Generated by tools/operations/python_operations.py from Keras " + keras.__version__ + "; do not edit.\n"
    operations = "/** One op a line: public name, Python module, class, parameters of its constructor, of its call, required and other ones of the function. */\n"
    operations += "export const pythonOperations: string = `\n" + "\n".join(lines) + "\n`;\n"
    required = "/** Parameters without a default, those with one, and the ops that have just these. */\n"
    required += "export const signatures: string = `\n" + "\n".join(signatures(lines)) + "\n`;\n"
    for name, text in [("python-operations", operations), ("signatures", required)]:
        target = FOLDER / f"{name}.ts"
        if "--check" not in sys.argv:
            target.write_text(head + text)
        elif target.read_text() != head + text:
            sys.exit(f"{target} is stale")


main()
