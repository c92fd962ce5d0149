"""QuireImage: the bytes of a disk image, and the fields of the header that boot/layout.inc defines.

Tests use it to give an image another command line, or to damage one in a chosen place.
"""
from __future__ import annotations

import struct
from pathlib import Path

SECTOR = 512
# Stage 2 starts in sector 1, and the header is its start.
HEADER = SECTOR
MAGIC_AT, MAGIC = HEADER + 4, b"QUIRE-S2"
SUM_AT, KERNEL_LBA_AT, KERNEL_BYTES_AT = HEADER + 12, HEADER + 16, HEADER + 20
KERNEL_SUM_AT, ELF_SUM_AT = HEADER + 24, HEADER + 28
COMMAND_LINE_AT, COMMAND_LINE_BYTES = HEADER + 32, 256


class QuireImage:
    def __init__(self, path):
        self.data = bytearray(Path(path).read_bytes())
        if self.data[MAGIC_AT:MAGIC_AT + len(MAGIC)] != MAGIC:
            raise ValueError(f"{path} is not a Quire image: no {MAGIC.decode()} in sector 1")

    def save(self, path) -> Path:
        """Writes the image to `path`; long runs of zeros become holes."""
        with open(path, "wb") as file:
            for at in range(0, len(self.data), 65536):
                block = self.data[at:at + 65536]
                if any(block):
                    file.seek(at)
                    file.write(block)
            file.truncate(len(self.data))
        return Path(path)

    def _word(self, at: int) -> int:
        return struct.unpack_from("<I", self.data, at)[0]

    @property
    def kernel_lba(self) -> int:
        return self._word(KERNEL_LBA_AT)

    @property
    def kernel_bytes(self) -> int:
        return self._word(KERNEL_BYTES_AT)

    @property
    def command_line(self) -> str:
        field = self.data[COMMAND_LINE_AT:COMMAND_LINE_AT + COMMAND_LINE_BYTES]
        return bytes(field).split(b"\0")[0].decode()

    @command_line.setter
    def command_line(self, text: str) -> None:
        field = text.encode()
        if len(field) >= COMMAND_LINE_BYTES:
            raise ValueError(f"a command line has at most {COMMAND_LINE_BYTES - 1} bytes")
        self.patch_stage2(COMMAND_LINE_AT, field.ljust(COMMAND_LINE_BYTES, b"\0"))

    @property
    def kernel(self) -> bytes:
        at = self.kernel_lba * SECTOR
        return bytes(self.data[at:at + self.kernel_bytes])

    def seal_kernel(self) -> None:
        """Makes the sums of a changed kernel right again."""
        def checksum(data: bytes) -> int:
            total = 0
            for (word,) in struct.iter_unpack("<I", data + bytes(-len(data) % 4)):
                total = ((total << 1 | total >> 31) + word) & 0xFFFFFFFF
            return total

        self.patch_stage2(KERNEL_SUM_AT, struct.pack("<I", checksum(self.kernel)))
        self.patch_stage2(ELF_SUM_AT, struct.pack("<I", checksum(self.kernel[:SECTOR])))

    def patch_stage2(self, at: int, new: bytes) -> None:
        """Replaces bytes of stage 2 (not of its checksum) and keeps the sum of its words at zero."""
        first, end = at & ~3, (at + len(new) + 3) & ~3

        def total() -> int:
            return sum(struct.unpack(f"<{(end - first) // 4}I", self.data[first:end]))

        before = total()
        self.data[at:at + len(new)] = new
        checksum = (self._word(SUM_AT) + before - total()) & 0xFFFFFFFF
        struct.pack_into("<I", self.data, SUM_AT, checksum)

    def find_in_stage2(self, code: bytes) -> int:
        """Where `code` stands in stage 2; it must be there exactly once."""
        stage2 = bytes(self.data[HEADER:self.kernel_lba * SECTOR])
        if stage2.count(code) != 1:
            raise ValueError(f"{code.hex()} stands {stage2.count(code)} times in stage 2")
        return HEADER + stage2.index(code)
