/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Without libFuzzer: a good input of one kind (its first byte), cut everywhere and with every bit flipped. Whoever
 * includes this has LLVMFuzzerTestOneInput() and MOST, the longest input. TENKEN_SEEDS: a folder to leave them in.
 */
#ifndef TENKEN_TESTS_FUZZ_FLIPS_H
#define TENKEN_TESTS_FUZZ_FLIPS_H

static unsigned runs, seeds;

static void run(const uint8_t *bytes, size_t n)
{
	LLVMFuzzerTestOneInput(bytes, n);
	runs++;
}

static void write_seed(const uint8_t *bytes, size_t n)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%u", getenv("TENKEN_SEEDS"), seeds++);
	FILE *f = fopen(path, "wb");
	if (f != NULL) {
		fwrite(bytes, 1, n, f);
		fclose(f);
	}
}

static void run_all(unsigned kind, struct span s)
{
	uint8_t bytes[1 + MOST] = { (uint8_t)kind };

	if (s.length == 0 || s.length > MOST)
		abort();
	memcpy(bytes + 1, s.at, s.length);
	if (getenv("TENKEN_SEEDS") != NULL)
		write_seed(bytes, 1 + s.length);
	for (size_t n = 1; n <= 1 + s.length; n++)
		run(bytes, n);
	for (size_t i = 8; i < (1 + s.length) * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
		run(bytes, 1 + s.length);
		bytes[i / 8] ^= (uint8_t)(1U << i % 8);
	}
}

#endif
