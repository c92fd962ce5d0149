"""The transcript in README.md is what happens: tools/first_minutes.py types it again."""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_transcript_of_the_first_minutes_is_true(image):
    done = subprocess.run([sys.executable, ROOT / "tools" / "first_minutes.py", image, "--check"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
