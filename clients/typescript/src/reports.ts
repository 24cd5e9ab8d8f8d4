/**
 * Owns the reports: jobs by ids, jobs by days, the budget. Ranges and lists of ids are split, pages are followed.
 *
 * Does not own which figures a report shows. A page that came twice, or that belongs to another request, is noticed.
 */

import { UnreadableError } from "./http/errors.js";
import { checkKeys, type Day, type Fields, makeRowError, readFields, writeDay } from "./http/reading.js";
import type { Parameters, Session } from "./http/session.js";
import type { Answer } from "./http/transport.js";
import { type Span, splitDays, splitIds, splitMonths } from "./ranges.js";
import { type Budget, ItemError, type JobDay, type JobReport } from "./rows.js";

const JOBS = "/rest/partnerJobReports";
const BUDGETS = "/rest/partnerBudgetReports";
const IDS_MAX = 10;
const DAYS_BY_RANGE_MAX = 7;
const PAGE_JOBS = 50;
const PASSES_MAX = 3;
const NOT_FOUND = 404;

/** Which of a partner's contracts is meant; it may be left out if there is one. */
export interface OfContract {
  readonly partnerContractId?: number;
}

interface Page {
  readonly reports: readonly JobReport[];
  /** 0 if the server does not say how many jobs there are. */
  readonly total: number;
  readonly nextStart: number | undefined;
}

/** The reports of jobs, with the token of the customer's application, and of the budget, with that of its parent. */
export class Reports {
  constructor(private readonly session: Session) {}

  /**
   * Yields one report for each job, with all of its days from `first` to `last`, in the order of the ids.
   *
   * A job that has no report in any month of the range is an `ItemError` (6013).
   */
  async *byIds(
    externalIds: Iterable<string>,
    first: Day,
    last: Day,
    options: OfContract = {},
  ): AsyncGenerator<JobReport | ItemError> {
    for (const group of splitIds(externalIds, IDS_MAX)) {
      const months = [];
      for (const span of splitMonths(first, last)) {
        const parameters = { ...listParameters(span, options), ids: group };
        months.push(await this.session.get(JOBS, (answer) => readByIds(answer, group, span), { parameters }));
      }
      for (const externalId of group) {
        const found = months.flatMap((month) => month.get(externalId) ?? []);
        if (found.length > 0) yield join(found);
      }
    }
  }

  /**
   * Yields the reports of all jobs, week by week: a job is yielded once for each seven days of the range.
   *
   * Throws `UnreadableError` if the server's pages remain incomplete.
   */
  async *byDays(first: Day, last: Day, options: OfContract = {}): AsyncGenerator<JobReport> {
    for (const span of splitDays(first, last, DAYS_BY_RANGE_MAX)) yield* this.#followPages(span, options);
  }

  /** Returns what the partner's contract has spent, and its limit, without today. */
  budget(options: OfContract = {}): Promise<Budget> {
    return this.session.get(BUDGETS, readBudget, { parameters: { ...options } });
  }

  /** Yields each job once. If jobs moved between the pages while these were read, all are read again for the rest. */
  async *#followPages(span: Span, options: OfContract): AsyncGenerator<JobReport> {
    const seen = new Set<string>();
    let total = 0;
    for (let pass = 0; pass < PASSES_MAX; pass += 1) {
      for (let start: number | undefined = 0; start !== undefined; ) {
        const page: Page = await this.#readPage(span, options, start);
        for (const report of page.reports) {
          if (seen.has(report.externalId)) continue;
          seen.add(report.externalId);
          yield report;
        }
        total = page.total;
        start = page.nextStart;
      }
      if (seen.size >= total) return;
    }
    throw new UnreadableError(`the pages of ${span.first} to ${span.last} show ${seen.size} jobs of ${total}`);
  }

  #readPage(span: Span, options: OfContract, start: number): Promise<Page> {
    const parameters = { ...listParameters(span, options), q: "dateRange", start, count: PAGE_JOBS };
    return this.session.get(JOBS, (answer) => readPage(answer, start, span), { parameters });
  }
}

/** Yields the days of reports, one row for each job and day; jobs without a report are left out. */
export async function* listDays(
  reports: AsyncIterable<JobReport | ItemError> | Iterable<JobReport | ItemError>,
): AsyncGenerator<JobDay> {
  for await (const report of reports) {
    if (!(report instanceof ItemError)) yield* report.days;
  }
}

