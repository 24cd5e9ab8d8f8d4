/** Owns the encoding of queries in Rest.li 2.0.0: records as `(name:value)`, lists as `List(a,b)`. */

export type Value = string | number | bigint | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** Encodes a query string. Parameters that are `undefined` are left out. */
export function encodeQuery(parameters: Readonly<Record<string, Value | undefined>>): string {
  const pairs = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) pairs.push(`${encodeAtom(name)}=${encodeValue(value)}`);
  }
  return pairs.join("&");
}

export function encodeValue(value: Value): string {
  if (isList(value)) return `List(${value.map(encodeValue).join(",")})`;
  if (typeof value === "object" && value !== null) {
    return `(${Object.entries(value).map(([name, one]) => `${encodeAtom(name)}:${encodeValue(one)}`).join(",")})`;
  }
  return encodeAtom(String(value));
}

/** Encodes a text for any part of a URL; an empty one is `''`, as LinkedIn's server writes it. */
export function encodeAtom(text: string): string {
  const escape = (mark: string) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
  return text ? encodeURIComponent(text).replace(/[!'()*]/g, escape) : "''";
}

/** Makes records of dotted names: `{"dateRange.start.year": 2026}`, which OpenAPI can describe, is `{dateRange: {start: ...}}`. */
export function nestNames(parameters: Readonly<Record<string, unknown>>): Record<string, Value> {
  const nested: Record<string, Value> = {};
  for (const [dotted, value] of Object.entries(parameters)) {
    if (value === undefined || value === null) continue;
    const names = dotted.split(".");
    const last = names.pop() as string;
    let record = nested;
    for (const name of names) record = (record[name] ??= {}) as Record<string, Value>;
    record[last] = value as Value;
  }
  return nested;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
