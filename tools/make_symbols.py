#!/usr/bin/env python3
"""Makes the symbol table of the kernel, which kernel/symbols.h reads, from the output of nm.

    make_symbols.py --nm i686-linux-gnu-nm build/kernel.elf -o build/symbols.bin
    nm -nC build/kernel.elf | make_symbols.py -o build/symbols.bin

Function symbols are kept, one an address, with their names shortened to what a backtrace needs:
no parameter lists, return types or clone marks. Layout, little-endian:

    u32 magic "QSYM"   u32 count   u32 address[count]   u32 name[count]   char text[]

The text begins with the scopes, as "quire::mm::"; a name there is the place of its scope (u16) and
the rest of it. All end with a NUL.
"""

import argparse
import re
import struct
import subprocess
import sys

MAGIC = 0x4D595351
FUNCTION_KINDS = "TtWw"

# Names in which brackets are letters, as it were, and the space that parts one from its template
# arguments. They are hidden behind private characters while a name is cut.
BRACKET_NAMES = re.compile(
    r"operator(?:\(\)|\[\]|<=>|<<=?|>>=?|->\*?|<=?|>=?)(?: (?=<))?|\(anonymous namespace\)")
CLONE_MARKS = re.compile(r"(?: \[clone [^\]]*\])+$")
QUALIFIERS = re.compile(r"(?: const\b| volatile\b| noexcept\b| ?&&?)+")
OPENING, CLOSING = "(<{[", ")>}]"


def without_parameters(name):
    """Yields each character that stays, and whether it stands outside of all brackets.

    A parameter list is a round bracket outside template arguments, with the qualifiers behind it.
    """
    angle_depth = 0
    brace_depth = 0
    place = 0
    while place < len(name):
        character = name[place]
        if character == "(" and angle_depth == 0:
            place = end_of_bracket(name, place)
            qualifiers = QUALIFIERS.match(name, place)
            if qualifiers:
                place = qualifiers.end()
            continue
        angle_depth += (character == "<") - (character == ">")
        brace_depth += (character == "{") - (character == "}")
        yield character, angle_depth == 0 and brace_depth == 0
        place += 1


def end_of_bracket(name, place):
    """The place behind the bracket that opens at `place`, or the end of the name."""
    depth = 0
    for index in range(place, len(name)):
        depth += (name[index] in OPENING) - (name[index] in CLOSING)
        if depth == 0:
            return index + 1
    return len(name)


def start_of_name(characters):
    """Where a return type ends: behind the last space outside brackets and before `operator`.

    (Names of operators may hold spaces: operator new, operator unsigned int.)
    """
    text = "".join(character for character, _ in characters)
    operator = re.search(r"(?<![A-Za-z0-9_])operator\b", text)
    limit = operator.start() if operator else len(text)
    spaces = [i for i, (character, outside) in enumerate(characters)
              if character == " " and outside and i < limit]
    return spaces[-1] + 1 if spaces else 0


def short_name(demangled):
    """The qualified name of a function, without parameters, return type and clone marks."""
    hidden = []

    def hide(match):
        hidden.append(match.group())
        return chr(0xE000 + len(hidden) - 1)

    def show(match):
        return hidden[ord(match.group()) - 0xE000]

    name = BRACKET_NAMES.sub(hide, CLONE_MARKS.sub("", demangled))
    characters = list(without_parameters(name))
    name = "".join(character for character, _ in characters[start_of_name(characters):])
    name = re.sub("[\uE000-\uF8FF]", show, name).strip()
    return name or demangled


def parse(lines):
    """{address: name} of the functions in `lines`. Of several at one address a global one wins."""
    best = {}
    for line in lines:
        parts = line.rstrip("\n").split(" ", 2)
        if len(parts) != 3 or len(parts[1]) != 1 or parts[1] not in FUNCTION_KINDS:
            continue
        if not re.fullmatch("[0-9a-fA-F]+", parts[0]):
            continue
        address, kind, name = int(parts[0], 16), parts[1], parts[2]
        if address > 0xFFFFFFFF:
            raise ValueError(f"{name}: address {address:#x} does not fit 32 bits")
        if name.startswith(".L"):
            continue
        if address not in best or (kind == "T" and best[address][0] != "T"):
            best[address] = (kind, name)
    return {address: short_name(name) for address, (_, name) in best.items()}


def split_scope(name):
    """`name` behind its last `::` outside of all brackets, and what stands before."""
    depth = 0
    start = 0
    for place, character in enumerate(name):
        depth += (character in OPENING) - (character in CLOSING)
        if depth == 0 and name.startswith("::", place):
            start = place + 2
    return name[:start], name[start:]


def make_blob(symbols):
    """The table as bytes. Equal names (clones, overloads) share one place, and equal scopes."""
    text = bytearray()
    scopes, places = {}, {}
    for scope in sorted({split_scope(name)[0] for name in symbols.values()}):
        scopes[scope] = len(text)
        text += scope.encode() + b"\0"
    for _, name in sorted(symbols.items()):
        if name not in places:
            places[name] = len(text)
            scope, rest = split_scope(name)
            text += struct.pack("<H", scopes[scope]) + rest.encode() + b"\0"
    addresses = sorted(symbols)
    offsets = [places[symbols[address]] for address in addresses]
    count = len(addresses)
    return struct.pack(f"<II{count}I{count}I", MAGIC, count, *addresses, *offsets) + bytes(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("elf", nargs="?", help="read this file with nm, not nm's output on stdin")
    parser.add_argument("--nm", default="nm", help="the nm to run")
    parser.add_argument("-o", "--output", required=True)
    arguments = parser.parse_args()
    if arguments.elf:
        lines = subprocess.run([arguments.nm, "-nC", arguments.elf], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines()
    else:
        lines = sys.stdin
    symbols = parse(lines)
    if not symbols:
        sys.exit("make_symbols.py: there are no function symbols in the input")
    with open(arguments.output, "wb") as output:
        output.write(make_blob(symbols))


if __name__ == "__main__":
    main()
