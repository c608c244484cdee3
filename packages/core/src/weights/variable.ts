import type { HostArray } from "../aval/index.ts";
import { type DType, isFloat, type Shape, sameShape, standardizeDtype } from "../aval/index.ts";
import { ConfigError, complain, ShapeError, showShape } from "../errors/index.ts";
import type { Tensor } from "../graph/index.ts";
import { convertToTensor, type TensorLike, uniqueName } from "../ops/index.ts";
import { read, readCell, realise, type StateCell, type StateScope, withScope, writeCell } from "../transforms/index.ts";

/** Makes initial values. Initializers are such functions; so is any function of yours. */
export type InitialValue = TensorLike | ((shape: Shape, options: { readonly dtype: string }) => Tensor);

/** Anything that adds a penalty for a weight to the loss. */
export interface WeightPenalty {
  call(x: Tensor): Tensor;
}
/** Anything that projects a weight after each update. */
export interface WeightProjection {
  call(x: Tensor): Tensor;
}

export interface VariableOptions {
  /** Required if the initializer is a function. */
  readonly shape?: Shape;
  readonly dtype?: string;
  /** False for state that an optimizer must not touch. */
  readonly trainable?: boolean;
  readonly name?: string;
  /** False if layers with a lower compute dtype must still see the stored dtype. */
  readonly autocast?: boolean;
  readonly regularizer?: WeightPenalty | undefined;
  readonly constraint?: WeightProjection | undefined;
  /** True if the optimizer writes the "gradient" as the new value. */
  readonly overwriteWithGradient?: boolean;
}

const nameScopes: string[] = [];
/** Runs `f` with `name` added to the paths of variables made inside. */
export function withNameScope<R>(name: string, f: () => R): R {
  nameScopes.push(name);
  try {
    return f();
  } finally {
    nameScopes.pop();
  }
}
/** The path of the innermost open name scope. */
export const currentNamePath = (): string => nameScopes.join("/");

let autocastDtype: DType | null = null;
/** Runs `f` with float variables read in `dtype`; null reads them as stored. */
export function withAutocast<R>(dtype: DType | null, f: () => R): R {
  const outer = autocastDtype;
  autocastDtype = dtype;
  try {
    return f();
  } finally {
    autocastDtype = outer;
  }
}

/**
 * A value that changes: weights, optimizer slots, metric state. Reading gives the current tensor, assigning replaces it; both go
 * through whatever trace or `StatelessScope` is open. Source: keras/src/backend/common/variables.py.
 * @example
 * const v = new Variable([1, 2]);
 * v.assign(v.value.add(1));
 */
export class Variable implements StateCell {
  readonly shape: Shape;
  readonly name: string;
  readonly path: string;
  readonly autocast: boolean;
  readonly overwriteWithGradient: boolean;
  readonly #dtype: DType;
  trainable: boolean;
  regularizer: WeightPenalty | undefined;
  constraint: WeightProjection | undefined;
  /** The stored tensor, outside of any scope. Internal: use `value` and `assign`. */
  tensor: Tensor;

