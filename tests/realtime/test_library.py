"""What we rely on inside python-socketio, python-engineio, channels_redis, uvicorn and websockets.

Our subclasses replace some of their methods and call others. When an upgrade changes one of these, read the change,
adapt pingback/realtime/{connection,engine,websocket,sockets,layer,bus}.py if need be, and write the new digest down.
"""

import hashlib
import importlib.metadata
import inspect
from collections.abc import Callable
from typing import Any

import engineio
import pytest
import socketio
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from engineio.async_drivers import asgi
from engineio.async_socket import AsyncSocket
from engineio.base_server import BaseServer
from engineio.base_socket import BaseSocket
from socketio.async_manager import AsyncManager
from socketio.base_manager import BaseManager
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import protocol as websocket_protocol
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

from pingback.realtime.engine import Engine
from pingback.realtime.packets import Json
from pingback.realtime.server import sio
from pingback.realtime.sockets import Manager, Server


@pytest.mark.parametrize(("package", "version"), [("python-socketio", "5.18.1"), ("python-engineio", "4.15.1")])
def test_the_exact_version_is_the_one_we_read(package: str, version: str) -> None:
    assert importlib.metadata.version(package) == version


DIGESTS: dict[Callable[..., Any], str] = {
    # replaced by Connection
    BaseSocket.__init__: "8532b631a4dc",
    AsyncSocket.poll: "826f58a9f360",
    AsyncSocket.send: "0437276ccba7",
    AsyncSocket.close: "faa2e9390254",
    AsyncSocket.schedule_ping: "fe316639159c",
    AsyncSocket.handle_post_request: "82dca119a261",
    AsyncSocket._websocket_handler: "27f120df4d71",
    # called by Connection, or calling it
    AsyncSocket.receive: "a91ae36ec2fb",
    AsyncSocket.handle_get_request: "05eaae9f0a60",
    AsyncSocket._upgrade_websocket: "820b83efe96a",
    asgi.translate_request: "39e74733f1fe",
    asgi.WebSocket.__call__: "abbf7a49b225",
    # around Engine
    engineio.AsyncServer.handle_request: "1a8c878e3516",
    engineio.AsyncServer._handle_connect: "5bd7edc1d1ae",
    engineio.AsyncServer._trigger_event: "4a09b6e47eb6",
    engineio.AsyncServer.disconnect: "8bb6448caae4",
    BaseServer._get_socket: "ae2f99e66d63",
    BaseServer._cors_headers: "da3a25b43052",
    # around Server and Manager
    socketio.AsyncServer._handle_connect: "c97c480cf777",
    socketio.AsyncServer._handle_disconnect: "c0b32ada5b37",
    socketio.AsyncServer._handle_event: "65178105ef8b",
    socketio.AsyncServer._handle_event_internal: "472e8b723a12",
    socketio.AsyncServer._handle_eio_message: "bef50fc0e163",
    socketio.AsyncServer._handle_eio_connect: "76704886d944",
    socketio.AsyncServer._handle_eio_disconnect: "9344593148b6",
    socketio.packet.Packet.decode: "61ad7904b539",
    AsyncManager.emit: "01ccd5b82b4f",
    BaseManager.basic_enter_room: "3f509586d2d7",
    BaseManager.basic_leave_room: "e27f3eea06d1",
    BaseManager.pre_connect: "bfdba4c0c8f1",
    BaseManager.connect: "a0214ac7cb24",
    BaseManager.is_connected: "d37721466718",
    BaseManager.pre_disconnect: "18a8d01ed87a",
    BaseManager.basic_disconnect: "2933b50bc4b2",
    # around Protocol
    WebSocketsSansIOProtocol.__init__: "631dcd744eab",
    WebSocketsSansIOProtocol.send: "d4919ed760ce",
    WebSocketsSansIOProtocol.receive: "1dc0e7153900",
    WebSocketsSansIOProtocol.send_receive_event_to_app: "a2b10de91477",
    WebSocketsSansIOProtocol.start_keepalive: "6d83bdbc3db8",
    WebSocketsSansIOProtocol.handle_connect: "fc648c2161ff",
    WebSocketsSansIOProtocol.handle_close: "62fd412b1f5b",
    WebSocketsSansIOProtocol.shutdown: "e8ace796ada6",
    WebSocketsSansIOProtocol.data_received: "c89d394077d8",
    WebSocketsSansIOProtocol.handle_text: "6ae523180cf0",
    websocket_protocol.Protocol.parse: "45aaf900644b",
    websocket_protocol.Protocol.recv_frame: "4f83d3b90ea6",
    ServerProtocol.parse: "8c4d10340de4",
    StreamReader.at_eof: "106a9f1e43ab",
    # under the bus
    RedisPubSubChannelLayer.__init__: "b0e717765373",
    RedisPubSubChannelLayer._get_layer: "1862b87a25ac",
    RedisPubSubLoopLayer.__init__: "fd9d37e27529",
    RedisPubSubLoopLayer.group_discard: "420c784f63b0",
    RedisSingleShardConnection.__init__: "9c8f408acb4c",
    RedisSingleShardConnection.publish: "5a18093dbcb4",
    RedisSingleShardConnection.subscribe: "173a8f40b17e",
    RedisSingleShardConnection._ensure_redis: "ba228d3cee71",
    RedisSingleShardConnection._receive_message: "2f5f46af28e8",
    RedisPubSubLoopLayer.receive: "2d3fa7938ba6",
    RedisPubSubLoopLayer.group_add: "09e5aeb8954a",
    RedisPubSubLoopLayer.group_send: "5d5f908ce40f",
}


@pytest.mark.parametrize("function", DIGESTS, ids=lambda function: function.__qualname__)
def test_the_library_is_still_what_we_read(function: Callable[..., Any]) -> None:
    assert hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12] == DIGESTS[function]


def test_our_classes_are_the_ones_at_work() -> None:
    assert type(sio) is Server
    assert type(sio.eio) is Engine
    assert type(sio.manager) is Manager
    assert sio.packet_class.json is engineio.packet.Packet.json is Json
    assert sio.async_handlers is False
    assert sio.eio.async_handlers is False
    assert sio.eio.start_service_task is False
    assert sio.eio.max_http_buffer_size == 64 * 1024
    assert set(sio.handlers["/"]) == {"connect", "disconnect", "*"}
    assert list(sio.namespace_handlers) == []


def test_uvicorn_lets_us_hang_up() -> None:
    """`send` is a method of the protocol, and the protocol keeps its transport."""
    assert "self.transport = transport" in inspect.getsource(WebSocketsSansIOProtocol.connection_made)
    assert "self.app(self.scope, self.receive, self.send)" in inspect.getsource(
        WebSocketsSansIOProtocol.run_asgi
    ).replace("  # type: ignore", "")


async def test_the_library_alone_would_let_a_client_call_our_connect_handler() -> None:
    """Why packets pass a list of names first (C2)."""
    stock = socketio.AsyncServer(async_mode="asgi", async_handlers=False)
    called: list[Any] = []
    stock.on("connect", lambda sid, environ, auth=None: called.append(environ))

    await stock._trigger_event("connect", "/", "sid", {"forged": True})

    assert called == [{"forged": True}]
