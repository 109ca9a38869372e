"""A site's state as its first start leaves it, made once for what sql/ and scripts/ hold; each site of the tests begins with a copy."""
import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "build/test-sites"
SOURCES = ("sql", "scripts", "tests/support/template.py", "tests/support/instance.py")
KEPT = ("postgres", "seeded", "demo-accounts", "secret-key")  # whatever else there is each start makes anew
# The tests kill programs, not machines: what the kernel was given is there after a crash, and nobody needs it tomorrow.
QUICK = "fsync = off\nfull_page_writes = off\njit = off\n"  # the invariants ask a lot of little tables: not worth compiling for


def copy_into(state, name, make):
    """Fills the folder `state`; where nothing is there to copy yet, `make(folder)` lets a site start and stop in a folder of its own."""
    HOME.mkdir(parents=True, exist_ok=True)
    with open(HOME / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        ready = HOME / f"{_key()}-{name}"
        if not ready.exists():
            fcntl.flock(lock, fcntl.LOCK_EX)  # others may have copied or made meanwhile: it is looked at again
            if not ready.exists():
                _make(ready, make)
        keep(ready, state)


def keep(source, destination):
    there = [source / name for name in KEPT if (source / name).exists()]
    subprocess.run(["cp", "-a", "--reflink=auto", *there, destination], check=True)


def _key():
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(f"{file.relative_to(ROOT)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:20]


def _make(ready, make):
    key = ready.name.partition("-")[0]
    for old in HOME.iterdir():
        if old.is_dir() and not (old.name.startswith(key) and not old.name.endswith(".new")):
            shutil.rmtree(old)
    new = ready.with_suffix(".new")
    new.mkdir(mode=0o700)
    make(new)
    with open(new / "postgres/postgresql.conf", "a") as settings:
        settings.write(QUICK)
    os.rename(new, ready)
