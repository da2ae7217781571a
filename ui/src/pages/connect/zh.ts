import type { Translation } from "../../i18n/types";
import type en from "./en";

const zh: Translation<typeof en> = {
  purpose: "常用客户端的接入说明，已填好你的地址与令牌，复制即可使用。",
  tab: { clients: "客户端", reference: "管理 API" },
  base: "网关地址",
  baseHint: "客户端访问网关所用的地址；其他机器不能使用 127.0.0.1",
  token: "令牌",
  tokenHint: "粘贴已有令牌，或新建一个；只留在本页，不会发送到任何地方",
  make: "新建令牌",
  model: "模型",
  modelHint: "客户端使用的模型名称",
  client: "客户端",
  local: "此地址仅限本机访问。请设置 HOST，或改用其他机器可以访问的地址。",
  steps: {
    curl: "粘贴到终端执行，回复会逐段返回。",
    python: "先安装官方库：pip install openai",
    node: "先安装官方库：npm install openai",
    openWebui:
      "在“管理员面板 → 设置 → 外部连接”中添加 OpenAI 连接，填写以下两项；或在启动时设置下面的环境变量。若运行在容器中，127.0.0.1 指的是容器自身。",
    lobeChat:
      "在“设置 → AI 服务商 → OpenAI”中填写 API Key 与代理地址，然后获取模型列表；或在启动时设置下面的环境变量。",
    cherryStudio:
      "在“设置 → 模型服务”中添加类型为 OpenAI 的服务商，填写 API Key 与地址，再点击“管理”添加模型。/v1 会自动补全。",
    nextChat:
      "在“设置”中打开“自定义接口”，选择 OpenAI，填写接口地址与 API Key，并在“自定义模型名”中填写模型。/v1 会自动补全。也可在启动时设置下面的环境变量。",
    chatBox: "在“设置 → 模型提供方”中添加自定义提供方，模式选择“OpenAI API 兼容”，填写主机、路径与 API Key。",
    libreChat: "将以下内容加入 librechat.yaml，然后重启 LibreChat。",
    continue: "将以下内容加入 Continue 的 config.yaml。",
    cursor:
      "在“Settings → Models”中按名称添加模型，在 OpenAI API Key 处填写令牌，并打开 Override OpenAI Base URL。Cursor 由其服务器发起请求，因此地址必须能从公网访问。",
    vscode:
      "使用 Copilot Chat：将以下内容加入 settings.json，然后在模型列表中选择该模型，首次使用时会询问 API Key。",
  },
  embeddings: "向量",
  endpoints: {
    title: "接口",
    address: "地址",
    for: "用途",
    chat: "对话，流式或一次性返回：工具、图片、思考、JSON schema",
    completions: "文本补全，支持 suffix、echo 和多个 prompt",
    embeddings: "向量，数字或 base64，支持 dimensions",
    models: "此令牌可用的模型",
    model: "单个模型，名称中可以有斜杠",
  },
  field: { url: "Base URL", host: "API 主机", path: "API 路径", key: "API Key", model: "模型" },
  reference: {
    search: "路径或关键词",
    hint: "通过 Authorization: Bearer 提供密码、会话或管理令牌。本页由网关自身的 OpenAPI 文档生成。",
    download: "OpenAPI 文档",
    parameters: "参数",
    body: "请求体",
    answer: "响应",
    required: "必填",
    role: "角色：{{role}}",
    anyone: "任何人可用",
    none: "没有匹配的结果",
  },
};

export default zh;
