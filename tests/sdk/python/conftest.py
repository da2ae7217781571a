"""One gateway and one scripted Ollama for all tests; each test gets an SDK client whose replies are all checked."""

import pytest

from gateway import Gateway
from ollama import Ollama
from strict import Watch


@pytest.fixture(scope="session")
def server():
    server = Ollama()
    yield server
    server.close()


@pytest.fixture
def ollama(server):
    server.reset()
    return server


@pytest.fixture(scope="session")
def gateway(server):
    gateway = Gateway(server.url)
    yield gateway
    gateway.close()


@pytest.fixture(scope="session")
def hasty(server):
    """A gateway with little patience: comments after 50 ms of silence, the end after 400 ms."""
    gateway = Gateway(server.url, SSE_HEARTBEAT="50", STREAM_IDLE_TIMEOUT="400", WHOLE_TIMEOUT="400")
    yield gateway
    gateway.close()


@pytest.fixture(scope="session")
def demo():
    """The gateway with its built-in fake Ollama, open to this machine."""
    gateway = Gateway("", "demo", tokens={})
    yield gateway
    gateway.close()


@pytest.fixture
def watch():
    watch = Watch()
    yield watch
    assert not watch.problems, "\n".join(watch.problems)


@pytest.fixture
def client(ollama, gateway, watch):
    with watch.client(gateway.url, api_key=gateway.key, max_retries=0, timeout=10) as client:
        yield client


@pytest.fixture
def hasty_client(ollama, hasty, watch):
    with watch.client(hasty.url, api_key=hasty.key, max_retries=0, timeout=10) as client:
        yield client
