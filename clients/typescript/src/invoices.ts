/**
 * Owns the invoices of a Jobmeter server, with the token of a partner: documents, their lines and files.
 *
 * Does not own what a document means. Files are compared with the hash that the server has stored.
 */

import { UnreadableError } from "./http/errors.js";
import { type Fields, readFields, readMoney } from "./http/reading.js";
import type { Parameters, Session } from "./http/session.js";
import type { Answer } from "./http/transport.js";
import type { Invoice, InvoiceFile, InvoiceLine } from "./rows.js";

const PATH = "/partner/invoices";
const PAGE_ROWS = 200;
const NAME = /filename="([A-Za-z0-9._-]+)"/;

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextAfter: number | undefined;
}

/** The invoices and credit notes of a partner. The client's own application is the parent. */
export class Invoices {
  constructor(private readonly session: Session) {}

  /** Yields the issued documents in the order of their ids; `month` such as 2026-11 selects some. */
  list(options: { month?: string } = {}): AsyncGenerator<Invoice> {
    return this.#follow(PATH, { ...options, count: PAGE_ROWS }, readInvoice, (invoice) => invoice.id);
  }

  /** Returns a document with its parties and taxes in `fields`. */
  read(invoiceId: number): Promise<Invoice> {
    return this.session.get(`${PATH}/${invoiceId}`, (answer) => {
      const invoice = readInvoice(readFields(answer));
      if (invoice.id === invoiceId) return invoice;
      throw new UnreadableError(`the response is about invoice ${invoice.id}, not ${invoiceId}`);
    });
  }

  /** Yields the lines of a document in their order. */
  async *listLines(invoiceId: number): AsyncGenerator<InvoiceLine> {
    const { total } = await this.read(invoiceId);
    const read = (fields: Fields) => readLine(fields, total.currency);
    yield* this.#follow(`${PATH}/${invoiceId}/lines`, {}, read, (line) => line.line);
  }

  /** Returns a file. Throws `UnreadableError` if its bytes are not those of its hash. */
  download(
    invoiceId: number,
    format: "pdf" | "xml" | "ubl" | "csv" | "json" | "xlsx" = "pdf",
  ): Promise<InvoiceFile> {
    return this.session.get(`${PATH}/${invoiceId}/files/${format}`, readFile, { headers: { Accept: "*/*" } });
  }

  async *#follow<Row>(
    path: string,
    wanted: Parameters,
    read: (fields: Fields) => Row,
    numberOf: (row: Row) => number,
  ): AsyncGenerator<Row> {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const known: number = after;
      const parameters = { ...wanted, after: known };
      const page: Page<Row> = await this.session.get(path, (answer) => readPage(answer, known, read, numberOf), { parameters });
      yield* page.rows;
      after = page.nextAfter;
    }
  }
}

/** A page that came before shows numbers that are not after the requested one. */
function readPage<Row>(
  answer: Answer,
  after: number,
  read: (fields: Fields) => Row,
  numberOf: (row: Row) => number,
): Page<Row> {
  const fields = readFields(answer);
  const rows = fields.list("elements").map(read);
  let known = after;
  for (const row of rows) {
    if (numberOf(row) <= known) throw new UnreadableError(`the response shows ${numberOf(row)} after ${known}`);
    known = numberOf(row);
  }
  const nextAfter = fields.optionalInteger("nextAfter");
  if (nextAfter !== undefined && nextAfter <= after) {
    throw new UnreadableError(`the response continues at ${nextAfter}, after ${after}`);
  }
  return { rows, nextAfter };
}

function readInvoice(fields: Fields): Invoice {
  const currency = fields.text("currencyCode");
  const money = (name: string) => readMoney(fields.text(name), currency);
  return {
    id: fields.integer("id"),
    kind: fields.text("kind"),
    number: fields.optionalText("number"),
    state: fields.text("state"),
    month: fields.text("month"),
    net: money("net"),
    tax: money("tax"),
    total: money("total"),
    open: money("open"),
    lineCount: fields.integer("lineCount"),
    dueOn: fields.optionalText("dueOn"),
    issuedAt: fields.optional("issuedAt") === undefined ? undefined : fields.moment("issuedAt"),
    fields: fields.values,
  };
}

function readLine(fields: Fields, currency: string): InvoiceLine {
  return {
    line: fields.integer("line"),
    kind: fields.text("kind"),
    contractId: fields.optionalInteger("contract"),
    jobId: fields.optionalInteger("jobId"),
    externalId: fields.optionalText("externalId"),
    quantity: fields.integer("quantity"),
    price: readMoney(fields.text("price"), currency),
    net: readMoney(fields.text("net"), currency),
    fields: fields.values,
  };
}

async function readFile(answer: Answer): Promise<InvoiceFile> {
  const tag = (answer.headers.get("etag") ?? "").replace(/^"|"$/g, "");
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", answer.body));
  const sha256 = Array.from(digest, (octet) => octet.toString(16).padStart(2, "0")).join("");
  if (sha256 !== tag) throw new UnreadableError("what the server sent is not the file of its hash");
  return {
    name: NAME.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "",
    mediaType: answer.headers.get("content-type") ?? "",
    sha256,
    content: answer.body,
  };
}
