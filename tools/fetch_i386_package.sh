#!/bin/sh
# fetch_i386_package.sh PACKAGE DIRECTORY
#
# Downloads Debian's or Ubuntu's i386 build of PACKAGE and unpacks it under DIRECTORY. The machine's
# own package lists and architectures stay as they are: apt works in a private state directory.
set -eu
package=$1
root=$2

mkdir -p "$root"
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/cache/archives/partial"

private_apt() {
    apt-get -qq -o APT::Architecture=i386 -o APT::Architectures=i386 \
        -o Dir::State="$state" -o Dir::Cache="$state/cache" -o Dir::State::status=/dev/null \
        -o APT::Sandbox::User=root "$@"
}

log=$state/log
# Some configured source may have no i386 half; what counts is whether the package arrives.
private_apt update >"$log" 2>&1 || true
if ! (cd "$state" && private_apt download "$package" >>"$log" 2>&1); then
    echo "Could not download the i386 build of $package. apt said:" >&2
    cat "$log" >&2
    exit 1
fi
dpkg-deb -x "$state/$package"_*.deb "$root"
