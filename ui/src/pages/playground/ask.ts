import { front } from "../../api/queries";
import { events } from "./sse";

/** What the API says when it refuses, and what this page says when no answer came. */
export interface Fault {
  /** 0: no answer came. 200: the answer broke off. */
  status: number;
  /** Empty when the API said nothing. */
  message: string;
  code: string;
}

export interface Call {
  id: string;
  name: string;
  /** JSON, as the model wrote it. */
  args: string;
}

/** What has come of a reply; times in milliseconds since it was asked for. */
export interface Answer {
  text: string;
  thinking: string;
  calls: Call[];
  finish: string | null;
  usage: { prompt: number; completion: number } | null;
  firstMs: number | null;
  totalMs: number | null;
  requestId: string | null;
  /** Parameters that the gateway says that it ignores. */
  ignored: string | null;
  fault: Fault | null;
}

export const NOTHING: Answer = {
  text: "",
  thinking: "",
  calls: [],
  finish: null,
  usage: null,
  firstMs: null,
  totalMs: null,
  requestId: null,
  ignored: null,
  fault: null,
};

interface RawCall {
  index?: number;
  id?: string;
  function?: { name?: string; arguments?: string };
}

interface RawMessage {
  content?: string | null;
  reasoning?: string | null;
  reasoning_content?: string | null;
  refusal?: string | null;
  tool_calls?: RawCall[] | null;
}

/** A chunk of a stream, or a whole reply: they differ in the name of what is said. */
interface Raw {
  error?: { message?: string; code?: string | null; type?: string } | string;
  choices?: { delta?: RawMessage; message?: RawMessage; finish_reason?: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
}

const parsed = (text: string): Raw | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? (value as Raw | null) : null;
  } catch {
    return null;
  }
};

function faultOf(raw: Raw | null, status: number): Fault {
  const error = raw?.error;
  if (typeof error === "string") return { status, message: error, code: "" };
  return { status, message: error?.message ?? "", code: error?.code ?? error?.type ?? "" };
}

/** Adds pieces of calls to those with their index; a call without one is a new one. */
function withCalls(calls: Call[], pieces: RawCall[]): Call[] {
  const all = [...calls];
  for (const piece of pieces) {
    const at = piece.index ?? all.length;
    const { id, name, args } = all[at] ?? { id: "", name: "", args: "" };
    all[at] = {
      id: id || (piece.id ?? ""),
      name: name + (piece.function?.name ?? ""),
      args: args + (piece.function?.arguments ?? ""),
    };
  }
  return all;
}

function added(answer: Answer, raw: Raw, ms: number): Answer {
  const choice = raw.choices?.[0];
  const said = choice?.delta ?? choice?.message ?? {};
  const text = said.content ?? said.refusal ?? "";
  const thinking = said.reasoning ?? said.reasoning_content ?? "";
  const pieces = said.tool_calls ?? [];
  const isFirst = answer.firstMs === null && (text !== "" || thinking !== "" || pieces.length > 0);
  return {
    ...answer,
    text: answer.text + text,
    thinking: answer.thinking + thinking,
    calls: pieces.length > 0 ? withCalls(answer.calls, pieces) : answer.calls,
    finish: choice?.finish_reason ?? answer.finish,
    usage: raw.usage
      ? { prompt: raw.usage.prompt_tokens, completion: raw.usage.completion_tokens }
      : answer.usage,
    firstMs: isFirst ? ms : answer.firstMs,
  };
}

/**
 * Asks `/v1/chat/completions`, and gives the answer as far as it has come after each piece. Never throws: what went
 * wrong is the `fault` of the last one. An abort ends it without a fault.
 */
export async function* ask(body: object, token: string, signal: AbortSignal): AsyncGenerator<Answer> {
  const start = performance.now();
  const since = () => performance.now() - start;
  let answer = NOTHING;
  const failed = (fault: Fault): Answer => ({ ...answer, fault, totalMs: since() });
  try {
    const response = await fetch(`${front()}/v1/chat/completions`, {
      method: "POST",
      // As a client of the API, not as the account that is signed in.
      credentials: "omit",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
      signal,
    });
    const { headers, status } = response;
    answer = { ...answer, requestId: headers.get("x-request-id"), ignored: headers.get("x-o2o-ignored") };
    if (!response.ok) {
      yield failed(faultOf(parsed(await response.text()), status));
      return;
    }
    if (!headers.get("content-type")?.startsWith("text/event-stream") || !response.body) {
      const raw = parsed(await response.text());
      answer = raw ? added(answer, raw, since()) : answer;
      yield raw?.choices ? { ...answer, totalMs: since() } : failed(faultOf(raw, status));
      return;
    }
    let isDone = false;
    for await (const data of events(response.body)) {
      if (data === "[DONE]") {
        isDone = true;
        break;
      }
      const raw = parsed(data);
      if (!raw || raw.error) {
        yield failed(faultOf(raw, status));
        return;
      }
      answer = added(answer, raw, since());
      yield answer;
    }
    yield isDone ? { ...answer, totalMs: since() } : failed({ status, message: "", code: "" });
  } catch (error) {
    const isStopped = error instanceof DOMException && error.name === "AbortError";
    yield isStopped ? { ...answer, totalMs: since() } : failed({ status: 0, message: "", code: "" });
  }
}
