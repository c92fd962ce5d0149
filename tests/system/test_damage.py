"""Every damage to image, disk or RAM ends in its own sentence, on screen and serial line, and the PC
stands still there: it does not reset and start over."""
import re
import struct

import pytest
from quire_image import HEADER, SECTOR, QuireImage
from quire_vm import PROMPT

DAMAGED_KERNEL = "Quire: the kernel on the disk is damaged: its checksum is wrong."
DAMAGED_STAGE2 = "Quire: stage 2 on the disk is damaged."
UNREADABLE_STAGE2 = "Quire: stage 2 cannot be read from the disk."
UNREADABLE = re.compile(r"Quire: the disk cannot be read at or behind sector (\d+) \(BIOS error \d+\)\.")
TRUNCATED = re.compile(r"Quire: the disk has only \d+ sectors, but the kernel ends at sector \d+; "
                       r"the disk image is truncated\.")


def expect_last_words(vm, sentence):
    """`sentence` (text or expression) is the last thing the PC says before it halts for good."""
    match = vm.wait_for(sentence)
    # The screen breaks long lines in column 80, where the serial line does not.
    assert match[0] in "".join(line.ljust(80) for line in vm.screen_text())
    vm.qmp.execute("query-status")
    assert vm.is_running(), "the PC did reset"
    for _ in range(200):
        if "HLT=1" in vm.hmp("info registers"):
            break
    else:
        pytest.fail("the PC does not halt after its last words")
    assert not [event for event in vm.qmp.events if event["event"] in ("RESET", "SHUTDOWN")]
    after = vm.serial_text().split(match[0], 1)[1].strip()
    assert after == "", f"more words after the last: {after}"
    return match


@pytest.fixture
def original(image):
    return QuireImage(image)


def flip(changed, at, bit=0):
    changed.data[at] ^= 1 << bit
    return changed


# Fractions of the kernel file; its first bytes are the ELF header.
@pytest.mark.parametrize("where", [0.01, 0.1, 0.33, 0.5, 0.75, 0.99, 1])
def test_a_flipped_byte_in_the_kernel(boot, original, tmp_path, where):
    at = original.kernel_lba * SECTOR + int((original.kernel_bytes - 1) * where)
    vm = boot(flip(original, at, bit=3).save(tmp_path / "flipped.img"))
    expect_last_words(vm, DAMAGED_KERNEL)


# In the ELF header: entry point; in the program headers: type, offset, addresses, sizes.
HEADER_BYTES = [24, 26, 44] + [52 + 32 * segment + at for segment in (0, 1, 3)
                               for at in (0, 5, 12, 14, 15, 16, 18, 19, 21, 22, 23)]


@pytest.mark.parametrize("offset", HEADER_BYTES)
def test_a_flipped_bit_in_the_kernels_headers(boot, original, tmp_path, offset):
    at = original.kernel_lba * SECTOR + offset
    vm = boot(flip(original, at, bit=4).save(tmp_path / "header.img"))
    expect_last_words(vm, DAMAGED_KERNEL)


# (offset in the kernel file, 32-bit value, sentence): wrong, though every sum is right.
WRONG_KERNELS = {
    "no-program": (0, 0x12345678, "Quire: the file on the disk that should be the kernel is not an "
                                  "i386 ELF program"),
    "too-many-segments": (44, 9, "Quire: the file on the disk that should be the kernel is not an "
                                 "i386 ELF program"),
    "file-larger-than-memory": (52 + 32 + 16, 0x10000000,
                                "Quire: a segment of the kernel has more bytes in the file than in memory"),
    "over-the-bios": (52 + 32 + 12, 0xF0000, "Quire: not enough RAM: the kernel"),
    "beyond-the-ram": (52 + 32 + 12, 0x20000000, "Quire: not enough RAM: the kernel"),
    "around-4-gib": (52 + 32 + 12, 0xFFFFF000, "Quire: not enough RAM: the kernel"),
}


@pytest.mark.parametrize("case", WRONG_KERNELS)
def test_a_wrong_kernel(boot, original, tmp_path, case):
    offset, value, sentence = WRONG_KERNELS[case]
    struct.pack_into("<I", original.data, original.kernel_lba * SECTOR + offset, value)
    original.seal_kernel()
    vm = boot(original.save(tmp_path / "wrong.img"))
    expect_last_words(vm, re.compile(re.escape(sentence) + r"[^\r]*\."))


def test_a_stage_2_of_zeros(boot, original, tmp_path):
    original.data[HEADER:original.kernel_lba * SECTOR] = bytes(original.kernel_lba * SECTOR - HEADER)
    expect_last_words(boot(original.save(tmp_path / "zeros.img")), DAMAGED_STAGE2)


@pytest.mark.parametrize("at", [HEADER + 4, HEADER + 16, HEADER + 40, HEADER + 300, HEADER + 1500])
def test_a_flipped_byte_in_stage_2(boot, original, tmp_path, at):
    vm = boot(flip(original, at, bit=6).save(tmp_path / "flipped.img"))
    expect_last_words(vm, DAMAGED_STAGE2)


def test_an_image_that_ends_within_the_kernel(boot, original, tmp_path):
    del original.data[(original.kernel_lba + 5) * SECTOR:]
    vm = boot(original.save(tmp_path / "short.img"))
    match = expect_last_words(vm, TRUNCATED)
    assert f"only {original.kernel_lba + 5} sectors" in match[0]


def test_an_image_that_ends_within_stage_2(boot, original, tmp_path):
    del original.data[3 * SECTOR:]
    vm = boot(original.save(tmp_path / "short.img"))
    expect_last_words(vm, UNREADABLE_STAGE2)


def test_too_little_ram(boot):
    match = expect_last_words(boot(memory=1), re.compile(
        r"Quire: not enough RAM: [^\r]* (\d+) KiB[^\r]*\."))
    assert int(match[1]) > 1024


def with_read_errors(image, tmp_path, rules):
    """The image behind QEMU's blkdebug, which makes reads fail."""
    path = tmp_path / "errors.cfg"
    path.write_text("".join("[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\n" + "".join(
        f'{key} = "{value}"\n' for key, value in rule.items()) for rule in rules))
    return f"blkdebug:{path}:{image}"


def test_a_bad_sector_in_the_kernel(boot, image, original, tmp_path):
    bad = original.kernel_lba + 70
    vm = boot(with_read_errors(image, tmp_path, [dict(sector=bad)]))
    match = expect_last_words(vm, UNREADABLE)
    assert original.kernel_lba <= int(match[1]) <= bad


def test_a_bad_sector_in_stage_2(boot, image, tmp_path):
    expect_last_words(boot(with_read_errors(image, tmp_path, [dict(sector=2)])), UNREADABLE_STAGE2)


def test_one_failed_read_is_tried_again(boot, image, original, tmp_path):
    rules = [dict(sector=2, once="on"), dict(sector=original.kernel_lba + 70, once="on")]
    vm = boot(with_read_errors(image, tmp_path, rules))
    vm.wait_for(PROMPT)
    assert "Quire: " not in vm.serial_text()


def test_says_it_without_a_serial_port(boot, original, tmp_path):
    at = original.kernel_lba * SECTOR + original.kernel_bytes // 2
    vm = boot(flip(original, at).save(tmp_path / "flipped.img"), serial=False)
    vm.wait_for_screen(DAMAGED_KERNEL)
    assert vm.is_running()
