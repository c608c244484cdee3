"""Writes models as other tools write them, for `OnnxLayer`: foreign_files.py <folder>. `foreign.json` lists them."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, parser

FOLDER = Path(sys.argv[1])

TEXTS = {
    "set 9": """<ir_version: 4, opset_import: ["": 9]>
        old (float[N, 2, 4, 4] x) => (float[N, 3, 8, 8] y) <float[3] one = {1, 2, 3}, float[3] zero = {0, 0.5, 1}> {
          w = Constant <value: tensor = float[3, 2, 1, 1] {0.5, -0.25, 1, 0.75, -1, 0.125}> ()
          a = Conv (x, w)
          b = BatchNormalization <epsilon: float = 0.001> (a, one, zero, zero, one)
          c = Clip <max: float = 1.5, min: float = -0.75> (b)
          d = Dropout <ratio: float = 0.5> (c)
          s = Constant <value: tensor = float[4] {1, 1, 2, 2}> ()
          e = Upsample <mode: string = "linear"> (d, s)
          f = Slice <axes: ints = [2], ends: ints = [9223372036854775807], starts: ints = [1]> (e)
          y = Pad <mode: string = "constant", pads: ints = [0, 0, 1, 0, 0, 0, 0, 0], value: float = 0.5> (f)
        }""",
    "set 10": """<ir_version: 5, opset_import: ["": 10]>
        ten (float[N, 1, 6, 6] x) => (float[N, 1, 9, 3] y) {
          s = Constant <value: tensor = float[4] {1, 1, 1.5, 1.5}> ()
          a = Resize <mode: string = "nearest"> (x, s)
          k = Constant <value: tensor = int64[1] {3}> ()
          y, places = TopK <axis: int = 3> (a, k)
        }""",
    "set 12": """<ir_version: 7, opset_import: ["": 12]>
        twelve (float[N, 4, 6] x) => (float[N, 4, 6] y, float[N] z) {
          a, b = Split <axis: int = 2> (x)
          c = Concat <axis: int = 2> (b, a)
          d = Softmax <axis: int = 1> (c)
          e = Unsqueeze <axes: ints = [1]> (d)
          f = Squeeze <axes: ints = [1]> (e)
          g = LogSoftmax (x)
          h = ReduceMean <axes: ints = [2], keepdims: int = 1> (g)
          y = Add (f, h)
          z = ReduceSum <axes: ints = [1, 2], keepdims: int = 0> (y)
        }""",
    "set 16": """<ir_version: 8, opset_import: ["": 16]>
        sixteen (float[N, 1, 5, 5] x) => (float[N, 1, 2, 2] y) {
          g = Constant <value: tensor = float[1, 2, 2, 2] {-0.5, 0.25, 0.75, -1, 0, 0.125, 1, 1}> ()
          n = Shape <end: int = 1> (x)
          r = Constant <value: tensor = int64[3] {2, 2, 2}> ()
          size = Concat <axis: int = 0> (n, r)
          grid = Expand (g, size)
          y = GridSample <mode: string = "bilinear", align_corners: int = 1> (x, grid)
        }""",
    "set 17": """<ir_version: 8, opset_import: ["": 17]>
        seventeen (float[N, 8, 1] x) => (float[N, 8, 2] y) { y = DFT <axis: int = 1> (x) }""",
    "set 22": """<ir_version: 10, opset_import: ["": 22]>
        newer (float[N, 2, 6] x) => (float[N, 2, 3] y) {
          a = Softplus (x)
          y = MaxPool <kernel_shape: ints = [2], strides: ints = [2]> (a)
        }""",
    "functions": """<ir_version: 9, opset_import: ["": 17, "local": 1, "other": 3]>
        calls (float[N, 3] x) => (float[N, 3] y) <float[3] shift = {1, 2, 3}> {
          a = local.leak <slope: float = 0.25> (x)
          b = local.twice (a, shift)
          y = other.twice (b)
        }
        <domain: "local", opset_import: ["": 17]>
        leak <slope> (x) => (y) { y = LeakyRelu <alpha: float = @slope> (x) }
        <domain: "local", opset_import: ["": 17, "other": 3]>
        twice (x, shift) => (y) {
          a = Add (x, shift)
          b = other.twice (a)
          c = ReduceMean <axes: ints = [1], keepdims: int = 1> (b)
          y = Add (b, c)
        }
        <domain: "other", opset_import: ["": 17]>
        twice (x) => (y) { y = Add (x, x) }""",
    "branches": """<ir_version: 8, opset_import: ["": 15]>
        branches (float[batch, 4] x) => (float[batch, 4] y) <float[1] limit = {0.5}> {
          m = ReduceMax <keepdims: int = 0> (x)
          l = Squeeze (limit)
          big = Greater (m, l)
          y = If (big) <
            then_branch = a () => (float[batch, 4] p) { half = Constant <value: tensor = float[1] {0.5}> () p = Mul (x, half) },
            else_branch = b () => (float[batch, 4] q) { s = ReduceSum <keepdims: int = 1> (x) q = Sub (x, s) }
          >
        }""",
    "own operators": """<ir_version: 8, opset_import: ["": 17, "com.microsoft": 1]>
        own (float[N, 4] x) => (float[N, 4] y) { y = com.microsoft.QuickGelu <alpha: float = 1.5> (x) }""",
    "scaler": """<ir_version: 8, opset_import: ["": 17, "ai.onnx.ml": 3]>
        scaler (float[N, 2] x) => (float[N, 2] y) { y = ai.onnx.ml.Scaler <offset: floats = [1.0, 2.0], scale: floats = [0.5, 2.0]> (x) }""",
    "integers": """<ir_version: 8, opset_import: ["": 16]>
        integers (int64[N, 3] x) => (int64[N, 3] y, double[N, 3] z) <int64[3] one = {1, 2, 3}> {
          y = Add (x, one)
          z = Cast <to: int = 11> (y)
        }""",
}


def kinds():
    """Weights in the fields that each element type may use, and as half precision."""
    tensors = [
        helper.make_tensor("f", TensorProto.FLOAT, [3], [0.5, -1.0, 2.0]),
        helper.make_tensor("h", TensorProto.FLOAT16, [3], [0.5, 0.25, -3.0]),
        helper.make_tensor("b", TensorProto.BFLOAT16, [3], [1.0, 2.0, -0.5]),
        helper.make_tensor("d", TensorProto.DOUBLE, [3], [0.1, 0.2, 0.3]),
        helper.make_tensor("i8", TensorProto.INT8, [3], [-1, 2, -3]),
        helper.make_tensor("u8", TensorProto.UINT8, [3], [1, 2, 255]),
        helper.make_tensor("i64", TensorProto.INT64, [3], [-5, 6, 7]),
        helper.make_tensor("u32", TensorProto.UINT32, [3], [5, 6, 7]),
        helper.make_tensor("yes", TensorProto.BOOL, [3], [True, False, True]),
        numpy_helper.from_array(np.array([3.0, 4.0, 5.0], np.float32), "raw"),
    ]
    nodes, total = [], "x"
    for tensor in tensors:
        name = tensor.name
        nodes.append(helper.make_node("Cast", [name], [f"{name}_float"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Add", [total, f"{name}_float"], [f"{name}_sum"]))
        total = f"{name}_sum"
    nodes.append(helper.make_node("Identity", [total], ["y"]))
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3])
    graph = helper.make_graph(nodes, "kinds", [value("x")], [value("y")], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def outside():
    """Weights in a file beside the model, one of them in an operator."""
    weight = numpy_helper.from_array(np.linspace(-1, 1, 3 * 500, dtype=np.float32).reshape(3, 500), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"]), helper.make_node("ReduceMean", ["a"], ["y"], axes=[1], keepdims=1)]
    value = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size])
    graph = helper.make_graph(nodes, "outside", [value("x", 3)], [value("y", 1)], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main():
    models = {name: parser.parse_model(text) for name, text in TEXTS.items()} | {"kinds of weights": kinds(), "weights outside": outside()}
    listed = []
    for i, (name, model) in enumerate(models.items()):
        onnx.checker.check_model(model, full_check=True)
        file = f"foreign-{i}.onnx"
        if name == "weights outside":
            onnx.save(model, FOLDER / file, save_as_external_data=True, location=f"{file}.weights", size_threshold=0)
        else:
            onnx.save(model, FOLDER / file)
        value = model.graph.input[0].type.tensor_type
        integer = value.elem_type == TensorProto.INT64
        own = {one.domain for one in model.functions}
        domains = [f"foreign.{one.domain}" if one.domain in own else one.domain for one in model.opset_import if one.domain]
        opset = max(one.version for one in model.opset_import if one.domain == "")
        listed.append({"name": name, "file": file, "domains": domains, "opset": max(21, opset), "shape": [dim.dim_value for dim in value.shape.dim][1:], "dtype": "int32" if integer else "float32"})
    (FOLDER / "foreign.json").write_text(json.dumps(listed))


main()
