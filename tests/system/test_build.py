"""`make` makes again what a change concerns, and puts every command line into the image as it is.

Works in a copy of the tree together with what was built there, so that each step is short.
"""
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from quire_image import QuireImage

ROOT = Path(__file__).resolve().parents[2]
STUBS = "build/kernel/cpu/isr_stubs.asm.o"
STRING = "build/kernel/libc/string.o"
KERNEL = "build/kernel/without_symbols.elf"


class Tree:
    def __init__(self, root):
        self.root = root

    def make(self, *arguments, may_fail=False):
        done = subprocess.run(["make", "-j2", *arguments], cwd=self.root, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=600)
        assert may_fail or done.returncode == 0, done.stdout + done.stderr
        return done

    def made_again(self, target, *arguments):
        before = (self.root / target).stat().st_mtime_ns
        self.make(target, *arguments)
        return (self.root / target).stat().st_mtime_ns != before

    def change(self, file, text="\n"):
        with open(self.root / file, "a") as appended:
            appended.write(text)


@pytest.fixture(scope="module")
def built(image, tmp_path_factory):
    """One copy for all tests here."""
    root = tmp_path_factory.mktemp("tree") / "quire"
    root.mkdir()
    unwanted = shutil.ignore_patterns("host32", "host64", "test-artifacts", "deps", "__pycache__")
    for part in ("Makefile", "linker.ld", "boot", "cpu", "drivers", "fs", "kernel", "libc", "mm", "user",
                 "tests", "tools", "docs", "build"):
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, root / part, ignore=unwanted, symlinks=True)
        elif (ROOT / part).exists():
            shutil.copy2(ROOT / part, root / part)
    tree = Tree(root)
    tree.make("image", "CMDLINE=")
    return tree


def test_nothing_changed_nothing_made(built):
    for target in (STUBS, STRING, KERNEL):
        assert not built.made_again(target)
    assert not built.made_again("build/quire.img", "CMDLINE=")


@pytest.mark.parametrize("source, target", [
    ("boot/layout.inc", "build/kernel/boot/entry.asm.o"),
    ("cpu/shared_constants.inc", STUBS),
    ("cpu/shared_constants.inc", "build/kernel/cpu/exceptions.o"),
    ("boot/disk.inc", "build/boot/stage2.bin"),
])
def test_an_included_file_changed(built, source, target):
    built.change(source, ";\n")
    assert built.made_again(target)


def test_other_flags(built):
    assert built.made_again(STUBS, "NASM=nasm -DOTHER")
    assert built.made_again(STUBS)
    assert built.made_again(STRING, "libc_flags=-fno-builtin -fno-tree-loop-distribute-patterns -DOTHER")
    assert built.made_again(STRING)


def test_a_source_file_comes_and_goes(built):
    extra = built.root / "libc" / "heap" / "an_extra_file.cpp"
    extra.parent.mkdir(exist_ok=True)
    extra.write_text("namespace quire {\nint an_extra_function();\n"
                     "int an_extra_function() { return 1; }\n}\n")
    built.make(KERNEL)
    assert b"an_extra_function" in (built.root / KERNEL).read_bytes()
    extra.unlink()
    built.make(KERNEL)
    assert b"an_extra_function" not in (built.root / KERNEL).read_bytes()


@pytest.mark.parametrize("command_line", [
    "-v", "--help", "it's", 'say="hello world" $$(no) `no` \\n %s *', "#5", "two  spaces"],
    ids=["option", "help", "apostrophe", "shell-words", "hash", "spaces"])
def test_the_command_line_of_the_image(built, command_line):
    built.make("image", f"CMDLINE={command_line}")
    assert QuireImage(built.root / "build/quire.img").command_line == command_line.replace("$$", "$")


@pytest.mark.parametrize("command_line, sentence", [
    ("colour=grün", "make_image: the command line has bytes that are not ASCII text"),
    ("x" * 256, "make_image: the command line is longer than 255 bytes"),
], ids=["not-ascii", "too-long"])
def test_a_command_line_that_no_image_takes(built, command_line, sentence):
    done = built.make("image", f"CMDLINE={command_line}", may_fail=True)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_of_the_root_file_system_changed(built):
    built.make("image", "CMDLINE=")
    extra = built.root / "tools/rootfs/etc/extra"
    extra.write_text("one more\n")
    assert built.made_again("build/root.ext2")
    extra.unlink()
    assert built.made_again("build/root.ext2")
    assert not built.made_again("build/root.ext2")


def test_partitions_of_another_size(built):
    built.make("image", "CMDLINE=", "ROOT_MIB=40", "SWAP_MIB=8")
    table = (built.root / "build/quire.img").read_bytes()[446:510]
    assert [struct.unpack_from("<I", table, at)[0] // 2048 for at in (12, 28)] == [40, 8]
    assert built.made_again("build/quire.img", "CMDLINE=")
