"""Our subclass of channels_redis' pub/sub layer; tests/realtime/test_library.py holds what it relies on."""

import asyncio
from typing import Any

import orjson
from channels_redis import pubsub

PUBLISH_SECONDS = 5


class Layer(pubsub.RedisPubSubChannelLayer):
    """Speaks JSON and publishes without a lock. The library's packs twice as slowly."""

    def serialize(self, message: dict[str, Any]) -> bytes:
        return orjson.dumps(message)

    def deserialize(self, message: bytes) -> dict[str, Any]:
        loaded: dict[str, Any] = orjson.loads(message)
        return loaded

    def _get_layer(self) -> pubsub.RedisPubSubLoopLayer:
        """The library makes its shards, of a class that it does not let us choose, before anything uses them."""
        is_new = asyncio.get_running_loop() not in self._layers
        layer = super()._get_layer()
        if is_new:
            layer._shards = [Shard(shard.host, layer) for shard in layer._shards]
        return layer


class Shard(pubsub.RedisSingleShardConnection):
    """What is published while one pipeline is under way goes out together in the next one, in order.

    The library's holds a lock for the round trip of every single message.
    """

    def __init__(self, host: dict[str, Any], channel_layer: pubsub.RedisPubSubLoopLayer) -> None:
        super().__init__(host, channel_layer)
        self._waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._pump: asyncio.Task[None] | None = None

    async def publish(self, channel: str, message: bytes) -> None:
        sent = asyncio.get_running_loop().create_future()
        self._waiting.append((channel, message, sent))
        if self._pump is None:
            self._pump = asyncio.create_task(self._publish_what_waits())
        await sent

    async def _publish_what_waits(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    self._ensure_redis()
                    pipeline = self._redis.pipeline(transaction=False)
                    for channel, message, _sent in batch:
                        pipeline.publish(channel, message)
                    async with asyncio.timeout(PUBLISH_SECONDS):
                        await pipeline.execute()
                except Exception as error:
                    for _channel, _message, sent in batch:
                        if not sent.done():
                            sent.set_exception(error)
                else:
                    for _channel, _message, sent in batch:
                        if not sent.done():
                            sent.set_result(None)
        finally:
            self._pump = None
