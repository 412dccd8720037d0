/* SPDX-License-Identifier: Apache-2.0 */
/* Written by hand after the specifications that each decoder names. */
#include "listen/conversation.h"

#define C(text)                                     \
	{                                           \
		SIDE_CLIENT, text, sizeof(text) - 1 \
	}
#define S(text)                                     \
	{                                           \
		SIDE_SERVER, text, sizeof(text) - 1 \
	}

/* clang-format off */
const struct conversation conversations[] = {
	{ "ftp", 21,
		{
			S("220 (vsFTPd 3.0.3)\r\n"),
			C("USER planted-user\r\n"),
			S("331 Please specify the password.\r\n"),
			C("PASS PLANTED-SECRET-7f3a\r\n"),
			S("230 Login successful.\r\n"),
		},
		{
			"service.spoken 192.0.2.2:21: ftp",
			"service.product 192.0.2.2:21: vsFTPd 3.0.3",
			"login.account 192.0.2.2:21 from 192.0.2.1: planted-user (p)",
			"login.cleartext 192.0.2.2:21 from 192.0.2.1: ftp",
			"flow: ftp",
		} },
	{ "ftp of strangers, another port", 8821,
		{
			S("220-Welcome\r\n"),
			S("220 FTP server\r\n"),
			C("USER anonymous\r\n"),
			S("331 x\r\n"),
			C("PASS a@b\r\n"),
		},
		{
		} },
	{ "ftp on another port", 8821,
		{
			S("220 ProFTPD Server (Debian) [::ffff:192.0.2.2]\r\n"),
			C("USER anonymous\r\n"),
			S("331 x\r\n"),
			C("PASS a@b\r\n"),
		},
		{
			"service.spoken 192.0.2.2:8821: ftp",
			"service.product 192.0.2.2:8821: ProFTPD Server (Debian) [::ffff:192.0.2.2]",
			"flow: ftp",
		} },
	{ "smtp plain", 25,
		{
			S("220 mail.example ESMTP Postfix (Debian/GNU)\r\n"),
			C("EHLO x\r\n"),
			S("250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n"),
			C("AUTH PLAIN AHBsYW50ZWQtdXNlcgBQTEFOVEVELVNFQ1JFVC03ZjNh\r\n"),
			S("235 2.7.0 ok\r\n"),
			C("MAIL FROM:<a@b>\r\nDATA\r\n"),
			S("250 ok\r\n354 go\r\n"),
			C("AUTH LOGIN\r\nUSER x\r\n.\r\nQUIT\r\n"),
		},
		{
			"service.spoken 192.0.2.2:25: smtp",
			"service.product 192.0.2.2:25: Postfix (Debian/GNU)",
			"login.cleartext 192.0.2.2:25 from 192.0.2.1: smtp plain",
			"login.account 192.0.2.2:25 from 192.0.2.1: planted-user (p)",
			"flow: smtp",
		} },
	{ "smtp login", 587,
		{
			S("220 mail.example ESMTP\r\n"),
			C("EHLO x\r\n"),
			S("250 ok\r\n"),
			C("AUTH LOGIN\r\n"),
			S("334 VXNlcm5hbWU6\r\n"),
			C("cGxhbnRlZC11c2Vy\r\n"),
			S("334 UGFzc3dvcmQ6\r\n"),
			C("UExBTlRFRC1TRUNSRVQtN2YzYQ==\r\n"),
			S("535 no\r\n"),
			C("QUIT\r\n"),
		},
		{
			"service.spoken 192.0.2.2:587: smtp",
			"login.cleartext 192.0.2.2:587 from 192.0.2.1: smtp login",
			"login.account 192.0.2.2:587 from 192.0.2.1: planted-user (p)",
			"flow: smtp",
		} },
	{ "smtp that asks for the password first", 587,
		{
			S("220 mail.example ESMTP\r\n"),
			C("AUTH LOGIN\r\n"),
			S("334 UGFzc3dvcmQ6\r\n"),
			C("UExBTlRFRC1TRUNSRVQtN2YzYQ==\r\n"),
			S("334 VXNlcm5hbWU6\r\n"),
			C("cGxhbnRlZC11c2Vy\r\n"),
			S("235 ok\r\n"),
		},
		{
			"service.spoken 192.0.2.2:587: smtp",
			"login.cleartext 192.0.2.2:587 from 192.0.2.1: smtp login",
			"login.account 192.0.2.2:587 from 192.0.2.1: planted-user (p)",
			"flow: smtp",
		} },
	{ "smtp login, the sides captured out of order", 587,
		{
			S("220 mail.example ESMTP\r\n"),
			C("AUTH LOGIN\r\n"),
			C("cGxhbnRlZC11c2Vy\r\n"),
			S("334 VXNlcm5hbWU6\r\n"),
			C("UExBTlRFRC1TRUNSRVQtN2YzYQ==\r\n"),
			S("334 UGFzc3dvcmQ6\r\n"),
			S("235 ok\r\n"),
		},
		{
			"service.spoken 192.0.2.2:587: smtp",
			"login.cleartext 192.0.2.2:587 from 192.0.2.1: smtp login",
			"flow: smtp",
		} },
	{ "smtp login, both questions captured first", 587,
		{
			S("220 mail.example ESMTP\r\n"),
			C("AUTH LOGIN\r\n"),
			S("334 VXNlcm5hbWU6\r\n"),
			S("334 UGFzc3dvcmQ6\r\n"),
			C("UExBTlRFRC1TRUNSRVQtN2YzYQ==\r\n"),
			S("235 ok\r\n"),
		},
		{
			"service.spoken 192.0.2.2:587: smtp",
			"login.cleartext 192.0.2.2:587 from 192.0.2.1: smtp login",
			"flow: smtp",
		} },
	{ "smtp cram-md5", 25,
		{
			S("220 mail.example ESMTP x\r\n"),
			C("AUTH CRAM-MD5\r\n"),
			S("334 PDE+\r\n"),
			C("cGxhbnRlZC11c2VyIDAxMjM=\r\n"),
			S("235 ok\r\n"),
		},
		{
			"service.spoken 192.0.2.2:25: smtp",
			"service.product 192.0.2.2:25: x",
			"login.challenge 192.0.2.2:25 from 192.0.2.1: smtp cram-md5",
			"flow: smtp",
		} },
	{ "pop3", 110,
		{
			S("+OK Dovecot ready.\r\n"),
			C("USER planted-user\r\n"),
			S("+OK\r\n"),
			C("PASS PLANTED-SECRET-7f3a\r\n"),
			S("+OK Logged in.\r\n"),
			C("STAT\r\n"),
		},
		{
			"service.spoken 192.0.2.2:110: pop3",
			"service.product 192.0.2.2:110: Dovecot ready.",
			"login.account 192.0.2.2:110 from 192.0.2.1: planted-user (p)",
			"login.cleartext 192.0.2.2:110 from 192.0.2.1: pop3",
			"flow: pop3",
		} },
	{ "pop3 apop", 110,
		{
			S("+OK <1.2@x>\r\n"),
			C("APOP planted-user c4c9334bac560ecc979e58001b3e22fb\r\n"),
			S("-ERR no\r\n"),
		},
		{
			"service.spoken 192.0.2.2:110: pop3",
						"login.account 192.0.2.2:110 from 192.0.2.1: planted-user (p)",
			"login.challenge 192.0.2.2:110 from 192.0.2.1: pop3 apop",
			"flow: pop3",
		} },
	{ "imap login", 143,
		{
			S("* OK [CAPABILITY IMAP4rev1 LOGIN-REFERRALS] Dovecot ready.\r\n"),
			C("a LOGIN \"planted-user\" \"PLANTED-SECRET-7f3a\"\r\n"),
			S("a OK Logged in\r\n"),
			C("b SELECT INBOX\r\n"),
		},
		{
			"service.spoken 192.0.2.2:143: imap",
			"service.product 192.0.2.2:143: Dovecot ready.",
			"login.account 192.0.2.2:143 from 192.0.2.1: planted-user (p)",
			"login.cleartext 192.0.2.2:143 from 192.0.2.1: imap",
			"flow: imap",
		} },
	{ "imap literals", 143,
		{
			S("* OK x\r\n"),
			C("a LOGIN {12}\r\n"),
			S("+ go\r\n"),
			C("planted-user {19}\r\n"),
			S("+ go\r\n"),
			C("PLANTED-SECRET-7f3a\r\n"),
			S("a NO bad\r\n"),
			C("c AUTHENTICATE PLAIN\r\n"),
			S("+ \r\n"),
			C("AHBsYW50ZWQtdXNlcgBQTEFOVEVELVNFQ1JFVC03ZjNh\r\n"),
			S("c OK in\r\n"),
		},
		{
			"service.spoken 192.0.2.2:143: imap",
			"service.product 192.0.2.2:143: x",
			"login.cleartext 192.0.2.2:143 from 192.0.2.1: imap",
			"login.cleartext 192.0.2.2:143 from 192.0.2.1: imap plain",
			"login.account 192.0.2.2:143 from 192.0.2.1: planted-user (p)",
			"flow: imap",
		} },
	{ "ssh", 22,
		{
			S("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
			C("SSH-2.0-PuTTY_Release_0.78\r\n"),
		},
		{
			"service.spoken 192.0.2.2:22: ssh",
			"service.product 192.0.2.2:22: OpenSSH_9.2p1 Debian-2+deb12u3",
			"ssh.version 192.0.2.2:22 from 192.0.2.1: 2",
			"flow: ssh",
		} },
	{ "ssh 1", 2200,
		{
			S("SSH-1.99-Cisco-1.25\n"),
			C("SSH-1.5-1.2.27\n"),
		},
		{
			"service.spoken 192.0.2.2:2200: ssh",
			"service.product 192.0.2.2:2200: Cisco-1.25",
			"ssh.version 192.0.2.2:2200 from 192.0.2.1: 1",
			"flow: ssh",
		} },
	{ "http basic", 8000,
		{
			C("GET /a HTTP/1.1\r\nHost: plc.example:8000\r\nUser-Agent: curl/7.88.1\r\nAuthor"
			"ization: Basic cGxhbnRlZC11c2VyOlBMQU5URUQtU0VDUkVULTdmM2E=\r\n\r\nGET /b HTTP"
			"/1.1\r\nHost: plc.example:8000\r\n\r\n"),
			S("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 30\r\n\r\nHTTP/1.1 "
			"200 OK\r\nServer: no\r\n"),
			S("HTTP/1.1 404 Not Found\r\nServer: nginx/1.22.1\r\nTransfer-Encoding: chunked\r"
			"\n\r\n5;x=1\r\nHTTP/\r\n0\r\nX: y\r\n\r\n"),
			S("HTTP/1.1 304 Not Modified\r\n\r\n"),
		},
		{
			"name.http 192.0.2.2:8000: plc.example",
			"named: plc.example",
			"service.spoken 192.0.2.2:8000: http",
			"os.user-agent 192.0.2.1 from 192.0.2.2: curl/7.88.1",
			"login.cleartext 192.0.2.2:8000 from 192.0.2.1: http basic",
			"login.account 192.0.2.2:8000 from 192.0.2.1: planted-user (p)",
			"service.product 192.0.2.2:8000: nginx/1.22.1",
			"flow: http",
		} },
	{ "http digest", 80,
		{
			C("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Digest username=\"planted-user\", "
			"realm=\"r\", response=\"00\"\r\n\r\n"),
		},
		{
			"name.http 192.0.2.2:80: x",
			"named: x",
			"login.challenge 192.0.2.2:80 from 192.0.2.1: http digest",
			"login.account 192.0.2.2:80 from 192.0.2.1: planted-user (p)",
			"flow: http",
		} },
	{ "http form", 80,
		{
			C("POST /login HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nCon"
			"tent-Length: 51\r\n\r\nuser=planted%2duser&passwd=PLANTED-SECRET-7f3a&go=1"),
			C("GET /x HTTP/1.0\r\n\r\n"),
		},
		{
			"login.cleartext 192.0.2.2:80 from 192.0.2.1: http form",
			"login.account 192.0.2.2:80 from 192.0.2.1: planted-user (p)",
			"flow: http",
		} },
	{ "http form in JSON", 80,
		{
			C("POST /login HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 72\r"
			"\n\r\n{\"username\":\"planted-user\",\"rpc\":[1,{\"password\":\"PLANTED-SECRET"
			"-7f3a\"}]}"),
		},
		{
			"login.cleartext 192.0.2.2:80 from 192.0.2.1: http form",
			"login.account 192.0.2.2:80 from 192.0.2.1: planted-user (p)",
			"flow: http",
		} },
	{ "http form in parts", 80,
		{
			C("POST /login HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nConte"
			"nt-Length: 145\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"user\"\r\n"
			"\r\nplanted-user\r\n--b\r\nContent-Disposition: form-data; name=\"pwd\"\r\n\r"
			"\nPLANTED-SECRET-7f3a\r\n--b--\r\n"),
		},
		{
			"login.cleartext 192.0.2.2:80 from 192.0.2.1: http form",
			"login.account 192.0.2.2:80 from 192.0.2.1: planted-user (p)",
			"flow: http",
		} },
	{ "http query", 80,
		{
			C("GET /cgi\077login=planted-user&pwd=PLANTED-SECRET-7f3a HTTP/1.1\r\nHost: a\r\n"
			"\r\n"),
		},
		{
			"name.http 192.0.2.2:80: a",
			"named: a",
			"login.cleartext 192.0.2.2:80 from 192.0.2.1: http form",
			"login.account 192.0.2.2:80 from 192.0.2.1: planted-user (p)",
			"flow: http",
		} },
	{ "http proxy", 3128,
		{
			C("GET http://planted-user:PLANTED-SECRET-7f3a@www.example/ HTTP/1.1\r\nHost: www"
			".example\r\nProxy-Authorization: Basic cGxhbnRlZC11c2VyOlBMQU5URUQtU0VDUkVULTd"
			"mM2E=\r\n\r\n"),
			S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
			C("CONNECT www.example:443 HTTP/1.1\r\nHost: www.example:443\r\n\r\n"),
			S("HTTP/1.1 200 Connection established\r\n\r\n"),
			C("\026\003\001"),
		},
		{
			"service.spoken 192.0.2.2:3128: http-proxy",
			"proxy.asked 192.0.2.1 from 192.0.2.2: www.example",
			"proxy.asked 192.0.2.1 from 192.0.2.2: www.example:443",
			"login.cleartext 192.0.2.2:3128 from 192.0.2.1: http proxy basic",
			"login.account 192.0.2.2:3128 from 192.0.2.1: planted-user (p)",
			"flow: http-proxy",
		} },
	{ "http ntlm", 80,
		{
			C("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM TlRMTVNTUAABAAAAAAAAAAAAAAAAA"
			"AAAAAAAAAAAAAA=\r\n\r\n"),
			S("HTTP/1.1 401 Unauthorized\r\nServer: Microsoft-IIS/10.0\r\nWWW-Authenticate: N"
			"TLM TlRMTVNTUAACAAAADAAMADgAAAAFgoliQUJDREVGR0gAAAAAAAAAACgAKABEAAAACgBjRQAAAA"
			"9EAE8ATQBBAEkATgABAAYAUwBSAFYAAwAWAHMAcgB2AC4AZQB4AGEAbQBwAGwAZQAAAAAA\r\nCont"
			"ent-Length: 0\r\n\r\n"),
			C("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM TlRMTVNTUAADAAAAGAAYAEgAAAAYA"
			"BgAYAAAAAwADAB4AAAAGAAYAIQAAAAGAAYAnAAAAAAAAACiAAAABYKJYgoAZUoAAAAPUFBQUFBQUFB"
			"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQRABPAE0AQQBJAE4AcABsAGEAb"
			"gB0AGUAZAAtAHUAcwBlAHIAUABDADcA\r\n\r\n"),
		},
		{
			"name.http 192.0.2.2:80: a",
			"named: a",
			"service.spoken 192.0.2.2:80: http",
			"service.product 192.0.2.2:80: Microsoft-IIS/10.0",
			"login.challenge 192.0.2.2:80 from 192.0.2.1: http ntlm",
			"login.account 192.0.2.2:80 from 192.0.2.1: planted-user (p)",
			"flow: http",
			"name.ntlm 192.0.2.2: SRV (p)",
			"name.ntlm 192.0.2.2: srv.example (p)",
			"os.ntlm 192.0.2.2: 10.0.17763",
			"name.ntlm 192.0.2.1: PC7 (p)",
			"os.ntlm 192.0.2.1: 10.0.19045",
		} },
	{ "rtsp", 554,
		{
			C("DESCRIBE rtsp://192.0.2.2/ch1 RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic cGxh"
			"bnRlZC11c2VyOlBMQU5URUQtU0VDUkVULTdmM2E=\r\n\r\n"),
			S("RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Cam/1.0\r\nContent-Length: 3\r\n\r\nv=0R"
			"TSP/1.0 200 OK\r\n\r\n"),
		},
		{
			"service.spoken 192.0.2.2:554: rtsp",
			"login.cleartext 192.0.2.2:554 from 192.0.2.1: rtsp basic",
			"login.account 192.0.2.2:554 from 192.0.2.1: planted-user (p)",
			"service.product 192.0.2.2:554: Cam/1.0",
			"flow: rtsp",
		} },
	{ "telnet", 23,
		{
			S("\377\375\030\377\375 "),
			C("\377\373\030\377\374 "),
			S("\377\372\030\001\377\360\r\nhost login: "),
			C("\377\372\030\000xterm\377\360planted-user\r\000"),
			S("planted-user\r\nPassword: "),
			C("PLANTED-SECRET-7f3a\r\000"),
			S("\r\n$ "),
			C("ls\r\000"),
		},
		{
			"service.spoken 192.0.2.2:23: telnet",
			"login.cleartext 192.0.2.2:23 from 192.0.2.1: telnet",
			"flow: telnet",
		} },
	{ "telnet without a login", 23,
		{
			S("\377\373\001\377\373\003\r\nmenu> "),
			C("\377\375\001password\r\n"),
		},
		{
			"service.spoken 192.0.2.2:23: telnet",
			"flow: telnet",
		} },
	{ "rlogin", 513,
		{
			C("\000me\000planted-user\000xterm/38400\000"),
			S("\000Password: "),
			C("PLANTED-SECRET-7f3a\r"),
		},
		{
			"service.spoken 192.0.2.2:513: rlogin",
			"login.account 192.0.2.2:513 from 192.0.2.1: planted-user (p)",
			"login.cleartext 192.0.2.2:513 from 192.0.2.1: rlogin",
			"flow: rlogin",
		} },
	{ "rsh", 514,
		{
			C("1022\000me\000planted-user\000ls\000"),
		},
		{
			"login.account 192.0.2.2:514 from 192.0.2.1: planted-user (p)",
			"login.cleartext 192.0.2.2:514 from 192.0.2.1: rsh",
			"flow: rsh",
		} },
	{ "rexec", 512,
		{
			C("0\000planted-user\000PLANTED-SECRET-7f3a\000ls\000"),
		},
		{
			"login.account 192.0.2.2:512 from 192.0.2.1: planted-user (p)",
			"login.cleartext 192.0.2.2:512 from 192.0.2.1: rexec",
			"flow: rexec",
		} },
	{ "rexec, an account of digits", 512,
		{
			C("1023\000"),
			C("12345\000PLANTED-SECRET-7f3a\000ls\000x\000"),
		},
		{
			"login.account 192.0.2.2:512 from 192.0.2.1: 12345 (p)",
			"login.cleartext 192.0.2.2:512 from 192.0.2.1: rexec",
			"flow: rexec",
		} },
	{ "ldap simple", 389,
		{
			C("09\002\001\001`4\002\001\003\004\032cn=planted-user,dc=example\200\023PLANTED-"
			"SECRET-7f3a"),
			S("0\014\002\001\001a\007\n\001\000\004\000\004\000"),
		},
		{
			"service.spoken 192.0.2.2:389: ldap",
			"login.cleartext 192.0.2.2:389 from 192.0.2.1: ldap simple",
			"login.account 192.0.2.2:389 from 192.0.2.1: cn=planted-user,dc=example (p)",
			"flow: ldap",
		} },
	{ "ldap anonymous", 389,
		{
			C("0\014\002\001\001`\007\002\001\003\004\000\200\000"),
		},
		{
			"flow: ldap",
		} },
	{ "vnc 3.8", 5900,
		{
			S("RFB 003.008\n"),
			C("RFB 003.008\n"),
			S("\002\001\002"),
			C("\002"),
			S("0123456789abcdef"),
		},
		{
			"service.spoken 192.0.2.2:5900: vnc",
			"service.product 192.0.2.2:5900: RFB 003.008",
			"vnc.security 192.0.2.2:5900 from 192.0.2.1: vnc",
			"login.challenge 192.0.2.2:5900 from 192.0.2.1: vnc",
			"flow: vnc",
		} },
	{ "vnc 3.3", 5999,
		{
			S("RFB 003.003\n"),
			C("RFB 003.003\n"),
			S("\000\000\000\001"),
		},
		{
			"service.spoken 192.0.2.2:5999: vnc",
			"service.product 192.0.2.2:5999: RFB 003.003",
			"vnc.security 192.0.2.2:5999 from 192.0.2.1: none",
			"flow: vnc",
		} },
	{ "rdp standard", 3389,
		{
			C("\003\000\0002-\340\000\000\000\000\000Cookie: mstshash=planted-user\r\n\001"
			"\000\010\000\003\000\000\000"),
			S("\003\000\000\023\016\320\000\000\0224\000\002\000\010\000\000\000\000\000"),
		},
		{
			"login.account 192.0.2.2:3389 from 192.0.2.1: planted-user (p)",
			"service.spoken 192.0.2.2:3389: rdp",
			"rdp.security 192.0.2.2:3389 from 192.0.2.1: standard",
			"flow: rdp",
		} },
	{ "mysql in the clear", 3306,
		{
			S("J\000\000\000\n8.0.36\000\001\000\000\00012345678\000\377\367!\002\000\377\201"
			"\025\000\000\000\000\000\000\000\000\000\000123456789012\000caching_sha2_passw"
			"ord\000"),
			C("W\000\000\001\205\242\n\000\000\000\000\001!\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000planted-user\000"
			"\024PLANTED-SECRET-7f3a\000mysql_clear_password\000"),
			S("\007\000\000\002\000\000\000\002\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:3306: mysql",
			"service.product 192.0.2.2:3306: 8.0.36",
			"login.account 192.0.2.2:3306 from 192.0.2.1: planted-user (p)",
			"login.cleartext 192.0.2.2:3306 from 192.0.2.1: mysql",
			"flow: mysql",
		} },
	{ "mysql by challenge", 3307,
		{
			S("J\000\000\000\n8.0.36\000\001\000\000\00012345678\000\377\367!\002\000\377\201"
			"\025\000\000\000\000\000\000\000\000\000\000123456789012\000caching_sha2_passw"
			"ord\000"),
			C("X\000\000\001\205\242\n\000\000\000\000\001!\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000planted-user\000"
			"\024PPPPPPPPPPPPPPPPPPPPcaching_sha2_password\000"),
			S("\007\000\000\002\000\000\000\002\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:3307: mysql",
			"service.product 192.0.2.2:3307: 8.0.36",
			"login.account 192.0.2.2:3307 from 192.0.2.1: planted-user (p)",
			"login.challenge 192.0.2.2:3307 from 192.0.2.1: mysql",
			"flow: mysql",
		} },
	{ "postgresql in the clear", 5432,
		{
			C("\000\000\000\010\004\322\026/"),
			S("N"),
			C("\000\000\000&\000\003\000\000user\000planted-user\000database\000x\000\000"),
			S("R\000\000\000\010\000\000\000\003"),
			C("p\000\000\000\030PLANTED-SECRET-7f3a\000"),
		},
		{
			"service.spoken 192.0.2.2:5432: postgresql",
			"login.account 192.0.2.2:5432 from 192.0.2.1: planted-user (p)",
			"login.cleartext 192.0.2.2:5432 from 192.0.2.1: postgresql",
			"flow: postgresql",
		} },
	{ "postgresql scram", 5432,
		{
			C("\000\000\000&\000\003\000\000user\000planted-user\000database\000x\000\000"),
			S("R\000\000\000\027\000\000\000\nSCRAM-SHA-256\000\000"),
		},
		{
			"service.spoken 192.0.2.2:5432: postgresql",
			"login.account 192.0.2.2:5432 from 192.0.2.1: planted-user (p)",
			"login.challenge 192.0.2.2:5432 from 192.0.2.1: postgresql scram",
			"flow: postgresql",
		} },
	{ "redis", 6379,
		{
			C("*2\r\n$4\r\nAUTH\r\n$19\r\nPLANTED-SECRET-7f3a\r\n"),
			S("+OK\r\n"),
			C("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\nAUTH\r\n"),
		},
		{
			"service.spoken 192.0.2.2:6379: redis",
			"login.cleartext 192.0.2.2:6379 from 192.0.2.1: redis",
			"flow: redis",
		} },
	{ "redis with an account", 7000,
		{
			C("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$12\r\nplanted-user\r\n$19\r\nPL"
			"ANTED-SECRET-7f3a\r\n"),
		},
		{
			"login.cleartext 192.0.2.2:7000 from 192.0.2.1: redis",
			"login.account 192.0.2.2:7000 from 192.0.2.1: planted-user (p)",
			"flow: redis",
		} },
	{ "mqtt", 1883,
		{
			C("\0205\000\004MQTT\004\302\000<\000\006sensor\000\014planted-user\000\023PLANTE"
			"D-SECRET-7f3a"),
			S(" \002\000\000"),
		},
		{
			"service.spoken 192.0.2.2:1883: mqtt",
			"login.cleartext 192.0.2.2:1883 from 192.0.2.1: mqtt",
			"login.account 192.0.2.2:1883 from 192.0.2.1: planted-user (p)",
			"flow: mqtt",
		} },
	{ "socks5", 1080,
		{
			C("\005\002\000\002"),
			S("\005\002"),
			C("\001\014planted-user\023PLANTED-SECRET-7f3a"),
			S("\001\000"),
			C("\005\001\000\003\013www.example\001\273"),
		},
		{
			"service.spoken 192.0.2.2:1080: socks5",
			"login.cleartext 192.0.2.2:1080 from 192.0.2.1: socks5",
			"login.account 192.0.2.2:1080 from 192.0.2.1: planted-user (p)",
			"proxy.asked 192.0.2.1 from 192.0.2.2: www.example:443",
			"flow: socks",
		} },
	{ "socks4", 1080,
		{
			C("\004\001\000P\3063d\007me\000"),
		},
		{
			"proxy.asked 192.0.2.1 from 192.0.2.2: 198.51.100.7:80",
			"flow: socks",
		} },
	{ "smb 3.0.2", 445,
		{
			C("\000\000\000f\376SMB@\000\000\000\000\000\000\000\000\000\001\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000$\000\001\000\001\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\002\003"),
			S("\000\000\000\200\376SMB@\000\000\000\000\000\000\000\000\000\001\000\001\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000A\000\003\000\002\003\000\000GGGGGGGGGGGGGGGG"
			"\007\000\000\000\000\000\001\000\000\000\001\000\000\000\001\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\200\000\000\000\000\000"
			"\000\000"),
			C("\000\000\000x\376SMB@\000\000\000\000\000\000\000\001\000\001\000\000\000\000"
			"\000\000\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\031\000\000\001\000\000\000\000\000\000\000\000X"
			"\000 \000\000\000\000\000\000\000\000\000NTLMSSP\000\001\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"),
			S("\000\000\000\264\376SMB@\000\000\000\026\000\000\300\001\000\001\000\001\000"
			"\000\000\000\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\011\000\000\000H\000l\000NTLMSSP\000\002\000"
			"\000\000\014\000\014\0008\000\000\000\005\202\211bABCDEFGH\000\000\000\000\000"
			"\000\000\000(\000(\000D\000\000\000\n\000cE\000\000\000\017D\000O\000M\000A"
			"\000I\000N\000\001\000\006\000S\000R\000V\000\003\000\026\000s\000r\000v\000."
			"\000e\000x\000a\000m\000p\000l\000e\000\000\000\000\000"),
			C("\000\000\000\372\376SMB@\000\000\000\000\000\000\000\001\000\001\000\000\000"
			"\000\000\000\000\000\000\002\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\031\000\000\001\000\000\000\000\000\000\000"
			"\000X\000\242\000\000\000\000\000\000\000\000\000NTLMSSP\000\003\000\000\000"
			"\030\000\030\000H\000\000\000\030\000\030\000`\000\000\000\014\000\014\000x"
			"\000\000\000\030\000\030\000\204\000\000\000\006\000\006\000\234\000\000\000"
			"\000\000\000\000\242\000\000\000\005\202\211b\n\000eJ\000\000\000\017PPPPPPPPP"
			"PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPD\000O\000M\000A\000I\000N\000p\000l"
			"\000a\000n\000t\000e\000d\000-\000u\000s\000e\000r\000P\000C\0007\000"),
			S("\000\000\000H\376SMB@\000\000\000\000\000\000\000\001\000\001\000\001\000\000"
			"\000\000\000\000\000\002\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\011\000\000\000H\000\000\000"),
			C("\000\000\000@\375SMBxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xx"),
		},
		{
			"service.spoken 192.0.2.2:445: smb",
			"smb.dialect 192.0.2.2:445 from 192.0.2.1: 3.0.2",
			"smb.signing 192.0.2.2:445: required",
			"login.account 192.0.2.2:445 from 192.0.2.1: planted-user (p)",
			"flow: smb",
			"name.ntlm 192.0.2.2: SRV (p)",
			"name.ntlm 192.0.2.2: srv.example (p)",
			"os.ntlm 192.0.2.2: 10.0.17763",
			"name.ntlm 192.0.2.1: PC7 (p)",
			"os.ntlm 192.0.2.1: 10.0.19045",
		} },
	{ "tls 1.3", 4433,
		{
			C("\026\003\001\000P\001\000\000L\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\037\000\000\000\020\000\016\000\000\013plc.examp"
			"le\000+\000\007\006zz\003\004\003\003"),
			S("\026\003\003\0008\002\000\000.\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\023"
			"\001\000\000\006\000+\000\002\003\004\010\000\000\002\000\000"),
		},
		{
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.3,TLSv1.2",
			"name.tls 192.0.2.2:4433: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:4433 from 192.0.2.1: TLSv1.3",
			"tls.suite 192.0.2.2:4433 from 192.0.2.1: TLS_AES_128_GCM_SHA256",
			"service.spoken 192.0.2.2:4433: tls",
			"flow: tls",
		} },
	{ "tls 1.0 over small records", 9999,
		{
			C("\026\003\001\000\024\001\000\000L\003\003RRRRRRRRRRRRRR\026\003\001\000<RRRRRR"
			"RRRRRRRRRRRR\000\000\004\023\001\300/\001\000\000\037\000\000\000\020\000\016"
			"\000\000\013plc.example\000+\000\007\006zz\003\004\003\003"),
			S("\026\003\001\000\007\002\000\000&\003\001R\026\003\001\000\007RRRRRRR\026\003"
			"\001\000\007RRRRRRR\026\003\001\000\007RRRRRRR\026\003\001\000\007RRRRRRR\026"
			"\003\001\000\007RRR\000\000/\000\026\003\001\000\007\013\000\000\010\000\000"
			"\005\026\003\001\000\007\000\000\002ab\016\000\026\003\001\000\002\000\000"),
		},
		{
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.3,TLSv1.2",
			"name.tls 192.0.2.2:9999: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:9999 from 192.0.2.1: TLSv1.0",
			"tls.suite 192.0.2.2:9999 from 192.0.2.1: TLS_RSA_WITH_AES_128_CBC_SHA",
			"service.spoken 192.0.2.2:9999: tls",
			"flow: tls",
		} },
	{ "tls refused", 443,
		{
			C("\026\003\001\000/\001\000\000+\003\001RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000"),
			S("\025\003\001\000\002\002F"),
		},
		{
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.0",
			"flow: tls",
		} },
	{ "ssl 2", 443,
		{
			C("\200\034\001\000\002\000\003\000\000\000\020\001\000\200CCCCCCCCCCCCCCCC"),
			S("\200 \004\000\001\000\002\000\002\000\003\000\020ab\001\000\200IIIIIIIIIIIIIII"
			"I"),
			C("\200\020\002\001\000\200\000\000\000\000\000\000kkkkkk"),
		},
		{
			"tls.offered 192.0.2.1 from 192.0.2.2: SSLv2",
			"tls.version 192.0.2.2:443 from 192.0.2.1: SSLv2",
			"tls.suite 192.0.2.2:443 from 192.0.2.1: SSL_CK_RC4_128_WITH_MD5",
			"service.spoken 192.0.2.2:443: tls",
			"flow: tls",
		} },
	{ "ftp to tls", 21,
		{
			S("220 x\r\n"),
			C("AUTH TLS\r\n"),
			S("234 go\r\n"),
			C("\026\003\001\000E\001\000\000A\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\024\000\000\000\020\000\016\000\000\013plc.examp"
			"le"),
			S("\026\003\003\000.\002\000\000&\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\300"
			"/\000\016\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:21: ftp",
			"service.product 192.0.2.2:21: x",
			"flow: ftp",
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.2",
			"name.tls 192.0.2.2:21: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:21 from 192.0.2.1: TLSv1.2",
			"tls.suite 192.0.2.2:21 from 192.0.2.1: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		} },
	{ "smtp to tls", 25,
		{
			S("220 x ESMTP y\r\n"),
			C("EHLO z\r\n"),
			S("250 STARTTLS\r\n"),
			C("STARTTLS\r\n"),
			S("220 go\r\n"),
			C("\026\003\001\000E\001\000\000A\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\024\000\000\000\020\000\016\000\000\013plc.examp"
			"le"),
			S("\026\003\003\000.\002\000\000&\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\300"
			"/\000\016\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:25: smtp",
			"service.product 192.0.2.2:25: y",
			"flow: smtp",
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.2",
			"name.tls 192.0.2.2:25: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:25 from 192.0.2.1: TLSv1.2",
			"tls.suite 192.0.2.2:25 from 192.0.2.1: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		} },
	{ "imap to tls", 143,
		{
			S("* OK x\r\n"),
			C("a STARTTLS\r\n"),
			S("a OK go\r\n"),
			C("\026\003\001\000E\001\000\000A\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\024\000\000\000\020\000\016\000\000\013plc.examp"
			"le"),
			S("\026\003\003\000.\002\000\000&\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\300"
			"/\000\016\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:143: imap",
			"service.product 192.0.2.2:143: x",
			"flow: imap",
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.2",
			"name.tls 192.0.2.2:143: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:143 from 192.0.2.1: TLSv1.2",
			"tls.suite 192.0.2.2:143 from 192.0.2.1: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		} },
	{ "pop3 to tls", 110,
		{
			S("+OK POP\r\n"),
			C("STLS\r\n"),
			S("+OK go\r\n"),
			C("\026\003\001\000E\001\000\000A\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\024\000\000\000\020\000\016\000\000\013plc.examp"
			"le"),
			S("\026\003\003\000.\002\000\000&\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\300"
			"/\000\016\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:110: pop3",
			"service.product 192.0.2.2:110: POP",
			"flow: pop3",
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.2",
			"name.tls 192.0.2.2:110: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:110 from 192.0.2.1: TLSv1.2",
			"tls.suite 192.0.2.2:110 from 192.0.2.1: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		} },
	{ "ldap to tls", 389,
		{
			C("0\035\002\001\001w\030\200\0261.3.6.1.4.1.1466.20037"),
			S("0\014\002\001\001x\007\n\001\000\004\000\004\000"),
			C("\026\003\001\000E\001\000\000A\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\024\000\000\000\020\000\016\000\000\013plc.examp"
			"le"),
			S("\026\003\003\000.\002\000\000&\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\300"
			"/\000\016\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:389: ldap",
			"flow: ldap",
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.2",
			"name.tls 192.0.2.2:389: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:389 from 192.0.2.1: TLSv1.2",
			"tls.suite 192.0.2.2:389 from 192.0.2.1: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		} },
	{ "postgresql to tls", 5432,
		{
			C("\000\000\000\010\004\322\026/"),
			S("S"),
			C("\026\003\001\000E\001\000\000A\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\024\000\000\000\020\000\016\000\000\013plc.examp"
			"le"),
			S("\026\003\003\000.\002\000\000&\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\300"
			"/\000\016\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:5432: postgresql",
			"flow: postgresql",
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.2",
			"name.tls 192.0.2.2:5432: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:5432 from 192.0.2.1: TLSv1.2",
			"tls.suite 192.0.2.2:5432 from 192.0.2.1: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		} },
	{ "rdp to tls", 3389,
		{
			C("\003\000\0002-\340\000\000\000\000\000Cookie: mstshash=planted-user\r\n\001"
			"\000\010\000\003\000\000\000"),
			S("\003\000\000\023\016\320\000\000\0224\000\002\037\010\000\002\000\000\000"),
			C("\026\003\001\000E\001\000\000A\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\024\000\000\000\020\000\016\000\000\013plc.examp"
			"le"),
			S("\026\003\003\000.\002\000\000&\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\300"
			"/\000\016\000\000\000"),
		},
		{
			"login.account 192.0.2.2:3389 from 192.0.2.1: planted-user (p)",
			"service.spoken 192.0.2.2:3389: rdp",
			"rdp.security 192.0.2.2:3389 from 192.0.2.1: credssp",
			"flow: rdp",
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.2",
			"name.tls 192.0.2.2:3389: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:3389 from 192.0.2.1: TLSv1.2",
			"tls.suite 192.0.2.2:3389 from 192.0.2.1: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		} },
	{ "mysql to tls", 3306,
		{
			S("J\000\000\000\n8.0.36\000\001\000\000\00012345678\000\377\367!\002\000\377\201"
			"\025\000\000\000\000\000\000\000\000\000\000123456789012\000caching_sha2_passw"
			"ord\000"),
			C(" \000\000\001\205\256\n\000\000\000\000\001!\000\000\000\000\000\000\000\000"
			"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"),
			C("\026\003\001\000E\001\000\000A\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\000"
			"\004\023\001\300/\001\000\000\024\000\000\000\020\000\016\000\000\013plc.examp"
			"le"),
			S("\026\003\003\000.\002\000\000&\003\003RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\000\300"
			"/\000\016\000\000\000"),
		},
		{
			"service.spoken 192.0.2.2:3306: mysql",
			"service.product 192.0.2.2:3306: 8.0.36",
			"flow: mysql",
			"tls.offered 192.0.2.1 from 192.0.2.2: TLSv1.2",
			"name.tls 192.0.2.2:3306: plc.example",
			"named: plc.example",
			"tls.version 192.0.2.2:3306 from 192.0.2.1: TLSv1.2",
			"tls.suite 192.0.2.2:3306 from 192.0.2.1: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		} },
};
/* clang-format on */

const size_t conversation_count = countof(conversations);
