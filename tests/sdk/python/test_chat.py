"""Chat: whole, streamed, and that both are the same."""

import base64
import threading

import openai
import pytest

from ollama import chat, logprob

ASK = {"model": "llama3.2", "messages": [{"role": "user", "content": "hi"}]}
USAGE = {"stream_options": {"include_usage": True}}


def both(client, **request):
    """The reply as a whole, and as the SDK's stream helper assembles it."""
    whole = client.chat.completions.parse(**request)
    with client.chat.completions.stream(**request, **USAGE) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    assert same(final) == same(whole)
    assert len({event.chunk.id for event in events if event.type == "chunk"}) == 1
    return whole, events


def same(completion):
    """What must not depend on streaming. A chunk's place in the list of calls is known to streams only."""
    # The SDK's own generic types warn when they are dumped with what they parsed.
    value = completion.model_dump(exclude={"id", "created"}, warnings=False)
    for choice in value["choices"]:
        for call in choice["message"].get("tool_calls") or []:
            call.pop("index", None)
        if not choice["message"].get("tool_calls"):
            choice["message"].pop("tool_calls", None)
        choice["message"]["content"] = choice["message"]["content"] or None
    return value


def test_text(client, ollama):
    ollama.says(chat("Hel", "lo, ", "wörld 😀\u2028\n"))
    whole, events = both(client, **ASK)
    assert whole.choices[0].message.content == "Hello, wörld 😀\u2028\n"
    assert (whole.choices[0].finish_reason, whole.model, whole.object) == ("stop", "llama3.2", "chat.completion")
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens, whole.usage.total_tokens) == (7, 3, 10)
    deltas = [event.delta for event in events if event.type == "content.delta"]
    assert deltas == ["", "Hel", "lo, ", "wörld 😀\u2028\n"]
    assert [event.content for event in events if event.type == "content.done"] == ["Hello, wörld 😀\u2028\n"]


def test_usage_is_told_when_asked_for(client, ollama):
    ollama.says(chat("a", "b"))
    told = [chunk.usage for chunk in client.chat.completions.create(**ASK, stream=True, **USAGE)]
    assert told[:-1] == [None] * (len(told) - 1) and told[-1].total_tokens == 10
    chunks = list(client.chat.completions.create(**ASK, stream=True))
    assert all("usage" not in chunk.model_fields_set and chunk.choices for chunk in chunks)


def test_length_and_sampling_values(client, ollama):
    ollama.says(chat("cut", reason="length"))
    sampling = {"temperature": 0, "top_p": 0.5, "seed": 7, "stop": ["x"], "max_completion_tokens": 1}
    whole = client.chat.completions.create(**ASK, **sampling)
    *_, last = client.chat.completions.create(**ASK, **sampling, stream=True)
    assert [whole.choices[0].finish_reason, last.choices[0].finish_reason] == ["length", "length"]
    options = ollama.asked["options"]
    assert options == {"temperature": 0, "top_p": 0.5, "seed": 7, "stop": ["x"], "num_predict": 1}
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(**ASK, **sampling)


def test_several_choices(client, ollama):
    ollama.says(chat("same ", "text"))
    whole, _ = both(client, **ASK, n=2)
    assert [(choice.index, choice.message.content) for choice in whole.choices] == [(0, "same text"), (1, "same text")]
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (7, 6)


def test_choices_begin_in_order(client, ollama):
    """The helper breaks when choice 1 appears before choice 0, however slow the upstream of choice 0 is."""
    gate = threading.Event()
    ollama.says(chat("slow", gate=gate), chat("fast"))
    with client.chat.completions.stream(**ASK, n=2) as stream:
        for _ in stream:
            gate.set()
        texts = {choice.message.content for choice in stream.get_final_completion().choices}
    assert texts == {"slow", "fast"}


def test_logprobs(client, ollama):
    pieces = [{"content": text, "logprobs": [logprob(text, -0.25, ("other", -2.5))]} for text in ("Hé", "llo")]
    ollama.says(chat(*pieces))
    whole, events = both(client, **ASK, logprobs=True, top_logprobs=1)
    content = whole.choices[0].logprobs.content
    assert [(entry.token, entry.logprob, bytes(entry.bytes).decode()) for entry in content] == [
        ("Hé", -0.25, "Hé"),
        ("llo", -0.25, "llo"),
    ]
    assert [(top.token, top.logprob) for top in content[0].top_logprobs] == [("Hé", -0.25), ("other", -2.5)]
    assert [len(event.content) for event in events if event.type == "logprobs.content.done"] == [2]
    assert client.chat.completions.create(**ASK).choices[0].logprobs is None


def test_reasoning(client, ollama):
    ollama.says(chat({"thinking": "let me "}, {"thinking": "see"}, "42"))
    whole, _ = both(client, **ASK, reasoning_effort="low")
    assert ollama.asked["think"] == "low"
    message = whole.choices[0].message
    assert (message.content, message.reasoning, message.reasoning_content) == ("42", "let me see", "let me see")
    # A client that sends the message back as it is keeps the thought.
    history = [*ASK["messages"], message.model_dump(exclude_none=True), {"role": "user", "content": "and now?"}]
    client.chat.completions.create(model="llama3.2", messages=history)
    assert ollama.asked["messages"][1] == {"role": "assistant", "content": "42", "thinking": "let me see"}


def test_images(client, ollama):
    ollama.says(chat("a dot"))
    pixel = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
    parts = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{pixel}", "detail": "low"}},
    ]
    whole = client.chat.completions.create(model="llama3.2", messages=[{"role": "user", "content": parts}])
    assert whole.choices[0].message.content == "a dot"
    assert ollama.asked["messages"] == [{"role": "user", "content": "what is this?", "images": [pixel]}]
    with pytest.raises(openai.BadRequestError, match="does not support images"):
        client.chat.completions.create(model="ns/tiny:1b", messages=[{"role": "user", "content": parts}])


def test_an_empty_answer(client, ollama):
    ollama.says(chat(completion=0))
    whole, _ = both(client, **ASK)
    assert whole.choices[0].message.content == "" and whole.usage.completion_tokens == 0
