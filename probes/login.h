/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt to log in with a password that a maker documents. It is made only when main orders it: where the
 * operator asked for it, and within the budget of the account. What is proven is the session itself; no command
 * is given in it, and it is ended at once.
 */
#ifndef TENKEN_PROBES_LOGIN_H
#define TENKEN_PROBES_LOGIN_H

#include "identity/credentials.h"
#include "talk/conn.h"

enum login_result {
	LOGIN_UNTESTED, /* could not be tried to its end: says nothing */
	LOGIN_ACCEPTED,
	LOGIN_REFUSED,
	LOGIN_LOCKED, /* a sign that the account or this address is locked: nothing more is tried */
	LOGIN_UNASKED, /* nobody asked for a name in a way that is known, so none was said: no attempt */
	LOGIN_RESULTS
};

/* "untested", "accepted", "refused", "locked", "unasked". */
extern const char *const login_words[LOGIN_RESULTS];

/* Does a refusal speak of a lock rather than of a wrong password? */
bool login_speaks_of_lock(struct span text);

/* Is there a login for this protocol? */
bool login_known(const char *protocol);

/* Each on an open connection, inside TLS where conn_tls_wanted(); ipmi by UDP. */
enum login_result login_http(struct conn *c, const struct credential *k);
enum login_result login_telnet(struct conn *c, const struct credential *k);
enum login_result login_ssh(struct conn *c, const struct credential *k);
enum login_result login_mysql(struct conn *c, const struct credential *k);
enum login_result login_opcua(struct conn *c, const struct credential *k);
enum login_result login_postgresql(struct conn *c, const struct credential *k);
enum login_result login_vnc(struct conn *c, const struct credential *k);
/* Sets *ret_reason where there is more to say of it: a text that outlives the call. */
enum login_result login_smb(struct conn *c, const struct credential *k, const char **ret_reason);
enum login_result login_ipmi(struct conn *c, const struct credential *k, const char **ret_reason);

#endif
