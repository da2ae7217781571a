"""Models, embeddings and text completions."""

import pytest

from ollama import Lines, generate, logprob


def embeds(vectors):
    return lambda body: Lines([{"embeddings": vectors[: count(body["input"])], "prompt_eval_count": 4, "done": True}])


def count(given):
    return len(given) if isinstance(given, list) else 1


VECTORS = [[0.25, -1.5, 3.0], [1.0, 0.0, -0.125]]


def test_models(client, ollama):
    page = client.models.list()
    assert [model.id for model in page] == ["llama3.2:latest", "ns/tiny:1b"]
    # 02:00 of summer time somewhere is 01:04:05 UTC
    assert {(model.created, model.object) for model in page.data} == {(1767315845, "model")}
    assert [model.owned_by for model in page.data] == ["library", "ns"]
    for name in ("llama3.2", "llama3.2:latest", "ns/tiny:1b"):
        assert client.models.retrieve(name).id == name


def test_embeddings(client, ollama):
    ollama.says(embeds(VECTORS))
    default = client.embeddings.create(model="embedder", input=["one", "two"])
    floats = client.embeddings.create(model="embedder", input=["one", "two"], encoding_format="float")
    assert [one.embedding for one in default.data] == [one.embedding for one in floats.data] == VECTORS
    assert [one.index for one in default.data] == [0, 1]
    assert (default.model, default.usage.prompt_tokens, default.usage.total_tokens) == ("embedder", 4, 4)
    assert ollama.asked["input"] == ["one", "two"]
    single = client.embeddings.create(model="embedder", input="one", dimensions=3)
    assert single.data[0].embedding == VECTORS[0] and ollama.asked["dimensions"] == 3


def completion(client, **request):
    """A whole completion, and the same put together from its chunks (the SDK has no helper for these)."""
    whole = client.completions.create(**request)
    parts = list(client.completions.create(**request, stream=True, stream_options={"include_usage": True}))
    texts, reasons, offsets = {}, {}, {}
    for choice in (choice for part in parts for choice in part.choices):
        texts[choice.index] = texts.get(choice.index, "") + choice.text
        reasons[choice.index] = choice.finish_reason
        if choice.logprobs:
            offsets.setdefault(choice.index, []).extend(choice.logprobs.text_offset)
    for choice in whole.choices:
        assert (texts[choice.index], reasons[choice.index]) == (choice.text, choice.finish_reason)
        assert offsets.get(choice.index) == (choice.logprobs and choice.logprobs.text_offset)
    assert len(texts) == len(whole.choices)
    assert parts[-1].usage == whole.usage
    return whole


def test_completions(client, ollama):
    ollama.says(generate(" upon", " a time"))
    whole = completion(client, model="llama3.2", prompt="Once", max_tokens=9)
    assert (whole.choices[0].text, whole.choices[0].finish_reason) == (" upon a time", "stop")
    assert (whole.object, whole.usage.total_tokens) == ("text_completion", 10)
    assert ollama.asked["prompt"] == "Once" and ollama.asked["options"] == {"num_predict": 9}
    echoed = completion(client, model="llama3.2", prompt=["Once", "Then"], n=2, echo=True)
    assert [choice.text for choice in echoed.choices] == [
        *["Once upon a time"] * 2,
        *["Then upon a time"] * 2,
    ]
    assert (echoed.usage.prompt_tokens, echoed.usage.completion_tokens) == (14, 12)


def test_completion_logprobs(client, ollama):
    tokens = [logprob("Hé", -0.5, ("Ha", -1.5)), logprob("llo", -0.25)]
    ollama.says(generate("Hé", "llo", logprobs=tokens, reason="length"))
    whole = completion(client, model="llama3.2", prompt="Say", logprobs=1, echo=True)
    logprobs = whole.choices[0].logprobs
    assert (logprobs.tokens, logprobs.token_logprobs) == (["Hé", "llo"], [-0.5, -0.25])
    assert logprobs.top_logprobs[0] == pytest.approx({"Hé": -0.5, "Ha": -1.5})
    assert logprobs.text_offset == [3, 5]
    assert whole.choices[0].finish_reason == "length"
