"""tools/make_symbols.py: names cut as a backtrace wants them, and the layout of the blob."""

import importlib.util
import pathlib
import struct
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "make_symbols.py"
SPEC = importlib.util.spec_from_file_location("make_symbols", SCRIPT)
make_symbols = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(make_symbols)


# Most of these were copied from what binutils 2.40 prints for compiled functions.
@pytest.mark.parametrize("demangled, short", [
    ("kernel_main", "kernel_main"),
    ("f(int)", "f"),
    ("quire::mm::A::f(int (*)(char), unsigned int) const", "quire::mm::A::f"),
    ("quire::(anonymous namespace)::hidden(int)", "quire::(anonymous namespace)::hidden"),
    ("(anonymous namespace)::B::m(unsigned int) const", "(anonymous namespace)::B::m"),
    ("a::f((anonymous namespace)::B const&)", "a::f"),
    ("a::A::operator()(int (*)(char)) const &", "a::A::operator()"),
    ("void a::A::operator()<int (*)(int)>(int (*)(int))", "a::A::operator()<int (*)(int)>"),
    ("bool a::A::operator< <int>(int)", "a::A::operator< <int>"),
    ("a::A::operator<<(int)", "a::A::operator<<"),
    ("a::A::operator<=>(a::A const&) const", "a::A::operator<=>"),
    ("a::A::operator->()", "a::A::operator->"),
    ("a::A::operator[](int)", "a::A::operator[]"),
    ("a::A::operator bool() const", "a::A::operator bool"),
    ("a::A::operator unsigned int() const", "a::A::operator unsigned int"),
    ("operator new(unsigned int)", "operator new"),
    ("operator delete[](void*, unsigned int)", "operator delete[]"),
    ('operator"" _kib(unsigned long long)', 'operator"" _kib'),
    ("int a::A::g<int>(int) const", "a::A::g<int>"),
    ("unsigned long long a::A::g<unsigned long long>(unsigned long long) const",
     "a::A::g<unsigned long long>"),
    ("std::pair<int, long> foo<int>(int)", "foo<int>"),
    ("a::Fl<(a::E)1>::m(int) const", "a::Fl<(a::E)1>::m"),
    ("a::lam(int)::{lambda(int)#1}::operator()(int) const", "a::lam::{lambda#1}::operator()"),
    ("a::lam(int) const::L::s(int)", "a::lam::L::s"),
    ("a::A::~A()", "a::A::~A"),
    ("f(int) [clone .isra.0] [clone .cold]", "f"),
    ("non-virtual thunk to X::f(int)", "X::f"),
    ("interrupt_entry.common", "interrupt_entry.common"),
    ("unbalanced(((", "unbalanced"),
    ("(", "("),
])
def test_shortens_names(demangled, short):
    assert make_symbols.short_name(demangled) == short


def test_keeps_functions_only():
    lines = ["c0100000 T start\n", "c0100010 t helper(int)\n", "c0100020 W weak()\n",
             "c0200000 D data\n", "c0200004 b counter\n", "c0100030 A absolute\n",
             "         U missing\n", "c0100040 t .Llabel\n", "\n", "nonsense\n", "xyz T no\n"]
    assert make_symbols.parse(lines) == {
        0xC0100000: "start", 0xC0100010: "helper", 0xC0100020: "weak"}


def test_prefers_the_global_name_of_an_address():
    lines = ["c0100000 t a_local", "c0100000 T the_global", "c0100000 T another", "c0100000 W weak"]
    assert make_symbols.parse(lines) == {0xC0100000: "the_global"}


def test_refuses_addresses_above_32_bits():
    with pytest.raises(ValueError):
        make_symbols.parse(["0000000100000000 T far"])


def test_lays_out_the_blob_in_order():
    blob = make_symbols.make_blob({0xC0100010: "b", 0xC0100000: "aa", 0xC0100020: "b"})
    assert blob == struct.pack("<8I", 0x4D595351, 3, 0xC0100000, 0xC0100010, 0xC0100020,
                               1, 6, 6) + b"\0" b"\0\0aa\0" b"\0\0b\0"


def test_each_scope_is_there_once():
    blob = make_symbols.make_blob({1: "mm::a", 2: "b", 3: "mm::c"})
    assert blob[8 + 6 * 4:] == b"\0mm::\0" b"\1\0a\0" b"\0\0b\0" b"\1\0c\0"


@pytest.mark.parametrize("name, parts", [
    ("start", ("", "start")),
    ("quire::mm::Table::check", ("quire::mm::Table::", "check")),
    ("f<a::b>", ("", "f<a::b>")),
    ("a::f(b::c)::{lambda(d::e)#1}::operator()", ("a::f(b::c)::{lambda(d::e)#1}::", "operator()")),
    ("(anonymous namespace)::f", ("(anonymous namespace)::", "f")),
])
def test_splits_names_behind_the_scope(name, parts):
    assert make_symbols.split_scope(name) == parts


def run(*arguments, text=""):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def test_reads_standard_input(tmp_path):
    output = tmp_path / "symbols.bin"
    assert run("-o", output, text="c0100000 T start(int)\n").returncode == 0
    assert output.read_bytes() == make_symbols.make_blob({0xC0100000: "start"})


def test_runs_the_given_nm(tmp_path):
    fake_nm = tmp_path / "nm"
    fake_nm.write_text('#!/bin/sh\n[ "$1 $2" = "-nC kernel.elf" ] && echo c0100000 T start\n')
    fake_nm.chmod(0o755)
    output = tmp_path / "symbols.bin"
    assert run("--nm", fake_nm, "kernel.elf", "-o", output).returncode == 0
    assert output.read_bytes() == make_symbols.make_blob({0xC0100000: "start"})
    assert run("--nm", fake_nm, "other.elf", "-o", tmp_path / "none").returncode != 0


def test_fails_without_functions(tmp_path):
    result = run("-o", tmp_path / "none", text="c0200000 D data\n")
    assert result.returncode != 0
    assert "no function symbols" in result.stderr
    assert not (tmp_path / "none").exists()
