#!/usr/bin/env python3
"""Brings i386 packages of Debian (or Ubuntu) and unpacks them, without installing anything.

    debian_package.py busybox-static linux-image-686        into build/debian/PACKAGE

apt works with a configuration, package lists and a cache of its own (build/debian/apt): the machine's
foreign architectures and package lists stay as they are, and no root is needed. It takes the machine's
sources and keys, so that what arrives is as well checked as what the machine itself installs. A
metapackage of Linux stands for the kernel it depends on. What is there already is not fetched again.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "build" / "debian"
STATE = PLACE / "apt"
KERNEL_META = re.compile(r"linux-image-[a-z0-9]+(-pae)?$")
KERNEL = re.compile(r"^\s*Depends: (linux-image-\d\S*)$", re.MULTILINE)

CONFIGURATION = """\
APT::Architecture "i386";
#clear APT::Architectures;
APT::Architectures {{ "i386"; }};
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::http::Timeout "30";
Dir::State "{state}";
Dir::State::lists "{state}/lists";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
"""


def fail(sentence):
    sys.exit(f"{Path(sys.argv[0]).stem}: {sentence}")


def say(sentence):
    print(f"{Path(sys.argv[0]).stem}: {sentence}", flush=True)


def apt(*arguments, **options):
    """Runs apt with the private configuration; returns how it ended and what it said."""
    if not shutil.which(arguments[0]):
        fail(f"there is no {arguments[0]} on this machine: this needs Debian or Ubuntu.")
    for folder in "lists/partial", "cache/archives/partial":
        (STATE / folder).mkdir(parents=True, exist_ok=True)
    (STATE / "status").touch()
    configuration = STATE / "apt.conf"
    configuration.write_text(CONFIGURATION.format(state=STATE))
    environment = {**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C"}
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=environment, **options)


def update():
    """Fetches the package lists. Some source may have no i386 half; what counts is the package."""
    say("fetching the lists of i386 packages")
    said = apt("apt-get", "-qq", "update").stdout
    if not any(path.stat().st_size for path in (STATE / "lists").glob("*_Packages*")):
        fail("the package lists did not arrive; is there a network? apt said: "
             + " ".join(said.split())[:300])


def kernel_behind(package):
    """The package that a metapackage of Linux depends on; any other package itself."""
    if not KERNEL_META.match(package):
        return package
    found = KERNEL.search(apt("apt-cache", "depends", package).stdout)
    return found.group(1) if found else None


def download(package, folder):
    """The path of the .deb, or None and what apt said."""
    name = kernel_behind(package)
    if name is None:
        return None, f"there is no {package} in the package lists"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    done = apt("apt-get", "-qq", "download", name, cwd=folder)
    archives = list(folder.glob("*.deb"))
    return (archives[0], "") if done.returncode == 0 and archives else (None, done.stdout)


def fetch(package):
    """Unpacks `package` into a folder of its own under build/debian and returns that folder."""
    target = PLACE / package
    if target.is_dir():
        return target
    folder = STATE / "download" / package
    archive, said = download(package, folder)
    if archive is None:  # no lists yet, or lists that are too old
        update()
        archive, said = download(package, folder)
    if archive is None:
        fail(f"the i386 build of {package} did not arrive; is there a network? apt said: "
             + " ".join(said.split())[:300])
    say(f"unpacking {archive.name}")
    unpacked = folder / "root"
    subprocess.run(["dpkg-deb", "-x", archive, unpacked], check=True)
    unpacked.rename(target)  # the last step: a folder that is there is whole
    shutil.rmtree(folder)
    return target


def main():
    parser = argparse.ArgumentParser(description="Unpacks i386 packages under build/debian.")
    parser.add_argument("packages", nargs="+", metavar="PACKAGE")
    options = parser.parse_args()
    for package in options.packages:
        print(fetch(package))


if __name__ == "__main__":
    main()
