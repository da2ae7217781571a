/** The end of a line as server-sent events know it; a "\r" at the very end may be half of a "\r\n". */
const LINE_END = /\r\n|\n|\r(?!$)/;

/** The data of each server-sent event, by the rules of the HTML standard; an event without its empty line is dropped. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(LINE_END);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) yield data.join("\n");
          data = [];
        } else if (line.startsWith("data:")) {
          data.push(line.slice(line[5] === " " ? 6 : 5));
        }
      }
    }
  } finally {
    // Leaving the loop early, as after an error, ends the request too.
    await reader.cancel().catch(() => {});
  }
}
