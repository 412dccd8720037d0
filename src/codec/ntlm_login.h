/* SPDX-License-Identifier: Apache-2.0 */
/* NTLMv2's answer to a challenge ([MS-NLMP]): the third message of somebody with a password. */
#ifndef TENKEN_CODEC_NTLM_LOGIN_H
#define TENKEN_CODEC_NTLM_LOGIN_H

#include "codec/ntlm.h"

enum { NTLM_KEY = 16, NTLM_NONCE = 8 };

struct ntlm_login {
	const char *user, *password; /* ASCII */
	struct span domain;          /* UTF-16LE, as the challenge tells it */
	uint64_t time;               /* FILETIME, where the challenge tells none */
	uint8_t nonce[NTLM_NONCE];   /* random, as the key */
	uint8_t key[NTLM_KEY];
};

/* MD4 and RC4 are OpenSSL's legacy algorithms: loads them, in a process whose sandbox is still open. */
void ntlm_login_prepare(void);

/* 2.2.1.3 and 3.1.5.1.2, AUTHENTICATE_MESSAGE, behind ntlm_write_spnego() and in a SPNEGO NegTokenResp. challenge
 * is the server's message as it came; where it tells the server's time all three are sealed (MIC). *ret_key is the
 * key of the session. False: the challenge is none of NTLMv2 with keys of 128 bits, a text is not ASCII or too
 * long, or OpenSSL here lacks an algorithm. */
bool ntlm_write_login(struct writer *w, const struct ntlm_login *l, struct span challenge,
		      uint8_t ret_key[static NTLM_KEY]);

#endif
