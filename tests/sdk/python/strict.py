"""Every reply that passes an SDK client is held against the SDK's own types, strictly: a missing field, a wrong type or
a field that OpenAI does not have is a failed test. (The SDK itself constructs replies leniently.)
"""

import base64
import json
import struct

import httpx2
import openai
from openai.types import (
    Completion,
    CreateEmbeddingResponse,
    ErrorObject,
    Model,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk

# Fields that clients of local models read and OpenAI does not have.
EXTRA = {"reasoning", "reasoning_content"}


class Models(openai.BaseModel):
    """`SyncPage[Model]` is no model that can be validated by itself."""

    object: str
    data: list[Model]


WHOLE = {
    "/v1/chat/completions": ChatCompletion,
    "/v1/completions": Completion,
    "/v1/embeddings": CreateEmbeddingResponse,
    "/v1/models": Models,
}


def check(path, status, kind, body, is_complete):
    """Raises when the reply is not as OpenAI's API reference has it."""
    if status >= 400:
        assert kind == "application/json", kind
        check_error(json.loads(body))
    elif kind == "text/event-stream":
        check_events(path, body, is_complete)
    elif is_complete:
        assert kind == "application/json", kind
        model = Model if path.startswith("/v1/models/") else WHOLE[path]
        validate(model, json.loads(body))


def check_error(value):
    assert set(value) == {"error"} and set(value["error"]) == {"message", "type", "param", "code"}, value
    validate(ErrorObject, value["error"])
    assert value["error"]["message"], value


def check_events(path, body, is_complete):
    blocks = body.decode().split("\n\n")
    assert blocks.pop() == "" or not is_complete, "the stream breaks off"
    data = [block.removeprefix("data: ") for block in blocks if not block.startswith(":")]
    assert not is_complete or data[-1] == "[DONE]", data[-1:]
    for text in data:
        if text == "[DONE]":
            continue
        value = json.loads(text)
        if "error" in value:
            check_error(value)
        elif path == "/v1/chat/completions":
            validate(ChatCompletionChunk, value)
        else:
            # OpenAI streams completions with a null here until the end; its type does not say so.
            choices = [{**c, "finish_reason": c["finish_reason"] or "stop"} for c in value["choices"]]
            validate(Completion, {**value, "choices": choices})


def validate(model, value):
    if model is CreateEmbeddingResponse:
        # The type tells of numbers; base64 is what the SDK asks for and decodes.
        value = {**value, "data": [{**one, "embedding": floats(one["embedding"])} for one in value["data"]]}
    known = model.model_validate_json(json.dumps(value), strict=True)
    assert extras(known) <= EXTRA, f"{model.__name__} has no {extras(known) - EXTRA}"


def floats(vector):
    if isinstance(vector, list):
        return vector
    data = base64.b64decode(vector, validate=True)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def extras(value):
    """Names of fields, at any depth, that the SDK's type does not have."""
    if isinstance(value, list):
        return set().union(*map(extras, value))
    if not isinstance(value, openai.BaseModel):
        return set()
    fields = (getattr(value, name) for name in type(value).model_fields)
    return set(value.model_extra or {}).union(*map(extras, fields))


class Watch:
    """Checks what passes the clients of a test."""

    def __init__(self):
        self.checked = 0
        self.problems = []

    def finish(self, request, response, body, is_complete):
        self.checked += 1
        kind = response.headers.get("content-type", "")
        try:
            check(request.url.path, response.status_code, kind, body, is_complete)
        except (AssertionError, ValueError, LookupError) as problem:
            self.problems.append(f"{request.method} {request.url.path}: {problem!r}\n{body.decode()}")

    def client(self, url, **options):
        http = openai.DefaultHttpxClient(transport=Watched(self))
        return openai.OpenAI(base_url=f"{url}/v1", http_client=http, **options)

    def async_client(self, url, **options):
        http = openai.DefaultAsyncHttpxClient(transport=AsyncWatched(self))
        return openai.AsyncOpenAI(base_url=f"{url}/v1", http_client=http, **options)


class Watched(httpx2.HTTPTransport):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def handle_request(self, request):
        response = super().handle_request(request)
        response.stream = Tee(response.stream, lambda *seen: self.watch.finish(request, response, *seen))
        return response


class AsyncWatched(httpx2.AsyncHTTPTransport):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    async def handle_async_request(self, request):
        response = await super().handle_async_request(request)
        response.stream = Tee(response.stream, lambda *seen: self.watch.finish(request, response, *seen))
        return response


class Tee(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that tells what was read of it when it is closed."""

    def __init__(self, inner, tell):
        self.inner, self.tell = inner, tell
        self.body, self.is_complete = b"", False

    def __iter__(self):
        for part in self.inner:
            self.body += part
            yield part
        self.is_complete = True

    async def __aiter__(self):
        async for part in self.inner:
            self.body += part
            yield part
        self.is_complete = True

    def close(self):
        self.inner.close()
        self.told()

    async def aclose(self):
        await self.inner.aclose()
        self.told()

    def told(self):
        tell, self.tell = self.tell, lambda *_: None
        tell(self.body, self.is_complete or self.body.endswith(b"data: [DONE]\n\n"))
