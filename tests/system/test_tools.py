"""The tools of user/bin beside the host's own: each line runs in a folder with the same files, once with ours (they
run on Linux as they are) and once with the host's coreutils, grep and util-linux. What comes out and the
exit code must be the same; complaints have their own words, but must be there or not as there.

Some of the lines run inside Quire, too, against what the host's tools have said.
"""
import os
import subprocess
from pathlib import Path

import pytest
from test_programs import SHELL_READY, output_of

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "build" / "user" / "root" / "bin"
LONGEST = 60

FILES = {
    "numbers": "".join(f"{n}\n" for n in range(1, 101)),
    "words": "pear\napple\nfig\nApple\n\napple\nbanana split\n  indented\ncherry\n",
    "table": "b 10 x\na 9 y\nc 100 z\na 10 w\nd -5 v\ne 0.5 u\ne .25 t\n",
    "colons": "root:x:0\nbin:x:2\nadm:x:10\nsys:x:1\n",
    "no_end": "first\nlast without end",
    "empty": "",
    "prose": "The quick brown fox\njumps over the lazy dog.\nfoo_bar foo bar\nabcabc 2024-01-31\nthe THE The\n\ttab\n",
    "sub/one": "one\n",
    "sub/deep/two": "two\n",
    "sub/.hidden": "hidden\n",
}
BYTES = bytes(range(256)) + bytes(64) + b"text at the end"

LINES = """
$T/cat numbers words
$T/cat -n words no_end
$T/cat < no_end
$T/cat - words < no_end
$T/cat missing words
$T/cat sub
$T/echo one two
$T/echo -n one
$T/echo -e 'a\\tb\\0101\\\\c\\x'
$T/echo -e 'ends\\c here' and gone
$T/echo -x -- -n
$T/echo
$T/head numbers
$T/head -n 3 numbers words
$T/head -3 numbers
$T/head -c 5 numbers
$T/head -n 0 numbers
$T/head -q -n 1 words numbers
$T/head -v -n 1 words
$T/head missing
$T/head -n x numbers
$T/tail numbers
$T/tail -n 3 numbers words
$T/tail -2 no_end
$T/tail -n +98 numbers
$T/tail -c 4 no_end
$T/tail -c +5 no_end
$T/tail -n 0 numbers
$T/tail -n 1000 words
$T/tail empty
$T/cat numbers | $T/tail -n 2
$T/wc numbers words prose
$T/wc numbers
$T/wc -l numbers
$T/wc -lw words empty
$T/wc -c < prose
$T/wc < prose
$T/wc -L prose
$T/wc missing words
$T/cat words | $T/wc -l - numbers
$T/sort words
$T/sort -r words
$T/sort -u words
$T/sort -f words
$T/sort -fu words
$T/sort -n numbers
$T/sort -rn table
$T/sort -k 2 table
$T/sort -k 2n table
$T/sort -k 2,2nr table
$T/sort -k 1,1 -n table
$T/sort -t : -k 3n colons
$T/sort -t : -k 1.2,1.3 colons
$T/sort -b words
$T/sort words table colons
$T/sort -c numbers
$T/sort -c words
$T/sort -nc numbers
$T/sort -o out words; $T/cat out
$T/sort no_end numbers
$T/grep the prose
$T/grep -i the prose
$T/grep -v the prose
$T/grep -n o prose
$T/grep -c o prose words
$T/grep -l apple words prose numbers
$T/grep -L apple words prose numbers
$T/grep -o '[a-z]*o[a-z]*' prose
$T/grep -w foo prose
$T/grep -x apple words
$T/grep -w the prose
$T/grep -q apple words
$T/grep -q nothing words
$T/grep apple missing
$T/grep -s apple missing
$T/grep -e apple -e fig words
$T/grep -F '.' prose
$T/grep -E '[0-9]{4}-[0-9]{2}' prose
$T/grep -E '^(a|b)' words
$T/grep -E 'ap+le|fig$' words
$T/grep '^$' words
$T/grep 'ap\\{2\\}le' words
$T/grep 'a\\(bc\\)*a' prose
$T/grep -E 'x?' words
$T/grep -o -E '[[:upper:]][[:lower:]]+' prose
$T/grep -on 'o' prose
$T/grep -E '(' prose
$T/grep '[' prose
$T/grep '\\(' prose
$T/grep -r two sub
$T/grep -h apple words words
$T/grep -H apple words
$T/grep apple < words
$T/grep -A 1 apple words
$T/grep -B 1 -n fig words
$T/grep -C 1 split words
$T/grep -A 1 -B 1 ple words
$T/grep -m 2 apple words
$T/grep -E '\\bfoo\\b' prose
$T/grep '\\<T' prose
$T/grep -i -o 'THE' prose
$T/grep -c . empty
$T/grep -vc . words
$T/grep 5 numbers no_end
$T/hexdump numbers
$T/hexdump -C bytes
$T/hexdump bytes
$T/hexdump -n 20 bytes
$T/hexdump -s 5 -n 11 -C bytes
$T/hexdump -v bytes
$T/hexdump empty
$T/hexdump -C words no_end
$T/hexdump < words
$T/cp words copy; $T/cat copy
$T/cp words numbers sub; ls sub
$T/cp words sub/new; cat sub/new
$T/cp sub other; ls other
$T/cp -r sub other; ls -R other
$T/cp -r sub other; cp -r sub other; ls -R other
$T/cp missing copy
$T/cp words words
$T/cp words missing/there
$T/cp words numbers table
$T/cp -p words copy; $T/stat -c '%a %Y %s' copy words
ln -s words link; $T/cp link copy; $T/stat -c '%F' copy
ln -s words link; $T/cp -P link copy; $T/stat -c '%F %N' copy 2>/dev/null | cut -d' ' -f1,2
ln -s words link; $T/cp -a sub link d 2>/dev/null; mkdir d; $T/cp -a sub link d; ls -R d; readlink d/link
$T/mv words renamed; ls
$T/mv words numbers sub; ls . sub
$T/mv words numbers; cat numbers
$T/mv -n words numbers; ls
$T/mv missing there
$T/mv sub table/x
$T/mv sub elsewhere; ls elsewhere
$T/ln words hard; $T/stat -c '%h %s' hard
$T/ln -s words soft; readlink soft; cat soft
$T/ln -s words numbers
$T/ln -sf words numbers; readlink numbers
$T/ln words sub; ls sub
$T/ln -s ../words sub; readlink sub/words
$T/ln missing x
$T/rm words; ls
$T/rm missing
$T/rm -f missing
$T/rm sub
$T/rm -r sub; ls
$T/rm -rf sub missing words; ls
$T/rm -r .
$T/mkdir a; ls -d a
$T/mkdir a/b
$T/mkdir -p a/b/c a/d; ls -R a
$T/mkdir -p sub/deep
$T/mkdir sub
$T/mkdir -m 700 private; $T/stat -c %a private
$T/rmdir sub
$T/mkdir -p a/b; $T/rmdir -p a/b; ls
$T/rmdir missing
$T/touch new; $T/stat -c '%s %F' new
$T/touch -c new; ls
$T/touch -d @1000000000 new; $T/stat -c '%X %Y' new
$T/touch -d @1000000000 new; $T/touch -m -d @5 new; $T/stat -c '%X %Y' new
$T/touch -d @7 words; $T/touch -r words new; $T/stat -c '%Y' new
$T/touch missing/new
$T/stat -c '%n %s %F %a %A %h %u %g %f %%' words sub empty
$T/stat -c '%x|%y' words
$T/stat missing
$T/stat -c %F /dev/null
$T/stat -c '%t %T' /dev/null
$T/ls
$T/ls -1 -a sub
$T/ls -A sub
$T/ls -d sub words
$T/ls words sub
$T/ls -R
$T/ls -r
$T/ls -S
$T/ls -t
$T/ls -l
$T/ls -lh
$T/ls -la sub
$T/ls -ln words
$T/ls -F
ln -s sub dirlink; $T/ls dirlink; $T/ls -l dirlink
ln -s nowhere dangling; $T/ls -lF
$T/ls missing words
$T/du sub
$T/du -a sub
$T/du -s sub words
$T/du -sh .
$T/du -d 1 .
$T/du -b words
ln words hard; $T/du -ab words hard
$T/date -u -d @0
$T/date -u -d @1700000000 +%Y-%m-%dT%H:%M:%S
$T/date -u -d @951782400 '+%A %d %B %j %U %V %y'
$T/date -u -r words +%s
$T/pwd | $T/wc -l
$T/test -f words
$T/test -d words
$T/test -e missing
$T/test -s empty
$T/test 3 -lt 10
$T/test 10 -le 9
$T/test abc = abd
$T/test abc '!=' abd
$T/test -z ''
$T/test -n ''
$T/test x
$T/test
$T/test ! x
$T/test x -a ''
$T/test x -o ''
$T/test '(' x -a '(' '' -o y ')' ')'
$T/test -x words
$T/test 3 -eq three
$T/test x y
$T/test -f
$T/test '!'
$T/test words -ef words
$T/test words -ef numbers
$T/test -f words -a -d sub
$T/true
$T/false
$T/sleep 0
$T/sleep 0.01s
$T/sleep x
$T/sleep
$T/kill -0 $$
$T/kill 99999999
$T/uname -s -n -r -m
$T/sync words
""".strip().split("\n")


