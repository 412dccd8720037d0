/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that sign: Ed25519 in PEM, as openssl-genpkey(1) writes them too. They are no token keys, and no token key is
 * one of them. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "codec/seal.h"
#include "reach/parcel.h"

bool sign_key_name(const EVP_PKEY *key, char out[static PARCEL_KEY_NAME])
{
	char digest[DIGEST_TEXT];

	if (!digest_key(key, digest))
		return false;
	snprintf(out, PARCEL_KEY_NAME, "%.16s", digest);
	return true;
}

/* A new file; NULL after a complaint. */
static FILE *new_file(const char *path, mode_t mode, struct complaints *c)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL)
		complain(c, path, 0, "%s",
			 errno == EEXIST ? _("is there already and is left as it is")
					 : strerror(errno));
	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

static bool end_file(FILE *f, const char *path, bool written, struct complaints *c)
{
	written = written && fflush(f) == 0 && fsync(fileno(f)) == 0;
	if (fclose(f) == 0 && written)
		return true;
	complain(c, path, 0, "%s", strerror(errno));
	unlink(path);
	return false;
}

bool sign_key_make(const char *path, struct complaints *c)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char *public = NULL;
	bool good = false;

	if (key == NULL || asprintf(&public, "%s.pub", path) < 0) {
		complain(c, path, 0, "%s", strerror(ENOMEM));
		EVP_PKEY_free(key);
		return false;
	}
	/* The public half first: without it the secret one is of no use. */
	FILE *open_half = new_file(public, 0644, c);
	FILE *secret = open_half != NULL ? new_file(path, 0600, c) : NULL;
	if (secret != NULL) {
		good = end_file(secret, path,
				PEM_write_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1,
				c);
		good = end_file(open_half, public, good && PEM_write_PUBKEY(open_half, key) == 1,
				c) &&
		       good;
	} else if (open_half != NULL) {
		fclose(open_half);
		unlink(public);
	}
	free(public);
	EVP_PKEY_free(key);
	return good;
}

EVP_PKEY *sign_key_read(const char *path, bool secret, struct complaints *c)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	EVP_PKEY *key = NULL;

	if (f == NULL || fstat(fd, &st) != 0) {
		complain(c, path, 0, "%s", strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		complain(c, path, 0, _("is no file"));
	} else if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		complain(c, path, 0, _("holds a key and may be read by others (chmod 600)"));
	} else {
		/* A passphrase is never asked for: an empty one is given. */
		key = secret ? PEM_read_PrivateKey(f, NULL, NULL, "")
			     : PEM_read_PUBKEY(f, NULL, NULL, "");
		if (key != NULL && EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
			EVP_PKEY_free(key);
			key = NULL;
		}
		if (key == NULL && secret)
			complain(c, path, 0,
				 _("is no key that signs (Ed25519, PEM): tenken reach "
				   "--make-sign-key"));
		else if (key == NULL)
			complain(c, path, 0,
				 _("is no public key (Ed25519, PEM): the file .pub beside the key "
				   "that signs"));
	}
	if (f != NULL)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	return key;
}
