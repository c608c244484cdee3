// What an engine on a graphics card has beside TensorFlow.js' kernels, and in place of them.
import type { Kernels, KernelTable } from "@keras-ts/core/backend";
import type { Tensor } from "./engine.ts";

/** Kernels by name, as in the table of all: where one is here, an engine does not ask the host. */
export type Programs = Partial<KernelTable<Tensor>>;

type Attributes = Readonly<Record<string, unknown>>;
/** A kernel under TensorFlow.js' name and with its attributes; undefined for inputs that its own is right for. */
export type Native = (inputs: Readonly<Record<string, Tensor>>, attributes: Attributes) => Tensor | undefined;
/** Kernels of TensorFlow.js that are not asked. */
export type Natives = Readonly<Record<string, Native>>;

export interface Additions {
  readonly own: Programs;
  readonly natives: Natives;
  /** Composites that it has whole. */
  readonly composites?: Partial<Kernels<Tensor>>;
}
