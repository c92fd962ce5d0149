"""Which keys of a US keyboard make which character, in QEMU's key names (qcodes)."""
from __future__ import annotations

_PLAIN = {
    " ": "spc", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
    "\\": "backslash", ";": "semicolon", "'": "apostrophe", "`": "grave_accent", ",": "comma",
    ".": "dot", "/": "slash", "\n": "ret", "\r": "ret", "\t": "tab", "\b": "backspace",
    "\x1b": "esc", "\x7f": "backspace",
}
# Each shifted character by the unshifted one on the same key.
_SHIFTED = dict(zip('!@#$%^&*()_+{}|:"~<>?', "1234567890-=[]\\;'`,./"))

PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))


def keys_for(character: str) -> list[str]:
    """The keys to hold down together for one character; control characters 1-26 are Ctrl chords."""
    if character in _PLAIN:
        return [_PLAIN[character]]
    if character in _SHIFTED:
        return ["shift"] + keys_for(_SHIFTED[character])
    if character.isascii() and character.isalpha():
        return ["shift", character.lower()] if character.isupper() else [character]
    if character.isascii() and character.isdigit():
        return [character]
    if 1 <= ord(character) <= 26:
        return ["ctrl", chr(ord(character) + 0x60)]
    raise ValueError(f"no key of a US keyboard makes {character!r}")


def chord(description: str) -> list[str]:
    """'ctrl-alt-delete' -> the three keys. A name without a dash is one key: 'up', 'f1', 'kp_add'."""
    return description.split("-")
