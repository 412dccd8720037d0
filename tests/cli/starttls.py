# SPDX-License-Identifier: Apache-2.0
"""Servers on loopback inside whose protocols TLS begins; the TLS is OpenSSL's. Standard library only.

starttls.py CERTIFICATE KEY PROTOCOL[-refused]:PORT...
Prints "ready". ADDRESS: where, instead of 127.0.0.1.
"""
import os
import socket
import ssl
import sys
import threading


def until(s, end):
    got = b""
    while not got.endswith(end):
        byte = s.recv(1)
        if not byte:
            raise OSError
        got += byte
    return got


def exactly(s, n):
    got = b""
    while len(got) < n:
        more = s.recv(n - len(got))
        if not more:
            raise OSError
        got += more
    return got


def smtp(s, consent):
    s.sendall(b"220 mail.example.test ESMTP\r\n")
    until(s, b"\r\n")
    s.sendall(b"250-mail.example.test\r\n250 STARTTLS\r\n")
    line = until(s, b"\r\n")
    while line != b"STARTTLS\r\n":
        if line == b"QUIT\r\n":
            s.sendall(b"221 bye\r\n")
            return False
        s.sendall(b"554 5.7.1 no\r\n" if line.startswith(b"RCPT") else b"250 ok\r\n")
        line = until(s, b"\r\n")
    s.sendall(b"220 go\r\n" if consent else b"454 not now\r\n")
    return consent


def imap(s, consent):
    s.sendall(b"* OK IMAP4rev1 ready\r\n")
    line = until(s, b"\r\n")
    while not line.startswith(b"a1 STARTTLS"):
        if line.startswith(b"a9 "):
            s.sendall(b"* BYE\r\na9 OK\r\n")
            return False
        s.sendall(b"* CAPABILITY IMAP4rev1" + (b" STARTTLS" if consent else b"") + b"\r\na1 OK\r\n")
        line = until(s, b"\r\n")
    s.sendall(b"a1 OK go\r\n" if consent else b"a1 BAD unknown command\r\n")
    return consent


def pop3(s, consent):
    s.sendall(b"+OK ready\r\n")
    line = until(s, b"\r\n")
    while line != b"STLS\r\n":
        if line == b"QUIT\r\n":
            s.sendall(b"+OK bye\r\n")
            return False
        s.sendall(b"+OK\r\nUSER\r\n" + (b"STLS\r\n" if consent else b"") + b".\r\n")
        line = until(s, b"\r\n")
    s.sendall(b"+OK go\r\n" if consent else b"-ERR unknown command\r\n")
    return consent


def element(tag, body):
    size = len(body)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x81" + bytes([size])) + body


def attribute(name, value):
    return element(0x30, element(4, name) + element(0x31, element(4, value)))


def ldap(s, consent):
    while True:
        size = exactly(s, 2)[1]
        if size > 128:
            size = int.from_bytes(exactly(s, size - 128), "big")
        message = exactly(s, size)
        number, asked = message[:3], message[3]
        if asked == 0x63:  # search
            shown = attribute(b"supportedLDAPVersion", b"3")
            if consent:
                shown += attribute(b"supportedExtension", b"1.3.6.1.4.1.1466.20037")
            s.sendall(element(0x30, number + element(0x64, element(4, b"") + element(0x30, shown))))
        elif asked == 0x42:  # unbind
            return False
        elif asked == 0x77:  # StartTLS
            break
        s.sendall(element(0x30, number + element(0x65 if asked == 0x63 else 0x61, bytes.fromhex("0a010004000400"))))
    s.sendall(bytes.fromhex("300c02010178070a01" + ("00" if consent else "34") + "04000400"))
    return consent


def postgresql(s, consent):
    exactly(s, 8)
    s.sendall(b"S" if consent else b"N")
    return consent


def mysql(s, consent):
    flags = b"\xff\xff" if consent else b"\xff\xf7"
    body = b"\x0a8.0.36\0\1\0\0\0abcdefgh\0" + flags + b"\x21\2\0\xff\xc1\x15" + bytes(10)
    body += b"abcdefghijkl\0mysql_native_password\0"
    s.sendall(len(body).to_bytes(3, "little") + b"\0" + body)
    exactly(s, 36)
    return consent


def xmpp(s, consent):
    until(s, b"version='1.0'>")
    offer = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" if consent else ""
    s.sendall(
        b"<?xml version='1.0'?><stream:stream xmlns='jabber:client'"
        b" xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        b"<stream:features>" + offer.encode() + b"</stream:features>"
    )
    until(s, b">")
    s.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    return consent


def one(s, context, lead, consent):
    try:
        s.settimeout(10)
        if lead(s, consent):
            with context.wrap_socket(s, server_side=True) as t:
                t.recv(1)
    except OSError:
        pass
    finally:
        s.close()


def serve(door, *how):
    while True:
        s, _ = door.accept()
        threading.Thread(target=one, args=(s, *how), daemon=True).start()


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    threads = []
    for word in sys.argv[3:]:
        name, port = word.split(":")
        lead = globals()[name.removesuffix("-refused")]
        door = socket.create_server((os.environ.get("ADDRESS", "127.0.0.1"), int(port)))
        how = (door, context, lead, not name.endswith("-refused"))
        threads.append(threading.Thread(target=serve, args=how))
        threads[-1].start()
    print("ready", flush=True)


main()
