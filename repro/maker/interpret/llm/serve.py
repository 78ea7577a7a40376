"""The embedded server's process: serves a GGUF file on loopback until its standard input closes.

Run as a file by `server.py`, without the rest of the package: it is up in a second.
"""

import os
import sys
from typing import Any


def serve(path: str, alias: str, threads: int, context: int) -> None:
    """Serve until the parent is gone, however it went; print the address once it answers."""
    import xllamacpp

    library: Any = xllamacpp
    params = library.CommonParams()
    params.model.path, params.model_alias = path, {alias}
    params.hostnames, params.port = ["127.0.0.1"], 0
    # One slot: requests are answered one by one, so that the numbers do not depend on company.
    params.n_parallel, params.n_ctx = 1, context
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.ui, params.cache_ram_mib = False, 0
    server = library.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
