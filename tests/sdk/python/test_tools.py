"""Tools: the loop of a client, calls streamed in pieces, and arguments parsed by the SDK."""

import json
from enum import Enum

import openai
import pydantic

from ollama import call, chat
from test_chat import both


class Unit(Enum):
    celsius = "celsius"
    fahrenheit = "fahrenheit"


class Weather(pydantic.BaseModel):
    """The weather of a city."""

    city: str
    unit: Unit


TOOLS = [openai.pydantic_function_tool(Weather)]
ASK = {"model": "llama3.2", "messages": [{"role": "user", "content": "weather?"}], "tools": TOOLS}
ROME = call("Weather", {"unit": "celsius", "city": "Rome"}, "call_a")
OSLO = call("Weather", {"city": "Oslo", "unit": "fahrenheit"}, "call_b", 1)


def test_the_loop_of_a_client(client, ollama):
    """Two calls at once, their results, the answer. Key order and ids stay as they are."""
    ollama.says(chat({"tool_calls": [ROME, OSLO]}), chat("Rome is warm."))
    messages = list(ASK["messages"])
    while True:
        choice = client.chat.completions.create(**{**ASK, "messages": messages}).choices[0]
        messages.append(choice.message.model_dump(exclude_unset=True))
        if choice.finish_reason != "tool_calls":
            break
        assert choice.message.content is None
        for tool in choice.message.tool_calls:
            asked = Weather.model_validate_json(tool.function.arguments)
            messages.append({"role": "tool", "tool_call_id": tool.id, "content": f"22 in {asked.city}"})
    assert choice.message.content == "Rome is warm."
    assert [seen["tools"][0]["function"]["name"] for _, seen in ollama.seen] == ["Weather", "Weather"]
    told = ollama.asked["messages"]
    called = [tool["function"]["arguments"] for tool in told[1]["tool_calls"]]
    assert list(map(json.dumps, called)) == [json.dumps(c["function"]["arguments"]) for c in (ROME, OSLO)]
    results = [(m["role"], m["content"], m["tool_name"], m["tool_call_id"]) for m in told[2:]]
    assert results == [
        ("tool", "22 in Rome", "Weather", "call_a"),
        ("tool", "22 in Oslo", "Weather", "call_b"),
    ]


def test_calls_in_pieces(client, ollama):
    """A call a line, both with index 0 as Ollama's parsers for some models send them, after some text."""
    ollama.says(chat("I look. ", {"tool_calls": [ROME]}, {"tool_calls": [{**OSLO}]}))
    whole, events = both(client, **ASK)
    choice = whole.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("I look. ", "tool_calls")
    parsed = [tool.function.parsed_arguments for tool in choice.message.tool_calls]
    assert parsed == [Weather(city="Rome", unit=Unit.celsius), Weather(city="Oslo", unit=Unit.fahrenheit)]
    done = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    assert [(event.index, event.name) for event in done] == [(0, "Weather"), (1, "Weather")]
    assert [event.parsed_arguments for event in done] == parsed


def test_calls_without_ids(client, ollama):
    bare = {"function": {"name": "Weather", "arguments": {"city": "Rome", "unit": "celsius"}}}
    ollama.says(chat({"tool_calls": [bare, bare]}, {"tool_calls": [bare]}))
    with client.chat.completions.stream(**ASK) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls
    assert len({tool.id for tool in calls}) == 3 and all(tool.id.startswith("call_") for tool in calls)


def test_a_named_choice(client, ollama):
    other = {"type": "function", "function": {"name": "other", "parameters": {"type": "object", "properties": {}}}}
    ollama.says(chat({"tool_calls": [ROME]}))
    choice = {"type": "function", "function": {"name": "Weather"}}
    client.chat.completions.create(**{**ASK, "tools": [*TOOLS, other]}, tool_choice=choice)
    assert [tool["function"]["name"] for tool in ollama.asked["tools"]] == ["Weather"]
    client.chat.completions.create(**ASK, tool_choice="none")
    assert "tools" not in ollama.asked
