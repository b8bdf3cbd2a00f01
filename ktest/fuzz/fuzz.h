/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h: what all fuzz targets share: where the bytes come from, and two ways
 * to drive a target.
 *
 * A target is one C file: it includes this, and fuzz_one() makes of some bytes
 * one history or text and says by CHECK() what must hold. Bytes behind the end
 * read as 0, so that every input is one.
 *
 * With ECS_LIBFUZZER it is linked with libFuzzer. Without, it has a main() that
 * needs no special compiler: each file of the corpus that its arguments name (or
 * the directory), then ECS_ROUNDS random inputs, most of them mutants of these.
 * ECS_SEED=n repeats a run, see test.h.
 */
#ifndef ECS_FUZZ_H
#define ECS_FUZZ_H

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

/**
 * struct input - the bytes that are left
 * @at: the next one
 * @left: how many there are
 */
struct input {
	const uint8_t *at;
	size_t left;
};

/* A target's own. */
static void fuzz_one(struct input *in);

static inline uint8_t in_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint64_t in_bytes(struct input *in, unsigned int nr)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		value |= (uint64_t)in_byte(in) << 8 * i;
	return value;
}

/* From @min to @max, by as few bytes as can tell all of these apart. */
static inline uint64_t in_range(struct input *in, uint64_t min, uint64_t max)
{
	unsigned int nr = 1;

	while (nr < 8 && (max - min) >> 8 * nr)
		nr++;
	return min + (max - min == UINT64_MAX ?
			      in_bytes(in, nr) :
			      in_bytes(in, nr) % (max - min + 1));
}

/* As likely small as large, up to @max: a byte says how many bits follow. */
static inline uint64_t in_log(struct input *in, uint64_t max)
{
	unsigned int bits = in_byte(in) % 65;
	uint64_t value = in_bytes(in, (bits + 7) / 8);

	if (bits < 64)
		value &= (1ull << bits) - 1;
	return value > max ? max : value;
}

/* What is left, or as much as @most, with a NUL behind it; to be freed. */
static inline char *in_text(struct input *in, size_t most)
{
	size_t len = in->left < most ? in->left : most;
	char *text = malloc(len + 1);

	if (!text)
		abort();
	if (len)
		memcpy(text, in->at, len);
	text[len] = '\0';
	in->at += len;
	in->left -= len;
	return text;
}

#ifdef ECS_LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	fuzz_one(&in);
	if (test_failures) {
		fflush(stdout);
		abort();
	}
	return 0;
}

#else

#define FUZZ_INPUT_MAX 256u /* bytes of a random input */
#define FUZZ_FILES_MAX 512u

static struct fuzz_file {
	char *path;
	uint8_t *data;
	size_t size;
} fuzz_files[FUZZ_FILES_MAX];
static unsigned int fuzz_nr;

/* The input under way. */
static const uint8_t *fuzz_data;
static size_t fuzz_size;
static uint64_t fuzz_state; /* its seed, if it is random */

static void fuzz_show(void)
{
	size_t i;

	printf("  # input:");
	for (i = 0; i < fuzz_size; i++)
		printf(" %02x", fuzz_data[i]);
	putchar('\n');
}

/* A sanitizer ends the program: say first how to come here again. */
static void fuzz_died(void)
{
	fuzz_show();
	if (fuzz_state)
		printf("# ECS_SEED=%llu ECS_ROUNDS=1\n",
		       (unsigned long long)fuzz_state);
	fflush(stdout);
}

void __sanitizer_set_death_callback(void (*callback)(void))
	__attribute__((weak));

static void fuzz_add_file(const char *path)
{
	struct fuzz_file *file = &fuzz_files[fuzz_nr];
	FILE *from = fopen(path, "rb");
	struct stat status;

	if (!from || fstat(fileno(from), &status) ||
	    fuzz_nr == FUZZ_FILES_MAX) {
		printf("Bail out! cannot read %s\n", path);
		exit(2);
	}
	file->path = strdup(path);
	file->data = malloc((size_t)status.st_size + 1);
	if (!file->path || !file->data)
		abort();
	file->size = fread(file->data, 1, (size_t)status.st_size, from);
	fclose(from);
	fuzz_nr++;
}

