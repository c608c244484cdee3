import type { SymbolicShape } from "../../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../../errors/index.ts";
import type { Tensor } from "../../graph/index.ts";
import * as ops from "../../ops/index.ts";
import type { Config } from "../../registry/index.ts";
import { type Variable, VarianceScaling } from "../../weights/index.ts";
import { type Activation, activate, get as getActivation, serialize as serializeActivation } from "../activations.ts";
import { type KernelBiasConfig, kernelAndBias, partsConfig } from "../arguments.ts";
import type { LayerConfig } from "../layer.ts";
import { type LoraConfig, LoraLayer } from "./lora.ts";

/** Options of `EinsumDense`. */
export interface EinsumDenseConfig extends LayerConfig, KernelBiasConfig, LoraConfig {
  /** As for `ops.einsum`: input, kernel and output; `...` for axes that stay. */
  readonly equation: string;
  /** Sizes of the output without the batch; null where they follow from the input. */
  readonly outputShape: number | SymbolicShape;
  readonly activation?: unknown;
  /** Letters of the output's axes along which the bias varies; no bias by default. */
  readonly biasAxes?: string | null | undefined;
}

interface Analysis {
  readonly kernelShape: (number | null)[];
  readonly biasShape: (number | null)[] | null;
  readonly inputAxes: number[];
  readonly outputAxes: number[];
}

/**
 * A dense layer by an einsum equation: `activation(einsum(equation, x, kernel) + bias)`.
 * Shapes: any that the equation can describe; the first axis is the batch.
 * @throws ConfigError for an equation of another form. @throws ShapeError if sizes do not fit it.
 * Source: keras/src/layers/core/einsum_dense.py.
 * @example new layers.EinsumDense({ equation: "abc,cd->abd", outputShape: [null, 64], biasAxes: "d" })
 */
export class EinsumDense extends LoraLayer {
  static override readonly className: string = "EinsumDense";
  static readonly module: string = "keras.layers";
  readonly equation: string;
  readonly outputShape: SymbolicShape;
  readonly biasAxes: string | null;
  readonly activation: Activation;
  kernel!: Variable;
  bias: Variable | undefined;
  readonly #parts: ReturnType<typeof kernelAndBias>;

  constructor(config: EinsumDenseConfig) {
    super(config);
    this.equation = config.equation;
    this.outputShape = typeof config.outputShape === "number" ? [config.outputShape] : config.outputShape;
    this.biasAxes = config.biasAxes ?? null;
    this.activation = getActivation(config.activation);
    this.#parts = kernelAndBias(config);
  }

  override build(inputShape: SymbolicShape): void {
    const { kernelShape, biasShape, inputAxes, outputAxes } = analyze(
      this.equation,
      this.biasAxes,
      inputShape,
      this.outputShape,
    );
    const { kernel, bias } = this.#parts;
    const plain =
      kernel.initializer instanceof VarianceScaling && !(kernel.initializer.inputAxes && kernel.initializer.outputAxes);
    const initializer = plain
      ? (kernel.initializer as VarianceScaling).withAxes({ inputAxes, outputAxes })
      : kernel.initializer;
    this.inputSpec = { ndim: inputShape.length };
    this.kernel = this.addWeight({ name: "kernel", shape: kernelShape, ...kernel, initializer });
    if (biasShape !== null) this.bias = this.addWeight({ name: "bias", shape: biasShape, ...bias });
    this.buildLora();
  }
  protected override adapted(): ReturnType<LoraLayer["adapted"]> {
    const { regularizer, constraint } = this.#parts.kernel;
    return { name: "kernel", weight: this.kernel, regularizer, fixed: constraint !== undefined };
  }

  override call(x: Tensor): Tensor {
    const y = ops.einsum(this.equation, x, this.effective());
    return activate(this.activation, this.bias === undefined ? y : ops.add(y, this.bias.value));
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      outputShape: this.outputShape,
      equation: this.equation,
      activation: serializeActivation(this.activation),
      biasAxes: this.biasAxes,
      ...partsConfig("kernel", this.#parts.kernel),
      ...partsConfig("bias", this.#parts.bias),
      activityRegularizer: this.activityRegularizer,
      ...this.loraConfig(),
      quantizationConfig: null,
    };
  }
}

const forms: readonly RegExp[] = [
  /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/,
  /^0([a-zA-Z]+),([a-zA-Z]+)->0([a-zA-Z]+)$/,
  /^([a-zA-Z]{2,})0,([a-zA-Z]+)->([a-zA-Z]+)0$/,
];

function analyze(
  equation: string,
  biasAxes: string | null,
  inputShape: SymbolicShape,
  outputShape: SymbolicShape,
): Analysis {
  const spelled = equation.replaceAll("...", "0");
  const form = forms.findIndex((pattern) => pattern.test(spelled));
  const match = form < 0 ? null : spelled.match(forms[form] as RegExp);
  if (match === null) {
    const must = 'the equation must have the form "ab,bc->ac", "...b,bc->...c" or "ab...,bc->ac..."';
    throw new ConfigError(complain("EinsumDense", { must, got: `"${equation}"`, todo: "Rewrite the equation" }));
  }
  const [, input, kernel, output] = match as unknown as [string, string, string, string];
  const leading = form === 1;
  const elided = inputShape.length - input.length;
  const full = [inputShape[0] as number | null, ...outputShape];
  if (elided > 0 && leading) full.splice(1, 0, ...inputShape.slice(1, elided));
  else if (elided > 0) full.push(...inputShape.slice(inputShape.length - elided));
  const shift = leading ? elided : 0;
  const inputSize = (letter: string): number | null => inputShape[input.indexOf(letter) + shift] as number | null;
  const outputSize = (letter: string): number | null => full[output.indexOf(letter) + shift] as number | null;
  const refuse = (must: string, got: string): never => {
    throw new ShapeError(
      complain("EinsumDense", { must: `"${equation}": ${must}`, got, todo: "Check equation and outputShape" }),
    );
  };
  for (const letter of input) {
    if (!output.includes(letter)) continue;
    const [a, b] = [inputSize(letter), outputSize(letter)];
    if (b !== null && b !== undefined && a !== b) {
      refuse(`axis ${letter} must have one size`, `input ${showShape(inputShape)} and output ${showShape(full)}`);
    }
  }
  for (const letter of output) {
    if (!input.includes(letter) && !kernel.includes(letter))
      refuse("each output axis must come from input or kernel", letter);
  }
  const inputAxes: number[] = [];
  const outputAxes: number[] = [];
  const kernelShape = [...kernel].map((letter, i) => {
    const made = output.includes(letter);
    if (!made && !input.includes(letter)) refuse("each kernel axis must be in input or output", letter);
    (made ? outputAxes : inputAxes).push(i);
    return made ? outputSize(letter) : inputSize(letter);
  });
  return { kernelShape, biasShape: biasShape(), inputAxes, outputAxes };

  function biasShape(): (number | null)[] | null {
    if (biasAxes === null) return null;
    for (const letter of biasAxes)
      if (!output.includes(letter)) refuse("each bias axis must be one of the output", letter);
    const first = Math.min(...[...biasAxes].map((letter) => output.indexOf(letter)));
    const sizes = [...output.slice(first)].map((letter) => (biasAxes.includes(letter) ? outputSize(letter) : 1));
    return leading ? sizes : [...sizes, ...Array.from({ length: elided }, () => 1)];
  }
}
