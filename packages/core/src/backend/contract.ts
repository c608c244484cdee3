// What an engine must be. Everything above talks to engines through this file only.
import type { Aval, DType, HostArray } from "../aval/index.ts";
import type { Graph, Marked, Params } from "../graph/index.ts";
import type * as bits from "../primitives/bits.ts";
import type * as composites from "../primitives/composites.ts";
import type * as contraction from "../primitives/contraction.ts";
import type * as elementwise from "../primitives/elementwise.ts";
import type * as encrypt from "../primitives/encrypt.ts";
import type * as images from "../primitives/images.ts";
import type * as indexing from "../primitives/indexing.ts";
import type * as linalg from "../primitives/linalg.ts";
import type * as special from "../primitives/special.ts";
import type * as structural from "../primitives/structural.ts";

type Declared = typeof elementwise &
  typeof structural &
  typeof contraction &
  typeof indexing &
  typeof linalg &
  typeof composites &
  typeof images &
  typeof bits &
  typeof encrypt &
  typeof special;

type NamesOf<Kind extends "primitive" | "composite"> = {
  [N in keyof Declared]: Declared[N] extends Marked<never, Kind> ? N : never;
}[keyof Declared];

/** Names of the primitives: every engine that computes op by op has a kernel for each. Those that core lowers are not among them. */
export type PrimitiveName = NamesOf<"primitive">;
/** Names of the composites: an engine may have a kernel; if not, the body in primitives runs. */
export type CompositeName = NamesOf<"composite">;

/** The static arguments of a primitive or composite. */
export type ParamsOf<N extends PrimitiveName | CompositeName> =
  Declared[N] extends Marked<infer P, "primitive" | "composite"> ? P : Params;

type ResultOf<N extends PrimitiveName | CompositeName, H> = Declared[N] extends (...args: never[]) => readonly unknown[]
  ? readonly H[]
  : H;

/** Shapes and dtypes on both sides of a kernel, already checked: a kernel never validates. */
export interface KernelAvals {
  readonly ins: readonly Aval[];
  readonly outs: readonly Aval[];
}

/**
 * Computes (or, when `H` names a value in a program being written, emits) one primitive. Inputs broadcast as NumPy's where the
 * primitive is elementwise. The result is a new handle; inputs stay valid and unchanged.
 */
export type Kernel<N extends PrimitiveName | CompositeName, H> = (
  inputs: readonly H[],
  params: ParamsOf<N>,
  avals: KernelAvals,
) => ResultOf<N, H>;

/** One row for each primitive: forgetting one does not compile. */
export type KernelTable<H> = { readonly [N in PrimitiveName]: Kernel<N, H> };
/** The table with native versions of any composites. */
export type Kernels<H> = KernelTable<H> & { readonly [N in CompositeName]?: Kernel<N, H> };

/** Something an engine cannot do: shown in the docs, thrown as an error, run by the conformance suite as an expected failure. */
export interface Limitation {
  /** Primitive, composite or op name; `"*"` for all. */
  readonly op: string;
  /** Only for this dtype. */
  readonly dtype?: DType;
  /** Only on these devices of the engine. */
  readonly devices?: readonly string[];
  /** Only for the sample of this name in the conformance suite, where other samples of the op pass. */
  readonly sample?: string;
  /** True if only signs of zeros get lost: all else holds. */
  readonly zeroSigns?: boolean;
  /** True if only nan and infinities may get lost, or be made up where they are: with finite numbers all else holds. */
  readonly nonFinite?: boolean;
  /** True if it holds for some values only: a failure under it is foreseen, and one at least must be there. */
  readonly sometimes?: boolean;
  /** True if core's reference kernel computes it in host memory: right, but values leave the device, and a warning says so once. */
  readonly onHost?: boolean;
  readonly reason: string;
}

export interface CompileOptions {
  /**
   * Inputs whose memory the program may reuse for an output of the same shape and dtype. After `run` such an input handle belongs
   * to the program and is not valid for the caller any more.
   */
  readonly donate?: readonly (readonly [input: number, output: number])[];
  /**
   * Outputs that are new values of variables, each with the input that holds the one before, if the program reads it. An engine whose
   * memory can be lost keeps them.
   */
  readonly state?: readonly (readonly [output: number, input: number | undefined])[];
  /** A label for profiles and error messages. */
  readonly label?: string;
  /** The graph before it was lowered, for explanations, if it was. */
  readonly source?: Graph;
}

/** A program ready to run, any number of times. */
export interface Executable<H> {
  /** Handles for the graph's inputs, in order, to handles for its outputs, in order. */
  run(inputs: readonly H[]): readonly H[] | Promise<readonly H[]>;
  /** Frees what the program holds. */
  dispose(): void;
}

/** An engine. `H` is whatever it calls a tensor. At least one of `kernels` and `compile` is there; `compile` is preferred. */
export interface Backend<H = unknown> {
  /** `tfjs`, `onnx` ... with the device, for messages. */
  readonly name: string;
  /**
   * Dtypes that the engine computes in. The others are lowered onto these by core; complex64 always is, onto float32 with a last axis
   * of two (the real and the imaginary part), so that engines never see complex numbers.
   */
  readonly dtypes: ReadonlySet<DType>;
  readonly limitations?: readonly Limitation[];
  upload(data: HostArray): H;
  download(handle: H): HostArray | Promise<HostArray>;
  release(handle: H): void;
  /** A tensor of the engine's own library as a handle of its own, or undefined if `value` is not one. */
  adopt?(value: unknown): { readonly handle: H; readonly aval: Aval } | undefined;
  /** Kernels, for engines that compute op by op. Control flow is interpreted by core. */
  readonly kernels?: Kernels<H>;
  /** For engines that take whole programs: gets a graph already lowered (see `lower`) unless `lowers`, control flow included. */
  compile?(graph: Graph, options: CompileOptions): Executable<H> | Promise<Executable<H>>;
  /** True if `compile` gets graphs as they were recorded, and lowers them itself if it must: it may have kept the program of one. */
  readonly lowers?: boolean;
  /** Composites that `compile` takes whole. */
  readonly composites?: ReadonlySet<CompositeName>;
  /** Scans of at most this many steps are unrolled before `compile`. */
  readonly unrollLimit?: number;
  /** True if a loop in a program costs less than one program after the other: what goes from step to step stays inside. */
  readonly prefersLoops?: boolean;
  /** Core's passes over graphs that are switched off, by name: `{ fold: false }`. */
  readonly passes?: Readonly<Record<string, boolean>>;
  /** Waits until all that was asked is done, for engines whose `run` answers before that. */
  settled?(): Promise<void>;
  /** Live handles and bytes, for leak tests. */
  memory?(): { readonly handles: number; readonly bytes: number };
  /** Ends workers and frees the engine. */
  dispose?(): void | Promise<void>;
}
