"""Every route of every program that was built, as `PROGRAM --routes` prints it."""
import subprocess

from instance import ROOT, build


def routes():
    """(program, method, pattern, access), one for each route."""
    listed = []
    for source in sorted((ROOT / "src/routes").glob("*.cpp")):
        printed = subprocess.run([build() / "bin" / source.stem, "--routes"], capture_output=True, text=True, check=True).stdout
        listed += [(source.stem, *line.split("\t")) for line in printed.splitlines()]
    return listed
