# SPDX-License-Identifier: Apache-2.0
"""terminal.py COLUMNS SECONDS COMMAND...: runs a command on a terminal of its own, sends it SIGUSR1 after
SECONDS and SIGINT as long again after that, and writes what it showed to stdout as it came."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

columns, seconds, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execv(command[0], command)
began = time.monotonic()
plan = [(began + seconds, signal.SIGUSR1), (began + 2 * seconds, signal.SIGINT)]
while True:
    wait = max(0, plan[0][0] - time.monotonic()) if plan else 20
    ready, _, _ = select.select([terminal], [], [], wait)
    if ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    elif plan:
        os.kill(pid, plan.pop(0)[1])
    else:
        os.kill(pid, signal.SIGKILL)
        break
os.waitpid(pid, 0)
