/**
 * Owns the stream of charges of a Jobmeter server: each charge, correction and restatement once, in order.
 *
 * Does not own where a reader continues: keep the `cursor` of the last row that you have stored.
 */

import { UnreadableError } from "./http/errors.js";
import { type Fields, isDay, readFields } from "./http/reading.js";
import type { Session } from "./http/session.js";
import type { Answer } from "./http/transport.js";
import { readJobUrn } from "./jobs.js";
import type { Charge, DayRestatement } from "./rows.js";

const PATH = "/partner/charges";
const PAGE_ROWS = 1_000;
const RESTATEMENT = "RESTATEMENT";

interface Page {
  readonly rows: readonly (Charge | DayRestatement)[];
  readonly cursor: string;
  readonly hasMore: boolean;
}

/** The charges of a partner's contracts, or, with the token of a customer's application, of its own jobs. */
export class Charges {
  constructor(private readonly session: Session) {}

  /** Yields what was booked after the cursor, up to now; call it again with the last row's cursor for what follows. */
  async *follow(after = "0"): AsyncGenerator<Charge | DayRestatement> {
    for (let cursor = after, hasMore = true; hasMore; ) {
      const parameters = { after: cursor, limit: PAGE_ROWS };
      const page: Page = await this.session.get(PATH, (answer) => readPage(answer, cursor), { parameters });
      yield* page.rows;
      ({ cursor, hasMore } = page);
    }
  }
}

/** A page that came before shows cursors that are not after the requested one. */
function readPage(answer: Answer, after: string): Page {
  const fields = readFields(answer);
  const rows = fields.list("elements").map(readEntry);
  const cursor = readCursor(fields);
  const hasMore = fields.flag("hasMore");
  let known = BigInt(after);
  for (const row of rows) {
    if (BigInt(row.cursor) <= known) throw new UnreadableError(`the response shows cursor ${row.cursor} after ${known}`);
    known = BigInt(row.cursor);
  }
  if (BigInt(cursor) < known || (hasMore && cursor === after)) {
    throw new UnreadableError(`the response ends with cursor ${cursor}, after ${known}`);
  }
  return { rows, cursor, hasMore };
}

/** A text, because a cursor may be larger than the numbers of JavaScript are exact. */
function readCursor(fields: Fields): string {
  const text = fields.text("cursor");
  if (!/^[0-9]{1,20}$/.test(text)) throw fields.unreadable("cursor", "a cursor");
  return text;
}

function readEntry(entry: Fields): Charge | DayRestatement {
  const day = entry.text("day");
  if (!isDay(day)) throw entry.unreadable("day", "a day");
  const about = {
    cursor: readCursor(entry),
    externalId: entry.text("externalJobPostingId"),
    jobId: readJobUrn(entry.text("jobPosting")),
    applicationUrn: entry.text("developerApplication"),
    day,
  };
  const kind = entry.text("type") as Charge["kind"] | typeof RESTATEMENT;
  if (kind === RESTATEMENT) return { kind, ...about, ...readRestatement(entry) };
  return {
    kind,
    ...about,
    reference: entry.text("reference"),
    amount: entry.money("amount"),
    bookedAt: entry.moment("bookedAt"),
    corrects: entry.optionalText("corrects"),
  };
}

function readRestatement(entry: Fields) {
  const after = entry.record("after");
  return {
    cause: entry.text("cause"),
    views: after.integer("views"),
    applyClicks: after.integer("applyClicks"),
    clicksCharged: after.integer("clicksCharged"),
    charge: after.optionalText("charge"),
    recordedAt: entry.moment("recordedAt"),
  };
}
