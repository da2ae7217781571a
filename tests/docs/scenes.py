"""What a page takes for granted: tokens and settings of its gateway, commands before its first one, and what stands for its
placeholders.
"""

from pathlib import Path

SEED = Path(__file__).resolve().parent.parent / "cases" / "seed-data" / "full"
ASKED = "curl http://127.0.0.1:3000/v1/chat/completions -H 'x-request-id: req-1' -H \"Authorization: Bearer $SECRET\""
HELLO = """-d '{"model":"llama3.2:3b","messages":[{"role":"user","content":"Hello"}]}'"""

SCENES = {
    "README.md": {
        "before": ["echo 'http://gpu-3:11434' > keys.txt"],
        # It was changed by the line before.
        "answer": "the-first-password",
        "words": {"admin123": "the-first-password"},
    },
    "docs/admin-api.md": {"before": [f"cp {SEED}/data/keys.json ."]},
    # The one machine and the other.
    "docs/cluster.md": {"words": {"ollama2openai restore": "DATA_DIR=other ollama2openai restore"}},
    "docs/data.md": {"words": {"FILE": "copy.db", "ollama2openai restore": "DATA_DIR=other ollama2openai restore"}},
    "docs/logging.md": {
        "tokens": {"ann": ["--capture-prompts", "true"]},
        "before": [
            "admin http://127.0.0.1:3000/admin/api/settings -d '{\"capture\": \"tokens\"}'",
            f"{ASKED} {HELLO}",
            # It is written down after the answer.
            "until admin http://127.0.0.1:3000/admin/api/captures/req-1; do :; done",
            "admin http://127.0.0.1:3000/admin/api/tokens",
        ],
        "words": {"REQUEST-ID": "req-1"},
    },
    "docs/migration.md": {
        "before": [f"cp -r {SEED} old", "cp old/env.txt old/.env"],
        "words": {"OLD-FOLDER": "old", "FOLDER": "old"},
    },
    "docs/routing.md": {"before": ["echo 'http://gpu-3:11434' > keys.txt"]},
    "docs/tls.md": {
        "settings": {"TLS_SELF_SIGNED": "true", "UNIX_SOCKET": "gateway.sock"},
        "words": {
            "/etc/ollama2openai/fullchain.pem": "$DATA_DIR/tls/self-signed.pem",
            "/etc/ollama2openai/privkey.pem": "$DATA_DIR/tls/self-signed.key",
            "data/tls/self-signed.pem": "$DATA_DIR/tls/self-signed.pem",
            # The one that is made, and that of the gateway which is asked.
            "UNIX_SOCKET=/run/ollama2openai/gateway.sock": "UNIX_SOCKET=other.sock",
            "/run/ollama2openai/gateway.sock": "$DATA_DIR/gateway.sock",
        },
    },
}
