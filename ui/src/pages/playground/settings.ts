export const EFFORTS = ["none", "low", "medium", "high", "xhigh"] as const;
export const FORMATS = ["text", "json_object", "json_schema"] as const;

/** Numbers are "" while they are left to the model. */
export interface Settings {
  system: string;
  temperature: number | "";
  topP: number | "";
  maxTokens: number | "";
  seed: number | "";
  stop: string[];
  effort: (typeof EFFORTS)[number] | "";
  /** JSON; "" is no tools. */
  tools: string;
  format: (typeof FORMATS)[number];
  /** JSON Schema of `json_schema`. */
  schema: string;
  stream: boolean;
}

export const EXAMPLE_TOOLS = `[
  {
    "type": "function",
    "function": {
      "name": "get_weather",
      "description": "The present weather of a city",
      "parameters": {
        "type": "object",
        "properties": {
          "city": { "type": "string" }
        },
        "required": ["city"]
      }
    }
  }
]`;

export const EXAMPLE_SCHEMA = `{
  "type": "object",
  "properties": {
    "answer": { "type": "string" },
    "sure": { "type": "boolean" }
  },
  "required": ["answer", "sure"],
  "additionalProperties": false
}`;

export const FIRST: Settings = {
  system: "",
  temperature: "",
  topP: "",
  maxTokens: "",
  seed: "",
  stop: [],
  effort: "",
  tools: "",
  format: "text",
  schema: EXAMPLE_SCHEMA,
  stream: true,
};

/** What is wrong with a text: the parser's words, or the name of a text in the dictionary. */
export type Wrong = { json: string } | "notTools" | "notSchema" | null;

function read(text: string): { value: unknown } | { json: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { json: error instanceof Error ? error.message : String(error) };
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTool = (tool: unknown) =>
  isObject(tool) &&
  tool.type === "function" &&
  isObject(tool.function) &&
  typeof tool.function.name === "string" &&
  tool.function.name !== "";

export function wrongTools(text: string): Wrong {
  if (text.trim() === "") return null;
  const tools = read(text);
  if ("json" in tools) return tools;
  return Array.isArray(tools.value) && tools.value.every(isTool) ? null : "notTools";
}

export function wrongSchema({ format, schema }: Settings): Wrong {
  if (format !== "json_schema") return null;
  const value = read(schema);
  if ("json" in value) return value;
  return isObject(value.value) ? null : "notSchema";
}

export const isWrong = (settings: Settings): boolean =>
  wrongTools(settings.tools) !== null || wrongSchema(settings) !== null;

/** The body of a request. Call it with settings that are not wrong. */
export function request(settings: Settings, model: string, messages: object[]): Record<string, unknown> {
  const { temperature, topP, maxTokens, seed, stop, effort, tools, format, schema, stream } = settings;
  const system = settings.system.trim() === "" ? [] : [{ role: "system", content: settings.system }];
  return {
    model,
    messages: [...system, ...messages],
    ...(temperature !== "" && { temperature }),
    ...(topP !== "" && { top_p: topP }),
    ...(maxTokens !== "" && { max_tokens: maxTokens }),
    ...(seed !== "" && { seed }),
    ...(stop.length > 0 && { stop }),
    ...(effort && { reasoning_effort: effort }),
    ...(tools.trim() && { tools: JSON.parse(tools) }),
    ...(format === "json_object" && { response_format: { type: format } }),
    ...(format === "json_schema" && {
      response_format: { type: format, json_schema: { name: "answer", schema: JSON.parse(schema) } },
    }),
    ...(stream && { stream, stream_options: { include_usage: true } }),
  };
}
