/** The parts of an OpenAPI document that the reference shows; all of them may be missing. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  description?: string;
  minimum?: number;
  maximum?: number;
}

interface Parameter {
  $ref?: string;
  name?: string;
  in?: string;
  required?: boolean;
  schema?: Schema;
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
}

interface RawOperation {
  summary?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: Content;
  responses?: Record<string, Content>;
  security?: unknown[];
  "x-least-role"?: "admin" | "viewer";
}

export interface Row {
  name: string;
  type: string;
  isRequired: boolean;
  text: string;
}

export interface Operation {
  method: string;
  path: string;
  tag: string;
  summary: string;
  /** The least role; without one anybody may call it. */
  role: "admin" | "viewer" | undefined;
  parameters: Row[];
  body: Row[];
  answer: Row[];
}

interface Document {
  paths?: Record<string, Record<string, RawOperation>>;
  components?: { parameters?: Record<string, Parameter> };
}

/** A schema in a few signs: `string | null`, `Token[]`, `1 to 1000`. */
function typeOf(schema: Schema | undefined): string {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1) ?? "";
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.items) return `${typeOf(schema.items)}[]`;
  if (typeof schema.additionalProperties === "object") return `{ …: ${typeOf(schema.additionalProperties)} }`;
  const range = schema.maximum === undefined ? "" : ` ${schema.minimum ?? 0} – ${schema.maximum}`;
  return [schema.type].flat().join(" | ") + range;
}

function members(content: Content | undefined): Row[] {
  const schema = Object.values(content?.content ?? {})[0]?.schema;
  return Object.entries(schema?.properties ?? {}).map(([name, member]) => ({
    name,
    type: typeOf(member),
    isRequired: schema?.required?.includes(name) ?? false,
    text: member.description ?? "",
  }));
}

function parameterRow(parameter: Parameter): Row {
  return {
    name: parameter.name ?? "",
    type: typeOf(parameter.schema),
    isRequired: parameter.required ?? false,
    text: parameter.schema?.description ?? "",
  };
}

/** All operations of the document, in its order. */
export function operations(raw: unknown): Operation[] {
  const document = raw as Document;
  const known = document.components?.parameters ?? {};
  const resolve = (parameter: Parameter) =>
    (parameter.$ref && known[parameter.$ref.split("/").at(-1) ?? ""]) || parameter;
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      tag: operation.tags?.[0] ?? "",
      summary: operation.summary ?? "",
      role: operation["x-least-role"],
      parameters: (operation.parameters ?? []).map(resolve).map(parameterRow),
      body: members(operation.requestBody),
      answer: members(operation.responses?.["200"]),
    })),
  );
}
