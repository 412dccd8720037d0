# SPDX-License-Identifier: Apache-2.0
"""SSH servers that OpenSSH cannot be made to be: ssh-servers.py KIND ADDRESS FOLDER

asyncssh     every algorithm of the library, a key of each type, a banner, half a second of thought, and
             no credential asked for
paramiko     a group exchange with a group of 1024 bits; passwords
"""
import asyncio
import os
import socket
import sys
import threading
import time
import warnings

warnings.filterwarnings("ignore")
kind, address, folder = sys.argv[1:4]

# RFC 2409 6.2
OAKLEY_2 = ("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
            "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
            "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF")


def serve_asyncssh():
    import asyncssh

    class Server(asyncssh.SSHServer):
        def connection_made(self, conn):
            self.conn = conn

        async def begin_auth(self, username):
            self.conn.send_auth_banner("Kita plant\nstaff only\n")
            await asyncio.sleep(0.5)
            return False

    async def run():
        keys = [asyncssh.generate_private_key(t, **o) for t, o in (
            ("ssh-rsa", {"key_size": 2048}), ("ssh-dss", {}), ("ssh-ed25519", {}), ("ssh-ed448", {}),
            ("ecdsa-sha2-nistp256", {}), ("ecdsa-sha2-nistp384", {}), ("ecdsa-sha2-nistp521", {}))]
        await asyncssh.listen(address, 22, server_factory=Server, server_host_keys=keys,
                              kex_algs=asyncssh.kex.get_kex_algs(),
                              encryption_algs=asyncssh.encryption.get_encryption_algs(),
                              mac_algs=asyncssh.mac.get_mac_algs())
        await asyncio.Event().wait()

    # The library's lists are bytes, its options are texts.
    for module, name in ((asyncssh.kex, "get_kex_algs"), (asyncssh.encryption, "get_encryption_algs"),
                         (asyncssh.mac, "get_mac_algs")):
        found = [a.decode() for a in getattr(module, name)() if not a.startswith(b"gss-")]
        setattr(module, name, lambda found=found: found)
    asyncio.run(run())


def serve_paramiko():
    import paramiko

    moduli = os.path.join(folder, "paramiko.moduli")
    with open(moduli, "w") as f:
        f.write("20260101000000 2 6 100 1023 2 %s\n" % OAKLEY_2)
    paramiko.Transport.load_server_moduli(moduli)
    key = paramiko.RSAKey.generate(2048)

    class Server(paramiko.ServerInterface):
        def get_allowed_auths(self, username):
            return "password,hostbased"

    def talk(c):
        t = paramiko.Transport(c)
        try:
            t.add_server_key(key)
            t.start_server(event=threading.Event(), server=Server())
            time.sleep(30)
        except Exception:  # a client that leaves is no news
            pass
        t.close()

    s = socket.create_server((address, 22))
    while True:
        threading.Thread(target=talk, args=(s.accept()[0],), daemon=True).start()


{"asyncssh": serve_asyncssh, "paramiko": serve_paramiko}[kind]()
