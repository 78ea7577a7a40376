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
    # What is kept of earlier prompts must not show in the numbers, or they depend on the order of
    # questions: one slot, and kernels that give a token the same result in a batch and alone.
    params.n_parallel, params.n_ctx = 1, context
    params.flash_attn_type = library.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.no_extra_bufts = True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.ui, params.cache_ram_mib = False, 0
    server = library.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
