import { json, literal, quoted } from "../../parts/code";

export const LANGUAGES = { curl: "curl", python: "Python", node: "Node.js" } as const;
export type Language = keyof typeof LANGUAGES;

/** A picture in the code would be longer than any terminal takes. */
const LONGEST_URL = 200;
const IMAGE = "data:image/png;base64,YOUR-IMAGE";

type Body = Record<string, unknown>;

/** The request with a mark in the place of each picture. */
export function withoutPictures(body: object): Body {
  const short = (name: string, value: unknown) =>
    name === "url" && typeof value === "string" && value.length > LONGEST_URL ? IMAGE : value;
  return JSON.parse(JSON.stringify(body, short)) as Body;
}

export const hasPictures = (body: Body): boolean => JSON.stringify(body).includes(IMAGE);

const curl = (
  body: Body,
  url: string,
  token: string,
) => `curl${body.stream ? " -N" : ""} ${url}/chat/completions \\
${token ? `  -H ${quoted(`Authorization: Bearer ${token}`)} \\\n` : ""}  -H 'Content-Type: application/json' \\
  -d ${quoted(json(body))}`;

const python = (body: Body, url: string, token: string) => {
  const named = Object.entries(body).map(([name, value]) => `    ${name}=${literal(value, "python", 1)},\n`);
  const end = body.stream
    ? `for chunk in reply:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)`
    : "print(reply.choices[0].message)";
  return `from openai import OpenAI

client = OpenAI(base_url=${json(url)}, api_key=${json(token || "none")})
reply = client.chat.completions.create(
${named.join("")})
${end}`;
};

const node = (body: Body, url: string, token: string) => {
  const end = body.stream
    ? `for await (const chunk of reply) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}`
    : "console.log(reply.choices[0].message);";
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${json(url)}, apiKey: ${json(token || "none")} });
const reply = await client.chat.completions.create(${literal(body, "node")});
${end}`;
};

/** The request as a program in one of the languages; `token` may be empty. */
export function code(language: Language, body: Body, host: string, token: string): string {
  return { curl, python, node }[language](body, `${host}/v1`, token);
}
