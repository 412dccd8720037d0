/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/seal.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "codec/file.h"

enum { BLOCK = 65536, SIGNATURE = 64, RAW_PUBLIC = 32 };

char *hex_text(const uint8_t *bytes, size_t n, char *out)
{
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return out;
}

bool digest_bytes(const void *bytes, size_t n, char out[static DIGEST_TEXT])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (SHA256(bytes, n, digest) == NULL)
		return false;
	hex_text(digest, sizeof(digest), out);
	return true;
}

bool digest_key(const EVP_PKEY *key, char out[static DIGEST_TEXT])
{
	uint8_t raw[RAW_PUBLIC];
	size_t n = sizeof(raw);

	return EVP_PKEY_get_raw_public_key(key, raw, &n) == 1 && digest_bytes(raw, n, out);
}

bool digest_copy(int from, int to, uint64_t most, uint64_t *ret_bytes,
		 char ret_digest[static DIGEST_TEXT])
{
	static uint8_t block[BLOCK];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
	uint64_t bytes = 0;
	ssize_t n = 0;

	errno = ENOMEM;
	while (good && (n = read(from, block, sizeof(block))) > 0) {
		bytes += (uint64_t)n;
		if (bytes > most) {
			errno = EFBIG;
			good = false;
		} else {
			good = EVP_DigestUpdate(md, block, (size_t)n) == 1 &&
			       (to < 0 || file_write(to, block, (size_t)n));
		}
	}
	good = good && n == 0 && EVP_DigestFinal_ex(md, digest, &length) == 1 && length == 32;
	EVP_MD_CTX_free(md);
	if (!good)
		return false;
	hex_text(digest, length, ret_digest);
	*ret_bytes = bytes;
	return true;
}

static bool write_base64(const uint8_t signature[static SIGNATURE], char out[static SEAL_TEXT])
{
	return EVP_EncodeBlock((uint8_t *)out, signature, SIGNATURE) == SEAL_TEXT - 1;
}

bool seal_make(EVP_PKEY *key, const void *bytes, size_t n, char out[static SEAL_TEXT])
{
	uint8_t signature[SIGNATURE];
	size_t length = sizeof(signature);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = md != NULL && EVP_DigestSignInit(md, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestSign(md, signature, &length, bytes, n) == 1 && length == SIGNATURE;

	EVP_MD_CTX_free(md);
	return good && write_base64(signature, out);
}

bool seal_holds(EVP_PKEY *key, const void *bytes, size_t n, const char *text)
{
	uint8_t signature[SIGNATURE + 2]; /* 88 characters are 66 bytes, the last two of padding */
	char again[SEAL_TEXT];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good =
		md != NULL &&
		EVP_DecodeBlock(signature, (const uint8_t *)text, SEAL_TEXT - 1) == SIGNATURE + 2 &&
		write_base64(signature, again) && memcmp(again, text, SEAL_TEXT - 1) == 0 &&
		EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 &&
		EVP_DigestVerify(md, signature, SIGNATURE, bytes, n) == 1;

	EVP_MD_CTX_free(md);
	return good;
}
