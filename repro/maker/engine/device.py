"""Where tensors are computed and in which number format: chosen once, named in every result."""

import platform
from pathlib import Path
from typing import Literal

import torch

from repro.errors import ParamsError

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "bfloat16", "float32"]


def resolve_device(wanted: Device) -> torch.device:
    """The device that a parameter names; `auto` is CUDA where there is one.

    Raises:
        ParamsError: `cuda` is asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ParamsError(
            "device: cuda, but this machine has no CUDA device",
            expected="auto or cpu here",
            mend="write device: auto in params.yaml",
        )
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def resolve_dtype(wanted: Precision, device: torch.device) -> torch.dtype:
    """The number format that a parameter names; `auto` is bfloat16 where it is computed natively.

    A processor without bfloat16 instructions emulates them, many times slower than float32.
    """
    if wanted == "auto":
        wanted = "bfloat16" if has_native_bfloat16(device) else "float32"
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32


def has_native_bfloat16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 run in hardware on this device."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return bool(torch.backends.mkldnn.is_available() and torch.cpu._is_avx512_bf16_supported())


def describe(device: torch.device, dtype: torch.dtype, threads: int) -> str:
    """What computed a result, in words: processor, threads on a CPU, arithmetic."""
    arithmetic = str(dtype).removeprefix("torch.")
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {arithmetic}"
    plural = "thread" if threads == 1 else "threads"
    return f"CPU {_processor()}, {threads} {plural}, {arithmetic}"


def _processor() -> str:
    table = Path("/proc/cpuinfo")
    if table.exists():
        for line in table.read_text(encoding="utf8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
