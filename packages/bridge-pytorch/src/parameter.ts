// What a module owns: cells that hold a tensor each. A parameter's tensor is tracked, so that what is computed from it can be
// differentiated later, even after values were read.
import { convertToTensor, ShapeError, Tensor, type TensorLike, Variable } from "@keras-ts/core";
import {
  complain,
  type DType,
  type HostArray,
  insideScope,
  realise,
  type Shape,
  showShape,
} from "@keras-ts/core/backend";

let quiet = 0;
/** True inside `noGrad`. */
export const isQuiet = (): boolean => quiet > 0;
/** Counts open `noGrad` calls. */
export function setQuiet(change: 1 | -1): void {
  quiet += change;
}

/** The same values without history: a tensor of its own. */
export function detached(x: Tensor, tracked = false): Tensor {
  const [value] = realise([x]);
  if (value === undefined) throw new TypeError("realise gives a value for each tensor");
  return new Tensor(value.aval, { kind: "value", value }, tracked);
}

/** Tensors of parameters, so that a loss can find whose gradients to compute. */
const owners = new WeakMap<Tensor, Parameter>();
export const ownerOf = (x: Tensor): Parameter | undefined => owners.get(x);

abstract class Cell {
  /** The Keras variable that holds the values. */
  readonly variable: Variable;

  constructor(value: TensorLike | Variable, trainable: boolean) {
    this.variable = value instanceof Variable ? value : new Variable(value, { trainable });
  }
  get shape(): Shape {
    return this.variable.shape;
  }
  get dtype(): DType {
    return this.variable.dtype;
  }
  /** The number of elements. */
  get numel(): number {
    return this.variable.size;
  }
  /** The current tensor. Anything that takes a tensor takes the parameter or buffer itself too. */
  abstract get value(): Tensor;
  /** The values on the host. */
  host(): Promise<HostArray> {
    return this.variable.host();
  }
  /** `value` as a tensor of this dtype. @throws ShapeError if the shape differs. */
  fitting(value: TensorLike): Tensor {
    const next = convertToTensor(value, { dtype: this.dtype });
    if (String(next.shape) === String(this.shape)) return next;
    const got = `${showShape(next.shape)} for ${showShape(this.shape)}`;
    throw new ShapeError(
      complain(this.variable.path, { must: "the new value must have the same shape", got, todo: "Reshape it" }),
    );
  }
}

/**
 * A tensor that an optimizer changes, over a Keras variable of a layer or over one of its own.
 * @example
 * const weight = new Parameter([[1, 2]]);
 * weight.requiresGrad; // true
 */
export class Parameter extends Cell {
  /** The sum of the gradients since `zeroGrad`; null before the first `backward`. */
  grad: Tensor | null = null;
  static readonly #known: WeakMap<Variable, Parameter> = new WeakMap();

  constructor(value: TensorLike | Variable, { requiresGrad }: { readonly requiresGrad?: boolean } = {}) {
    super(value, requiresGrad ?? true);
    if (requiresGrad !== undefined) this.requiresGrad = requiresGrad;
    Parameter.#known.set(this.variable, this);
  }
  /** The parameter of a Keras variable: always the same one. */
  static of(variable: Variable): Parameter {
    return Parameter.#known.get(variable) ?? new Parameter(variable);
  }

  /** False to leave it out of `backward`; the `trainable` of the Keras variable. */
  get requiresGrad(): boolean {
    return this.variable.trainable;
  }
  set requiresGrad(value: boolean) {
    this.variable.trainable = value;
  }
  override get value(): Tensor {
    return insideScope() ? this.variable.value : this.recorded();
  }
  /** The tensor to compute with: tracked, unless gradients are not wanted. Internal. */
  recorded(): Tensor {
    const { variable } = this;
    if (!this.requiresGrad || isQuiet()) return variable.tensor.tracked ? detached(variable.tensor) : variable.tensor;
    if (owners.get(variable.tensor) !== this) {
      variable.tensor = detached(variable.tensor, true);
      owners.set(variable.tensor, this);
    }
    variable.tensor.pinned = true; // it may be needed for gradients later, so training elsewhere must not overwrite it
    return variable.tensor;
  }
  /** The values without a connection to what is computed from the parameter. Assign to change them. */
  get data(): Tensor {
    return detached(this.variable.value);
  }
  set data(value: TensorLike) {
    this.variable.tensor = detached(this.fitting(value), true);
    owners.set(this.variable.tensor, this);
  }
  /** Forgets the gradient. */
  zeroGrad(): void {
    this.grad = null;
  }
  override toString(): string {
    return `Parameter(${this.dtype} ${showShape(this.shape)})`;
  }
}

/** State of a module that is saved but not trained, such as a moving average. @example const count = new Buffer([0]); */
export class Buffer extends Cell {
  constructor(value: TensorLike | Variable) {
    super(value, false);
  }
  override get value(): Tensor {
    return this.variable.value;
  }
  get data(): Tensor {
    return detached(this.variable.value);
  }
  set data(value: TensorLike) {
    this.variable.tensor = detached(this.fitting(value));
  }
  override toString(): string {
    return `Buffer(${this.dtype} ${showShape(this.shape)})`;
  }
}
