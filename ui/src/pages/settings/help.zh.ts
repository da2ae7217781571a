import type { SettingName } from "./names";

interface Help {
  help: string;
  /** What no value means. */
  unset?: string;
  /** How a text is written. */
  format?: string;
}

const ADDRESSES = "IPv4 或 IPv6 地址或 CIDR 网段";
const URL = "http://主机:端口 或 https://主机";

/** What the gateway says of its settings in English, in Chinese. */
export const help: Record<SettingName, Help> = {
  host: { help: "监听地址；0.0.0.0 会将网关开放给整个网络。" },
  port: { help: "监听的 TCP 端口；0 由系统选择。" },
  admin_listen: {
    help: "第二个监听地址：/admin 只在此处提供，客户端接口不在此处。",
    unset: "/admin 与客户端共用 PORT",
    format: "IP 地址或 localhost 加端口，如 127.0.0.1:3001",
  },
  unix_socket: {
    help: "额外监听的 Unix 套接字；经由它的调用视为来自 127.0.0.1。",
    unset: "无",
    format: "套接字路径，至多 107 字节",
  },
  reuse_port: { help: "同一用户的其他进程能否监听同一端口（SO_REUSEPORT）。" },
  tls_cert: {
    help: "证书及其上级证书；文件变化后会重新读取。",
    unset: "TCP 端口使用明文 HTTP",
    format: "PEM 文件的路径",
  },
  tls_key: { help: "TLS_CERT 中证书的私钥，不可加密。", unset: "无", format: "PEM 文件的路径" },
  tls_self_signed: { help: "是否使用网关自行生成的证书提供 TLS；仅供试用。" },
  max_connections: { help: "同时打开的客户端连接数上限，超出的连接需要等待。" },
  header_timeout: { help: "等待请求头的最长时间，也是长连接上等待下一个请求的最长时间。" },
  shutdown_grace: { help: "收到停止指令后，/readyz 先报告“未就绪”、同时仍接受新连接的时长。" },
  drain_timeout: { help: "此后，进行中的请求还能运行多久。" },
  max_body_bytes: { help: "请求体解压后的大小上限，超出时返回 413。" },
  trust_proxy: {
    help: "信任哪些反向代理的 X-Forwarded-For。",
    format: "true、false、代理层数，或以逗号分隔的地址、CIDR 网段、loopback、linklocal、uniquelocal",
  },
  ollama_base_url: {
    help: "提供服务的 Ollama，末尾可带 /api 或 /v1。",
    unset: "OLLAMA_HOST，否则 http://127.0.0.1:11434",
  },
  ollama_host: {
    help: "本机 Ollama 自己的变量；未设置 OLLAMA_BASE_URL 时使用。",
    unset: "127.0.0.1:11434",
  },
  connect_timeout: { help: "连接 Ollama 的最长等待时间，含 TLS 握手。" },
  request_timeout: { help: "等待流式回复响应头的最长时间，含加载模型的时间。" },
  whole_timeout: { help: "等待完整（非流式）回复的最长时间。" },
  stream_idle_timeout: { help: "流式回复中，Ollama 最长可以多久没有输出。" },
  total_timeout: { help: "一个请求从开始到结束的最长时间；0 为不限。" },
  max_line_bytes: { help: "流式回复中可接受的 Ollama 单行最大长度。" },
  max_retries: { help: "尚未发出任何内容就失败时，最多再重试几次。" },
  health_check_interval: { help: "健康检查与刷新模型列表的周期；0 为从不。" },
  balance: { help: "同一优先级内：按权重分配，或按权重折算后选择最空闲的后端。" },
  max_queue: { help: "所有可用后端都已满时，可排队的请求数；超出时返回 503。" },
  queue_timeout: { help: "等待空闲后端的最长时间。" },
  sse_heartbeat: { help: "流空闲多久后发送一行注释，以免中间设备断开连接；0 为从不。" },
  stream_usage: { help: "流式回复是否带 Token 用量：仅在 stream_options.include_usage 要求时，或总是。" },
  allow_client_options: {
    help: "客户端能否设置 num_ctx、keep_alive 等会使模型重新加载的参数。",
    unset: "本机请求、API_TOKEN 与获准的令牌可以",
  },
  server_timing: { help: "是否在 Server-Timing 响应头中给出耗时分布。" },
  api_token: { help: "所有客户端都必须作为 API Key 提供的令牌。", unset: "不要求" },
  metrics_token: {
    help: "其他机器凭此令牌查看完整的 /metrics。",
    unset: "其他机器只能看到 Node 版程序原有的指标",
  },
  allow_anonymous: { help: "还没有令牌时谁可以访问：本机程序、所有人，或任何人都不可以。" },
  admin_password: { help: "首个管理员账户的初始密码。" },
  ip_access_mode: { help: "黑白名单中哪一份生效。" },
  ip_whitelist: { help: "白名单模式下，只有这些 IP 可以访问。", unset: "没有 IP", format: ADDRESSES },
  ip_blacklist: { help: "黑名单模式下，这些 IP 无法访问。", unset: "没有 IP", format: ADDRESSES },
  rate_limit_global_enabled: { help: "是否限制全部请求的总数。" },
  rate_limit_global_window: { help: "统计请求数的时间窗口。" },
  rate_limit_global_max: { help: "一个窗口内的请求数；0 为全部拒绝。" },
  rate_limit_ip_enabled: { help: "是否限制单个客户端 IP 的请求数。" },
  rate_limit_ip_window: { help: "统计请求数的时间窗口。" },
  rate_limit_ip_max: { help: "一个窗口内的请求数；0 为全部拒绝。" },
  rate_limit_token_enabled: { help: "是否限制单个令牌的请求数。" },
  rate_limit_token_window: { help: "统计请求数的时间窗口。" },
  rate_limit_token_max: { help: "一个窗口内的请求数；0 为全部拒绝。" },
  quota_timezone: { help: "配额按哪个时区的自然月计算。", format: "时区名称，如 UTC 或 Asia/Shanghai" },
  quota_default_completion: { help: "客户端没有限制回复长度时，预留的 Token 数。" },
  cache_embeddings: { help: "是否缓存向量（embeddings）。" },
  cache_embeddings_max_size: { help: "最多缓存多少条向量。" },
  cache_embeddings_max_age: { help: "一条向量缓存多久。" },
  cache_chat: { help: "是否缓存完整的对话回复。" },
  cache_chat_max_size: { help: "最多缓存多少条回复。" },
  cache_chat_max_age: { help: "一条回复缓存多久。" },
  cache_scope: { help: "客户端能使用谁的缓存：仅自己令牌的，或所有人的。" },
  log_level: { help: "记录到日志的最低级别。" },
  log_levels: {
    help: "为网关的某些模块单独设置级别。",
    unset: "全部使用 LOG_LEVEL",
    format: "模块=级别，如 proxy=debug,store=warn",
  },
  log_format: { help: "日志行的格式：便于阅读的文本，或每行一个 JSON 对象。" },
  log_to_file: { help: "是否把每个请求和每次变更写入 DATA_DIR/logs 下的文件。" },
  log_max_file_size: { help: "日志文件达到此大小后归档，并新建一个文件。" },
  log_max_total_size: { help: "所有日志文件的总大小；超出时删除最早归档的文件。" },
  log_recent_max: { help: "内存中保留的请求数，开始实时查看日志时先显示这些请求。" },
  request_log: { help: "是否在数据库中保存请求日志。" },
  log_retention_days: { help: "请求日志保留的天数；0 为永久。" },
  log_max_rows: { help: "请求日志的条数上限，超出时删除最早的；0 为不限。" },
  capture: { help: "是否记录请求与回复内容，仅限开启此项的令牌。" },
  capture_max_bytes: { help: "请求与回复各记录多少。" },
  capture_retention_hours: { help: "记录的内容在多少小时后删除。" },
  capture_redact: {
    help: "记录之前，哪些内容替换为 ***。",
    unset: "形似令牌、Cookie 或 Bearer 头的内容",
    format: "正则表达式，以空格分隔",
  },
  otel_exporter_otlp_endpoint: {
    help: "接收链路追踪的采集器，以 JSON over HTTP 发送；会自动加上 /v1/traces。",
    unset: "不发送",
    format: URL,
  },
  otel_exporter_otlp_traces_endpoint: {
    help: "链路追踪的完整地址，与上一项不同时填写。",
    unset: "OTEL_EXPORTER_OTLP_ENDPOINT",
    format: URL,
  },
  otel_exporter_otlp_headers: {
    help: "发给采集器的请求头：name=value，以逗号分隔，值用百分号编码。",
    unset: "无",
  },
  otel_service_name: { help: "网关在链路追踪中的名称。" },
  otel_traces_sampler: {
    help: "追踪哪些请求；以 parentbased_ 开头时，由客户端的 traceparent 决定其请求是否追踪。",
  },
  otel_traces_sampler_arg: { help: "按比例采样时，被追踪请求的比例。", format: "0 到 1 之间的数" },
  data_dir: { help: "保存网关数据的目录，需要时自动创建。" },
  secret_key: {
    help: "用于加密后端密钥：32 字节，base64 编码。",
    unset: "DATA_DIR 中的 secret.key 文件，首次启动时生成",
  },
  run_as: {
    help: "以 root 启动时，由谁接管数据目录并继续运行。",
    unset: "启动它的用户",
    format: "UID:GID，两个从 1 开始的数字，例如 65532:65532",
  },
};