function listParameters(span: Span, options: OfContract): Parameters {
  return { dateRange: { start: writeDay(span.first), end: writeDay(span.last) }, ...options };
}

function readPage(answer: Answer, start: number, span: Span): Page {
  const fields = readFields(answer);
  const reports = fields.list("elements").map((report) => readReport(report, span));
  const paging = fields.optionalRecord("paging");
  const shown = paging.optionalInteger("start") ?? start;
  if (shown !== start) throw new UnreadableError(`the response is the page at ${shown}, not at ${start}`);
  const end = start + PAGE_JOBS;
  const total = paging.optionalInteger("total");
  const isFull = reports.length >= PAGE_JOBS;
  const isLinked = paging.optionalList("links").some((link) => link.optionalText("rel") === "next");
  const hasNext = total === undefined ? isFull || isLinked : end < total;
  return { reports, total: total ?? 0, nextStart: hasNext && reports.length > 0 ? end : undefined };
}

function readByIds(answer: Answer, asked: readonly string[], span: Span): Map<string, JobReport | ItemError> {
  const fields = readFields(answer);
  const found = new Map<string, JobReport | ItemError>();
  for (const [id, error] of fields.map("errors")) found.set(id, new ItemError(id, makeRowError(error)));
  fields.record("results");
  for (const [id, report] of fields.map("results")) found.set(id, readReport(report, span));
  checkKeys(asked, found.keys());
  return found;
}

/** A cache between client and server may return the response for other days, which is noticed. */
function readReport(report: Fields, span: Span): JobReport {
  const info = report.record("jobPostingInfo");
  const company = info.optionalRecord("companyDetails");
  const lifetime = report.optionalRecord("lifetimeJobBudgetInfo");
  const externalId = info.text("externalJobPostingId");
  const days = report.optionalList("jobPerformanceMetrics").map((row) => readDay(row, externalId));
  for (const { day } of days) {
    if (day < span.first || day > span.last) throw new UnreadableError(`the response is about ${day}, which was not requested`);
  }
  return {
    externalId,
    days,
    jobId: info.optionalInteger("linkedInJobPostingId"),
    title: info.optionalText("jobTitle"),
    companyName: company.optionalText("companyName"),
    companyPage: company.optionalText("companyPage"),
    applyUrl: info.optionalText("companyApplyUrl"),
    closedAt: info.optionalTime("closeAt"),
    partnerCampaignId: info.optionalText("partnerJobCampaign"),
    lifetimeSpent: lifetime.optionalMoney("lifetimeBudgetSpent"),
    lifetimeLimit: lifetime.optionalMoney("lifetimeBudgetLimit"),
  };
}

function readDay(row: Fields, externalId: string): JobDay {
  return {
    externalId,
    day: row.day("date"),
    views: row.optionalInteger("viewCount") ?? 0,
    applyClicks: row.optionalInteger("applyClickCount") ?? 0,
    charge: row.optionalMoney("charge"),
  };
}

/** Returns the newest report with the days of all; an error, if it is not that the job has none in a month. */
function join(months: readonly (JobReport | ItemError)[]): JobReport | ItemError {
  const reports = months.filter((month): month is JobReport => !(month instanceof ItemError));
  const errors = months.filter((month): month is ItemError => month instanceof ItemError);
  const newest = reports.at(-1);
  const failed = errors.find((error) => newest === undefined || error.error.status !== NOT_FOUND);
  if (failed !== undefined || newest === undefined) return failed as ItemError;
  return { ...newest, days: reports.flatMap((report) => report.days) };
}

function readBudget(answer: Answer): Budget {
  const fields = readFields(answer);
  const [details, ...others] = fields.list("partnerBudgetDetails");
  if (details === undefined || others.length > 0) throw fields.unreadable("partnerBudgetDetails", "one budget");
  return {
    startsAt: fields.optionalTime("serviceTermStartAt"),
    endsAt: fields.optionalTime("serviceTermEndAt"),
    spent: details.money("serviceTermBudgetSpent"),
    limit: details.money("serviceTermBudgetLimit"),
  };
}
