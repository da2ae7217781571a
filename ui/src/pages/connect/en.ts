export default {
  purpose: "Setup instructions for common clients, with your address and token filled in.",
  tab: { clients: "Clients", reference: "Admin API" },
  base: "Gateway address",
  baseHint: "As the client reaches it; other machines cannot use 127.0.0.1",
  token: "Token",
  tokenHint: "Paste or create one: it stays in this page and is sent nowhere",
  make: "Create a token",
  model: "Model",
  modelHint: "As clients name it",
  client: "Client",
  local:
    "This address works on this machine only. Set HOST, or use the name under which others reach the gateway.",
  steps: {
    curl: "Paste this into a terminal. The reply arrives piece by piece.",
    python: "Install the official package: pip install openai",
    node: "Install the official package: npm install openai",
    openWebui:
      "In Admin Panel, Settings, Connections, add an OpenAI connection with these two. Or start it with the variables below. In a container, 127.0.0.1 is the container itself.",
    lobeChat:
      "In Settings, AI Service Provider, OpenAI, fill in key and proxy address, then fetch the model list. Or start it with the variables below.",
    cherryStudio:
      "In Settings, Model Provider, add one of type OpenAI, fill in key and address, then Manage models. It adds /v1 itself.",
    nextChat:
      "In Settings, turn on Custom Endpoint, choose OpenAI, fill in address and key, and the model as a custom model. It adds /v1 itself. Or start it with the variables below.",
    chatBox:
      "In Settings, Model Provider, add a custom provider in the mode OpenAI API Compatible, and fill in host, path and key.",
    libreChat: "Add this to librechat.yaml and restart LibreChat.",
    continue: "Add this to config.yaml of Continue.",
    cursor:
      "In Settings, Models, add the model by name, fill in the key under OpenAI API Key, and turn on Override OpenAI Base URL. Cursor calls from its own servers, so the address must be reachable from the internet.",
    vscode:
      "With Copilot Chat: add this to settings.json, then choose the model in the model list. It asks for the key once.",
  },
  embeddings: "Embeddings",
  endpoints: {
    title: "Endpoints",
    address: "Address",
    for: "For",
    chat: "Chat, streamed or whole: tools, images, thinking, JSON schema",
    completions: "Text completion, with suffix, echo and several prompts",
    embeddings: "Embeddings, as numbers or base64, with dimensions",
    models: "The models that the token may use",
    model: "One of them; slashes in the name are fine",
  },
  field: { url: "Base URL", host: "API host", path: "API path", key: "API key", model: "Model" },
  reference: {
    search: "Path or keyword",
    hint: "Send the password, a session or an API token as Authorization: Bearer. This page is made from the gateway's own OpenAPI document.",
    download: "OpenAPI document",
    parameters: "Parameters",
    body: "Body",
    answer: "Response",
    required: "required",
    role: "Role: {{role}}",
    anyone: "For anyone",
    none: "Nothing matches",
  },
};
