import { ConfigError, complain } from "../errors/index.ts";
import { callbackOptions, checkOptions } from "../registry/index.ts";
import type { Trainer } from "./trainer.ts";

/** Names to numbers: loss and metrics so far. */
export type Logs = Readonly<Record<string, number>>;
type Awaitable = void | Promise<void>;

/** What a run of fit, evaluate or predict tells its callbacks. */
export interface RunParams {
  readonly verbose: number;
  readonly epochs: number;
  readonly steps: number | undefined;
}

/**
 * Hooks into training. Override what you need; hooks may be async, training waits for them.
 * Source: keras/src/callbacks/callback.py.
 * @example
 * class Stop extends callbacks.Callback {
 *   override onEpochEnd(epoch: number): void {
 *     if (epoch === 3) this.model.stopTraining = true;
 *   }
 * }
 */
export abstract class Callback {
  /** @throws ConfigError for options that the class does not have. */
  constructor(config?: object) {
    checkOptions(new.target, config, [], callbackOptions);
  }
  #model: Trainer | undefined;
  params: RunParams = { verbose: 0, epochs: 1, steps: undefined };

  /** The model being trained. @throws ConfigError outside of a run. */
  get model(): Trainer {
    if (this.#model !== undefined) return this.#model;
    const must = "a callback has a model only while fit, evaluate or predict runs";
    throw new ConfigError(complain("Callback", { must, got: "none", todo: "Pass it in callbacks: [...]" }));
  }
  setModel(model: Trainer): void {
    this.#model = model;
  }
  setParams(params: RunParams): void {
    this.params = params;
  }
  onTrainBegin(): Awaitable {}
  onTrainEnd(_logs: Logs): Awaitable {}
  onEpochBegin(_epoch: number): Awaitable {}
  onEpochEnd(_epoch: number, _logs: Logs): Awaitable {}
  onTrainBatchBegin(_batch: number): Awaitable {}
  onTrainBatchEnd(_batch: number, _logs: Logs): Awaitable {}
  onTestBegin(): Awaitable {}
  onTestEnd(_logs: Logs): Awaitable {}
  onTestBatchBegin(_batch: number): Awaitable {}
  onTestBatchEnd(_batch: number, _logs: Logs): Awaitable {}
  onPredictBegin(): Awaitable {}
  onPredictEnd(): Awaitable {}
  onPredictBatchBegin(_batch: number): Awaitable {}
  onPredictBatchEnd(_batch: number, _outputs: unknown): Awaitable {}
}

type Hook = Exclude<
  { [K in keyof Callback]: Callback[K] extends (...args: never[]) => Awaitable ? K : never }[keyof Callback],
  "setModel" | "setParams"
>;

/** True if a callback overrides a hook: hooks nobody listens to cost nothing, not even reading the losses. */
const overrides = (callback: Callback, hook: Hook): boolean => callback[hook] !== Callback.prototype[hook];

/** The callbacks of one run. */
export class CallbackList {
  readonly list: readonly Callback[];

  constructor(list: readonly Callback[], model: Trainer, params: RunParams) {
    this.list = list;
    for (const callback of list) {
      if (!(callback instanceof Callback)) {
        const must = "callbacks must be instances of Callback";
        throw new ConfigError(
          complain("callbacks", { must, got: typeof callback, todo: "Use new callbacks.LambdaCallback({ ... })" }),
        );
      }
      callback.setModel(model);
      callback.setParams(params);
    }
  }

  /** True if somebody wants to hear of it. */
  hears(hook: Hook): boolean {
    return this.list.some((callback) => overrides(callback, hook));
  }

  async call<H extends Hook>(hook: H, ...args: Parameters<Callback[H]>): Promise<void> {
    for (const callback of this.list) {
      if (!overrides(callback, hook)) continue;
      await (callback[hook] as (...a: Parameters<Callback[H]>) => Awaitable)(...args);
    }
  }
}

/** The record that `fit` returns. */
export class History extends Callback {
  static readonly className: string = "History";
  static readonly module: string = "keras.callbacks";
  /** One list per log name, one entry per epoch. */
  readonly history: Record<string, number[]> = {};
  readonly epoch: number[] = [];

  override onTrainBegin(): void {
    this.epoch.length = 0;
  }
  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      const list = this.history[name] ?? [];
      list.push(value);
      this.history[name] = list;
    }
  }
}

/** Hooks of `LambdaCallback`. */
export type LambdaHooks = { readonly [H in Hook]?: (...args: Parameters<Callback[H]>) => Awaitable };

/**
 * A callback from functions. Source: keras/src/callbacks/lambda_callback.py.
 * @example new callbacks.LambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) });
 */
export class LambdaCallback extends Callback {
  static readonly className: string = "LambdaCallback";
  static readonly module: string = "keras.callbacks";

  constructor(hooks: LambdaHooks = {}) {
    super();
    if (typeof hooks !== "object" || hooks === null) {
      const todo = "Name them: new LambdaCallback({ onEpochEnd: (epoch, logs) => ... })";
      throw new ConfigError(
        complain("LambdaCallback", { must: "hooks must be in an object", got: JSON.stringify(hooks), todo }),
      );
    }
    for (const [hook, f] of Object.entries(hooks)) {
      if (!(hook in Callback.prototype) || typeof f !== "function") {
        const todo = `Use one of ${Object.getOwnPropertyNames(Callback.prototype)
          .filter((n) => n.startsWith("on"))
          .join(", ")}`;
        throw new ConfigError(
          complain("LambdaCallback", { must: "hooks must be functions with known names", got: hook, todo }),
        );
      }
      Object.assign(this, { [hook]: f });
    }
  }
}
