"""Runs a command at a terminal of its own and types a password whenever it asks for one: type_password.py PASSWORD COMMAND…
Prints what the terminal shows, and ends as the command does."""
import os
import pty
import sys

password, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown, asked = b"", 0
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:  # it is gone
        break
    if not part:
        break
    shown += part
    while shown.count(b"Password for") > asked:
        asked += 1
        os.write(terminal, password.encode() + b"\n")
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
