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
#include "codec/reader.h"
#include "codec/writer.h"
#include "probe.h"

enum {
	BLOB_MAX = 8192,      /* a key of 16384 bits needs a fourth of it */
	LEAST_RSA_BITS = 768, /* the least that libssh can be told to accept */
};

/* ---- readers ---- */

static struct span rd_string(struct reader *r)
{
	return rd_span(r, rd_be32(r));
}

/* RFC 4251 5, mpint: the bits of a positive number. */
static unsigned mpint_bits(struct span n)
{
	unsigned bits;

	while (n.length > 0 && n.at[0] == 0)
		n = span_from(n, 1);
	if (n.length == 0 || n.length > BLOB_MAX)
		return 0;
	bits = (unsigned)n.length * 8;
	for (uint8_t top = n.at[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

bool ssh_read_key(struct span blob, struct ssh_key_facts *ret)
{
	static const struct {
		const char *type;
		unsigned bits;
	} fixed[] = { { "ssh-ed25519", 256 },
		      { "ecdsa-sha2-nistp256", 256 },
		      { "ecdsa-sha2-nistp384", 384 },
		      { "ecdsa-sha2-nistp521", 521 } };
	struct reader r = rd_new(blob);
	struct ssh_key_facts k = { .type = rd_string(&r) };
	struct span first = rd_string(&r); /* RSA: exponent; DSA: the prime; else curve or point */

	if (span_is(k.type, "ssh-rsa"))
		k.bits = mpint_bits(rd_string(&r));
	else if (span_is(k.type, "ssh-dss"))
		k.bits = mpint_bits(first);
	for (size_t i = 0; i < countof(fixed); i++)
		if (span_is(k.type, fixed[i].type))
			k.bits = fixed[i].bits;
	if (!rd_ok(&r) || k.type.length == 0)
		return false;
	*ret = k;
	return true;
}

/* ---- libssh ---- */

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
 * RSA before other host keys: it alone has lengths that can be too small. libssh drops the names
 * that it was built without.
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
		  "rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-ed25519,ecdsa-sha2-nistp256,"
		  "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,ssh-dss" },
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

/* The host key as it stood on the wire; empty where there is none. */
static struct span get_blob(ssh_session s, uint8_t buffer[static BLOB_MAX])
{
	ssh_key key = NULL;
	char *base64 = NULL;
	size_t n = 0;

	if (ssh_get_server_publickey(s, &key) == SSH_OK &&
	    ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK) {
		size_t length = strlen(base64);

		if (length >= 4 && length / 4 * 3 <= BLOB_MAX &&
		    EVP_DecodeBlock(buffer, (uint8_t *)base64, (int)length) > 0)
			n = length / 4 * 3 - (base64[length - 1] == '=') -
			    (base64[length - 2] == '=');
	}
	ssh_string_free_char(base64);
	ssh_key_free(key);
	return span_of(buffer, n);
}

/* As `ssh-keygen -l` prints it: base64 without its padding. */
static void note_fingerprint(json_t *object, struct span blob)
{
	static const char prefix[] = "SHA256:";
	uint8_t digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
	uint8_t text[sizeof(prefix) + sizeof(base64)];
	unsigned length = 0;
	struct writer w = wr_new(text, sizeof(text));

	if (EVP_Digest(blob.at, blob.length, digest, &length, EVP_sha256(), NULL) != 1)
		return;
	int n = EVP_EncodeBlock(base64, digest, (int)length);
	while (n > 0 && base64[n - 1] == '=')
		n--;
	wr_text(&w, prefix);
	wr_bytes(&w, base64, (size_t)n);
	note_text(object, "sha256", wr_span(&w));
}

static bool note_hostkey(ssh_session s, json_t *evidence)
{
	uint8_t buffer[BLOB_MAX];
	struct span blob = get_blob(s, buffer);
	struct ssh_key_facts facts;

	if (!ssh_read_key(blob, &facts))
		return false;
	json_t *hostkey = note_object(evidence, "hostkey");
	note_text(hostkey, "type", facts.type);
	if (facts.bits > 0)
		note_int(hostkey, "bits", facts.bits);
	note_fingerprint(hostkey, blob);
	return true;
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

/* What went wrong, or NULL. */
static const char *converse(ssh_session s, int fd, int64_t until, json_t *evidence,
			    bool *ret_hostkey, bool *ret_auth)
{
	int r;

	while ((r = ssh_connect(s)) == SSH_AGAIN)
		if (!wait_for(s, fd, until))
			return "timeout";
	if (r != SSH_OK)
		return ssh_get_error(s);
	*ret_hostkey = note_hostkey(s, evidence);
	while ((r = ssh_userauth_none(s, NULL)) == SSH_AUTH_AGAIN)
		if (!wait_for(s, fd, until))
			return "timeout";
	if (r == SSH_AUTH_ERROR)
		return ssh_get_error(s);
	note_methods(evidence, r == SSH_AUTH_SUCCESS ? SSH_AUTH_METHOD_NONE
						     : (unsigned)ssh_userauth_list(s, NULL));
	*ret_auth = true;
	return *ret_hostkey ? NULL : "the host key is of no type that we can read";
}

void ssh_lent_ask(int fd, unsigned timeout_ms, json_t *evidence, bool *ret_hostkey, bool *ret_auth)
{
	int flags = fcntl(fd, F_GETFL);
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* libssh closes what it was given */
	ssh_session s = ssh_new();

	*ret_hostkey = *ret_auth = false;
	if (own < 0 || s == NULL || !set_up(s, own)) {
		note_word(evidence, "session_error", "libssh could not be set up");
		if (own >= 0)
			close(own);
		ssh_free(s);
		return;
	}
	const char *error = converse(s, fd, now_ms() + timeout_ms, evidence, ret_hostkey, ret_auth);
	if (error != NULL)
		note_text(evidence, "session_error", span_text(error));
	ssh_disconnect(s);
	ssh_free(s);
	fcntl(fd, F_SETFL, flags); /* the mode is shared with the duplicate */
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
