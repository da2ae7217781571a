//! The models that a fake has.

/// Which of Ollama's two chat engines runs a model; they differ in many answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// Ollama makes the prompt from a Go template or a built-in renderer.
    Rendered,
    /// The runner makes it from a Jinja template.
    Native,
}

/// One installed model.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// With its tag.
    pub(super) name: &'static str,
    pub(super) path: Path,
    /// As `/api/show` tells them, in its order.
    pub(super) capabilities: &'static [&'static str],
    /// Whether it thinks when nothing else is asked.
    pub(super) thinks: bool,
    /// Its weights are damaged: it never loads.
    pub(super) broken: bool,
    pub(super) family: &'static str,
    pub(super) parameters: &'static str,
    pub(super) quantization: &'static str,
    pub(super) size: u64,
    pub(super) context: u64,
    /// Length of a vector.
    pub(super) embedding: usize,
    pub(super) modified_at: &'static str,
}

impl Model {
    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Hexadecimal, 64 digits, made from the name.
    pub(super) fn digest(&self) -> String {
        (0..4).map(|part| format!("{:016x}", super::text::hash(&format!("{}#{part}", self.name)))).collect()
    }
}

/// The models of `demo`.
pub(super) const DEMO: [Model; 3] = [
    Model {
        name: "llama3.2:3b",
        path: Path::Rendered,
        capabilities: &["completion", "tools", "insert"],
        thinks: false,
        broken: false,
        family: "llama",
        parameters: "3.2B",
        quantization: "Q4_K_M",
        size: 2_019_393_189,
        context: 131_072,
        embedding: 3072,
        modified_at: "2026-10-02T08:15:42.317954086Z",
    },
    Model {
        name: "qwen3-vl:8b",
        path: Path::Native,
        capabilities: &["completion", "vision", "tools", "thinking"],
        thinks: true,
        broken: false,
        family: "qwen3vl",
        parameters: "8.8B",
        quantization: "Q4_K_M",
        size: 6_140_415_716,
        context: 262_144,
        embedding: 4096,
        modified_at: "2026-10-01T19:40:11.902311725Z",
    },
    Model {
        name: "nomic-embed-text:latest",
        path: Path::Native,
        capabilities: &["embedding"],
        thinks: false,
        broken: false,
        family: "nomic-bert",
        parameters: "137M",
        quantization: "F16",
        size: 274_302_450,
        context: 2048,
        embedding: 768,
        modified_at: "2026-09-28T12:03:57.55120934Z",
    },
];

const SMOL: Model = Model {
    name: "smollm2:135m",
    path: Path::Rendered,
    capabilities: &["completion", "tools"],
    thinks: false,
    broken: false,
    family: "llama",
    parameters: "134.52M",
    quantization: "Q4_1",
    size: 98_364_237,
    context: 8192,
    embedding: 576,
    modified_at: "2026-11-23T03:11:30.71827302Z",
};

/// The models of the server whose traffic was recorded.
pub(super) const RECORDED: [Model; 10] = [
    SMOL,
    Model {
        name: "smollm2-think:135m",
        capabilities: &["completion", "tools", "thinking"],
        thinks: true,
        ..SMOL
    },
    Model { name: "smollm2-json:135m", capabilities: &["completion", "tools", "insert"], ..SMOL },
    Model {
        name: "smollm2-parser:135m",
        capabilities: &["completion", "tools", "thinking"],
        thinks: true,
        ..SMOL
    },
    Model { name: "smollm2-parser-tools:135m", ..SMOL },
    Model { name: "smollm2-jinja:135m", path: Path::Native, capabilities: &["completion"], ..SMOL },
    Model {
        name: "smollm2-qwen3:135m",
        path: Path::Native,
        capabilities: &["tools", "thinking", "completion"],
        ..SMOL
    },
    Model {
        name: "smollm2-reason:135m",
        path: Path::Native,
        capabilities: &["tools", "thinking", "completion"],
        thinks: true,
        ..SMOL
    },
    Model {
        name: "all-minilm:latest",
        path: Path::Native,
        capabilities: &["embedding"],
        family: "bert",
        parameters: "22.57M",
        quantization: "F16",
        size: 45_949_364,
        context: 512,
        embedding: 384,
        ..SMOL
    },
    Model { name: "broken:latest", path: Path::Native, capabilities: &["completion"], broken: true, ..SMOL },
];

/// The model of this name, in any case, with or without `:latest` and the default registry.
pub(super) fn find<'a>(models: &'a [Model], name: &str) -> Option<&'a Model> {
    let lower = name.to_ascii_lowercase();
    let short = lower.strip_prefix("registry.ollama.ai/").unwrap_or(&lower);
    let short = short.strip_prefix("library/").unwrap_or(short);
    let full = if short.contains(':') { short.to_owned() } else { format!("{short}:latest") };
    models.iter().find(|model| model.name == full)
}

/// What is wrong with a name before anything is looked up: status and text.
pub(super) fn refused(name: &str) -> Option<(u16, &'static str)> {
    let part = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        !part.is_empty() && part.len() <= 80 && !part.starts_with(['-', '.']) && part.chars().all(fits)
    };
    let parts: Vec<&str> = name.split(['/', ':']).collect();
    if parts.len() > 5 || !parts.iter().all(|text| part(text)) {
        return Some((400, "invalid model name"));
    }
    let tag = name.rsplit_once(':').map_or("", |(_, tag)| tag);
    (tag == "cloud" || tag.ends_with("-cloud"))
        .then_some((403, "ollama cloud is disabled: remote model is unavailable"))
}
