// Sessions on the graphics card: what they give stays there, and what variables hold comes to the host beside the next step.
import type { GpuTensor, GpuValues, Kept } from "./gpu-values.ts";
import type { OrtData, OrtSession, OrtTensor } from "./ort.ts";

/**
 * What is kept of the state of a training, should the card be lost. `step`: the last completed step. `recent`: a step shortly before it,
 * whatever came to the host while training went on. `none`: nothing but what was uploaded.
 */
export type KeepState = "step" | "recent" | "none";

/** Where the results of a session belong; said by whoever compiled the program. */
export interface Residence {
  /** Results that stay on the card; the others are computed on the host, or small. */
  readonly onCard: Readonly<Record<string, { readonly type: string; readonly dims: readonly number[] }>>;
  /** Results that variables hold afterwards, with the inputs that hold what was before, if there are such. */
  readonly state: readonly (readonly [output: string, input: string | null])[];
  readonly keep: KeepState;
}

/** Runs that may be on their way together: while one is computed the next is prepared. */
const FLIGHTS = 2;

/** The order of runs on one device. */
export class Flights {
  readonly #values: GpuValues;
  readonly #running: Promise<unknown>[] = [];
  #saving = false;

  constructor(values: GpuValues) {
    this.#values = values;
  }

  /** Waits until another run may start. */
  async start(): Promise<void> {
    while (this.#running.length >= FLIGHTS) await this.#values.guard(this.#running.shift() as Promise<unknown>);
  }
  /** Notes a run; it is over when `complete` is, or when the card has done all its work. */
  note(complete: Promise<unknown> | undefined): void {
    const over = complete ?? this.#values.memory.done();
    this.#running.push(over.catch(() => {}));
  }

  /** Values for variables that came from elsewhere: what is there only on the card comes to the host before a step replaces it. */
  async saveFirst(tensors: readonly GpuTensor[]): Promise<void> {
    const unsaved = tensors.filter(({ host, kept }) => host === undefined && kept === undefined);
    if (unsaved.length === 0) return;
    const rows = await this.#values.toHost(unsaved);
    for (const [i, tensor] of unsaved.entries()) tensor.kept = { data: rows[i] };
  }

  /** New values of variables, beside what they replace. Gives a promise of their being kept; undefined if that is left to a later step. */
  save(
    pairs: readonly (readonly [after: GpuTensor, before: Kept | undefined])[],
    keep: KeepState,
  ): Promise<void> | undefined {
    if (keep === "none" || pairs.length === 0) return undefined;
    const replaces = pairs.every(([, before]) => before !== undefined);
    if (keep === "recent" && this.#saving && replaces) {
      for (const [after, before] of pairs) after.kept = before;
      return undefined;
    }
    for (const [after, before] of pairs) after.kept = { before };
    this.#saving = true;
    const saved = this.#bring(pairs.map(([after]) => after)).finally(() => {
      this.#saving = false;
    });
    saved.catch(() => {}); // the card is lost: the chain ends in what was there before
    return saved;
  }
  async #bring(tensors: readonly GpuTensor[]): Promise<void> {
    const kept = tensors.map((tensor) => tensor.kept as Kept);
    const away = tensors.filter(({ host }) => host === undefined);
    const rows = away.length === 0 ? [] : await this.#values.toHost(away);
    for (const [i, tensor] of away.entries()) tensor.host = rows[i];
    for (const [i, { host }] of tensors.entries()) Object.assign(kept[i] as Kept, { data: host, before: undefined });
  }
}

const keptOf = ({ kept, host }: GpuTensor): Kept | undefined =>
  kept ?? (host === undefined ? undefined : { data: host });
type Values = Readonly<Record<string, OrtTensor>>;

/** A session on the card. */
export function residentSession(
  session: Pick<OrtSession, "run">,
  values: GpuValues,
  flights: Flights,
  { onCard, state, keep }: Residence,
): Pick<OrtSession, "run"> {
  const stateInputs = state.flatMap(([, input]) => (input === null ? [] : [input]));
  return {
    async run(feeds, fetches) {
      const given = feeds as Readonly<Record<string, GpuTensor>>;
      await flights.start();
      if (keep !== "none") await flights.saveFirst(stateInputs.map((name) => given[name] as GpuTensor));
      const natives = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, values.forSession(x)]));
      const places = new Map<string, GpuTensor>();
      for (const name of Object.keys(fetches)) {
        const place = onCard[name];
        if (place !== undefined) places.set(name, values.onCard(place.type, place.dims));
      }
      let results: Values;
      try {
        await values.guard(values.memory.checked());
        const wanted = Object.keys(fetches).map((name) => [name, places.get(name)?.native ?? null] as const);
        results = await values.guard(session.run(natives, Object.fromEntries(wanted)));
      } catch (error) {
        for (const tensor of places.values()) tensor.dispose();
        throw error;
      }
      const made = Object.fromEntries(
        Object.keys(fetches).map((name) => {
          const { type, data, dims } = places.get(name) === undefined ? (results[name] as OrtTensor) : noData;
          return [name, places.get(name) ?? values.fromHost(type, data as OrtData, dims)];
        }),
      );
      const saved = flights.save(
        state.map(([output, input]) => [
          made[output] as GpuTensor,
          input === null ? undefined : keptOf(given[input] as GpuTensor),
        ]),
        keep,
      );
      const complete = keep === "step" ? saved : undefined;
      if (complete !== undefined) for (const tensor of Object.values(made)) tensor.complete = complete;
      // What gives values on the host has waited for the card.
      if (places.size > 0) flights.note(complete);
      return made;
    },
  };
}
const noData = { type: "", data: undefined, dims: [] };

/** A session of the plain build, for programs that cannot run on the card. */
export function plainSession(session: OrtSession, values: GpuValues): OrtSession {
  return {
    async run(feeds, fetches) {
      const inputs = await Promise.all(
        Object.entries(feeds).map(async ([name, x]) => [name, await values.forPlainSession(x as GpuTensor)] as const),
      );
      const results = await session.run(Object.fromEntries(inputs), fetches);
      return Object.fromEntries(
        Object.entries(results).map(([name, { type, data, dims }]) => [
          name,
          values.fromHost(type, data as OrtData, dims),
        ]),
      );
    },
    release: () => session.release(),
  };
}
