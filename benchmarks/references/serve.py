"""`python -m benchmarks.references.serve MODULE:APPLICATION PORT`: uvicorn with the very options of pingback.serve."""

import sys

import uvicorn

if __name__ == "__main__":
    uvicorn.run(
        sys.argv[1],
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        lifespan="auto",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
