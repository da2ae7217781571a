import { front } from "../../api/queries";
import type { LogRecord } from "./record";

/** A word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What stands for the words of a request that was not captured. */
function stub({ endpoint, model, stream }: LogRecord): string {
  const begin = { model, ...(stream && { stream }) };
  if (/embed/.test(endpoint)) return JSON.stringify({ ...begin, input: "…" });
  if (/generate$|\/completions$/.test(endpoint) && !/chat/.test(endpoint))
    return JSON.stringify({ ...begin, prompt: "…" });
  if (/responses$/.test(endpoint)) return JSON.stringify({ ...begin, input: "…" });
  return JSON.stringify({ ...begin, messages: [{ role: "user", content: "…" }] });
}

/** A command that asks the same again: with the words if they were captured. The token is never in a log. */
export function curlOf(record: LogRecord, captured?: string): string {
  const lines = [`curl ${quoted(`${front()}${record.endpoint}`)}`];
  lines.push('  -H "Authorization: Bearer $API_KEY"');
  if (record.model !== "" || captured !== undefined) {
    lines.push("  -H 'Content-Type: application/json'", `  -d ${quoted(captured ?? stub(record))}`);
  }
  return lines.join(" \\\n");
}
