/** Owns what the client returns: one value for each thing that a server shows. Does not own reading them (the resources). */

import type { RefusedError } from "./http/errors.js";
import type { Day, Money } from "./http/reading.js";

/** What the server refused of one job, while the others of the same request succeeded. */
export class ItemError {
  constructor(
    readonly externalId: string,
    readonly error: RefusedError,
  ) {}
}

/** A child application that was created. The secret is never shown again. */
export interface NewApplication {
  readonly urn: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A child application, as its parent finds it. */
export interface Application {
  readonly urn: string;
  readonly clientId: string;
  readonly uniqueForeignId: string;
  readonly name: string;
  readonly description: string;
  readonly callbackUrls: readonly string[];
  readonly jsDomains: readonly string[];
}

/** The contract of a child application, whose jobs spend the money of the partner's contract. */
export interface CustomerContract {
  readonly urn: string;
  readonly applicationUrn: string;
}

/** An operation that a server carries out. `taskUrns` has one task for each location of the job. */
export interface AcceptedOperation {
  readonly externalId: string;
  readonly taskUrns: readonly string[];
  readonly warnings: readonly string[];
}

/** The result of an operation. `jobId` is set once the job exists, `errorMessage` if the operation failed. */
export interface Task {
  readonly urn: string;
  readonly externalId: string;
  readonly status: string;
  readonly location: string | undefined;
  readonly jobId: number | undefined;
  readonly errorMessage: string | undefined;
}

/** Whether a job is listed and promoted, and why not. */
export interface JobStatus {
  readonly externalId: string;
  readonly listingStatus: string;
  readonly promotionStatus: string;
  readonly listingDetail: string | undefined;
  readonly promotionDetail: string | undefined;
  readonly url: string | undefined;
  readonly listedAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly location: string | undefined;
  readonly companyName: string | undefined;
  readonly campaignUrn: string | undefined;
  readonly partnerCampaignId: string | undefined;
}

/** Jobs of a customer that share a term. */
export interface Campaign {
  readonly urn: string;
  readonly partnerCampaignId: string;
  readonly name: string;
  readonly contractUrn: string;
  readonly status: string;
  readonly startsAt: Date | undefined;
  readonly endsAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

/** The figures of a job on one UTC day. `charge` is `undefined` if the report has no amount. */
export interface JobDay {
  readonly externalId: string;
  readonly day: Day;
  readonly views: number;
  readonly applyClicks: number;
  readonly charge: Money | undefined;
}

/** A job with its days. Amounts of its lifetime are in reports by ids alone. */
export interface JobReport {
  readonly externalId: string;
  readonly days: readonly JobDay[];
  readonly jobId: number | undefined;
  readonly title: string | undefined;
  readonly companyName: string | undefined;
  readonly companyPage: string | undefined;
  readonly applyUrl: string | undefined;
  readonly closedAt: Date | undefined;
  readonly partnerCampaignId: string | undefined;
  readonly lifetimeSpent: Money | undefined;
  readonly lifetimeLimit: Money | undefined;
}

/** What a partner's contract has spent in its service term, without today. */
export interface Budget {
  readonly startsAt: Date | undefined;
  readonly endsAt: Date | undefined;
  readonly spent: Money;
  readonly limit: Money;
}

/** A charge, or with `corrects` an amount returned for one. `cursor` continues the stream after it. */
export interface Charge {
  readonly kind: "CHARGE" | "REVERSE" | "ADJUST";
  readonly cursor: string;
  readonly externalId: string;
  readonly jobId: number | undefined;
  readonly applicationUrn: string;
  readonly day: Day;
  readonly reference: string;
  readonly amount: Money;
  readonly bookedAt: Date;
  readonly corrects: string | undefined;
}

/** The figures of a job's day after a change. `cursor` continues the stream after it. */
export interface DayRestatement {
  readonly kind: "RESTATEMENT";
  readonly cursor: string;
  readonly externalId: string;
  readonly jobId: number | undefined;
  readonly applicationUrn: string;
  readonly day: Day;
  readonly cause: string;
  readonly views: number;
  readonly applyClicks: number;
  readonly clicksCharged: number;
  readonly charge: string | undefined;
  readonly recordedAt: Date;
}

/** An invoice or credit note. `fields` is the response as a whole: parties and taxes, if one document was read. */
export interface Invoice {
  readonly id: number;
  readonly kind: string;
  readonly number: string | undefined;
  readonly state: string;
  readonly month: string;
  readonly net: Money;
  readonly tax: Money;
  readonly total: Money;
  readonly open: Money;
  readonly lineCount: number;
  readonly dueOn: Day | undefined;
  readonly issuedAt: Date | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A line of an invoice. `fields` is the response as a whole: titles, customer, tax, what it corrects. */
export interface InvoiceLine {
  readonly line: number;
  readonly kind: string;
  readonly contractId: number | undefined;
  readonly jobId: number | undefined;
  readonly externalId: string | undefined;
  readonly quantity: number;
  readonly price: Money;
  readonly net: Money;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A file of an invoice, whose bytes have been compared with the hash that the server has stored. */
export interface InvoiceFile {
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly content: Uint8Array<ArrayBuffer>;
}
