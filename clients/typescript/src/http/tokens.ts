/**
 * Owns the access token of an application: one for all calls, renewed shortly before its end.
 *
 * Does not own the request for a token (`session`).
 */

/** The time that a request on its way may take. */
const MARGIN_MS = 30_000;

/** `expiresAt` is counted from before the request, so that it is never later than the server's. */
export interface Token {
  readonly text: string;
  readonly expiresAt: number;
}

/** Returns a token that is renewed 30 seconds before its end, or, if it lives for less than a minute, at its half. */
export function makeToken(text: string, requestedAt: number, lifetimeSeconds: number): Token {
  const lifetime = lifetimeSeconds * 1000;
  return { text, expiresAt: requestedAt + Math.max(lifetime - MARGIN_MS, lifetime / 2) };
}

/** The application's token. Calls that need another one at the same moment share one request and its result, an error included. */
export class TokenCache {
  #token: Token | undefined;
  #pending: Promise<Token> | undefined;

  constructor(
    private readonly fetchToken: () => Promise<Token>,
    private readonly now: () => number,
  ) {}

  /** Returns a token that is usable now. */
  async read(): Promise<string> {
    if (this.#token && this.now() < this.#token.expiresAt) return this.#token.text;
    this.#pending ??= this.#renew();
    return (await this.#pending).text;
  }

  /** Discards a token that the server does not accept, unless another call has renewed it meanwhile. */
  discard(text: string): void {
    if (this.#token?.text === text) this.#token = undefined;
  }

  async #renew(): Promise<Token> {
    try {
      this.#token = await this.fetchToken();
      return this.#token;
    } finally {
      this.#pending = undefined;
    }
  }
}
