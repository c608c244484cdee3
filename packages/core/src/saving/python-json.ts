// JSON as Python's json module reads and writes it: with NaN, Infinity and -Infinity, which Keras configs can hold (the
// `mask_value` or `max_value` of a layer, say). JSON.parse refuses them and JSON.stringify writes null.

const MARK = "\u0000keras-ts-number:";
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

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

/** A JSON text that Python reads back as it was, NaN and infinities included. */
export function stringifyPythonJson(value: unknown): string {
  let special = false;
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== "number" || Number.isFinite(item)) return item;
    special = true;
    return MARK + String(item);
  });
  if (!special) return text;
  return text.replace(STRING_OR_NUMBER, (token) => {
    const plain = token.startsWith('"') ? (JSON.parse(token) as string) : "";
    return plain.startsWith(MARK) ? plain.slice(MARK.length) : token;
  });
}
