import { json } from "../../parts/code";
import { type Access, curlChat, curlOf, baseOf as url } from "../../parts/samples";

type FieldName = "url" | "host" | "path" | "key" | "model";

export interface Client {
  /** Its text in the dictionary. */
  id:
    | "curl"
    | "python"
    | "node"
    | "openWebui"
    | "lobeChat"
    | "cherryStudio"
    | "nextChat"
    | "chatBox"
    | "libreChat"
    | "continue"
    | "cursor"
    | "vscode";
  name: string;
  /** What is typed into its form. */
  fields?: (access: Access) => [FieldName, string][];
  /** What is pasted into a file or a terminal. */
  code?: (access: Access) => string;
  /** The same for embeddings, by a model that makes them. */
  embeddings?: (access: Access) => string;
}

const python = (access: Access) => `from openai import OpenAI

client = OpenAI(base_url=${json(url(access))}, api_key=${json(access.token)})
stream = client.chat.completions.create(
    model=${json(access.model)},
    messages=[{"role": "user", "content": "Hello"}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)`;

const node = (access: Access) => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${json(url(access))}, apiKey: ${json(access.token)} });
const stream = await client.chat.completions.create({
  model: ${json(access.model)},
  messages: [{ role: "user", content: "Hello" }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}`;

const curlEmbeddings = (access: Access) =>
  curlOf(access, "/embeddings", { model: access.model, input: ["Hello", "Good morning"] });

const pythonEmbeddings = (access: Access) => `from openai import OpenAI

client = OpenAI(base_url=${json(url(access))}, api_key=${json(access.token)})
reply = client.embeddings.create(model=${json(access.model)}, input=["Hello", "Good morning"])
for one in reply.data:
    print(one.index, len(one.embedding))`;

const nodeEmbeddings = (access: Access) => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${json(url(access))}, apiKey: ${json(access.token)} });
const reply = await client.embeddings.create({ model: ${json(access.model)}, input: ["Hello", "Good morning"] });
for (const { index, embedding } of reply.data) {
  console.log(index, embedding.length);
}`;

const libreChat = (access: Access) => `endpoints:
  custom:
    - name: "ollama2openai"
      apiKey: ${json(access.token)}
      baseURL: ${json(url(access))}
      models:
        default: [${json(access.model)}]
        fetch: true
      titleConvo: true
      titleModel: "current_model"`;

const continueYaml = (access: Access) => `models:
  - name: ${json(access.model)}
    provider: openai
    model: ${json(access.model)}
    apiBase: ${json(url(access))}
    apiKey: ${json(access.token)}
    roles: [chat, edit, apply]`;

const vscode = (access: Access) =>
  json({
    "github.copilot.chat.customOAIModels": {
      [access.model]: {
        name: access.model,
        url: `${url(access)}/chat/completions`,
        toolCalling: true,
        vision: false,
        maxInputTokens: 32768,
        maxOutputTokens: 8192,
        requiresAPIKey: true,
      },
    },
  });

const both = (access: Access): [FieldName, string][] => [
  ["url", url(access)],
  ["key", access.token],
];
const bare = (access: Access): [FieldName, string][] => [
  ["host", access.host],
  ["key", access.token],
  ["model", access.model],
];

/** All clients, in the order in which they are shown. */
export const CLIENTS: Client[] = [
  { id: "curl", name: "curl", code: curlChat, embeddings: curlEmbeddings },
  { id: "python", name: "Python", code: python, embeddings: pythonEmbeddings },
  { id: "node", name: "Node.js", code: node, embeddings: nodeEmbeddings },
  {
    id: "openWebui",
    name: "Open WebUI",
    fields: both,
    code: (access) =>
      `OPENAI_API_BASE_URL=${url(access)}\nOPENAI_API_KEY=${access.token}\nENABLE_OLLAMA_API=false`,
  },
  {
    id: "lobeChat",
    name: "LobeChat",
    fields: both,
    code: (access) =>
      `OPENAI_PROXY_URL=${url(access)}\nOPENAI_API_KEY=${access.token}\nOPENAI_MODEL_LIST=+${access.model}`,
  },
  { id: "cherryStudio", name: "Cherry Studio", fields: bare },
  {
    id: "nextChat",
    name: "NextChat",
    fields: bare,
    code: (access) =>
      `BASE_URL=${access.host}\nOPENAI_API_KEY=${access.token}\nCUSTOM_MODELS=-all,+${access.model}\nDEFAULT_MODEL=${access.model}`,
  },
  {
    id: "chatBox",
    name: "ChatBox",
    fields: (access) => [
      ["host", access.host],
      ["path", "/v1/chat/completions"],
      ["key", access.token],
      ["model", access.model],
    ],
  },
  { id: "libreChat", name: "LibreChat", code: libreChat },
  { id: "continue", name: "Continue", code: continueYaml },
  { id: "cursor", name: "Cursor", fields: (access) => [...both(access), ["model", access.model]] },
  { id: "vscode", name: "VS Code", fields: (access) => [["key", access.token]], code: vscode },
];
