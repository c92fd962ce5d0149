"""A screen dump: read from QEMU's PPM (every version writes it), looked at, and kept as PNG."""
from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path


class Picture:
    def __init__(self, width: int, height: int, rgb: bytes):
        self.width, self.height, self.rgb = width, height, rgb

    @classmethod
    def from_ppm(cls, data: bytes) -> "Picture":
        header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
        if not header:
            raise ValueError("not a PPM picture")
        width, height = int(header[1]), int(header[2])
        rgb = data[header.end():]
        if len(rgb) != width * height * 3:
            raise ValueError(f"{len(rgb)} bytes of pixels in a picture of {width}x{height}")
        return cls(width, height, rgb)

    def colours(self) -> dict[bytes, int]:
        """How many pixels there are of each colour (three bytes: red, green, blue)."""
        counts: dict[bytes, int] = {}
        for at in range(0, len(self.rgb), 3):
            pixel = self.rgb[at:at + 3]
            counts[pixel] = counts.get(pixel, 0) + 1
        return counts

    def save_png(self, path) -> None:
        stride = self.width * 3
        rows = (b"\0" + self.rgb[y * stride:(y + 1) * stride] for y in range(self.height))

        def chunk(kind: bytes, body: bytes) -> bytes:
            checksum = zlib.crc32(kind + body)
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
                               chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))
