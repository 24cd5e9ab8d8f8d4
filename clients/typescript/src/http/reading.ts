/**
 * Owns the reading of responses into values: JSON whose types are checked, amounts, days, times; and days in requests.
 *
 * Unknown fields are ignored, as are those that are absent or null: LinkedIn adds fields, and leaves out empty ones. An error
 * quotes nothing of the response that may be a token or a secret.
 */

import { isRecord, makeRefusal, type RefusedError, UnreadableError } from "./errors.js";
import type { Value } from "./restli.js";
import type { Answer } from "./transport.js";

const MICROS_PER_UNIT = 1_000_000n;
const AMOUNT_MICROS_MAX = 2n ** 63n - 1n;
/** Finer than a millionth, an amount can have zeros only. */
const AMOUNT = /^(-?)([0-9]{1,13})(?:\.([0-9]{1,6})0*)?$/;
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const DAY_MS = 86_400_000;
const SHOWN_CHARACTERS = 80;

/** An amount in millionths of a unit: `{ amountMicros: 30_000_000n, currency: "USD" }` is 30.00 USD. */
export interface Money {
  readonly amountMicros: bigint;
  readonly currency: string;
}

/** A UTC day, such as `2026-11-28`. */
export type Day = string;

/** Decodes the body, which must be a record. */
export function readFields(answer: Answer): Fields {
  try {
    return new Fields(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(answer.body)), "the response");
  } catch (error) {
    if (error instanceof UnreadableError) throw error;
    throw new UnreadableError("the response cannot be read: it is not complete JSON");
  }
}

/** A record of a response, whose fields are read with the type that they must have. */
export class Fields {
  readonly values: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly name: string,
  ) {
    if (!isRecord(value)) throw new UnreadableError(`${name} is not a record`);
    this.values = value;
  }

  unreadable(name: string, wanted: string): UnreadableError {
    return new UnreadableError(`${this.name} has ${name}, which is not ${wanted}`);
  }

  optional(name: string): unknown {
    return this.values[name] ?? undefined;
  }

  text(name: string): string {
    const value = this.optional(name);
    if (typeof value !== "string") throw this.unreadable(name, "a text");
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.optional(name) === undefined ? undefined : this.text(name);
  }

  integer(name: string): number {
    const value = this.optional(name);
    if (!Number.isSafeInteger(value)) throw this.unreadable(name, "an integer");
    return value as number;
  }

  optionalInteger(name: string): number | undefined {
    return this.optional(name) === undefined ? undefined : this.integer(name);
  }

  flag(name: string): boolean {
    const value = this.optional(name);
    if (typeof value !== "boolean") throw this.unreadable(name, "true or false");
    return value;
  }

  record(name: string): Fields {
    return new Fields(this.optional(name), name);
  }

  /** An absent record is empty. */
  optionalRecord(name: string): Fields {
    return new Fields(this.optional(name) ?? {}, name);
  }

  list(name: string): Fields[] {
    return this.#values(name).map((value) => new Fields(value, name));
  }

  optionalList(name: string): Fields[] {
    return this.optional(name) === undefined ? [] : this.list(name);
  }

  texts(name: string): string[] {
    const values = this.optional(name) === undefined ? [] : this.#values(name);
    if (!values.every((value) => typeof value === "string")) throw this.unreadable(name, "a list of texts");
    return values as string[];
  }

  /** The records of a map by their keys; an absent map is empty. */
  map(name: string): [string, Fields][] {
    return Object.entries(this.optionalRecord(name).values).map(([key, value]) => [key, new Fields(value, name)]);
  }

  money(name: string): Money {
    const amount = this.record(name);
    return readMoney(amount.text("amount"), amount.text("currencyCode"));
  }

  optionalMoney(name: string): Money | undefined {
    return this.optional(name) === undefined ? undefined : this.money(name);
  }

  /** A time of Rest.li, in milliseconds since 1970. */
  optionalTime(name: string): Date | undefined {
    const milliseconds = this.optionalInteger(name);
    return milliseconds === undefined ? undefined : new Date(milliseconds);
  }

  /** A time of plain JSON, in RFC 3339. */
  moment(name: string): Date {
    const moment = new Date(this.text(name));
    if (Number.isNaN(moment.getTime())) throw this.unreadable(name, "a time");
    return moment;
  }

  /** A day of Rest.li, a record of year, month and day. */
  day(name: string): Day {
    const parts = this.record(name);
    const text = [["year", 4], ["month", 2], ["day", 2]] as const;
    const day = text.map(([part, width]) => String(parts.integer(part)).padStart(width, "0")).join("-");
    if (!isDay(day)) throw this.unreadable(name, "a day");
    return day;
  }

  #values(name: string): unknown[] {
    const value = this.optional(name);
    if (!Array.isArray(value)) throw this.unreadable(name, "a list");
    return value;
  }
}

/** Reads amounts with any number of decimal places, in any currency. */
export function readMoney(text: string, currency: string): Money {
  const found = AMOUNT.exec(text);
  if (found === null) throw new UnreadableError(`${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))} is not an amount`);
  const micros = BigInt(found[2] as string) * MICROS_PER_UNIT + BigInt((found[3] ?? "").padEnd(6, "0"));
  if (micros > AMOUNT_MICROS_MAX) throw new UnreadableError(`${text} is too large for an amount`);
  return { amountMicros: found[1] ? -micros : micros, currency };
}

/** Returns the amount as the wire has it: with the decimal places of its currency, or with more, never rounded. */
export function writeMoney(money: Money): { currencyCode: string; amount: string } {
  const { currency, amountMicros } = money;
  const places = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().minimumFractionDigits ?? 2;
  const micros = amountMicros < 0n ? -amountMicros : amountMicros;
  const decimals = String(micros % MICROS_PER_UNIT).padStart(6, "0");
  const kept = decimals.slice(0, places) + decimals.slice(places).replace(/0+$/, "");
  const amount = `${amountMicros < 0n ? "-" : ""}${micros / MICROS_PER_UNIT}${kept && `.${kept}`}`;
  return { currencyCode: currency, amount };
}

export function isDay(text: string): boolean {
  return DAY.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
}

/** Returns the day that many days later. Throws a `RangeError` for a text that is not a day. */
export function addDays(day: Day, days: number): Day {
  if (!isDay(day)) throw new RangeError(`${day} is not a day such as 2026-11-28`);
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

export function writeDay(day: Day): Value {
  const [year, month, dayOfMonth] = day.split("-").map(Number) as [number, number, number];
  return { year, month, day: dayOfMonth };
}

/** Throws `UnreadableError`: a cache between client and server may return the response to another question. */
export function checkKeys(asked: readonly string[], found: Iterable<string>): void {
  const known = new Set(asked);
  for (const key of found) {
    if (!known.has(key)) throw new UnreadableError(`the response is about ${JSON.stringify(key)}, which was not requested`);
  }
}

/** Returns the error of one row; a row's own status is above that of the whole response. */
export function makeRowError(error: Fields, status = 0): RefusedError {
  return makeRefusal(error.optionalInteger("status") ?? status, error.values);
}

export function readNothing(): void {}
