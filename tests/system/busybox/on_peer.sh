# What the peer (tools/linux_peer.py) runs to make session.expected: links for the applets, the
# devices that its root lacks, and then the session, as Quire runs it (test_busybox.py).
for applet in $(/bin/busybox --list); do
    [ -e "/bin/$applet" ] || /bin/busybox ln -s busybox "/bin/$applet"
done
mknod -m 666 /dev/full c 1 7
mknod -m 666 /dev/urandom c 1 9
/bin/sh /session/session.sh /tmp/transcript
cat /tmp/transcript
