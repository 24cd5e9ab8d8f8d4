/** Owns the errors of the client: one family. Does not own which errors are worth another attempt (`transport`). */

const TOO_MANY_REQUESTS = 429;
const SERVER_ERRORS = 500;
/** A server error that another attempt cannot change: the server lacks what it needs. */
const PERMANENT = new Set([501, 505]);
const KEY_IN_USE = "IDEMPOTENCY_KEY_IN_USE";
const TEXT_CHARACTERS_MAX = 500;

/** What every call of the client may throw. */
export class ClientError extends Error {
  /** Whether another attempt may succeed. */
  isTemporary = false;
  /** Whether the server may have done what was requested. */
  mayHaveHappened = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What a response says of a refusal. */
export interface Refusal {
  readonly message: string;
  readonly status: number;
  /** The number by which the table of errors explains it, such as 6011, or LinkedIn's `serviceErrorCode`. */
  readonly code?: number | undefined;
  /** The error's name, such as `IDEMPOTENCY_KEY_IN_USE` or `invalid_client`. */
  readonly label: string;
  readonly requestId: string;
  /** The decoded body. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The server refused the request, or failed. */
export class RefusedError extends ClientError implements Refusal {
  readonly status: number;
  readonly code: number | undefined;
  readonly label: string;
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Set if the server says when it accepts the request. */
  retryAfterSeconds: number | undefined;

  constructor(refusal: Refusal) {
    super(`${refusal.message} (${refusal.code === undefined ? "" : `${refusal.code}, `}HTTP ${refusal.status})`);
    this.status = refusal.status;
    this.code = refusal.code;
    this.label = refusal.label;
    this.requestId = refusal.requestId;
    this.details = refusal.details;
    this.mayHaveHappened = this.status >= SERVER_ERRORS;
    this.isTemporary =
      this.status === TOO_MANY_REQUESTS ||
      (this.status >= SERVER_ERRORS && !PERMANENT.has(this.status)) ||
      this.label === KEY_IN_USE;
  }
}

/** Too many requests: of a day, if `retryAfterSeconds` is large. */
export class ThrottledError extends RefusedError {}

/** There is no response: the connection failed or broke, or the response did not arrive in time. */
export class NoResponseError extends ClientError {
  constructor(message: string, options: { mayHaveHappened: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.isTemporary = true;
    this.mayHaveHappened = options.mayHaveHappened;
  }
}

/** The response is not what the protocol says: cut off, of another request, or of another format. */
export class UnreadableError extends ClientError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.isTemporary = true;
    this.mayHaveHappened = true;
  }
}

/** What was waited for did not happen in the time given: `pending` are the ids that are still in progress. */
export class WaitEndedError extends ClientError {
  readonly pending: readonly string[];

  constructor(message: string, pending: readonly string[]) {
    super(message);
    this.mayHaveHappened = true;
    this.pending = pending;
  }
}

/** Returns the error of a response's decoded body: Rest.li, OAuth or plain; anything else is quoted. */
export function makeRefusal(status: number, content: unknown, requestId = ""): RefusedError {
  const details = isRecord(content) ? content : {};
  const label = String(details["code"] ?? details["error"] ?? "");
  const service = details["serviceErrorCode"];
  const number = typeof service === "number" ? service : /^[0-9]+$/.test(label) ? Number(label) : undefined;
  const message = details["message"] ?? details["error_description"] ?? quote(content);
  const Kind = status === TOO_MANY_REQUESTS ? ThrottledError : RefusedError;
  return new Kind({ message: String(message), status, code: number, label, requestId, details });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quote(content: unknown): string {
  const text = typeof content === "string" ? content.split(/\s+/).join(" ").trim() : "";
  return text.slice(0, TEXT_CHARACTERS_MAX) || "the response has no message";
}
