/**
 * Owns job postings: operations in batches, their tasks, the status of jobs.
 *
 * Does not own the fields of a job: an operation is the element of the protocol, whose type is generated.
 */

import type { JobPosting } from "./generated/types.gen.js";
import { UnreadableError, WaitEndedError } from "./http/errors.js";
import { checkKeys, type Fields, makeRowError, readFields } from "./http/reading.js";
import type { Session } from "./http/session.js";
import type { Answer } from "./http/transport.js";
import { splitBatches, splitIds } from "./ranges.js";
import { type AcceptedOperation, ItemError, type JobStatus, type Task } from "./rows.js";

const POSTINGS = "/rest/simpleJobPostings";
const TASKS = "/rest/simpleJobPostingTasks";
const STATUSES = "/v2/jobPostingStatus";
const BATCH_OPERATIONS_MAX = 100;
const KEYS_MAX = 100;
const ACCEPTED = 202;
const IN_PROGRESS = "IN_PROGRESS";
const URN_JOB = /^urn:li:jobPosting:([0-9]{1,15})$/;

/** What is done with a job: its fields, and CREATE, UPDATE, RENEW, CLOSE, UPGRADE or DOWNGRADE. */
export type Operation = JobPosting;

/** The jobs of a customer. The client's own application is the customer's. */
export class Jobs {
  constructor(private readonly session: Session) {}

  /**
   * Sends operations in batches of 100, and yields what the server says of each, in order.
   *
   * A later operation on the same job is sent in a later batch. What was sent before an error stays sent.
   */
  async *submit(operations: Iterable<Operation>): AsyncGenerator<AcceptedOperation | ItemError> {
    for (const batch of split(operations)) {
      const read = (answer: Answer) => readRows(answer, batch);
      yield* await this.session.post(POSTINGS, { elements: batch }, read, { method: "batch_create" });
    }
  }

  /** Sends operations and awaits their tasks; yields the results batch by batch. Throws `WaitEndedError`. */
  async *post(operations: Iterable<Operation>, options: { secondsMax?: number } = {}): AsyncGenerator<Task | ItemError> {
    for (const batch of split(operations)) {
      const urns = [];
      for await (const outcome of this.submit(batch)) {
        if (outcome instanceof ItemError) yield outcome;
        else urns.push(...outcome.taskUrns);
      }
      yield* this.awaitTasks(urns, options);
    }
  }

  /**
   * Yields each task once it is no longer in progress, the first ones first.
   *
   * Throws `WaitEndedError` if some are still in progress at the end of the time (by default 15 minutes).
   */
  async *awaitTasks(urns: Iterable<string>, options: { secondsMax?: number } = {}): AsyncGenerator<Task | ItemError> {
    const { limits, surroundings } = this.session.transport;
    const longest = options.secondsMax ?? limits.taskSecondsMax;
    const pending = new Set(urns);
    for (let waited = 0; pending.size > 0; ) {
      for await (const task of this.readTasks([...pending])) {
        const isError = task instanceof ItemError;
        if (!isError && task.status === IN_PROGRESS) continue;
        pending.delete(isError ? task.externalId : task.urn);
        yield task;
      }
      if (pending.size === 0) return;
      if (waited >= longest) {
        throw new WaitEndedError(`${pending.size} tasks are still in progress after ${longest} seconds`, [...pending]);
      }
      const seconds = Math.min(limits.taskPollSeconds, longest - waited);
      await surroundings.sleep(seconds);
      waited += seconds;
    }
  }

  /** Yields the tasks as they are now. The `externalId` of an `ItemError` is the task's URN. */
  async *readTasks(urns: Iterable<string>): AsyncGenerator<Task | ItemError> {
    for (const ids of splitIds(urns, KEYS_MAX)) {
      yield* await this.session.get(TASKS, (answer) => readBatch(answer, ids, readTask), { parameters: { ids } });
    }
  }

  /** Yields whether each job is listed and promoted. */
  async *readStatuses(externalIds: Iterable<string>): AsyncGenerator<JobStatus | ItemError> {
    for (const ids of splitIds(externalIds, KEYS_MAX)) {
      yield* await this.session.get(STATUSES, (answer) => readBatch(answer, ids, readStatus), { parameters: { ids } });
    }
  }
}

/** Returns the number of a job's URN. */
export function readJobUrn(urn: string | undefined): number | undefined {
  const found = URN_JOB.exec(urn ?? "");
  return found === null ? undefined : Number(found[1]);
}

function split(operations: Iterable<Operation>): Generator<Operation[]> {
  return splitBatches(operations, (operation) => operation.externalJobPostingId, BATCH_OPERATIONS_MAX);
}

function readRows(answer: Answer, batch: readonly Operation[]): (AcceptedOperation | ItemError)[] {
  const rows = readFields(answer).list("elements");
  if (rows.length !== batch.length) {
    throw new UnreadableError(`the response has ${rows.length} rows for ${batch.length} operations`);
  }
  return rows.map((row, index) => readRow(row, batch[index]?.externalJobPostingId ?? ""));
}

/** `jobPostingError` is the name of the error in LinkedIn's own client. */
function readRow(row: Fields, externalId: string): AcceptedOperation | ItemError {
  const [status, id] = [row.integer("status"), row.optionalText("id")];
  if (status !== ACCEPTED || id === undefined) {
    const name = row.optional("error") === undefined ? "jobPostingError" : "error";
    return new ItemError(externalId, makeRowError(row.optionalRecord(name), status));
  }
  const entity = row.optionalRecord("entity");
  return {
    externalId,
    taskUrns: [id, ...entity.texts("alternateLocationTasks")],
    warnings: entity.texts("warnings"),
  };
}

function readBatch<Row>(
  answer: Answer,
  asked: readonly string[],
  read: (key: string, row: Fields) => Row,
): (Row | ItemError)[] {
  const fields = readFields(answer);
  fields.record("results");
  const [results, errors] = [fields.map("results"), fields.map("errors")];
  checkKeys(asked, [...results, ...errors].map(([key]) => key));
  return [
    ...results.map(([key, row]) => read(key, row)),
    ...errors.map(([key, error]) => new ItemError(key, makeRowError(error))),
  ];
}

function readTask(urn: string, task: Fields): Task {
  return {
    urn,
    externalId: String(task.optional("externalJobPostingId") ?? ""), // LinkedIn may send a number
    status: task.text("status"),
    location: task.optionalText("location"),
    jobId: readJobUrn(task.optionalText("jobPosting")),
    errorMessage: task.optionalText("errorMessage"),
  };
}

function readStatus(externalId: string, status: Fields): JobStatus {
  const info = status.optionalRecord("jobPostingInfo");
  return {
    externalId,
    listingStatus: status.text("listingStatus"),
    promotionStatus: status.optionalText("promotionStatus") ?? "NOT_PROMOTED",
    listingDetail: status.optionalRecord("listingStatusDetail").optionalText("statusMessage"),
    promotionDetail: status.optionalRecord("promotionStatusDetail").optionalText("statusMessage"),
    url: status.optionalText("jobPostingUrl"),
    listedAt: info.optionalTime("listedAt"),
    expiresAt: info.optionalTime("expireAt"),
    location: info.optionalText("location"),
    companyName: info.optionalRecord("companyDetails").optionalText("name"),
    campaignUrn: status.optionalText("jobCampaign"),
    partnerCampaignId: status.optionalText("partnerJobCampaign"),
  };
}
