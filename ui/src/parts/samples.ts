import { quoted } from "./code";

/** What a client is told. */
export interface Access {
  /** Without `/v1`. */
  host: string;
  token: string;
  model: string;
}

/** The base URL as clients of OpenAI take it. */
export const baseOf = ({ host }: Access): string => `${host}/v1`;

/** A call by curl. */
export const curlOf = (access: Access, path: string, body: unknown, flags = ""): string =>
  `curl ${flags}${baseOf(access)}${path} \\
  -H ${quoted(`Authorization: Bearer ${access.token}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${quoted(JSON.stringify(body))}`;

/** The shortest chat, streamed. */
export const curlChat = (access: Access): string =>
  curlOf(
    access,
    "/chat/completions",
    { model: access.model, stream: true, messages: [{ role: "user", content: "Hello" }] },
    "-N ",
  );
