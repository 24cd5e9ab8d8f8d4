/** The client: jobs, reports, budget, charges and invoices of a Jobmeter server, or of LinkedIn, as typed values. */

export type { ApplicationFields } from "./applications.js";
export type { CampaignFields } from "./campaigns.js";
export { Client, type ClientOptions, openApi } from "./client.js";
export {
  ClientError,
  NoResponseError,
  RefusedError,
  ThrottledError,
  UnreadableError,
  WaitEndedError,
} from "./http/errors.js";
export type { Day, Money } from "./http/reading.js";
export { writeMoney } from "./http/reading.js";
export type { Credentials } from "./http/session.js";
export { jobmeterAt, type Limits, LINKEDIN, type Server, type Surroundings } from "./http/transport.js";
export type { Operation } from "./jobs.js";
export { listDays, type OfContract } from "./reports.js";
export * from "./rows.js";
/** The types of the wire, generated from the OpenAPI document. */
export type * as wire from "./generated/types.gen.js";
