import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Token = Schemas["Token"];
export type Key = Schemas["Key"];
export type Channel = Schemas["Channel"];
export type Backend = Schemas["Backend"];
export type User = Schemas["User"];
export type Setting = Schemas["Setting"];

/** What a refused or lost call throws. `status` 0: no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Record<string, string>;
  readonly requestId: string | null;
  readonly body: Schemas["Error"] | null;

  constructor(status: number, body: Schemas["Error"] | null, requestId: string | null) {
    super(body?.error ?? `HTTP ${status}`);
    this.status = status;
    this.code = body?.code ?? (status === 0 ? "lost" : "http");
    this.fields = body?.fields ?? {};
    this.requestId = requestId;
    this.body = body;
  }

  /** The gateway did not answer, or what stands before it says that it does not. */
  get isLost(): boolean {
    return this.status === 0 || ((this.status === 502 || this.status === 504) && this.body === null);
  }
}

type Listener = () => void;
const expired = new Set<Listener>();

/** Calls `listener` whenever an answer says that the session is over. */
export function onExpired(listener: Listener): () => void {
  expired.add(listener);
  return () => expired.delete(listener);
}

async function refused(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const known =
    body !== null && typeof body === "object" && "error" in body ? (body as Schemas["Error"]) : null;
  return new ApiError(response.status, known, response.headers.get("x-request-id"));
}

const throwing: Middleware = {
  async onResponse({ request, response }) {
    if (response.ok) return undefined;
    const error = await refused(response);
    if (error.status === 401 && !request.url.endsWith("/admin/login")) for (const tell of expired) tell();
    throw error;
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === "AbortError") return error;
    return new ApiError(0, null, null);
  },
};

/** The admin API by its OpenAPI document; each call throws an `ApiError` if it was not done. */
export const api = createClient<paths>({ baseUrl: window.location.origin });
api.use(throwing);

/** The answer of a call that did not throw. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  if (data === undefined) throw new ApiError(0, null, null);
  return data;
}

/** `If-Match` for a thing as it was read; another revision makes the call a 409. */
export function ifMatch(revision: number): { "If-Match": string } {
  return { "If-Match": `"${revision}"` };
}
