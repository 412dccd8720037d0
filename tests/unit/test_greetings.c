/* SPDX-License-Identifier: Apache-2.0 */
/* What greetings say: products and versions, whose greeting it is, and the host key's length. */
#include <stdio.h>

#include "codec/product.h"
#include "probe.h"
#include "ssh_survey.h"

static unsigned tests, failures;

static void result(bool good, const char *what)
{
	tests++;
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", tests, what);
}

static void test_split(void)
{
	static const struct {
		const char *word, *name, *version;
	} cases[] = {
		{ "OpenSSH_9.2p1", "OpenSSH", "9.2p1" },
		{ "OpenSSH_6.6.1_hpn13v11", "OpenSSH", "6.6.1" },
		{ "OpenSSH_for_Windows_8.1", "OpenSSH_for_Windows", "8.1" },
		{ "dropbear_2022.83", "dropbear", "2022.83" },
		{ "dropbear", "dropbear", "" },
		{ "libssh-0.6.3", "libssh", "0.6.3" },
		{ "libssh_0.10.6", "libssh", "0.10.6" },
		{ "Cisco-1.25", "Cisco", "1.25" },
		{ "RomSShell_4.62", "RomSShell", "4.62" },
		{ "mod_sftp/0.9.9", "mod_sftp", "0.9.9" },
		{ "Serv-U_15.1.6", "Serv-U", "15.1.6" },
		{ "3.2.9", "", "3.2.9" },
		{ "ROSSSH", "ROSSSH", "" },
		{ "x_", "x_", "" },
		{ "_", "_", "" },
		{ "", "", "" },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct product p = product_split(span_text(cases[i].word));

		result(span_is(p.name, cases[i].name) && span_is(p.version, cases[i].version),
		       cases[i].word);
	}
}

static void test_find(void)
{
	static const char *const names[] = { "vsFTPd",           "ProFTPD",  "Pure-FTPd",
					     "FileZilla Server", "Sendmail", "Microsoft ESMTP MAIL",
					     "VxWorks",          NULL };
	static const struct {
		const char *text, *name, *version;
	} cases[] = {
		{ "(vsFTPd 3.0.3)", "vsFTPd", "3.0.3" },
		{ "ProFTPD 1.3.5e Server (Debian)", "ProFTPD", "1.3.5e" },
		{ "---------- Welcome to Pure-FTPd [privsep] [TLS] ----------", "Pure-FTPd", "" },
		{ "FileZilla Server version 0.9.41 beta", "FileZilla Server", "0.9.41" },
		{ "meter ESMTP Sendmail 8.14.4/8.14.4; Fri, 20 Nov", "Sendmail", "8.14.4" },
		{ "x Microsoft ESMTP MAIL Service, Version: 10.0.17763.1697 ready",
		  "Microsoft ESMTP MAIL", "10.0.17763.1697" },
		{ "VxWorks (VxWorks5.4.2) FTP server ready", "VxWorks", "" },
		{ "vxworks FTP server v6.4. ready", "VxWorks", "6.4" },
		{ "vsFTPd", "vsFTPd", "" },
	};
	struct product p;

	for (size_t i = 0; i < countof(cases); i++)
		result(product_find(span_text(cases[i].text), names, &p) &&
			       span_is(p.name, cases[i].name) &&
			       span_is(p.version, cases[i].version),
		       cases[i].text);
	result(!product_find(span_text("FTP server ready"), names, &p),
	       "a greeting without a name");
	result(!product_find(span_text(""), names, &p), "an empty greeting");
}

static void test_recognise(void)
{
	static const struct {
		const char *greeting, *probe;
	} cases[] = {
		{ "SSH-2.0-dropbear_2022.83\r\n", "ssh" },
		{ "Staff only\r\nSSH-1.99-Cisco-1.25\n", "ssh" },
		{ "220 mail.example.com ESMTP Postfix\r\n", "smtp" },
		{ "220-smtp.example.com\r\n", "smtp" },
		{ "220 (vsFTPd 3.0.3)\r\n", "ftp" },
		{ "220-hello\r\n220 ready\r\n", "ftp" },
		{ "\xff\xfd\x18\xff\xfd\x20", "telnet" },
		{ "\r\nUser Access Verification\r\n\r\nUsername: ", "telnet" },
		{ "+OK POP3 ready\r\n", NULL },
		{ "2200 units\r\n", NULL },
		{ "220", NULL },
		{ "RFB 003.008\n", NULL },
		{ "HTTP/1.1 400 Bad Request\r\nlogin:", NULL },
		{ "\x16\x03\x01\xff\xfd\x18", NULL },
		{ "Last login: Fri Nov 20\r\n", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		bool good = true;

		for (size_t n = 0; probes[n] != NULL; n++)
			if (probes[n]->recognise != NULL &&
			    strchr("sft", probes[n]->name[0]) != NULL) {
				bool expected = cases[i].probe != NULL &&
						strcmp(probes[n]->name, cases[i].probe) == 0;
				bool ours = strcmp(probes[n]->name, "ssh") == 0 ||
					    strcmp(probes[n]->name, "smtp") == 0 ||
					    strcmp(probes[n]->name, "ftp") == 0 ||
					    strcmp(probes[n]->name, "telnet") == 0;

				if (ours &&
				    probes[n]->recognise(span_text(cases[i].greeting)) != expected)
					good = false;
			}
		result(good, cases[i].probe != NULL ? cases[i].probe : "greeting of none");
	}
}

static void test_key(void)
{
	static const uint8_t rsa[] = "\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\0\x03\0\x81\x01";
	static const uint8_t ed25519[] = "\0\0\0\x0bssh-ed25519\0\0\0\x20"
					 "0123456789abcdef0123456789abcdef";
	static const uint8_t zero[] = "\0\0\0\x07ssh-rsa\0\0\0\x01\x03\0\0\0\x02\0\0";
	struct ssh_key_facts k;

	result(ssh_read_key(span_of(rsa, sizeof(rsa) - 1), &k) && k.bits == 16 &&
		       span_is(k.type, "ssh-rsa"),
	       "an RSA key's bits, without its leading zero");
	result(ssh_read_key(span_of(ed25519, sizeof(ed25519) - 1), &k) && k.bits == 256,
	       "an Ed25519 key");
	result(ssh_read_key(span_of(zero, sizeof(zero) - 1), &k) && k.bits == 0,
	       "a modulus of zero");
	bool cut = true;
	for (size_t n = 0; n < sizeof(rsa) - 1; n++)
		cut = cut && !ssh_read_key(span_of(rsa, n), &k);
	result(cut, "a key cut at any byte");
	result(!ssh_read_key(span_of(rsa, sizeof(rsa)), &k), "a key with something behind it");
	result(!ssh_read_key(span_of(ed25519, sizeof(ed25519) - 2), &k),
	       "an Ed25519 key cut short");
}

int main(void)
{
	test_split();
	test_find();
	test_recognise();
	test_key();
	printf("1..%u\n", tests);
	return failures > 0;
}