static void fuzz_add(const char *path)
{
	char name[4096];
	struct dirent **entries;
	int i, nr = scandir(path, &entries, NULL, alphasort);

	if (nr < 0) {
		fuzz_add_file(path);
		return;
	}
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			fuzz_add_file(name);
		free(entries[i]);
	}
	free(entries);
}

/* One input from the heap, so that a read behind its end is seen. */
static void fuzz_run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct input in = { copy, size };

	if (!copy)
		abort();
	memcpy(copy, data, size);
	fuzz_data = data;
	fuzz_size = size;
	fuzz_one(&in);
	if (test_failures)
		fuzz_show();
	free(copy);
}

static size_t fuzz_mutate(struct rng *rng, uint8_t *data, size_t size)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t at = size ? rng_below(rng, size) : 0;
	size_t nr = 1 + rng_below(rng, 8);

	switch (rng_below(rng, 6)) {
	case 0: /* one bit */
		if (size)
			data[at] ^= (uint8_t)(1u << rng_below(rng, 8));
		return size;
	case 1:
		if (size)
			data[at] = (uint8_t)rng_next(rng);
		return size;
	case 2:
		if (size)
			data[at] = edges[rng_below(rng, sizeof(edges))];
		return size;
	case 3: /* some less */
		if (nr > size - at)
			nr = size - at;
		memmove(data + at, data + at + nr, size - at - nr);
		return size - nr;
	case 4: /* a part again, maybe over itself */
		if (nr > FUZZ_INPUT_MAX - size)
			nr = FUZZ_INPUT_MAX - size;
		memmove(data + at + nr, data + at, size - at);
		return size + nr;
	default: /* some more */
		if (size < FUZZ_INPUT_MAX) {
			memmove(data + at + 1, data + at, size - at);
			data[at] = (uint8_t)rng_next(rng);
			size++;
		}
		return size;
	}
}

static bool fuzz_round(struct rng *rng)
{
	uint8_t data[FUZZ_INPUT_MAX];
	const struct fuzz_file *file;
	size_t size = 0, i;

	fuzz_state = rng->state;
	if (fuzz_nr && rng_percent(rng, 80)) {
		file = &fuzz_files[rng_below(rng, fuzz_nr)];
		size = file->size < sizeof(data) ? file->size : sizeof(data);
		memcpy(data, file->data, size);
		for (i = 1 + rng_below(rng, 8); i; i--)
			size = fuzz_mutate(rng, data, size);
	} else {
		size = rng_below(rng, sizeof(data) + 1);
		for (i = 0; i < size; i++)
			data[i] = (uint8_t)rng_next(rng);
	}
	fuzz_run(data, size);
	return !test_failures;
}

static void fuzz_corpus(const void *arg)
{
	unsigned int i;

	(void)arg;
	CHECK(fuzz_nr, "no corpus is given");
	for (i = 0; i < fuzz_nr && !test_failures; i++) {
		fuzz_run(fuzz_files[i].data, fuzz_files[i].size);
		if (test_failures)
			printf("  # in %s\n", fuzz_files[i].path);
	}
}

#ifndef FUZZ_ROUNDS
#define FUZZ_ROUNDS 20000
#endif

static void fuzz_random(const void *arg)
{
	(void)arg;
	test_rounds(FUZZ_ROUNDS, fuzz_round);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "corpus", fuzz_corpus, NULL },
		{ "random inputs", fuzz_random, NULL },
	};
	int i, status;

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(fuzz_died);
	for (i = 1; i < argc; i++)
		fuzz_add(argv[i]);
	status = test_main(tests, ARRAY_SIZE(tests));
	while (fuzz_nr--) {
		free(fuzz_files[fuzz_nr].path);
		free(fuzz_files[fuzz_nr].data);
	}
	return status;
}

#endif /* ECS_LIBFUZZER */
#endif /* ECS_FUZZ_H */
