"""The check of replies has teeth: what OpenAI's types do not allow is refused."""

import json

import pytest

from strict import check

CHOICE = {"index": 0, "message": {"role": "assistant", "content": "x"}, "logprobs": None, "finish_reason": "stop"}
CHAT = {"id": "a", "object": "chat.completion", "created": 1, "model": "m", "choices": [CHOICE]}
CHUNK = {**CHAT, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": None}]}
ERROR = {"message": "m", "type": "t", "param": None, "code": None}


def whole(value):
    check("/v1/chat/completions", 200, "application/json", json.dumps(value).encode(), True)


def stream(*data, end="data: [DONE]\n\n"):
    body = "".join(f"data: {json.dumps(value)}\n\n" for value in data) + end
    check("/v1/chat/completions", 200, "text/event-stream", body.encode(), True)


def without(value, key):
    return {name: inner for name, inner in value.items() if name != key}


def test_good_ones_pass():
    whole(CHAT)
    stream(CHUNK, {"error": ERROR})
    check("/v1/models", 401, "application/json", json.dumps({"error": ERROR}).encode(), True)


@pytest.mark.parametrize(
    "bad",
    [
        *[without(CHAT, key) for key in ("id", "object", "created", "model", "choices")],
        *[{**CHAT, "choices": [without(CHOICE, key)]} for key in ("index", "message", "finish_reason")],
        {**CHAT, "created": "1"},
        {**CHAT, "object": "chat"},
        {**CHAT, "done": True},
        {**CHAT, "choices": [{**CHOICE, "message": {**CHOICE["message"], "thinking": "x"}}]},
    ],
)
def test_bad_replies_are_refused(bad):
    with pytest.raises((AssertionError, ValueError)):
        whole(bad)


@pytest.mark.parametrize(
    ("data", "end"),
    [
        ([without(CHUNK, "created")], "data: [DONE]\n\n"),
        ([CHUNK], ""),
        ([CHUNK], "data: [DONE]\n"),
        ([{"error": without(ERROR, "param")}], "data: [DONE]\n\n"),
    ],
)
def test_bad_streams_are_refused(data, end):
    with pytest.raises((AssertionError, ValueError)):
        stream(*data, end=end)
