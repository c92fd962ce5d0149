#!/bin/sh
# Runs the session in /session; the transcript goes to the file that is named. Output to a file, no
# input and few variables, so that nothing depends on the terminal or on who runs it.
cd /session || exit
exec env -i PATH=/bin:/sbin HOME=/root TERM=linux \
    sh transcript.sh session < /dev/null > "${1:-/tmp/transcript}" 2>&1
