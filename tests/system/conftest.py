"""What every system test shares: the image, and `boot`, which starts PCs and always ends them."""
from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from quire_vm import PROMPT, QuireVm  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = Path(os.environ.get("QUIRE_ARTIFACTS", ROOT / "build" / "test-artifacts"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.test_failed = outcome.get_result().failed


@pytest.fixture(scope="session")
def image() -> Path:
    """The disk image under test: QUIRE_IMAGE, else build/quire.img."""
    path = Path(os.environ.get("QUIRE_IMAGE", ROOT / "build" / "quire.img"))
    assert path.exists(), f"{path} does not exist: run 'make image' first"
    return path


@pytest.fixture(scope="session")
def kernel_elf() -> Path:
    path = Path(os.environ.get("QUIRE_KERNEL", ROOT / "build" / "kernel.elf"))
    assert path.exists(), f"{path} does not exist: run 'make image' first"
    return path


@pytest.fixture
def artifacts(request) -> Path:
    """This test's own directory for what a failure should leave behind."""
    name = re.sub(r"[^A-Za-z0-9._+-]+", "_", f"{request.node.path.stem}-{request.node.name}")
    return ARTIFACTS / name.strip("_")


@pytest.fixture
def boot(request, image, artifacts):
    """boot(**options of QuireVm) starts a PC with the image (or `disk_image=`) and returns it at
    once; boot.to_prompt(...) waits for the monitor's prompt on the serial line first."""
    running = []

    def start(disk_image=None, **options) -> QuireVm:
        place = artifacts if not running else artifacts / f"pc{len(running) + 1}"
        vm = QuireVm(disk_image or image, artifacts=place, **options)
        running.append(vm)
        vm.start()
        return vm

    def to_prompt(disk_image=None, **options) -> QuireVm:
        vm = start(disk_image, **options)
        vm.wait_for(PROMPT)
        return vm

    start.to_prompt = to_prompt
    yield start
    for vm in running:
        if getattr(request.node, "test_failed", False):
            vm.save_last_sight()
        vm.kill()
