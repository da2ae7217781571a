"""The demo as a new user meets it: each of its models does what the documents say, and the README's code runs."""

import re
from pathlib import Path

import openai
import pydantic
import pytest

from test_chat import both

ROOT = Path(__file__).parents[3]
TEXT, VISION, EMBEDDER = "llama3.2:3b", "qwen3-vl:8b", "nomic-embed-text:latest"


class Weather(pydantic.BaseModel):
    """The weather of a city."""

    city: str
    days: int


@pytest.fixture
def client(demo, watch):
    with watch.client(demo.url, api_key="none", max_retries=0, timeout=30) as client:
        yield client


def ask(model, text, **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_code_of_the_readme(client, demo, readme, monkeypatch, capsys):
    codes = re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL)
    monkeypatch.setattr(openai, "OpenAI", lambda base_url, api_key: client)
    for code in codes:
        exec(code, {})
        assert len(capsys.readouterr().out) > 20
    assert codes


def test_models_and_embeddings(client):
    assert {model.id for model in client.models.list()} == {TEXT, VISION, EMBEDDER}
    made = client.embeddings.create(model=EMBEDDER, input=["one", "two", "one"])
    one, two, again = (entry.embedding for entry in made.data)
    assert one == again != two and len(one) > 100


@pytest.mark.parametrize("model", [TEXT, VISION])
def test_tools_after_a_thought_or_without(client, model):
    request = ask(model, "What is the weather in Rome?", tools=[openai.pydantic_function_tool(Weather)])
    whole, _ = both(client, **request)
    [choice] = whole.choices
    [call] = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls" and isinstance(call.function.parsed_arguments, Weather)
    history = [*request["messages"], choice.message, {"role": "tool", "tool_call_id": call.id, "content": "sun, 22"}]
    final = client.chat.completions.create(**{**request, "messages": history}).choices[0]
    assert hasattr(choice.message, "reasoning") == (model == VISION)
    assert final.finish_reason == "stop" and "sun, 22" in final.message.content


def test_structured_output(client):
    whole, _ = both(client, **ask(TEXT, "The weather in Rome", response_format=Weather))
    assert isinstance(whole.choices[0].message.parsed, Weather)
