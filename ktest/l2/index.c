// SPDX-License-Identifier: GPL-2.0
/*
 * An inverted index of documents, built in memory by several threads; after the
 * idea of psearchy's indexer, whose threads share one address space.
 *
 *	index [-n THREADS] [-s SECONDS] [-b DOCUMENTS]
 *
 * Threads take document after document, cut it into words and append where each
 * was to the word's list, in one hash table with a lock a shard. Lists grow by
 * realloc() and long ones are mappings of their own, so that the threads meet
 * in the memory map of the process. After each -b documents they wait for each
 * other, sort their shards and throw the index away. Prints one line, with the
 * documents per second.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include "clock.h"

#define MAX_THREADS 64
#define SHARDS	    32
#define BUCKETS	    256 /* of a shard */
#define TEXTS	    64	/* different documents */
#define TEXT_SIZE   4096
#define MAX_WORD    16
#define MAPPED	    4096 /* allocations from this size on are mappings */

struct posting {
	uint32_t document;
	uint32_t at;
};

struct word {
	struct word *next;
	struct posting *list;
	uint32_t used, size;
	char text[MAX_WORD];
};

struct shard {
	pthread_mutex_t lock;
	struct word *buckets[BUCKETS];
	uint32_t words;
};

static struct shard shards[SHARDS];
static char texts[TEXTS][TEXT_SIZE];
static unsigned int threads = 2, batch = 64;
static pthread_barrier_t barrier;
static uint64_t next_document; /* of this batch */
static uint64_t indexed;
static uint64_t checksum; /* so that nothing is optimised away */

static void *must(void *memory)
{
	if (!memory)
		die("memory");
	return memory;
}

static uint32_t random_number(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Words as in a language: each half as frequent as one of half its rank. */
static void write_texts(void)
{
	uint32_t state = 20181218;

	for (int i = 0; i < TEXTS; i++) {
		for (int at = 0; at < TEXT_SIZE - MAX_WORD;) {
			uint32_t bits = random_number(&state) % 13;
			uint32_t rank = 1u << bits;

			rank += random_number(&state) & (rank - 1);
			for (; rank; rank /= 26)
				texts[i][at++] = (char)('a' + rank % 26);
			texts[i][at++] = ' ';
		}
	}
}

static uint32_t hash(const char *text, uint32_t len)
{
	uint32_t value = 2166136261u;

	for (uint32_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)text[i]) * 16777619u;
	return value;
}

static struct word *find_word(struct shard *shard, uint32_t bucket,
			      const char *text, uint32_t len)
{
	struct word *word = shard->buckets[bucket];

	for (; word; word = word->next)
		if (!memcmp(word->text, text, len) && !word->text[len])
			return word;
	word = must(calloc(1, sizeof(*word)));
	memcpy(word->text, text, len);
	word->next = shard->buckets[bucket];
	shard->buckets[bucket] = word;
	shard->words++;
	return word;
}

static void add_word(const char *text, uint32_t len, struct posting posting)
{
	uint32_t value = hash(text, len);
	struct shard *shard = &shards[value % SHARDS];
	struct word *word;

	pthread_mutex_lock(&shard->lock);
	word = find_word(shard, value / SHARDS % BUCKETS, text, len);
	if (word->used == word->size) {
		word->size = word->size ? word->size * 2 : 4;
		word->list = must(realloc(word->list,
					  word->size * sizeof(*word->list)));
	}
	word->list[word->used++] = posting;
	pthread_mutex_unlock(&shard->lock);
}

static void add_document(uint32_t document)
{
	const char *text = texts[document % TEXTS];
	uint32_t begin = 0;

	for (uint32_t at = 0; text[at]; at++) {
		if (text[at] != ' ')
			continue;
		if (at > begin)
			add_word(text + begin, at - begin,
				 (struct posting){ document, begin });
		begin = at + 1;
	}
}

static int compare(const void *a, const void *b)
{
	const struct word *const *x = a, *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

/* What would be written out now is only added up. */
static void finish_shard(struct shard *shard)
{
	struct word **sorted = must(calloc(shard->words + 1, sizeof(*sorted)));
	uint64_t sum = 0;
	uint32_t n = 0;

	for (int i = 0; i < BUCKETS; i++) {
		for (struct word *w = shard->buckets[i]; w; w = w->next)
			sorted[n++] = w;
		shard->buckets[i] = NULL;
	}
	qsort(sorted, n, sizeof(*sorted), compare);
	for (uint32_t i = 0; i < n; i++) {
		sum = sum * 31 + sorted[i]->used;
		free(sorted[i]->list);
		free(sorted[i]);
	}
	free(sorted);
	shard->words = 0;
	__atomic_fetch_add(&checksum, sum, __ATOMIC_RELAXED);
}

static void *work(void *arg)
{
	unsigned int number = (unsigned int)(uintptr_t)arg;

	for (;;) {
		uint64_t document;

		pthread_barrier_wait(&barrier);
		while ((document = __atomic_fetch_add(&next_document, 1,
						      __ATOMIC_RELAXED)) <
		       batch) {
			add_document((uint32_t)document);
			__atomic_fetch_add(&indexed, 1, __ATOMIC_RELAXED);
		}
		pthread_barrier_wait(&barrier);
		for (unsigned int i = number; i < SHARDS; i += threads)
			finish_shard(&shards[i]);
		if (pthread_barrier_wait(&barrier) ==
		    PTHREAD_BARRIER_SERIAL_THREAD)
			next_document = 0;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned int seconds = 4;
	uint64_t began, took, done;
	int option;

	while ((option = getopt(argc, argv, "n:s:b:")) != -1) {
		if (option == 'n')
			threads = number_arg(optarg, MAX_THREADS);
		else if (option == 's')
			seconds = number_arg(optarg, 3600);
		else if (option == 'b')
			batch = number_arg(optarg, 1000000);
		else
			optind = argc + 1;
	}
	if (optind != argc) {
		fprintf(stderr, "index [-n THREADS] [-s SECONDS] [-b DOCS]\n");
		return 2;
	}
	mallopt(M_MMAP_THRESHOLD, MAPPED);
	mallopt(M_TRIM_THRESHOLD, MAPPED);
	write_texts();
	for (int i = 0; i < SHARDS; i++)
		pthread_mutex_init(&shards[i].lock, NULL);
	pthread_barrier_init(&barrier, NULL, threads);

	began = now_ns();
	for (unsigned int i = 0; i < threads; i++) {
		pthread_t thread;

		errno = pthread_create(&thread, NULL, work,
				       (void *)(uintptr_t)i);
		if (errno)
			die("pthread_create");
	}
	sleep_ns(seconds * SECOND);
	done = __atomic_load_n(&indexed, __ATOMIC_RELAXED);
	took = now_ns() - began;
	say_rate("index", done, took);
	printf("\n");
	fflush(stdout);
	_exit(done ? 0 : 1);
}
