/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_STORE_SCHEMA_H
#define TENKEN_STORE_SCHEMA_H

/* Step i takes a store from version i to i + 1; `PRAGMA user_version` holds the version. */
extern const char *const store_migrations[];
extern const int store_version;

#endif
