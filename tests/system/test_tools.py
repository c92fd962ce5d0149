"""The tools of user/bin beside the host's own: each line runs in a folder with the same files, once with ours (they
run on Linux as they are) and once with the host's coreutils, grep and util-linux. What comes out and the
exit code must be the same; complaints have their own words, but must be there or not as there.

Some of the lines run inside Quire, too, against what the host's tools have said.
"""
import os
import pty
import select
import subprocess
import tempfile
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
$T/cat -A prose words
$T/cat -b words
$T/cat -s -n words words
$T/cat -E words
$T/cat -T prose
$T/cat -v bytes
$T/cat -t bytes
$T/cat -e prose
printf 'a\\n\\n\\n\\nb\\n' | $T/cat -s
printf '\\n' | $T/cat -s - empty - words
$T/cat words sub words
$T/cat words > /dev/full
$T/cat -n words > /dev/full
$T/echo a > /dev/full
$T/wc words > /dev/full
$T/sort words > /dev/full
$T/ls > /dev/full
$T/ls -l > /dev/full
$T/grep a words > /dev/full
$T/head words > /dev/full
$T/tail words > /dev/full
$T/hexdump words > /dev/full
$T/cp -v words new > /dev/full
$T/cp words /dev/full
$T/cat --help > help; $T/test -s help
$T/ls --help > help; $T/test -s help
$T/kill --help > help; $T/test -s help
$T/ls --nonsense
$T/echo -e 'a\\x41\\x4g\\xg\\e'
$T/head -n -95 numbers
$T/head -n -0 words
$T/head -n -1 no_end
$T/head -n -1000 words
$T/head -c -5 words
$T/head --lines=3 numbers
$T/head --lines 3 numbers words
$T/head --bytes=3 numbers
$T/tail +98 numbers
$T/tail -5c words
$T/tail -n -3 numbers
$T/tail --lines=+98 numbers
printf 'a\\nb\\n' | $T/tail -f
$T/wc --lines words
$T/wc -c bytes numbers
{ read line; $T/wc -c; } < words
truncate -s 5G big; $T/wc -c big
$T/sort -k 2,2 -k 1,1r table
$T/sort -k2,2n -k3 table
$T/sort -k1,1 -k2nr table
$T/sort -t : -k3,3nr -k1,1 colons
$T/sort -s -k 2,2 table
$T/sort -u -k 1,1 table
$T/sort --reverse --key=2 table
$T/sort -n -m numbers numbers
$T/sort -C words
$T/sort -C numbers; $T/sort -nC numbers
$T/sort -t '' words
$T/sort -t ab words
printf '1K\\n2M\\n-3K\\n3\\n1G\\n-5\\n0\\n500\\n1.5K\\n0K\\n1023M\\n2k\\n' | $T/sort -h
printf 'a 1G\\nb 2M\\nc 30K\\n' | $T/sort -k 2h
$T/ls -C
$T/ls -C / /dev
COLUMNS=40 $T/ls -C /etc
COLUMNS=200 $T/ls -CF /etc
COLUMNS=1 $T/ls -C
$T/ls -Cs /etc
$T/mkdir e; $T/ls -C e
$T/ls -p
$T/ls -U | sort
$T/ls -s
$T/ls -ls
$T/ls -l /dev/null /dev/zero words
$T/ls -ln /dev
ln -s sub l; $T/ls -L; $T/ls -lL; $T/ls -dp l sub; $T/ls -l l
$T/ls --all --reverse sub
$T/ls --color=auto
$T/grep -f words numbers words
echo apple > pat; echo fig >> pat; $T/grep -f pat words; $T/grep -f empty words; $T/grep -f pat -e pear words
$T/grep -f missing words
$T/grep -r one
$T/grep -R two sub
ln -s deep sub/link; $T/grep -r two sub; $T/grep -R two sub | sort
$T/grep -1 fig words
$T/grep -n -2 fig words
$T/grep text bytes words
$T/grep -c text bytes
$T/grep -a -c text bytes
$T/grep '\\s' words prose
$T/grep -v '\\S' words
$T/grep --color=auto -n fig words
$T/grep --ignore-case --count the prose
$T/cp -v words new; $T/cp -rv sub copy | sort
$T/cp -n words numbers; $T/cat numbers
$T/cp -u words numbers; $T/cp -u numbers table; $T/head -n 1 numbers table
echo y | $T/cp -i words numbers; echo n | $T/cp -i words table; $T/head -n 1 numbers table
ln -s one sub/link; $T/cp -r sub copy; $T/stat -c %F copy/link; $T/cp -rL sub other; $T/stat -c %F other/link
ln -s words link; $T/cp -r link l2; $T/cp link l3; $T/stat -c %F l2 l3
$T/cp --recursive sub copy; $T/ls copy
$T/mv words words
$T/mv words ./words; $T/ls
$T/mv -v words new
$T/mv -u words numbers; $T/mv -u numbers table; $T/ls
echo n | $T/mv -i words numbers; echo y | $T/mv -i table numbers; $T/ls
$T/rm -v words
$T/rm -rv sub | sort
$T/rm -d sub; $T/mkdir e; $T/rm -d e; $T/ls
echo n | $T/rm -i words; echo y | $T/rm -i table; $T/ls
echo n | $T/rm -fi words; $T/rm -if table </dev/null; $T/ls
$T/ln -v words x; $T/ln -sv words y
ln -s sub l; $T/ln -sfn words l; readlink l; $T/ln -sf words l; readlink l
$T/mkdir -pv a/b/c | sed "s,.*mkdir:,,"; $T/rmdir -pv a/b/c | sed "s,.*rmdir:,,"
$T/mkdir -m u=rwx,go= b; $T/mkdir -m a=rx,u+w c; $T/stat -c %a b c
$T/mkdir -m 8 c
$T/mkdir -m +q c
$T/chmod 4755 words; $T/stat -c %a words; $T/chmod u-s,g+w,o= words; $T/stat -c %a words
$T/chmod +x words; $T/stat -c %a words; $T/chmod -x words; $T/stat -c %a words; $T/chmod a=r,u+w words; $T/stat -c %a words
umask 022; $T/chmod a= words; $T/chmod +w words; $T/stat -c %a words
$T/chmod -R go-rx,u+X sub; $T/stat -c %a sub sub/one sub/deep/two
$T/chmod 2755 sub; $T/chmod 1777 sub; $T/stat -c %a sub; $T/chmod 00755 sub; $T/stat -c %a sub
$T/chmod u+s,g+s,+t words; $T/stat -c %a words; $T/chmod ug-s,-t words; $T/stat -c %a words
$T/chmod 999 words
$T/chmod 755
$T/chmod 755 missing words; $T/stat -c %a words
$T/touch -d '2031-01-01' words; $T/ls -l words
$T/touch -t 202001020304.05 a; $T/touch -t 7001020304 b; $T/stat -c %Y a b
$T/touch -t 2020 a
$T/touch -d '2020-01-02 03:04:05' a; $T/stat -c %Y a
$T/touch -d nonsense a
$T/date -d '2020-01-02 03:04:05' +%s
$T/date -d 2020-01-02 +%s
$T/date -d 2020-01-02T03:04:05Z +%s
$T/date -d '2020-01-02 03:04 UTC' +%s
$T/date -d '2020-02-29 1 day' '+%F %T'
$T/date -d '2020-03-01 3 days ago' '+%F %T'
$T/date -d '2020-03-01 12:00 2 hours' '+%F %T'
$T/date -d '2020-13-01'
$T/date -d 'some day'
$T/date -d '12:30' +%H:%M:%S
$T/date -d yesterday +%s > y; $T/date -d tomorrow +%s > z; $T/date -d now > n; $T/wc -l y z n
$T/date -d @1.5 +%s.%N
$T/date -R -d @0
$T/date -I -d @0
$T/date -Iseconds -d @0
$T/date --utc -d @0 '+%-d %_d %^a %_H %-M %3N'
$T/kill -l 9
$T/kill -l TERM
$T/sleep .01
$T/test ! a -o b
$T/test ! '' -a a
$T/test ' 3 ' -eq 3
$T/hexdump -c words
$T/hexdump -c bytes
$T/hexdump -b words bytes
$T/hexdump -x numbers
$T/hexdump -d numbers no_end
$T/hexdump -o numbers
$T/stat -c '%5s|%-5s|%05s|%10U|%A' words sub
ln -s words l; $T/stat -c '%N' l words; $T/stat --format=%s words
$T/stat -c '%q' words; $T/stat -c 'a%' words
$T/stat words | head -4 | sed 's/Inode: [0-9]*/I/; s/Device: [^I]*//'
$T/df -P / | head -1
$T/df -T | head -1 | cut -c1-14
$T/df missing
$T/df -i / | head -1
$T/du -c sub words
$T/du -sm sub
$T/du -s sub sub words
$T/du --max-depth=0
$T/du -sch sub words
$T/ps -o comm,ni,user,s -p $$ | sed 's/[RSD]$/X/'
$T/ps -o comm= -p $$
$T/ps -o s=STATE,comm=NAME,ni= -p $$ | sed 's/^[RSD] /X /'
$T/ps -o s=,ni= -p $$ | sed 's/^[RSD] /X /'
$T/ps -o nonsense -p $$
$T/ps -o pid= -p $$ | wc -l
$T/ps -eo rss= --sort=-rss | sort -c -n -r
$T/ps -eo comm= --sort=comm | sort -c
$T/ps -C no_such_name -o pid=
$T/ps -o ni,stat,comm $$ | sed 's/ [RSD]/ X/'
$T/ps $$ | wc -l
$T/ps ax | head -1 | tr -d ' '
$T/free -t | awk '{print $1,NF}'
$T/free -w | awk '{print $1,NF}'
$T/free -g | awk '{print $1,NF}'
$T/free -c 1 | wc -l
$T/free a
$T/free --human | awk '{print $1,NF}'
$T/df /dev
$T/df -T /dev /dev
$T/df -P /dev
$T/df -m /dev; $T/df -h /dev; $T/df -i /dev | head -n 1
$T/cat words >> words; $T/wc -c words
$T/cat < words >> words; $T/wc -c words
$T/cat words words > words; $T/wc -c words
($T/head -n 1; cat) < words
($T/head -c 3; cat) < words
($T/grep -m 1 apple; cat) < words
$T/sort bytes | od -c | head -5
printf 'a\\0c\\na\\0b\\n' | $T/sort | od -c
printf 'x:b\\0c\\nx:b\\0b\\n' | $T/sort -t : -k 2,2 -s | od -c
$T/sort -k 1.0 table
$T/grep -A1 -m1 apple words
$T/grep -A3 -m1 apple words
$T/grep -v -A2 -m2 -n a words
$T/grep -q a words missing
chmod 555 sub; $T/cp -r sub o; $T/stat -c %a o; chmod 755 sub o
chmod 500 sub; umask 077; $T/cp -r sub o; $T/stat -c %a o; chmod 755 sub o
$T/rm -rf words/x
mkdir -p x/y; $T/rmdir -p x/y//; ls -d x
umask 277; $T/mkdir -p a/b/c; $T/stat -c %a a a/b a/b/c; chmod -R 777 a
$T/touch -d '2020-02-30' x
$T/touch -d '2021-02-29' x
$T/touch -t 202102290000 x
$T/touch -d '2020-01-01 00:00:00.5' x; $T/stat -c %y x
$T/touch -d "$($T/stat -c %y words)" x; $T/stat -c %y x
$T/date -d '2020-02-30'
$T/date -d '@-1.5' +%s.%N
$T/date -d '999999999999999999999 days ago'
timeout 0.3 $T/sleep infinity; echo $?
timeout 0.3 $T/sleep 99999999999; echo $?
timeout 0.3 $T/sleep 99999999999999999999d 1; echo $?
$T/hexdump -s 1000 words
$T/chmod u=g words; $T/stat -c %a words
$T/chmod g=u,o=g words; $T/stat -c %a words
$T/chmod o+u,g-o words; $T/stat -c %a words
$T/chmod u=go words
$T/chmod -v 600 words; $T/chmod -v 600 words
printf 'echo script $1\\n' > s; chmod +x s; $T/time -p ./s one 2>/dev/null
$T/ps -p x
$T/ps nonsense
$T/test words -nt missing; echo $?; $T/test missing -nt words; echo $?; $T/test missing -ot words; echo $?
$T/test missing -nt other; echo $?; $T/test words -ef missing; echo $?; $T/test numbers -nt words; echo $?
$T/test -O words -a -G words; echo $?; $T/test -u words -o -g words; echo $?; $T/test -k /tmp; echo $?; $T/test -S words; echo $?
$T/test ' 7 ' -eq 7; echo $?; $T/test +7 -gt -7; echo $?; $T/test 7x -eq 7; echo $?; $T/test '' -eq 0; echo $?
$T/test '(' a = b ')' -o '!' a = b; echo $?; $T/test a -o; echo $?; $T/test -z; echo $?; $T/test = = =; echo $?
$T/free -s 0
$T/free -c 0
$T/vmstat 1 0 | wc -l
""".strip().split("\n")


def make_files(folder):
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    (folder / "bytes").write_bytes(BYTES)
    for number, path in enumerate(sorted(folder.rglob("*"))):
        os.utime(path, (1_600_000_000, 1_600_000_000 + number))


@pytest.mark.parametrize("words", [["cat", "-n", "numbers"], ["sort", "numbers"], ["grep", "", "numbers"], ["ls", "-l"]])
def test_a_pipe_gets_many_lines_with_one_call(tmp_path, words):
    """A pipe of packets keeps apart what was written apart."""
    make_files(tmp_path)
    read_end, write_end = os.pipe2(os.O_DIRECT)
    with subprocess.Popen([OURS / words[0], *words[1:]], cwd=tmp_path, stdout=write_end):
        os.close(write_end)
        packets = list(iter(lambda: os.read(read_end, 65536), b""))
    os.close(read_end)
    assert 1 <= len(packets) <= 3 and b"".join(packets).count(b"\n") >= len(FILES)


def test_a_file_on_the_standard_input_does_not_cut_the_output(tmp_path):
    make_files(tmp_path)
    read_end, write_end = os.pipe2(os.O_DIRECT)
    with open(tmp_path / "numbers") as numbers, subprocess.Popen([OURS / "cat", "-n"], stdin=numbers, stdout=write_end):
        os.close(write_end)
        packets = list(iter(lambda: os.read(read_end, 65536), b""))
    os.close(read_end)
    assert len(packets) <= 3 and b"".join(packets).count(b"\n") == 100


def test_a_terminal_gets_each_line_at_once():
    terminal, other_end = pty.openpty()
    with subprocess.Popen([OURS / "cat", "-n"], stdin=subprocess.PIPE, stdout=other_end) as process:
        for number in (1, 2):
            process.stdin.write(b"a line\n")
            process.stdin.flush()
            text = b""
            while not text.endswith(b"\n"):
                assert select.select([terminal], [], [], LONGEST)[0], text
                text += os.read(terminal, 1024)
            assert text == b"     %d\ta line\r\n" % number
        process.stdin.close()
    os.close(terminal)
    os.close(other_end)


def test_one_end_of_input_is_enough():
    """Behind a part of a line ^D must be typed twice, and not once more for whoever asks again."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(OURS / "sort", ["sort"])
    os.write(terminal, b"b\na\x04\x04")
    text = b""
    while not text.endswith(b"a\r\nb\r\n"):
        assert select.select([terminal], [], [], LONGEST)[0], text
        text += os.read(terminal, 1024)
    os.waitpid(pid, 0)
    os.close(terminal)