  constructor(initial: InitialValue, options: VariableOptions = {}) {
    this.name = options.name ?? uniqueName("variable");
    if (this.name.includes("/")) {
      const todo = "Use a name scope (the layer's name) instead";
      throw new ConfigError(complain("Variable", { must: 'name must not contain "/"', got: `"${this.name}"`, todo }));
    }
    const scope = currentNamePath();
    this.path = scope === "" ? this.name : `${scope}/${this.name}`;
    this.trainable = options.trainable ?? true;
    this.autocast = options.autocast ?? true;
    this.overwriteWithGradient = options.overwriteWithGradient ?? false;
    this.regularizer = options.regularizer;
    this.constraint = options.constraint;
    if (typeof initial === "function") {
      if (options.shape === undefined) {
        const must = "a variable with an initializer function needs a shape";
        throw new ConfigError(complain("Variable", { must, got: "none", todo: "Pass shape" }));
      }
      this.#dtype = standardizeDtype(options.dtype ?? "float32");
      this.shape = checkedShape(this.path, options.shape);
      this.tensor = convertToTensor(initial(this.shape, { dtype: this.#dtype }), { dtype: this.#dtype });
    } else {
      this.tensor = convertToTensor(initial, options.dtype === undefined ? {} : { dtype: options.dtype });
      this.#dtype = this.tensor.dtype;
      this.shape = options.shape ?? this.tensor.shape;
    }
    this.#checkShape(this.tensor);
  }

  /** The stored dtype; inside a layer with a lower compute dtype, that one. */
  get dtype(): DType {
    return this.#dtype;
  }
  get ndim(): number {
    return this.shape.length;
  }
  get size(): number {
    return this.shape.reduce((n, s) => n * s, 1);
  }

  /** The current value. */
  get value(): Tensor {
    const { tensor, scoped } = readCell(this);
    // Whoever holds the tensor may read it later, so training must not overwrite its buffer.
    if (!scoped) tensor.pinned = true;
    if (autocastDtype !== null && this.autocast && isFloat(this.#dtype))
      return convertToTensor(tensor, { dtype: autocastDtype });
    return tensor;
  }

  /** Replaces the value. @throws ShapeError if the shape differs. */
  assign(value: TensorLike): void {
    const next = convertToTensor(value, { dtype: this.#dtype });
    this.#checkShape(next);
    if (writeCell(this, next)) return;
    this.tensor = next;
    realise([next]);
  }
  assignAdd(value: TensorLike): void {
    this.assign(this.#stored().add(convertToTensor(value, { dtype: this.#dtype })));
  }
  assignSub(value: TensorLike): void {
    this.assign(this.#stored().subtract(convertToTensor(value, { dtype: this.#dtype })));
  }
  #stored(): Tensor {
    return readCell(this).tensor;
  }

  /** A copy of the value on the host. */
  host(): Promise<HostArray> {
    const { tensor } = readCell(this);
    // A training step that starts before the copy is made must not overwrite it.
    tensor.pinned = true;
    return read(tensor);
  }

  #checkShape(x: Tensor): void {
    if (sameShape(x.shape, this.shape)) return;
    const got = `${showShape(x.shape)} for "${this.path}" of shape ${showShape(this.shape)}`;
    throw new ShapeError(
      complain("Variable.assign", { must: "the new value must have the variable's shape", got, todo: "Reshape it" }),
    );
  }

  toString(): string {
    return `Variable(${this.path}, ${this.#dtype} ${showShape(this.shape)})`;
  }
}

function checkedShape(path: string, shape: Shape): Shape {
  if (shape.every((n) => Number.isInteger(n) && n >= 0)) return shape;
  const todo = "Give the layer's input its full shape";
  throw new ShapeError(
    complain(`Variable "${path}"`, { must: "every size must be known and not negative", got: showShape(shape), todo }),
  );
}

/**
 * While it is open, given variables have given values, and assignments are kept here instead of reaching the variables.
 * Source: keras/src/backend/common/stateless_scope.py.
 * @example
 * const v = new Variable([1]);
 * const scope = new StatelessScope([[v, tensor([5])]]);
 * scope.run(() => v.assign(v.value.add(1)));
 * await scope.valueOf(v)?.array(); // [6]
 * await v.value.array(); // [1]
 */
export class StatelessScope implements StateScope {
  readonly #values = new Map<StateCell, Tensor>();

  constructor(mapping: Iterable<readonly [StateCell, TensorLike]> = []) {
    for (const [variable, value] of mapping) {
      const tensor = convertToTensor(value, { dtype: variable.dtype });
      if (!sameShape(tensor.shape, variable.shape)) {
        const name = variable instanceof Variable ? `"${variable.path}"` : "a seed state";
        const got = `${showShape(tensor.shape)} for ${name} of shape ${showShape(variable.shape)}`;
        const todo = "Pass the values in the order of the variables";
        throw new ShapeError(
          complain("StatelessScope", { must: "values must have the shapes of their variables", got, todo }),
        );
      }
      this.#values.set(variable, tensor);
    }
  }

  read(cell: StateCell): Tensor | undefined {
    return this.#values.get(cell);
  }
  write(cell: StateCell, value: Tensor): boolean {
    this.#values.set(cell, value);
    return true;
  }
  /** The value of a variable as this scope leaves it; undefined if it neither was given nor assigned. */
  valueOf(cell: StateCell): Tensor | undefined {
    return this.#values.get(cell);
  }
  /** Runs `f` with this scope open. */
  run<R>(f: () => R): R {
    return withScope(this, f);
  }
}
