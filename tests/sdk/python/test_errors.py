"""Failures: the exception class that a client expects, with OpenAI's fields; nothing is swallowed."""

import time

import openai
import pytest

from gateway import Gateway
from ollama import Lines, Reply, chat

ASK = {"model": "llama3.2", "messages": [{"role": "user", "content": "hi"}]}
HTML = Reply(502, "<html>bad gateway</html>", {"content-type": "text/html"})
BUSY = {"error": "server busy, please try again.  maximum pending requests exceeded"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("upstream", "expected", "status", "code"),
    [
        (Reply(400, {"error": "invalid options: x"}), openai.BadRequestError, 400, None),
        (Reply(404, {"error": "model 'llama3.2' not found"}), openai.NotFoundError, 404, "model_not_found"),
        (Reply(429, {"error": "slow down"}), openai.RateLimitError, 429, "rate_limit_exceeded"),
        (Reply(401, {"error": "unauthorized"}), openai.InternalServerError, 502, "upstream_auth_error"),
        (Reply(500, {"error": "it died"}), openai.InternalServerError, 502, "upstream_error"),
        (Reply(503, BUSY), openai.InternalServerError, 503, "overloaded"),
        (HTML, openai.InternalServerError, 502, "upstream_error"),
        (Lines([{"error": "failed to load"}]), openai.InternalServerError, 502, "upstream_error"),
    ],
)
def test_the_upstream_refuses(client, ollama, upstream, expected, status, code, stream):
    ollama.says(upstream)
    with pytest.raises(expected) as raised:
        client.chat.completions.create(**ASK, stream=stream)
    assert type(raised.value) is expected
    assert (raised.value.status_code, raised.value.code) == (status, code)
    assert raised.value.request_id


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"temperature": "hot"}, "temperature"),
        ({"n": 99}, "n"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
    ],
)
def test_a_bad_request_names_the_field(client, ollama, change, param):
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(**{**ASK, **change})
    assert (raised.value.param, raised.value.type) == (param, "invalid_request_error")
    assert ollama.seen == []


def test_access_and_unknown_things(client, ollama):
    for endpoint in (lambda c: c.chat.completions.create(**ASK), lambda c: c.models.list()):
        with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided") as raised:
            endpoint(client.with_options(api_key="wrong"))
        assert raised.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("no/such:model")
    assert raised.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.moderations.create(input="x")


@pytest.mark.parametrize(
    "broken",
    [
        chat("some", then="cut"),
        Lines([*chat("some").lines[:-1], {"error": "it died"}]),
        Lines(chat("some").lines[:-1]),
    ],
)
def test_a_stream_that_breaks_raises(client, ollama, broken):
    ollama.says(broken)
    seen = []
    with pytest.raises(openai.APIError) as raised:
        for chunk in client.chat.completions.create(**ASK, stream=True):
            seen.append(chunk.choices[0].delta.content)
    assert type(raised.value) is openai.APIError
    assert (seen, raised.value.code, raised.value.type) == (["", "some"], "upstream_error", "api_error")
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**ASK)


def test_the_sdk_tries_again_when_told_to(client, ollama):
    # The gateway itself asks three times before it gives up.
    ollama.says(*[Reply(503, BUSY, {"retry-after": "1"})] * 3, chat("at last"))
    start = time.monotonic()
    reply = client.with_options(max_retries=1).chat.completions.create(**ASK)
    assert reply.choices[0].message.content == "at last" and time.monotonic() - start >= 1


def test_no_upstream(watch):
    gateway = Gateway("http://127.0.0.1:9")
    try:
        with watch.client(gateway.url, api_key=gateway.key, max_retries=0) as client:
            with pytest.raises(openai.InternalServerError) as raised:
                client.chat.completions.create(**ASK)
            assert (raised.value.status_code, raised.value.code) == (502, "upstream_unreachable")
    finally:
        gateway.close()
