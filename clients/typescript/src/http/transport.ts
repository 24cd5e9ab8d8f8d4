/**
 * Owns one exchange with a server: the request, the limit of its time, further attempts after errors that may pass.
 *
 * Does not own what is requested, or the token. Nothing is repeated that may then happen twice. Time, waiting, randomness and the
 * network are passed in.
 */

import { ClientError, makeRefusal, NoResponseError, RefusedError, UnreadableError } from "./errors.js";

const RESPONSE_BYTES_MAX = 256_000_000;
const REQUEST_ID = "x-li-request-id";
/** These fail before anything was sent. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_INVALID_URL",
]);

/** Where requests go. `repeatsWrites`: whether the server runs a write with the same `Idempotency-Key` only once. */
export interface Server {
  readonly apiUrl: string;
  readonly tokenUrl: string;
  readonly repeatsWrites: boolean;
}

export const LINKEDIN: Server = {
  apiUrl: "https://api.linkedin.com",
  tokenUrl: "https://www.linkedin.com",
  repeatsWrites: false,
};

/** Returns the Jobmeter server at a base URL such as `https://jobs.example.com`. */
export function jobmeterAt(url: string): Server {
  const base = url.replace(/\/+$/, "");
  return { apiUrl: base, tokenUrl: base, repeatsWrites: true };
}

/**
 * How long the client waits. Each wait has an end: a request with all its attempts takes at most `attemptsMax` times
 * `requestSeconds`, and `waitSecondsMax` between them.
 */
export interface Limits {
  readonly requestSeconds: number;
  readonly attemptsMax: number;
  readonly firstWaitSeconds: number;
  readonly longestWaitSeconds: number;
  readonly waitSecondsMax: number;
  readonly taskSecondsMax: number;
  readonly taskPollSeconds: number;
}

export const DEFAULT_LIMITS: Limits = {
  requestSeconds: 90,
  attemptsMax: 8,
  firstWaitSeconds: 0.5,
  longestWaitSeconds: 30,
  waitSecondsMax: 180,
  taskSecondsMax: 900,
  taskPollSeconds: 2,
};

/** What the client reads of the world, so that tests decide it. */
export interface Surroundings {
  fetch(url: string, options: RequestInit): Promise<Response>;
  /** Milliseconds since 1970. */
  now(): number;
  sleep(seconds: number): Promise<void>;
  /** A number from 0 up to 1. */
  random(): number;
  makeKey(): string;
}

export const WORLD: Surroundings = {
  fetch: (url, options) => globalThis.fetch(url, options),
  now: () => Date.now(),
  sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  random: () => Math.random(),
  makeKey: () => globalThis.crypto.randomUUID(),
};

/** A request. `isSafe`: it changes nothing; a write has an idempotency key, the same in each attempt. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | ArrayBuffer;
  readonly isSafe: boolean;
}

/** A successful response. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

export type Read<Value> = (answer: Answer) => Value | Promise<Value>;

/** Sends requests to one server until they succeed, fail for good, or the limits end. */
export class Transport {
  constructor(
    readonly server: Server,
    readonly limits: Limits,
    readonly surroundings: Surroundings,
  ) {}

  /** Returns what `read` makes of the response; an `UnreadableError` of it is worth another attempt too. */
  async run<Value>(
    exchange: Exchange,
    read: Read<Value>,
    authorize: () => Promise<Record<string, string>> = async () => ({}),
  ): Promise<Value> {
    let waited = 0;
    for (let attempt = 1; ; attempt += 1) {
      let seconds: number;
      try {
        return await read(await this.#send(exchange, await authorize()));
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        seconds = this.#chooseWait(error, attempt);
        const isOver = attempt >= this.limits.attemptsMax || waited + seconds > this.limits.waitSecondsMax;
        if (isOver || !this.#mayRepeat(exchange, error)) throw error;
      }
      await this.surroundings.sleep(seconds);
      waited += seconds;
    }
  }

  #mayRepeat(exchange: Exchange, error: ClientError): boolean {
    const isHarmless = exchange.isSafe || this.server.repeatsWrites || !error.mayHaveHappened;
    return error.isTemporary && isHarmless;
  }

  /** Returns a random part of a time that doubles, so that many clients do not come back at the same moment. */
  #chooseWait(error: ClientError, attempt: number): number {
    const { firstWaitSeconds, longestWaitSeconds } = this.limits;
    const random = this.surroundings.random();
    if (error instanceof RefusedError && error.retryAfterSeconds !== undefined) {
      return error.retryAfterSeconds + random * firstWaitSeconds;
    }
    const longest = Math.min(longestWaitSeconds, firstWaitSeconds * 2 ** (attempt - 1));
    return longest / 2 + (random * longest) / 2;
  }

  async #send(exchange: Exchange, authorization: Record<string, string>): Promise<Answer> {
    const { response, body } = await this.#exchange(exchange, authorization);
    if (response.ok) return { status: response.status, headers: response.headers, body };
    const content = readRefusal(body) || response.statusText;
    const refused = makeRefusal(response.status, content, response.headers.get(REQUEST_ID) ?? "");
    refused.retryAfterSeconds = readRetryAfter(response.headers.get("retry-after"), this.surroundings.now());
    throw refused;
  }

  /** The signal ends the request as a whole: a server that sends a byte now and then must not hold the caller for ever. */
  async #exchange(exchange: Exchange, authorization: Record<string, string>) {
    const options: RequestInit = {
      method: exchange.method,
      headers: { Accept: "application/json", ...exchange.headers, ...authorization },
      redirect: "manual",
      signal: AbortSignal.timeout(this.limits.requestSeconds * 1000),
    };
    if (exchange.body !== undefined) options.body = exchange.body;
    try {
      const response = await this.surroundings.fetch(exchange.url, options);
      return { response, body: await readBody(response) };
    } catch (error) {
      if (error instanceof ClientError) throw error;
      const message = `no response to ${nameExchange(exchange)}: ${describe(error)}`;
      throw new NoResponseError(message, { mayHaveHappened: !wasNotSent(error), cause: error });
    }
  }
}

async function readBody(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  const pieces: BlobPart[] = [];
  let size = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    size += value.byteLength;
    if (size > RESPONSE_BYTES_MAX) {
      await reader.cancel();
      throw new UnreadableError(`the response has more than ${RESPONSE_BYTES_MAX} bytes`);
    }
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Returns the decoded JSON of a refusal, or the text as it is: a proxy may send a page. */
function readRefusal(body: Uint8Array): unknown {
  const text = new TextDecoder().decode(body);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns the seconds of `Retry-After`, which is a number or a date; `undefined` if it is neither. */
export function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : Math.max(0, Math.ceil((moment - now) / 1000));
}

/** `fetch` throws a `TypeError` whose cause, or one of whose causes, has the code of the system. */
function wasNotSent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const causes = cause instanceof AggregateError ? cause.errors : [cause];
  return causes.every((one) => NOT_SENT.has(String((one as { code?: unknown } | undefined)?.code)));
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

function nameExchange(exchange: Exchange): string {
  return `${exchange.method} ${exchange.url.split("?")[0]}`;
}
