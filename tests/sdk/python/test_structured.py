"""Structured output: a pydantic model goes out as a schema and comes back as an object."""

import json

import pydantic

from ollama import chat
from test_chat import both

ASK = {"model": "llama3.2", "messages": [{"role": "user", "content": "a recipe"}]}


class Step(pydantic.BaseModel):
    text: str
    minutes: int


class Recipe(pydantic.BaseModel):
    name: str
    steps: list[Step]


SOUP = Recipe(name="Soup", steps=[Step(text="boil", minutes=20), Step(text="serve", minutes=1)])


def test_parse(client, ollama):
    text = SOUP.model_dump_json()
    ollama.says(chat(text[:7], text[7:30], text[30:]))
    whole, events = both(client, **ASK, response_format=Recipe)
    assert whole.choices[0].message.parsed == SOUP
    assert [event.parsed for event in events if event.type == "content.done"] == [SOUP]
    schema = ollama.asked["format"]
    assert schema["required"] == ["name", "steps"] and "$defs" in schema


def test_json_mode(client, ollama):
    ollama.says(chat('{"a": ', "1}"))
    whole, _ = both(client, **ASK, response_format={"type": "json_object"})
    assert json.loads(whole.choices[0].message.content) == {"a": 1}
    assert ollama.asked["format"] == "json"
