import {
  ConfigError,
  convertToTensor,
  ops,
  StateError,
  type Tensor,
  type TensorLike,
  ValueError,
} from "@keras-ts/core";
import { complain, didYouMean, realise, whenReady } from "@keras-ts/core/backend";
import { detached, Parameter } from "../parameter.ts";

/** Parameters that share options. The options may be changed between steps: nothing is compiled again for it. */
export type ParameterGroup<O> = { params: Parameter[] } & O;
/** A group as a user gives it: options that are left out have the optimizer's defaults. */
export type GroupInput<O> = { readonly params: Iterable<Parameter> | Parameter } & Partial<O>;

/** State of one parameter: tensors, and the number of steps. */
export type Slots = Record<string, Tensor | number>;
/** In PyTorch's form: parameters are numbered through all groups. */
export interface OptimizerState {
  readonly state: Readonly<Record<number, Readonly<Record<string, TensorLike | number>>>>;
  readonly paramGroups: readonly ({ readonly params: readonly number[] } & Readonly<Record<string, unknown>>)[];
}

/** The base of optimizers: groups, state, one program for a step. Subclasses say how one parameter changes. */
export abstract class Optimizer<O extends object> {
  readonly paramGroups: ParameterGroup<O>[] = [];
  readonly defaults: Readonly<O>;
  readonly state: Map<Parameter, Slots> = new Map();

  /** @throws ConfigError for no parameters, unknown options, or a parameter twice. @throws ValueError for options out of range. */
  constructor(params: Iterable<Parameter> | Iterable<GroupInput<O>>, defaults: O) {
    this.defaults = defaults;
    const given = [...(params as Iterable<Parameter | GroupInput<O>>)];
    if (given.length === 0) {
      const todo = "Pass module.parameters(), after the module was built";
      throw new ConfigError(complain(this.#name, { must: "there must be parameters", got: "none", todo }));
    }
    if (given.every((item): item is Parameter => item instanceof Parameter)) {
      this.addParamGroup({ params: given } as unknown as GroupInput<O>);
    } else for (const group of given) this.addParamGroup(group as GroupInput<O>);
  }
  /** The class, for messages. */
  protected abstract get className(): string;
  get #name(): string {
    return `optim.${this.className}`;
  }

  /** Adds parameters with options of their own. */
  addParamGroup(input: GroupInput<O>): void {
    if (typeof input !== "object" || input === null || !("params" in input)) {
      const must = "params must be Parameters, or groups { params, ...options }";
      throw new ConfigError(complain(this.#name, { must, got: typeof input, todo: "Pass module.parameters()" }));
    }
    const { params, ...options } = input;
    for (const key of Object.keys(options)) {
      if (key in this.defaults) continue;
      const names = Object.keys(this.defaults);
      const todo = `${didYouMean(key, names)} The options are ${names.join(", ")}`.trim();
      throw new ConfigError(complain(this.#name, { must: "options must be known", got: `"${key}"`, todo }));
    }
    const list = params instanceof Parameter ? [params] : [...params];
    const known = new Set(this.paramGroups.flatMap((group) => group.params));
    for (const parameter of list) {
      if (!(parameter instanceof Parameter)) {
        throw new ConfigError(
          complain(this.#name, {
            must: "params must be Parameters",
            got: typeof parameter,
            todo: "Pass module.parameters()",
          }),
        );
      }
      if (known.has(parameter)) {
        const todo = "Put each parameter into one group";
        throw new ConfigError(
          complain(this.#name, { must: "a parameter must be given once", got: `${parameter} twice`, todo }),
        );
      }
      known.add(parameter);
    }
    const group = { ...this.defaults, ...options, params: list } as unknown as ParameterGroup<O>;
    this.check(group);
    this.paramGroups.push(group);
  }
  /** Checks the options of a group. */
  protected abstract check(group: O): void;
  /** @throws ValueError unless `holds`. */
  protected require(holds: boolean, must: string, got: unknown): void {
    if (!holds) throw new ValueError(complain(this.#name, { must, got: String(got), todo: "Check the options" }));
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const group of this.paramGroups) for (const parameter of group.params) parameter.zeroGrad();
  }

  /** The new value of one parameter, from its value and gradient; changes `slots`. */
  protected abstract update(value: Tensor, grad: Tensor, slots: Slots, options: O): Tensor;

  /**
   * Changes all parameters that have a gradient, in one program. Resolves when the engine has done it.
   * @param closure computes the loss again; its result is handed on
   */
  async step<R = undefined>(closure?: () => R | Promise<R>): Promise<R | undefined> {
    const result = closure === undefined ? undefined : await closure();
    const changes: { readonly parameter: Parameter; readonly value: Tensor; readonly slots: Slots }[] = [];
    for (const group of this.paramGroups) {
      for (const parameter of group.params) {
        if (parameter.grad === null) continue;
        const slots = { ...this.state.get(parameter) };
        const value = this.update(parameter.data, parameter.grad, slots, group);
        const { constraint } = parameter.variable;
        changes.push({ parameter, value: constraint === undefined ? value : constraint.call(value), slots });
      }
    }
    const tensors = changes.flatMap(({ value, slots }) => [value, ...tensorsIn(slots)]);
    realise(tensors);
    for (const { parameter, value, slots } of changes) {
      parameter.data = value;
      this.state.set(
        parameter,
        Object.fromEntries(Object.entries(slots).map(([k, v]) => [k, typeof v === "number" ? v : detached(v)])),
      );
    }
    await whenReady(tensors);
    return result;
  }

  /** State and options, with parameters by number, as PyTorch has it. */
  stateDict(): OptimizerState {
    const all = this.paramGroups.flatMap((group) => group.params);
    const state = Object.fromEntries(
      [...this.state].map(([parameter, slots]) => [all.indexOf(parameter), { ...slots }]),
    );
    const paramGroups = this.paramGroups.map(({ params, ...options }) => ({
      ...options,
      params: params.map((p) => all.indexOf(p)),
    }));
    return { state, paramGroups };
  }
  /** Goes on from a state. @throws StateError if groups or sizes differ. */
  loadStateDict({ state, paramGroups }: OptimizerState): void {
    const sizes = (groups: readonly { readonly params: readonly unknown[] }[]): string =>
      groups.map((group) => group.params.length).join(", ");
    if (sizes(paramGroups) !== sizes(this.paramGroups)) {
      const got = `${sizes(paramGroups)} for ${sizes(this.paramGroups)}`;
      const todo = "Make the optimizer for the same parameters first";
      throw new StateError(
        complain(this.#name, { must: "groups must have the same numbers of parameters", got, todo }),
      );
    }
    paramGroups.forEach(({ params: _numbers, ...options }, i) => Object.assign(this.paramGroups[i] as object, options));
    const all = this.paramGroups.flatMap((group) => group.params);
    this.state.clear();
    for (const [number, slots] of Object.entries(state)) {
      const parameter = all[Number(number)];
      if (parameter === undefined) continue;
      const own = Object.entries(slots).map(
        ([k, v]) => [k, typeof v === "number" ? v : detached(convertToTensor(v))] as const,
      );
      this.state.set(parameter, Object.fromEntries(own));
    }
  }
}

const tensorsIn = (slots: Slots): Tensor[] => Object.values(slots).filter((v): v is Tensor => typeof v !== "number");

/** A slot, or zeros in the shape of the parameter at first. */
export const slotOf = (slots: Slots, name: string, like: Tensor): Tensor =>
  (slots[name] as Tensor | undefined) ?? (ops.zerosLike(like) as Tensor);
