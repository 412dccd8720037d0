/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of programs and firmware as their makers write them. There is no order that holds for all of
 * them, so every answer may be that there is none: what is compared wrongly would call a good device
 * vulnerable, or the other way round.
 */
#ifndef TENKEN_CODEC_VERSION_H
#define TENKEN_CODEC_VERSION_H

#include <stdbool.h>
#include <stddef.h>

enum {
	VERSION_PARTS_MAX = 16,
	VERSION_BYTES_MAX = 96,   /* of one version; longer ones are not compared */
	VERSION_RANGE_MAX = 4096, /* bytes of a range in our notation */
};

enum version_order { VERSION_LESS = -1, VERSION_SAME, VERSION_MORE, VERSION_UNKNOWN };

/*
 * Numbers in dots, with a letter or a "p" and a number behind them ("9.2p1", "1.0.2k", "V2.1.3",
 * "15.2(4)E7", "2.0-rc1"); a "V" or "Ver." in front says nothing. Zeros at the end say nothing either. What
 * a distribution made of a version ("2.4.58-1+deb12u1", "8.0-6.el8") has no order, since its repairs do
 * not show in it; nor have words that only their maker can put in order.
 */
enum version_order version_compare(const char *a, const char *b);

/* Is the text a version of this cycle ("1.18.0" of "1.18", "10" of "10")? Only numbers in dots are
 * cycles; what follows them in the version does not matter. -1: it cannot be known. */
int version_of_cycle(const char *version, const char *cycle);

/*
 * Ranges in our notation: alternatives between "|", each of constraints between ",": ">=1.0,<2.0|=3.1";
 * "*" is every version. 1: within; 0: outside; -1: it cannot be known, as where the version names only
 * the start of what the constraint names ("1.2" and "<1.2.5") or goes on behind it ("1.2.3" and "<=1.2").
 */
int version_within(const char *version, const char *range);

/*
 * A range as advisories write it, in our notation: "vers:" (package-url's VERS), "<= 1.2.3", ">= 1.0 | < 2.0",
 * "All versions < V2.0", "1.2 and prior", "1.2". False where it says anything else: words, serial numbers,
 * hardware, service packs.
 */
bool version_range_read(const char *text, char *out, size_t size);

#endif
