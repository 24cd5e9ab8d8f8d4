/** Owns how a request that is too large is split: days into months and weeks, ids into groups, operations into batches. */

import { addDays, type Day } from "./http/reading.js";
import { encodeAtom } from "./http/restli.js";

/** A query may have 4,096 characters. */
const IDS_CHARACTERS_MAX = 3_500;

/** Days from `first` to `last`, both included. */
export interface Span {
  readonly first: Day;
  readonly last: Day;
}

/** Yields spans that are each within one calendar month, and so have at most 31 days (6011). */
export function* splitMonths(first: Day, last: Day): Generator<Span> {
  addDays(last, 0);
  for (let day = addDays(first, 0); day <= last; ) {
    const nextMonth = `${addDays(`${day.slice(0, 8)}28`, 4).slice(0, 8)}01`;
    const end = addDays(nextMonth, -1);
    yield { first: day, last: end < last ? end : last };
    day = nextMonth;
  }
}

/** Yields spans of at most `daysMax` days (6023). */
export function* splitDays(first: Day, last: Day, daysMax: number): Generator<Span> {
  addDays(last, 0);
  for (let day = addDays(first, 0); day <= last; day = addDays(day, daysMax)) {
    const end = addDays(day, daysMax - 1);
    yield { first: day, last: end < last ? end : last };
  }
}

/** Yields groups of distinct ids in their order, each small enough for a query (6021). */
export function* splitIds(ids: Iterable<string>, countMax: number, charactersMax = IDS_CHARACTERS_MAX): Generator<string[]> {
  let group: string[] = [];
  let size = 0;
  for (const id of new Set(ids)) {
    const length = encodeAtom(id).length + 1;
    if (group.length > 0 && (group.length === countMax || size + length > charactersMax)) {
      yield group;
      [group, size] = [[], 0];
    }
    group.push(id);
    size += length;
  }
  if (group.length > 0) yield group;
}

/** Yields batches in order. No batch has two elements of one job, because the order within a batch means nothing (4002). */
export function* splitBatches<Element>(
  elements: Iterable<Element>,
  keyOf: (element: Element) => string | undefined,
  countMax: number,
): Generator<Element[]> {
  let batch: Element[] = [];
  let named = new Set<string>();
  for (const element of elements) {
    const name = keyOf(element);
    if (batch.length === countMax || (name !== undefined && named.has(name))) {
      yield batch;
      [batch, named] = [[], new Set()];
    }
    batch.push(element);
    if (name !== undefined) named.add(name);
  }
  if (batch.length > 0) yield batch;
}
