"""A model server on loopback that plans instead of thinking: it has the agent call one tool after the other.

It speaks, as far as the agents need it, Anthropic's Messages, OpenAI's Responses and Chat Completions, and
Gemini's generateContent. Which call is next it sees from the results that a request holds.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Event = tuple[str | None, object]


@dataclass(frozen=True)
class Call:
    """A call of a tool: its name, and its arguments; of a custom tool of OpenAI's, which takes text, that."""

    tool: str
    arguments: dict[str, object] | str

    @property
    def as_json(self) -> str:
        return json.dumps(self.arguments)


@dataclass
class Stub:
    """The server's plan, and what the agent told it: the results of its calls, in their order."""

    plan: Sequence[Call]
    url: str = ""
    results: list[str] = field(default_factory=list)

    def answer(self, path: str, asked: dict[str, object]) -> list[Event]:
        """Give the events that answer a request."""
        speak, results = _SPOKEN[path.partition("?")[0].rpartition("/")[2].rpartition(":")[2]]
        if "tools" not in asked:
            return list(speak(None, 0))  # what it wants to call the session
        said = list(results(asked))
        if len(said) > len(self.results):
            self.results = said
        return list(speak(self.plan[len(said)] if len(said) < len(self.plan) else None, len(said)))


@contextmanager
def serving(plan: Sequence[Call]) -> Iterator[Stub]:
    """Run a server with this plan on a free port."""
    stub = Stub(plan)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            if self.path.partition("?")[0].endswith("/count_tokens"):
                return self._send("application/json", b'{"input_tokens": 1}')
            events = stub.answer(self.path, asked)
            lines = (
                (f"event: {name}\n" if name else "") + f"data: {_data(data)}\n\n" for name, data in events
            )
            return self._send("text/event-stream", "".join(lines).encode())

        def do_GET(self) -> None:
            self._send("application/json", b'{"object": "list", "data": [], "models": []}')

        def do_HEAD(self) -> None:
            self._send("application/json", b"")

        def _send(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stub.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()


def _data(data: object) -> str:
    return data if isinstance(data, str) else json.dumps(data)


def _text_in(said: object) -> str:
    """Give the words in what an agent tells of a tool, in whatever it wraps them."""
    if isinstance(said, dict):
        said = list(said.values())
    return "\n".join(map(_text_in, said)) if isinstance(said, list) else str(said)


# -- Anthropic's Messages


def _messages(call: Call | None, number: int) -> Iterator[Event]:
    empty = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": "stub", "content": []}
    usage = {"input_tokens": 1, "output_tokens": 1}
    yield _typed("message_start", message=empty | {"stop_reason": None, "usage": usage})
    if call is None:
        block: object = {"type": "text", "text": ""}
        delta: object = {"type": "text_delta", "text": "Done."}
    else:
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": call.tool, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": call.as_json}
    yield _typed("content_block_start", index=0, content_block=block)
    yield _typed("content_block_delta", index=0, delta=delta)
    yield _typed("content_block_stop", index=0)
    reason = "tool_use" if call else "end_turn"
    yield _typed("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=usage)
    yield _typed("message_stop")


def _of_messages(asked: dict) -> Iterator[str]:
    for message in asked["messages"]:
        blocks = message["content"] if isinstance(message["content"], list) else []
        yield from (_text_in(block["content"]) for block in blocks if block["type"] == "tool_result")


# -- OpenAI's Responses


def _responses(call: Call | None, number: int) -> Iterator[Event]:
    if call is None:
        content = [{"type": "output_text", "text": "Done.", "annotations": []}]
        item: dict[str, object] = {"type": "message", "role": "assistant", "content": content}
    elif isinstance(call.arguments, str):
        item = {"type": "custom_tool_call", "name": call.tool, "input": call.arguments}
    else:
        item = {"type": "function_call", "name": call.tool, "arguments": call.as_json}
    item |= {"id": f"item_{number}", "status": "completed"} | ({"call_id": f"call_{number}"} if call else {})
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    response = {"id": f"resp_{number}", "object": "response", "status": "completed", "output": [item]}
    yield _typed("response.created", response={"id": f"resp_{number}"})
    yield _typed("response.output_item.added", output_index=0, item=item)
    yield _typed("response.output_item.done", output_index=0, item=item)
    yield _typed("response.completed", response=response | {"usage": usage})


def _of_responses(asked: dict) -> Iterator[str]:
    for item in asked["input"]:
        if item.get("type") in ("function_call_output", "custom_tool_call_output"):
            yield _text_in(item["output"])


# -- OpenAI's Chat Completions


def _completions(call: Call | None, number: int) -> Iterator[Event]:
    chunk = {"id": f"chat_{number}", "object": "chat.completion.chunk", "created": 1, "model": "stub"}
    if call is None:
        delta: dict[str, object] = {"role": "assistant", "content": "Done."}
    else:
        function = {"name": call.tool, "arguments": call.as_json}
        tools = [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]
        delta = {"role": "assistant", "content": None, "tool_calls": tools}
    ended = {"index": 0, "delta": {}, "finish_reason": "tool_calls" if call else "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    yield None, chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield None, chunk | {"choices": [ended], "usage": usage}
    yield None, "[DONE]"


def _of_completions(asked: dict) -> Iterator[str]:
    yield from (_text_in(message["content"]) for message in asked["messages"] if message["role"] == "tool")


# -- Gemini


def _generated(call: Call | None, number: int) -> Iterator[Event]:
    part = {"functionCall": {"name": call.tool, "args": call.arguments}} if call else {"text": "Done."}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    yield None, {"candidates": [candidate], "usageMetadata": usage, "responseId": f"r{number}"}


def _of_generated(asked: dict) -> Iterator[str]:
    for content in asked["contents"]:
        parts = content.get("parts", ())
        yield from (_text_in(part["functionResponse"]) for part in parts if "functionResponse" in part)


def _typed(name: str, **data: object) -> Event:
    return name, {"type": name, **data}


_SPOKEN = {
    "messages": (_messages, _of_messages),
    "responses": (_responses, _of_responses),
    "completions": (_completions, _of_completions),
    "streamGenerateContent": (_generated, _of_generated),
    "generateContent": (_generated, _of_generated),
}
