/**
 * Owns the requests of one application: its token, the headers and the query of each protocol, the key of each write.
 *
 * Does not own further attempts (`transport`) or the meaning of responses (the resources).
 */

import { ClientError, RefusedError } from "./errors.js";
import { readFields } from "./reading.js";
import { encodeQuery, type Value } from "./restli.js";
import { makeToken, type Token, TokenCache } from "./tokens.js";
import type { Exchange, Read, Transport } from "./transport.js";

export const VERSION = "202504";
const UNAUTHORIZED = 401;
const JSON_MEDIA = "application/json";
const FORM_MEDIA = "application/x-www-form-urlencoded";
const TOKEN_PATH = "/oauth/v2/accessToken";
const LIFETIME_SECONDS = 1800;
const IDEMPOTENCY_KEY = "Idempotency-Key";
const NO_BODY = new Set([204, 205, 304]);

/** An application's credentials, or a key of the operator or of the job board, which is sent as it is. */
export type Credentials =
  | { readonly clientId: string; readonly clientSecret: string }
  | { readonly key: string };

export type Parameters = Readonly<Record<string, Value | undefined>>;

/** Requests with one set of credentials. Any number of calls may share it, and then share its token. */
export class Session {
  readonly #restli: Readonly<Record<string, string>>;
  readonly #tokens: TokenCache;

  constructor(
    readonly transport: Transport,
    private readonly credentials: Credentials,
    readonly version: string,
  ) {
    this.#restli = { "LinkedIn-Version": version, "X-RestLi-Protocol-Version": "2.0.0" };
    this.#tokens = new TokenCache(() => this.#fetchToken(), transport.surroundings.now);
  }

  /** Sends a GET; `parameters` are encoded as in protocol 2.0.0. */
  get<Result>(
    path: string,
    read: Read<Result>,
    options: { parameters?: Parameters; headers?: Record<string, string> } = {},
  ): Promise<Result> {
    const headers = { ...this.#restli, ...options.headers };
    return this.#run({ method: "GET", url: this.#locate(path, options.parameters), headers, isSafe: true }, read);
  }

  /** Sends a write as JSON, under a new idempotency key. */
  post<Result>(
    path: string,
    content: unknown,
    read: Read<Result>,
    options: { parameters?: Parameters; method?: string } = {},
  ): Promise<Result> {
    const headers: Record<string, string> = { ...this.#restli, "Content-Type": JSON_MEDIA };
    headers[IDEMPOTENCY_KEY] = this.transport.surroundings.makeKey();
    if (options.method) headers["X-RestLi-Method"] = options.method;
    const url = this.#locate(path, options.parameters);
    return this.#run({ method: "POST", url, headers, body: JSON.stringify(content), isSafe: false }, read);
  }

  /**
   * Sends a request of the generated functions, as `fetch` does, but with a token, further attempts and an idempotency key. A
   * refusal is thrown, as by every other call of the client.
   */
  readonly fetch = async (input: RequestInfo | URL, options?: RequestInit): Promise<Response> => {
    const request = new Request(input, options);
    const isSafe = request.method === "GET" || request.method === "HEAD";
    const headers: Record<string, string> = { ...this.#restli };
    request.headers.forEach((value, name) => (headers[name] = value));
    if (!isSafe && !request.headers.has(IDEMPOTENCY_KEY)) {
      headers[IDEMPOTENCY_KEY] = this.transport.surroundings.makeKey();
    }
    const body = isSafe ? {} : { body: await request.arrayBuffer() };
    return this.#run({ method: request.method, url: request.url, headers, isSafe, ...body }, (answer) => {
      const content = NO_BODY.has(answer.status) ? null : answer.body;
      return new Response(content, { status: answer.status, headers: answer.headers });
    });
  };

  #locate(path: string, parameters: Parameters = {}): string {
    const query = encodeQuery(parameters);
    return `${this.transport.server.apiUrl}${path}${query ? `?${query}` : ""}`;
  }

  /** The server may stop to accept a token before its end: then nothing happened, and another token is used once. */
  async #run<Result>(exchange: Exchange, read: Read<Result>): Promise<Result> {
    let used: string | undefined;
    const authorize = async () => {
      if ("key" in this.credentials) return { Authorization: `Bearer ${this.credentials.key}` };
      used = await this.#tokens.read();
      return { Authorization: `Bearer ${used}` };
    };
    try {
      return await this.transport.run(exchange, read, authorize);
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status !== UNAUTHORIZED || used === undefined) throw error;
      this.#tokens.discard(used);
    }
    return this.transport.run(exchange, read, authorize);
  }

  async #fetchToken(): Promise<Token> {
    const { server, surroundings } = this.transport;
    const requestedAt = surroundings.now();
    if ("key" in this.credentials) throw new TypeError("a key is sent as it is");
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: this.credentials.clientId,
      client_secret: this.credentials.clientSecret,
    });
    const exchange = {
      method: "POST",
      url: `${server.tokenUrl}${TOKEN_PATH}`,
      headers: { "Content-Type": FORM_MEDIA },
      body: form.toString(),
      isSafe: true,
    };
    try {
      return await this.transport.run(exchange, (answer) => {
        const fields = readFields(answer);
        const seconds = Number(fields.optional("expires_in") ?? LIFETIME_SECONDS); // a string in LinkedIn's sample
        if (!Number.isFinite(seconds)) throw fields.unreadable("expires_in", "a lifetime");
        return makeToken(fields.text("access_token"), requestedAt, seconds);
      });
    } catch (error) {
      // Its attempts are used up, and the request that needed the token was not sent.
      if (error instanceof ClientError) error.isTemporary = error.mayHaveHappened = false;
      throw error;
    }
  }
}
