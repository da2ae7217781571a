"""TLS in process: the SDK believes the certificate that the gateway has made, and no other."""

import ssl
from pathlib import Path

import openai
import pytest

from gateway import Gateway
from ollama import chat
from test_chat import ASK, both


@pytest.fixture
def secure(server):
    gateway = Gateway(server.url, TLS_SELF_SIGNED="true")
    yield gateway
    gateway.close()


def client(gateway, **how):
    return openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0, http_client=openai.DefaultHttpxClient(**how)
    )


def test_whole_and_streamed(ollama, secure):
    assert secure.url.startswith("https://")
    trust = ssl.create_default_context(cafile=Path(secure.folder.name, "tls", "self-signed.pem"))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    ollama.says(chat("Hello"))
    with client(secure, verify=trust) as known:
        whole, _ = both(known, **ASK)
    assert whole.choices[0].message.content == "Hello"
    with client(secure) as stranger, pytest.raises(openai.APIConnectionError):
        stranger.models.list()