def make_files(folder):
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    (folder / "bytes").write_bytes(BYTES)
    for number, path in enumerate(sorted(folder.rglob("*"))):
        os.utime(path, (1_600_000_000, 1_600_000_000 + number))


def run(line, folder, tools):
    folder.mkdir()
    make_files(folder)
    environment = {"T": str(tools), "PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    done = subprocess.run(["sh", "-c", line], cwd=folder, env=environment, capture_output=True, timeout=LONGEST)
    return done.stdout.decode(errors="replace"), done.returncode, bool(done.stderr)


@pytest.mark.parametrize("line", LINES)
def test_a_line_does_what_the_hosts_tools_do(tmp_path, line):
    assert run(line, tmp_path / "ours", OURS) == run(line, tmp_path / "hosts", "/usr/bin")


INSIDE = """
ls
wc *.md
cat heap.md library.md | wc -l
grep -c memory *.md
grep -n -i 'page table' fork.md
grep -E '^#+ [0-9]' *.md
sort glossary.md
sort -n -k 2 measurements.md | tail -n 20
head -n 3 *.md
tail -c 200 swap.md
hexdump -C boot.md | tail -n 5
hexdump fork.md | head
cp heap.md /tmp/quire-copy; hexdump /tmp/quire-copy | tail -n 2; rm /tmp/quire-copy
stat -c '%s %F %a' heap.md
test -s heap.md && echo there
""".strip().split("\n")


def test_the_same_inside_quire(boot):
    """In /docs, which is the folder docs/ of this tree."""
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    output_of(vm, "cd /docs")
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    for line in INSIDE:
        done = subprocess.run(["sh", "-c", line], cwd=ROOT / "docs", env=environment, capture_output=True, text=True,
                              timeout=LONGEST)
        assert output_of(vm, line) == (done.stdout, done.returncode), line