class Tail:
    """Ours, with what it has printed until now."""
    def __init__(self, folder, *words):
        self.process = subprocess.Popen([OURS / "tail", *words], cwd=folder, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def reads(self, text):
        return self.process.stdout.read(len(text)) == text.encode()


def add(path, text):
    with path.open("a") as file:
        file.write(text)


def test_tail_follows_several_files_and_tells_whose_lines_they_are(tmp_path):
    add(tmp_path / "a", "one\ntwo\n")
    add(tmp_path / "b", "three\n")
    with Tail(tmp_path, "-n", "1", "-f", "a", "b") as tail:
        assert tail.reads("==> a <==\ntwo\n\n==> b <==\nthree\n")
        add(tmp_path / "b", "more\n")
        assert tail.reads("more\n")
        add(tmp_path / "a", "four\n")
        assert tail.reads("\n==> a <==\nfour\n")
        (tmp_path / "a").write_text("new\n")  # shorter than it was: from its start
        assert tail.reads("new\n")


def test_tail_goes_on_with_another_file_of_the_name(tmp_path):
    add(tmp_path / "log", "one\n")
    with Tail(tmp_path, "-F", "log") as tail:
        assert tail.reads("one\n")
        (tmp_path / "log").rename(tmp_path / "log.1")
        add(tmp_path / "log", "a longer line than before\n")
        assert tail.reads("a longer line than before\n")


def test_tail_ends_when_nothing_can_be_written(tmp_path):
    add(tmp_path / "log", "one\n")
    with open("/dev/full", "w") as full:
        done = subprocess.run([OURS / "tail", "-f", tmp_path / "log"], stdout=full, stderr=subprocess.PIPE,
                              timeout=LONGEST, check=False)
    assert done.returncode == 1 and done.stderr


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
ls -1
ls -C
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


def test_a_time_is_not_more_than_a_number_can_hold():
    for words in (["date", "-d", "@99999999999"], ["date", "-d", "2100-01-01"], ["touch", "-d", "2100-01-01", "new"],
                  ["date", "-d", "@2147483647 1 second"]):
        assert subprocess.run([OURS / words[0], *words[1:]], capture_output=True, timeout=LONGEST).returncode == 1


@pytest.mark.skipif(os.stat("/dev/shm").st_dev == os.stat("/tmp").st_dev, reason="one file system")
@pytest.mark.parametrize("tool", [OURS / "mv", "/usr/bin/mv"])
def test_a_move_to_another_file_system_replaces_what_is_there(tmp_path, tool):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        def moves(name):
            return subprocess.run([tool, tmp_path / name, f"{other}/{name}"], capture_output=True,
                                  timeout=LONGEST).returncode == 0
        for name in ("link", "hard"):
            (tmp_path / name).write_text("new")
        (tmp_path / "folder").mkdir()
        for name in ("data", "folder"):
            Path(other, name).write_text("old")
        os.symlink("data", f"{other}/link")
        os.link(f"{other}/data", f"{other}/hard")
        assert moves("link") and moves("hard") and not moves("folder")
        assert [Path(other, name).read_text() for name in ("data", "link", "hard", "folder")] == ["old", "new", "new", "old"]
        assert (tmp_path / "folder").is_dir()


def test_the_root_stays(boot):
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    assert output_of(vm, "rm -r / 2>/dev/null; ls -1d /bin /etc/inittab")[0] == "/bin\n/etc/inittab\n"


def test_the_same_inside_quire(boot):
    """In /docs, the part of docs/ that is on the image."""
    vm = boot(shell=True)
    vm.wait_for(SHELL_READY)
    output_of(vm, "cd /docs")
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    for line in INSIDE:
        done = subprocess.run(["sh", "-c", line], cwd=ROOT / "build" / "rootfs" / "docs", env=environment,
                              capture_output=True, text=True, timeout=LONGEST)
        assert output_of(vm, line) == (done.stdout, done.returncode), line
