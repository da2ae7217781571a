"""Patience on both sides: a client that leaves frees the upstream, silence ends, comments are no events."""

import asyncio
import threading
import time

import openai
import pytest

from ollama import DEADLINE, chat

ASK = {"model": "llama3.2", "messages": [{"role": "user", "content": "hi"}]}


def left_within(ollama, seconds):
    start = time.monotonic()
    return ollama.left.wait(DEADLINE) and time.monotonic() - start < seconds


def test_closing_a_stream_closes_the_upstream(client, ollama):
    ollama.says(chat("one", "two", then="hang"))
    stream = client.chat.completions.create(**ASK, stream=True)
    assert [next(stream).choices[0].delta.content for _ in range(3)] == ["", "one", "two"]
    stream.close()
    assert left_within(ollama, 1)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_out_of_patience_closes_the_upstream(client, ollama, stream):
    ollama.says(chat(then="hang"))
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.3).chat.completions.create(**ASK, stream=stream)
    assert left_within(ollama, 1)


def test_a_silent_upstream(hasty_client, ollama):
    client = hasty_client
    ollama.says(chat(then="hang"))
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(**ASK)
    assert (raised.value.status_code, raised.value.code) == (504, "upstream_timeout")
    ollama.says(chat("some", then="hang"))
    with pytest.raises(openai.APIError) as raised:
        list(client.chat.completions.create(**ASK, stream=True))
    assert type(raised.value) is openai.APIError and raised.value.code == "upstream_timeout"


def test_comments_are_no_events(hasty_client, ollama):
    gate = threading.Event()
    ollama.says(chat("late", gate=gate))
    stream = hasty_client.chat.completions.create(**ASK, stream=True)
    # The status came before the upstream answered: a comment was sent.
    assert stream.response.status_code == 200 and not gate.is_set()
    gate.set()
    assert "".join(c.delta.content or "" for chunk in stream for c in chunk.choices) == "late"


def test_many_at_once_and_cancelled_tasks(ollama, gateway, watch):
    async def run():
        async with watch.async_client(gateway.url, api_key=gateway.key, max_retries=0, timeout=10) as client:
            ollama.says(lambda body: chat(body["messages"][0]["content"], "!"))
            texts = await asyncio.gather(*(answer(client, f"number {n}", n % 2 == 0) for n in range(24)))
            assert texts == [f"number {n}!" for n in range(24)]
            ollama.says(chat("one", then="hang"))
            started = asyncio.Event()
            task = asyncio.create_task(answer(client, "hi", True, started))
            await asyncio.wait_for(started.wait(), DEADLINE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(left_within, ollama, 1)

    asyncio.run(run())
    assert watch.checked == 25


async def answer(client, text, stream, started=None):
    ask = {"model": "llama3.2", "messages": [{"role": "user", "content": text}]}
    if not stream:
        return (await client.chat.completions.create(**ask)).choices[0].message.content
    async with client.chat.completions.stream(**ask) as events:
        async for event in events:
            if started and event.type == "content.delta":
                started.set()
        return (await events.get_final_completion()).choices[0].message.content
