/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libssh in a process that may neither open nor connect. What it would open, and why it does not:
 *   configuration         SSH_OPTIONS_PROCESS_CONFIG off
 *   home directory        SSH_OPTIONS_SSH_DIR and _USER are set, else it looks the user up
 *   known_hosts           SSH_OPTIONS_HOST is not set: without a host it has nothing to look up
 *                         when it orders the host key types, and leaves the files alone
 *   agent, identities     touched by public key logins only, and none is tried
 *   socket                SSH_OPTIONS_FD
 *   openssl.cnf, locale   read once by probe_ssh_prepare()
 */
#include "ssh_lent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <libssh/libssh.h>
#include <openssl/evp.h>

#include "codec/evidence.h"
#include "probe.h"

enum { LEAST_RSA_BITS = 768 }; /* the least that libssh can be told to accept */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until the peer or libssh can go on; false where the time is over. */
static bool wait_for(ssh_session s, int fd, int64_t until)
{
	int64_t left = until - now_ms();
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (left <= 0)
		return false;
	if ((ssh_get_poll_flags(s) & SSH_WRITE_PENDING) != 0)
		p.events |= POLLOUT;
	return poll(&p, 1, (int)left) > 0;
}

/*
 * Old algorithms too, since old servers have nothing else; the cheap ones first, for small devices.
 * libssh drops the names that it was built without.
 */
static bool set_up(ssh_session s, int fd)
{
	static const struct {
		enum ssh_options_e option;
		const char *value;
	} words[] = {
		{ SSH_OPTIONS_SSH_DIR, "/nonexistent" },
		{ SSH_OPTIONS_USER, SSH_NOBODY },
		{ SSH_OPTIONS_KEY_EXCHANGE,
		  "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
		  "ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group14-sha256,"
		  "diffie-hellman-group14-sha1,"
		  "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
		  "diffie-hellman-group-exchange-sha256,diffie-hellman-group-exchange-sha1,"
		  "diffie-hellman-group1-sha1" },
		{ SSH_OPTIONS_HOSTKEYS,
		  "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
		  "rsa-sha2-256,rsa-sha2-512,ssh-rsa,ssh-dss" },
		{ SSH_OPTIONS_COMPRESSION, "no" },
	};
	static const char ciphers[] = "aes128-ctr,aes256-ctr,aes192-ctr,aes128-gcm@openssh.com,"
				      "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,"
				      "aes128-cbc,aes256-cbc,aes192-cbc,3des-cbc,blowfish-cbc";
	static const char macs[] =
		"hmac-sha2-256,hmac-sha2-512,hmac-sha1,"
		"hmac-sha2-256-etm@openssh.com,"
		"hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,hmac-md5";
	bool no = false;
	int least = LEAST_RSA_BITS;
	int good = ssh_options_set(s, SSH_OPTIONS_PROCESS_CONFIG, &no);

	for (size_t i = 0; i < countof(words); i++)
		good |= ssh_options_set(s, words[i].option, words[i].value);
	good |= ssh_options_set(s, SSH_OPTIONS_CIPHERS_C_S, ciphers);
	good |= ssh_options_set(s, SSH_OPTIONS_CIPHERS_S_C, ciphers);
	good |= ssh_options_set(s, SSH_OPTIONS_HMAC_C_S, macs);
	good |= ssh_options_set(s, SSH_OPTIONS_HMAC_S_C, macs);
	good |= ssh_options_set(s, SSH_OPTIONS_RSA_MIN_SIZE, &least);
	good |= ssh_options_set(s, SSH_OPTIONS_FD, &fd);
	ssh_set_blocking(s, 0);
	return good == 0;
}

