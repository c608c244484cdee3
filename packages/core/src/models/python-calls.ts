// How Python's Keras records calls of layers that were given nothing but an input: which defaults end up in the file.
import { isSymbolic, type KerasTensor } from "../ops/index.ts";

// Layers whose `call` takes `mask`, and those whose `training` has a default.
const names = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));
const withMask = names(
  `AdditiveAttention Attention BatchNormalization Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D Functional GRU
  GlobalAveragePooling1D LSTM Lambda Pipeline RNN Sequential SimpleRNN Softmax TimeDistributed`,
);
const notTraining = names(
  `AdditiveAttention AlphaDropout Attention ConvLSTM1D ConvLSTM2D ConvLSTM3D Dropout GRU GRUCell GaussianDropout GaussianNoise LSTM
  LSTMCell RNN SimpleRNN SimpleRNNCell SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells`,
);

/** Python's default of `training` in the call of a class; undefined if it has none of its own. */
export const defaultTraining = (className: string): boolean | undefined =>
  notTraining.has(className) ? false : undefined;

/** The keyword arguments that Keras adds to a call with one plain input in the layer's own dtype. */
export function impliedKwargs(
  className: string,
  inputs: readonly unknown[],
  computeDtype: string,
): Record<string, unknown> {
  const [x] = inputs;
  if (inputs.length !== 1 || !isSymbolic(x) || (x as KerasTensor).dtype !== computeDtype) return {};
  const training = defaultTraining(className);
  return { ...(training === undefined ? {} : { training }), ...(withMask.has(className) ? { mask: null } : {}) };
}

/** Python's names of the inputs of a call, in order, for files in which they were given by name. */
export const inputNames: readonly string[] = ["inputs", "sequences", "sequence", "x", "query", "value", "key"];
