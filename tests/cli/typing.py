# SPDX-License-Identifier: Apache-2.0
"""typing.py COLUMNS ROWS TERM SCRIPT COMMAND...: runs a command on a terminal of its own and types the lines of the
file SCRIPT, each one when the command has asked for it (its output ends with "> "). The line "^C" is Ctrl-C. What
the terminal showed goes to stdout; the status is the command's."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

columns, rows, term, script, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:]
lines = open(script, "rb").read().split(b"\n")[:-1]
reader, writer = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    # Only once the terminal has its size.
    os.close(writer)
    os.read(reader, 1)
    os.environ["TERM"] = term
    os.execv(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
os.close(writer)
seen = b""
while True:
    ready, _, _ = select.select([terminal], [], [], 20)
    if not ready:
        os.kill(pid, signal.SIGKILL)
        break
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
    seen = (seen + data)[-64:]
    if seen.endswith(b"> ") and lines:
        line = lines.pop(0)
        seen = b""
        os.write(terminal, b"\x03" if line == b"^C" else line + b"\n")
status = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status))
