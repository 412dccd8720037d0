# SPDX-License-Identifier: Apache-2.0
"""Clients of ordinary protocols for record-streams.sh: streams.py WHAT ADDRESS USER PASSWORD."""
import ftplib
import imaplib
import poplib
import smtplib
import socket
import ssl
import sys
import time

what, address, user, password = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.maximum_version = ssl.TLSVersion.TLSv1_2


def ftp():
    c = ftplib.FTP(address, timeout=10)
    c.login(user, password)
    c.quit()


def ftp_tls():
    c = ftplib.FTP_TLS(address, timeout=10, context=context)
    c.login(user, password)
    c.quit()


def pop3():
    c = poplib.POP3(address, timeout=10)
    c.user(user)
    c.pass_(password)
    c.quit()


def imap():
    c = imaplib.IMAP4(address, timeout=10)
    c.login(user, password)
    c.logout()
    c = imaplib.IMAP4(address, timeout=10)
    c.authenticate('PLAIN', lambda _: f'\0{user}\0{password}'.encode())
    c.logout()


def imap_tls():
    c = imaplib.IMAP4(address, timeout=10)
    c.starttls(context)
    c.login(user, password)
    c.logout()


def smtp():
    for way in ('PLAIN', 'LOGIN', 'CRAM-MD5'):
        c = smtplib.SMTP(address, timeout=10, local_hostname='pc.example')
        c.ehlo()
        c.user, c.password = user, password
        c.auth(way, getattr(c, 'auth_' + way.lower().replace('-', '_')), initial_response_ok=way == 'PLAIN')
        c.quit()


def smtp_tls():
    c = smtplib.SMTP(address, timeout=10, local_hostname='pc.example')
    c.starttls(context=context)
    c.login(user, password)
    c.quit()


def until(s, word):
    """What comes up to this word; options of Telnet are refused."""
    text = b''
    while word not in text.lower():
        data = s.recv(1024)
        if not data:
            break
        for i in range(len(data) - 2):
            if data[i] == 255 and data[i + 1] in (253, 254):
                s.sendall(bytes([255, 252, data[i + 2]]))
            elif data[i] == 255 and data[i + 1] in (251, 252):
                s.sendall(bytes([255, 254, data[i + 2]]))
        text += data
    return text


def type_line(s, text):
    """As a person does: letter by letter."""
    for c in text:
        s.sendall(c.encode())
        time.sleep(0.02)
    s.sendall(b'\r\0')


def telnet():
    s = socket.create_connection((address, 23), 10)
    until(s, b'login:')
    type_line(s, user)
    until(s, b'assword:')
    type_line(s, password)
    time.sleep(1)
    s.close()


def rsh():
    s = socket.create_connection((address, 512), 10)
    s.sendall(b'0\0' + user.encode() + b'\0' + password.encode() + b'\0true\0')
    s.recv(100)
    s.close()
    for port in (514, 513):
        for low in range(600, 700):
            s = socket.socket()
            s.settimeout(10)
            try:
                s.bind(('', low))
                s.connect((address, port))
                break
            except OSError:
                s.close()
        if port == 514:
            s.sendall(b'0\0operator\0' + user.encode() + b'\0true\0')
            s.recv(100)
        else:
            s.sendall(b'\0operator\0' + user.encode() + b'\0xterm/38400\0')
            until(s, b'assword:')
            type_line(s, password)
            time.sleep(1)
        s.close()


def mqtt():
    def text(t):
        return len(t).to_bytes(2, 'big') + t.encode()

    for version, name in ((4, 'MQTT'), (5, 'MQTT')):
        body = text(name) + bytes([version, 0xc2, 0, 60]) + (b'\0' if version == 5 else b'')
        body += text('sensor-7') + text(user) + text(password)
        s = socket.create_connection((address, 1883), 10)
        s.sendall(b'\x10' + bytes([len(body)]) + body)
        s.recv(100)
        s.sendall(b'\xe0\0')
        s.close()


def vnc():
    for kind in (2, 1):
        s = socket.create_connection((address, 5900), 10)
        s.recv(12)
        s.sendall(b'RFB 003.008\n')
        s.recv(100)
        s.sendall(bytes([kind]))
        s.recv(100)
        s.close()


def rdp():
    for asked in (0, 1):
        body = b'\xe0\0\0\0\0\0Cookie: mstshash=' + user.encode() + b'\r\n\x01\0\x08\0' + asked.to_bytes(4, 'little')
        s = socket.create_connection((address, 3389), 10)
        s.sendall(b'\x03\0' + (len(body) + 5).to_bytes(2, 'big') + bytes([len(body)]) + body)
        s.recv(100)
        if asked:
            t = context.wrap_socket(s)
            t.close()
        s.close()


{'ftp': ftp, 'ftp-tls': ftp_tls, 'pop3': pop3, 'imap': imap, 'imap-tls': imap_tls, 'smtp': smtp, 'smtp-tls': smtp_tls,
 'telnet': telnet, 'rsh': rsh, 'mqtt': mqtt, 'vnc': vnc, 'rdp': rdp}[what]()
