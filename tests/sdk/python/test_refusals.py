"""What the gateway itself refuses: each refusal has the exception class, status, code and type that clients expect, and
`Retry-After` exactly where waiting helps. Nothing of it reaches Ollama.
"""

import time
from datetime import UTC, datetime, timedelta

import openai
import pytest

from gateway import Gateway
from ollama import DEADLINE, chat

ASK = {"model": "llama3.2", "messages": [{"role": "user", "content": "hi"}]}
# What each token may, by its name.
TOKENS = {
    "off": ["--disabled"],
    "far": ["--ips", "192.0.2.7"],
    "other": ["--models", "other*"],
    "poor": ["--quota", "1"],
    "slow": ["--rate-limit", "1"],
    "small": ["--tokens-per-minute", "50"],
    "single": ["--max-concurrent", "1"],
}
UNKNOWN, INVALID = openai.AuthenticationError, "invalid_request_error"
FORBIDDEN, LIMITED = openai.PermissionDeniedError, openai.RateLimitError


@pytest.fixture(scope="module")
def strict(server):
    soon = datetime.now(UTC) + timedelta(seconds=1)
    gateway = Gateway(server.url, tokens={"old": ["--expires", soon.isoformat()], **TOKENS})
    yield gateway
    gateway.close()


@pytest.fixture
def client_of(ollama, strict, watch):
    clients = []

    def client(name):
        key = strict.keys.get(name, name)
        clients.append(watch.client(strict.url, api_key=key, max_retries=0, timeout=DEADLINE))
        return clients[-1]

    yield client
    for client in clients:
        client.close()


def calls(client):
    """Every call of the SDK that makes a model work."""
    return [
        lambda **more: client.chat.completions.create(**ASK, **more),
        lambda **more: client.chat.completions.create(**ASK, stream=True, **more),
        lambda **more: client.completions.create(model="llama3.2", prompt="hi", **more),
        lambda **more: client.embeddings.create(model="llama3.2", input="hi", **more),
    ]


def lists(client):
    return [client.models.list, lambda **more: client.models.retrieve("llama3.2", **more)]


def refusal(call, expected, status, code, kind, **more):
    """The one that a call raises, which must be this."""
    with pytest.raises(openai.APIStatusError) as raised:
        call(**more)
    error = raised.value
    assert type(error) is expected
    assert (error.status_code, error.code, error.type) == (status, code, kind)
    assert error.request_id
    return error


@pytest.mark.parametrize(
    ("name", "expected", "status", "code", "kind"),
    [
        ("sk-o2o-" + "0" * 48, UNKNOWN, 401, "invalid_api_key", INVALID),
        ("off", UNKNOWN, 401, "token_disabled", INVALID),
        ("far", FORBIDDEN, 403, "ip_not_allowed", "permission_error"),
    ],
)
def test_who_may_not_come_in(client_of, ollama, name, expected, status, code, kind):
    client = client_of(name)
    for call in calls(client) + lists(client):
        error = refusal(call, expected, status, code, kind)
        assert "retry-after" not in error.response.headers
    assert not ollama.seen


def test_without_a_token(client_of, ollama):
    client = client_of("off")
    for call in calls(client) + lists(client):
        bare = {"Authorization": openai.Omit()}
        refusal(call, UNKNOWN, 401, "missing_api_key", INVALID, extra_headers=bare)
    assert not ollama.seen


def test_an_expired_token(client_of, ollama):
    client = client_of("old")
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            client.models.list()
        except openai.AuthenticationError:
            break
    for call in calls(client) + lists(client):
        refusal(call, UNKNOWN, 401, "token_expired", INVALID)
    assert not ollama.seen


def test_a_model_that_the_token_may_not_use(client_of, ollama):
    client = client_of("other")
    for call in [*calls(client), lists(client)[1]]:
        refusal(call, FORBIDDEN, 403, "model_not_allowed", "permission_error")
    assert [model.id for model in client.models.list()] == []
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("other:1b")
    assert raised.value.code == "model_not_found"
    assert not ollama.seen


def test_a_quota_that_is_used_up(client_of, ollama):
    client = client_of("poor")
    for call in calls(client):
        error = refusal(call, LIMITED, 429, "insufficient_quota", "insufficient_quota")
        assert "retry-after" not in error.response.headers, "clients would wait for weeks"
        assert error.response.headers["x-should-retry"] == "false"
    assert not ollama.seen


@pytest.mark.parametrize(("name", "kind", "limit"), [("slow", "requests", "1"), ("small", "tokens", "50")])
def test_a_window_that_is_full(client_of, ollama, name, kind, limit):
    ollama.says(chat("Hi"))
    client = client_of(name)
    assert client.chat.completions.create(**ASK).choices[0].message.content == "Hi"
    # An embedding has no reply that could be too long.
    for call in calls(client) if kind == "requests" else calls(client)[:3]:
        error = refusal(call, LIMITED, 429, "rate_limit_exceeded", "rate_limit_error")
        assert 1 <= int(error.response.headers["retry-after"]) <= 62
        assert error.response.headers[f"x-ratelimit-limit-{kind}"] == limit
    assert len(ollama.seen) == 1


def test_requests_at_once(client_of, ollama):
    ollama.says(chat("Hi", then="hang"))
    client = client_of("single")
    with client.chat.completions.create(**ASK, stream=True) as stream:
        next(iter(stream))
        for call in calls(client):
            error = refusal(call, LIMITED, 429, "concurrency_limit_exceeded", "rate_limit_error")
            assert error.response.headers["retry-after"] == "1"
        assert client.models.list().data, "a list is no work"
    assert len(ollama.seen) == 1


@pytest.mark.parametrize(
    ("settings", "expected", "status", "code", "kind"),
    [
        ({"RATE_LIMIT_IP_MAX": "0"}, LIMITED, 429, "rate_limit_exceeded", "rate_limit_error"),
        ({"RATE_LIMIT_GLOBAL_MAX": "0"}, LIMITED, 429, "rate_limit_exceeded", "rate_limit_error"),
        ({"IP_ACCESS_MODE": "whitelist"}, FORBIDDEN, 403, "ip_not_allowed", "permission_error"),
    ],
)
def test_rules_for_all(ollama, watch, settings, expected, status, code, kind):
    gateway = Gateway(ollama.url, **settings)
    with watch.client(gateway.url, api_key=gateway.key, max_retries=0, timeout=DEADLINE) as client:
        for call in calls(client) + lists(client):
            error = refusal(call, expected, status, code, kind)
            assert "retry-after" not in error.response.headers, "waiting does not help"
    gateway.close()
    assert not ollama.seen


@pytest.mark.parametrize(
    ("channel", "code", "waits"),
    [(["--max-concurrent", "1"], "overloaded", True), (["--disabled"], "no_backend", False)],
)
def test_nobody_is_free(ollama, watch, channel, code, waits):
    add = ["channel", "add", "one", "--base-url", ollama.url, *channel]
    gateway = Gateway(ollama.url, setup=[add], MAX_QUEUE="0")
    ollama.says(chat("Hi", then="hang"))
    with watch.client(gateway.url, api_key=gateway.key, max_retries=0, timeout=DEADLINE) as client:
        stream = client.chat.completions.create(**ASK, stream=True) if waits else None
        for call in calls(client):
            error = refusal(call, openai.InternalServerError, 503, code, "api_error")
            assert ("retry-after" in error.response.headers) == waits
        if stream:
            stream.close()
    gateway.close()
    assert len(ollama.seen) == int(waits)