static void note_methods(json_t *evidence, unsigned methods)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = { { SSH_AUTH_METHOD_NONE, "none" },
		      { SSH_AUTH_METHOD_PASSWORD, "password" },
		      { SSH_AUTH_METHOD_PUBLICKEY, "publickey" },
		      { SSH_AUTH_METHOD_HOSTBASED, "hostbased" },
		      { SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive" },
		      { SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic" } };
	json_t *list = note_list(evidence, "auth");

	for (size_t i = 0; i < countof(words); i++)
		if ((methods & words[i].bit) != 0)
			list_word(list, words[i].word);
}

/* The text that a server shows before a login. */
static void note_banner(ssh_session s, json_t *evidence)
{
	char *banner = ssh_get_issue_banner(s);

	if (banner != NULL)
		note_text(evidence, "auth_banner", span_trim(span_text(banner)));
	ssh_string_free_char(banner);
}

/* What went wrong, or NULL. */
static const char *converse(ssh_session s, int fd, int64_t until, json_t *evidence)
{
	int r;

	while ((r = ssh_connect(s)) == SSH_AGAIN)
		if (!wait_for(s, fd, until))
			return "timeout";
	if (r != SSH_OK)
		return ssh_get_error(s);
	while ((r = ssh_userauth_none(s, NULL)) == SSH_AUTH_AGAIN)
		if (!wait_for(s, fd, until))
			return "timeout";
	note_banner(s, evidence);
	if (r == SSH_AUTH_ERROR)
		return ssh_get_error(s);
	note_methods(evidence, r == SSH_AUTH_SUCCESS ? SSH_AUTH_METHOD_NONE
						     : (unsigned)ssh_userauth_list(s, NULL));
	return NULL;
}

/* Password, or the one question of keyboard-interactive. */
static int say_password(ssh_session s, int fd, int64_t until, const char *user,
			const char *password)
{
	int r, methods = ssh_userauth_list(s, user);

	if (((unsigned)methods & SSH_AUTH_METHOD_PASSWORD) != 0) {
		while ((r = ssh_userauth_password(s, user, password)) == SSH_AUTH_AGAIN)
			if (!wait_for(s, fd, until))
				return SSH_AUTH_ERROR;
		return r;
	}
	if (((unsigned)methods & SSH_AUTH_METHOD_INTERACTIVE) == 0)
		return SSH_AUTH_ERROR;
	for (int round = 0; round < 3; round++) {
		while ((r = ssh_userauth_kbdint(s, user, NULL)) == SSH_AUTH_AGAIN)
			if (!wait_for(s, fd, until))
				return SSH_AUTH_ERROR;
		if (r != SSH_AUTH_INFO)
			return r;
		int questions = ssh_userauth_kbdint_getnprompts(s);
		if (questions > 1 || (questions == 1 && round > 0))
			return SSH_AUTH_ERROR; /* a second factor, or something else than a password */
		if (questions == 1)
			ssh_userauth_kbdint_setanswer(s, 0, password);
	}
	return SSH_AUTH_ERROR;
}

static int log_in(ssh_session s, int fd, int64_t until, const char *user, const char *password)
{
	int r;

	while ((r = ssh_connect(s)) == SSH_AGAIN)
		if (!wait_for(s, fd, until))
			return SSH_AUTH_ERROR;
	if (r != SSH_OK)
		return SSH_AUTH_ERROR;
	while ((r = ssh_userauth_none(s, user)) == SSH_AUTH_AGAIN)
		if (!wait_for(s, fd, until))
			return SSH_AUTH_ERROR;
	/* Who asks for nothing has accepted no password. */
	return r == SSH_AUTH_DENIED ? say_password(s, fd, until, user, password) : SSH_AUTH_ERROR;
}

enum ssh_login ssh_lent_login(int fd, unsigned timeout_ms, const char *user, const char *password)
{
	int flags = fcntl(fd, F_GETFL);
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	ssh_session s = ssh_new();
	int r = SSH_AUTH_ERROR;

	if (own >= 0 && s != NULL && set_up(s, own)) {
		r = log_in(s, fd, now_ms() + timeout_ms, user, password);
		ssh_disconnect(s);
	} else if (own >= 0) {
		close(own);
	}
	ssh_free(s);
	fcntl(fd, F_SETFL, flags);
	return r == SSH_AUTH_SUCCESS  ? SSH_LOGIN_ACCEPTED
	       : r == SSH_AUTH_DENIED ? SSH_LOGIN_REFUSED
				      : SSH_LOGIN_UNTESTED;
}

bool ssh_lent_ask(int fd, unsigned timeout_ms, json_t *evidence)
{
	int flags = fcntl(fd, F_GETFL);
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* libssh closes what it was given */
	ssh_session s = ssh_new();

	if (own < 0 || s == NULL || !set_up(s, own)) {
		note_word(evidence, "session_error", "libssh could not be set up");
		if (own >= 0)
			close(own);
		ssh_free(s);
		return false;
	}
	const char *error = converse(s, fd, now_ms() + timeout_ms, evidence);
	if (error != NULL)
		note_text(evidence, "session_error", span_text(error));
	ssh_disconnect(s);
	ssh_free(s);
	fcntl(fd, F_SETFL, flags); /* the mode is shared with the duplicate */
	return error == NULL;
}

void probe_ssh_prepare(void)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length;

	signal(SIGPIPE, SIG_IGN); /* libssh writes without MSG_NOSIGNAL */
	ssh_init();
	ssh_set_log_level(SSH_LOG_NOLOG);
	/* The first use makes OpenSSL read its configuration. */
	EVP_Digest("", 0, digest, &length, EVP_sha256(), NULL);
	ssh_free(ssh_new());
}
