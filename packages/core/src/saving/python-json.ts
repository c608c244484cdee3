// JSON as Python's json module reads and writes it: with NaN, Infinity and -Infinity, which Keras configs can hold (the
// `mask_value` or `max_value` of a layer, say). JSON.parse refuses them and JSON.stringify writes null.

const MARK = "\u0000keras-ts-number:";
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|(?:-?Infinity|NaN)(?!\s*:)/g;

/** The value of a JSON text, NaN and infinities included. @throws SyntaxError */
export function parsePythonJson(text: string): unknown {
  let special = false;
  const marked = text.replace(STRING_OR_NUMBER, (token) => {
    if (token.startsWith('"')) return token;
    special = true;
    return JSON.stringify(MARK + token);
  });
  if (!special) return JSON.parse(text);
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value,
  );
}

/**
 * Keys of Keras configs whose numbers are floats in Python. JavaScript does not tell 0.0 from 0, Keras does: it refuses
 * `"momentum": 0` of SGD because 0 is an int. Only keys that mean a float wherever Keras uses them may stand here.
 */
const FLOAT_KEYS: ReadonlySet<string> = new Set(
  `momentum learning_rate initial_learning_rate rate decay_rate alpha epsilon beta_1 beta_2 rho stddev mean gain minval
  maxval negative_slope threshold min_value max_value l1 l2 ema_momentum clipnorm clipvalue global_clipnorm weight_decay
  label_smoothing dropout recurrent_dropout delta initial_accumulator_value learning_rate_power
  l1_regularization_strength l2_regularization_strength beta warmup_target end_learning_rate power t_mul m_mul
  min_delta loss_scale_factor initial_scale`.split(/\s+/),
);

/** A JSON text that Python reads back as it was: NaN and infinities included, and floats where Keras wants floats. */
export function stringifyPythonJson(value: unknown): string {
  let special = false;
  const text = JSON.stringify(value, (key, item: unknown) => {
    if (typeof item !== "number") return item;
    const whole = Number.isInteger(item) && FLOAT_KEYS.has(key);
    if (Number.isFinite(item) && !whole) return item;
    special = true;
    const digits = Object.is(item, -0) ? "-0" : String(item);
    return MARK + (/^-?\d+$/.test(digits) ? `${digits}.0` : digits);
  });
  if (!special) return text;
  return text.replace(STRING_OR_NUMBER, (token) => {
    const plain = token.startsWith('"') ? (JSON.parse(token) as string) : "";
    return plain.startsWith(MARK) ? plain.slice(MARK.length) : token;
  });
}
