// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit.c: tests of the pure files. Prints "ok NAME" or "not ok NAME", with
 * what failed before it as "# ..."; run.sh numbers the results.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boost.h"
#include "clean.h"
#include "cmdline.h"
#include "comm.h"
#include "figure.h"
#include "guest.h"
#include "hist.h"
#include "out.h"
#include "param.h"
#include "units.h"
#include "vcpuset.h"

static bool failed;

#define CHECK(condition, format, ...)                                       \
	do {                                                                \
		if (!(condition)) {                                         \
			printf("# %s:%d: " format "\n", __FILE__, __LINE__, \
			       ##__VA_ARGS__);                              \
			failed = true;                                      \
		}                                                           \
	} while (0)

static void test_units_parse(void)
{
	static const struct {
		const char *text;
		int error;
		uint64_t ns;
	} cases[] = {
		{ "300us", 0, 300000 },
		{ "0ns", 0, 0 },
		{ "1s", 0, 1000000000 },
		{ "1.5ms", 0, 1500000 },
		{ "0.25us", 0, 250 },
		{ "18446744073709551615ns", 0, UINT64_MAX },
		{ "0.000000001s", 0, 1 },
		{ "010us", 0, 10000 },
		{ "18446744073709551616ns", -ERANGE, 0 },
		{ "18446744073709551615us", -ERANGE, 0 },
		{ "18446744073s", 0, 18446744073000000000u },
		{ "18446744074s", -ERANGE, 0 },
		{ "300", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "us", -EINVAL, 0 },
		{ "-1us", -EINVAL, 0 },
		{ "+1us", -EINVAL, 0 },
		{ " 1us", -EINVAL, 0 },
		{ "1us ", -EINVAL, 0 },
		{ "1 us", -EINVAL, 0 },
		{ "1.us", -EINVAL, 0 },
		{ ".5us", -EINVAL, 0 },
		{ "1.5ns", -EINVAL, 0 },
		{ "1.0000000001s", -EINVAL, 0 },
		{ "0x10us", -EINVAL, 0 },
		{ "1e3us", -EINVAL, 0 },
		{ "1US", -EINVAL, 0 },
		{ "1%", -EINVAL, 0 },
		{ "1m", -EINVAL, 0 },
	};
	uint64_t ns;
	unsigned int i;
	int error;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ns = 0;
		error = units_parse_ns(cases[i].text, &ns);
		CHECK(error == cases[i].error && (error || ns == cases[i].ns),
		      "\"%s\": %d, %" PRIu64, cases[i].text, error, ns);
	}
}

static void test_units_ppm(void)
{
	uint64_t ppm = 0;

	CHECK(!units_parse_ppm("20%", &ppm) && ppm == 200000, "20%%");
	CHECK(!units_parse_ppm("0.5%", &ppm) && ppm == 5000, "0.5%%");
	CHECK(!units_parse_ppm("7ppm", &ppm) && ppm == 7, "7ppm");
	CHECK(units_parse_ppm("0.00001%", &ppm) == -EINVAL, "part of a ppm");
	CHECK(units_parse_ppm("20", &ppm) == -EINVAL, "no unit");
	CHECK(units_parse_ppm("20us", &ppm) == -EINVAL, "a duration");
}

/* What is written reads the same: "set" takes what "show" prints. */
static void test_units_round_trip(void)
{
	char text[UNITS_TEXT];
	uint64_t ns = 1, back;
	uint32_t ppm;
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		ns = ns * 6364136223846793005u + 1442695040888963407u;
		back = 0;
		units_ns(text, ns >> (i % 64));
		CHECK(!units_parse_ns(text, &back) && back == ns >> (i % 64),
		      "%" PRIu64 " became %s", ns >> (i % 64), text);
		ppm = (uint32_t)(ns >> 40) % 1000001;
		units_ppm(text, ppm);
		CHECK(!units_parse_ppm(text, &back) && back == ppm,
		      "%u ppm became %s", ppm, text);
	}
	CHECK(!strcmp(units_ns(text, 300000), "300us"), "%s", text);
	CHECK(!strcmp(units_ns(text, 1500), "1.5us"), "%s", text);
	CHECK(!strcmp(units_ns(text, 0), "0ns"), "%s", text);
	CHECK(!strcmp(units_ppm(text, 200000), "20%"), "%s", text);
	CHECK(!strcmp(units_ppm(text, 0), "0%"), "%s", text);
	CHECK(!strcmp(units_ppm(text, 1), "0.0001%"), "%s", text);
}

static void test_units_short(void)
{
	char text[UNITS_TEXT];

	CHECK(!strcmp(units_ns_short(text, 48123), "48.2us"), "%s", text);
	CHECK(!strcmp(units_ns_short(text, 999), "999ns"), "%s", text);
	CHECK(!strcmp(units_ns_short(text, 999501), "1ms"), "%s", text);
	CHECK(!strcmp(units_ns_short(text, 1234567890), "1.24s"), "%s", text);
	units_ns_short(text, UINT64_MAX);
}

static void test_units_percent(void)
{
	char text[UNITS_TEXT];

	CHECK(!strcmp(units_percent(text, 25424, true), "2.6"), "%s", text);
	CHECK(!strcmp(units_percent(text, 25424, false), "2.5"), "%s", text);
	CHECK(!strcmp(units_percent(text, 2000000, true), "200"), "%s", text);
	CHECK(!strcmp(units_percent(text, 1, true), "0.1"), "%s", text);
	CHECK(!strcmp(units_percent(text, 1, false), "0"), "%s", text);
	CHECK(!strcmp(units_percent(text, UINT32_MAX, true), "429496.8"), "%s",
	      text);
}

/* Against the slow and obvious way, on many random histograms. */
static void test_hist_reference(void)
{
	static uint64_t value[300];
	__u64 bucket[ECS_HIST_BUCKETS];
	uint64_t seed = 42, ns, true_ns, max, swap;
	unsigned int round, n, i, j, rank;
	static const unsigned int permille[] = { 1, 500, 900, 990, 1000 };

	for (round = 0; round < 300; round++) {
		memset(bucket, 0, sizeof(bucket));
		n = 1 + round;
		max = 0;
		for (i = 0; i < n; i++) {
			seed = seed * 6364136223846793005u +
			       1442695040888963407u;
			value[i] = (seed >> 38) >> (seed >> 33) % 20;
			bucket[ecs_hist_bucket(value[i])]++;
			max = value[i] > max ? value[i] : max;
		}
		for (i = 1; i < n; i++) {
			for (j = i; j && value[j - 1] > value[j]; j--) {
				swap = value[j];
				value[j] = value[j - 1];
				value[j - 1] = swap;
			}
		}
		for (i = 0; i < sizeof(permille) / sizeof(permille[0]); i++) {
			rank = (n * permille[i] + 999) / 1000;
			true_ns = value[rank - 1];
			CHECK(hist_percentile(bucket, max, permille[i], &ns),
			      "empty?");
			CHECK(ns >= true_ns && ns <= (max ? max : 1024) &&
				      ns <= true_ns + (true_ns / 4 > 1024 ?
							       true_ns / 4 :
							       1024),
			      "round %u, p%u/10: %" PRIu64 " for %" PRIu64,
			      round, permille[i], ns, true_ns);
		}
	}
}

static void test_hist_edges(void)
{
	__u64 bucket[ECS_HIST_BUCKETS] = { 0 };
	uint64_t ns = 7;

	CHECK(!hist_percentile(bucket, 0, 500, &ns) && ns == 7, "empty");
	bucket[ECS_HIST_BUCKETS - 1] = 1;
	CHECK(hist_percentile(bucket, 90000000, 500, &ns) && ns == 90000000,
	      "the last bucket has no bound but the maximum");
	CHECK(hist_percentile(bucket, 0, 500, &ns) &&
		      ns == ecs_hist_upper(ECS_HIST_BUCKETS - 1),
	      "%" PRIu64, ns);
	bucket[ECS_HIST_BUCKETS - 1] = 0;
	bucket[0] = 99;
	bucket[20] = 1;
	hist_percentile(bucket, 0, 990, &ns);
	CHECK(ns == 1024, "99 of 100 are in bucket 0: %" PRIu64, ns);
	hist_percentile(bucket, 0, 991, &ns);
	CHECK(ns == ecs_hist_upper(20), "the last of 100: %" PRIu64, ns);
	bucket[0] = UINT64_MAX;
	CHECK(hist_count(bucket) == UINT64_MAX, "saturates");
	CHECK(hist_percentile(bucket, 0, 990, &ns) && ns == 1024, "huge");
}

static void test_figure(void)
{
	struct ecs_ioc_stats stats = { 0 };
	char text[FIGURE_PERCENT];
	struct figure f;

	figure_derive(&f, &stats);
	CHECK(!f.percent_known && !f.ext_known, "nothing counted");
	CHECK(!strcmp(figure_percent(text, &f), "-"), "%s", text);

	stats.counter[ECS_STAT_GRANTED] = 90;
	stats.counter[ECS_STAT_ENDED_RELEASE] = 60;
	stats.counter[ECS_STAT_ENDED_YIELD] = 20;
	stats.counter[ECS_STAT_ENDED_CAP] = 10;
	stats.counter[ECS_STAT_REFUSED_BUDGET] = 5;
	stats.counter[ECS_STAT_REFUSED_SPENT] = 25;
	figure_derive(&f, &stats);
	CHECK(f.avoided == 80 && f.granted == 90, "sums");
	CHECK(f.percent_hundredths == 6666, "%u", f.percent_hundredths);
	CHECK(!strcmp(figure_percent(text, &f), "66.66"), "%s", text);

	stats.counter[ECS_STAT_GRANTED] = 1; /* read while it counts on */
	stats.counter[ECS_STAT_REFUSED_BUDGET] = 0;
	stats.counter[ECS_STAT_REFUSED_SPENT] = 0;
	figure_derive(&f, &stats);
	CHECK(f.percent_hundredths == 10000, "%u", f.percent_hundredths);

	stats.counter[ECS_STAT_ENDED_RELEASE] = UINT64_MAX / 2;
	stats.counter[ECS_STAT_GRANTED] = UINT64_MAX;
	figure_derive(&f, &stats);
	CHECK(f.percent_hundredths == 5000, "%u", f.percent_hundredths);
	CHECK(!strcmp(figure_counter_name(ECS_STAT_BAD_COOKIE), "bad_cookie") &&
		      !figure_counter_name(ECS_STAT_NR),
	      "names");
}

static void check_name(const char *args, size_t len, const char *want)
{
	char *name = cmdline_name(args, len);

	CHECK(want ? name && !strcmp(name, want) : !name, "%s, not %s",
	      name ? name : "none", want ? want : "none");
	free(name);
}

#define NAME(args, want) check_name(args, sizeof(args) - 1, want)

static void test_cmdline_name(void)
{
	NAME("qemu\0-name\0web\0", "web");
	NAME("qemu\0-name\0web,debug-threads=on\0", "web");
	NAME("qemu\0-name\0guest=web,debug-threads=on\0", "web");
	NAME("qemu\0--name\0debug-threads=on,guest=web\0", "web");
	NAME("qemu\0-name\0guest=a,,b\0", "a,b");
	NAME("qemu\0-name\0guest=a,guest=b\0", "b");
	NAME("qemu\0-name\0one\0-name\0two\0", "two");
	NAME("qemu\0-name\0web\0-name\0debug-threads=on\0", "web");
	NAME("qemu\0-name\0process=x\0", NULL);
	NAME("qemu\0-name\0guest=\0", NULL);
	NAME("qemu\0-name\0", NULL);
	NAME("qemu\0-name", NULL);
	NAME("qemu\0-names\0web\0", NULL);
	NAME("-\0-\0", NULL);
	NAME("", NULL);
	NAME("qemu\0-name\0web", "web");
	NAME("qemu\0-name\0,\0", NULL);
	NAME("qemu\0-name\0guestx=web\0", NULL);
}

#define UUID "12345678-9abc-def0-1234-56789abcdef0"

static void check_uuid(const char *args, size_t len, const char *want)
{
	char uuid[CMDLINE_UUID] = "";
	bool has = cmdline_uuid(args, len, uuid);

	CHECK(want ? has && !strcmp(uuid, want) : !has, "%s, not %s", uuid,
	      want ? want : "none");
}

#define UUID_OF(args, want) check_uuid(args, sizeof(args) - 1, want)

static void test_cmdline_uuid(void)
{
	UUID_OF("qemu\0-uuid\0" UUID "\0", UUID);
	UUID_OF("qemu\0-uuid\0"
		"12345678-9ABC-DEF0-1234-56789ABCDEF0\0",
		UUID);
	UUID_OF("qemu\0-smbios\0type=1,uuid=" UUID "\0", UUID);
	UUID_OF("qemu\0-smbios\0type=1,uuid=" UUID "\0-smbios\0type=2\0", UUID);
	UUID_OF("qemu\0-smbios\0type=3,uuid=" UUID "\0", NULL);
	UUID_OF("qemu\0-uuid\0"
		"123456789abcdef0123456789abcdef0\0",
		NULL);
	UUID_OF("qemu\0-uuid\0" UUID "0\0", NULL);
	UUID_OF("qemu\0", NULL);
	CHECK(cmdline_uuid_matches(UUID, UUID), "itself");
	CHECK(cmdline_uuid_matches(UUID, "12345678"), "8 digits");
	CHECK(cmdline_uuid_matches(UUID, "123456789ABC"), "without a dash");
	CHECK(cmdline_uuid_matches(UUID, "12345678-9"), "with a dash");
	CHECK(!cmdline_uuid_matches(UUID, "1234567"), "7 digits");
	CHECK(!cmdline_uuid_matches(UUID, "1234567-8"), "dash elsewhere");
	CHECK(!cmdline_uuid_matches(UUID, UUID "0"), "too long");
	CHECK(!cmdline_uuid_matches(UUID, "1234567a"), "another");
	CHECK(!cmdline_uuid_matches("", "12345678"), "no UUID");
	CHECK(!cmdline_uuid_matches("", ""), "nothing");
}

static void check_clean(const char *text, const char *want)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", text);
	clean_text(copy);
	CHECK(!strcmp(copy, want), "\"%s\"", copy);
}

static void test_clean(void)
{
	check_clean("web-1 \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		    "web-1 \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	check_clean("\x1b[31m\n\t\x7f", "?[31m???");
	check_clean("\xff\xc3", "??");
	check_clean("\xc0\x80", "??"); /* overlong */
	check_clean("\xe0\x80\x80", "???");
	check_clean("\xed\xa0\x80", "???"); /* surrogate */
	check_clean("\xc2\x9b", "??");	    /* C1: CSI */
	check_clean("\xf5\x80\x80\x80", "????");
	check_clean("\xf4\x90\x80\x80", "????"); /* above U+10FFFF */
	check_clean("\xe2\x82", "??");		 /* cut off */
}

static void test_param(void)
{
	struct ecs_ioc_params p = { 0 };
	char text[PARAM_HINTS];

	CHECK(!param_assign(&p, "grace=10us") && p.grace_ns == 10000, "least");
	CHECK(param_assign(&p, "grace=20us") == OUT_USAGE, "twice");
	CHECK(p.valid == ECS_PARAM_GRACE && p.grace_ns == 10000, "unchanged");
	CHECK(!param_assign(&p, "budget=100%") && p.budget_ppm == 1000000,
	      "most");
	CHECK(!param_assign(&p, "burst=1s") && p.burst_ns == 1000000000, "1 s");
	CHECK(!param_assign(&p, "waiters=refuse") &&
		      p.waiters == ECS_WAITERS_REFUSE,
	      "refuse");
	CHECK(!param_assign(&p, "yield=on") && p.yield == ECS_YIELD_ON, "on");
	CHECK(param_assign(&p, "grace-sleep=10.000001ms") == OUT_USAGE,
	      "too long");
	CHECK(param_assign(&p, "grace-sleep=0") == OUT_USAGE, "no unit");
	CHECK(!(p.valid & ECS_PARAM_GRACE_SLEEP), "unchanged");
	CHECK(!param_assign(&p, "grace-sleep=0ns") && !p.grace_sleep_ns &&
		      p.valid & ECS_PARAM_GRACE_SLEEP,
	      "none");
	CHECK(param_assign(&p, "recheck=4999ns") == OUT_USAGE, "too short");
	CHECK(param_assign(&p, "recheck=1.000001ms") == OUT_USAGE, "too long");
	CHECK(!param_assign(&p, "recheck=1ms"), "1 ms");
	CHECK(param_assign(&p, "hints=preempted,") == OUT_USAGE, "no name");
	CHECK(param_assign(&p, "hints=,preempted") == OUT_USAGE, "no name");
	CHECK(param_assign(&p, "hints=preempt") == OUT_USAGE, "half a name");
	CHECK(param_assign(&p, "hints=none,all") == OUT_USAGE, "no list");
	CHECK(param_assign(&p, "hints=overcommit,overcommit") == OUT_USAGE,
	      "a name twice");
	CHECK(!(p.valid & ECS_PARAM_HINTS) && !p.hints, "unchanged");
	CHECK(!param_assign(&p, "hints=overcommit") &&
		      p.hints == ECS_HINT_OVERCOMMIT,
	      "one hint");
	CHECK(!param_assign(&p, "mode=observe") && p.mode == ECS_MODE_OBSERVE &&
		      p.valid == ECS_PARAM_ALL,
	      "all");
	CHECK(param_assign(&p, "=1us") == OUT_USAGE, "no key");
	CHECK(param_assign(&p, "grace") == OUT_USAGE, "no value");
	CHECK(!strcmp(param_mode_name(99), "?"), "a newer mode");
	CHECK(!strcmp(param_hints(text, 0), "none"), "no hints");
	CHECK(!strcmp(param_hints(text, 7), "preempted,overcommit,?"),
	      "a newer hint");
	CHECK(!strcmp(param_hints(text, 8), "?"), "only a newer hint");
	fail_forget();
}

static void test_comm(void)
{
	static const struct {
		const char *name;
		int vcpu;
	} cases[] = {
		{ "CPU 0/KVM", 0 },
		{ "CPU 1023/KVM", 1023 },
		{ "vcpu0", 0 },
		{ "vcpu12", 12 },
		{ "fc_vcpu 3", 3 },
		{ "CPU 00/KVM", 0 },
		{ "CPU 16383/KVM", 16383 },
		{ "CPU 16384/KVM", -1 },
		{ "CPU 99999999/KVM", -1 },
		{ "CPU 0/TCG", -1 },
		{ "CPU 0/KVMx", -1 },
		{ "CPU /KVM", -1 },
		{ "CPU -1/KVM", -1 },
		{ "CPU  1/KVM", -1 },
		{ "CPU 1", -1 },
		{ "vcpu", -1 },
		{ "vcpu1x", -1 },
		{ "fc_vcpu3", -1 },
		{ "qemu-system-x86", -1 },
		{ "", -1 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(comm_vcpu(cases[i].name) == cases[i].vcpu, "\"%s\": %d",
		      cases[i].name, comm_vcpu(cases[i].name));
}

static void test_vcpuset(void)
{
	static const struct {
		const char *text;
		const char *same; /* NULL: refused */
	} cases[] = {
		{ "0", "0" },
		{ "0,2-3", "0,2-3" },
		{ "3,1,2,0", "0-3" },
		{ "5-5", "5" },
		{ "63-64,127-128", "63-64,127-128" },
		{ "0-16383", "0-16383" },
		{ "007", "7" },
		{ "", NULL },
		{ ",", NULL },
		{ "0,", NULL },
		{ ",0", NULL },
		{ "0,,1", NULL },
		{ "-1", NULL },
		{ "1-", NULL },
		{ "3-1", NULL },
		{ "1-2-3", NULL },
		{ "0 1", NULL },
		{ " 0", NULL },
		{ "0x1", NULL },
		{ "16384", NULL },
		{ "0-99999999999", NULL },
	};
	struct vcpuset set;
	char text[VCPUSET_TEXT];
	unsigned int i;
	bool good;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		good = vcpuset_parse(&set, cases[i].text);
		CHECK(good == !!cases[i].same, "\"%s\"", cases[i].text);
		if (good)
			CHECK(!strcmp(vcpuset_text(text, &set), cases[i].same),
			      "\"%s\" became \"%s\"", cases[i].text, text);
	}
	memset(&set, 0, sizeof(set));
	CHECK(vcpuset_next(&set, -1) < 0 && !vcpuset_has(&set, 0), "empty");
	CHECK(!strcmp(vcpuset_text(text, &set), ""), "%s", text);
	vcpuset_add(&set, -1);
	vcpuset_add(&set, VCPUSET_MOST);
	CHECK(vcpuset_next(&set, -1) < 0, "no vCPU can have that number");
	for (i = 0; i < VCPUSET_MOST; i += 2)
		vcpuset_add(&set, (int)i);
	vcpuset_text(text, &set);
	CHECK(!strncmp(text, "0,2,4,", 6) && strstr(text, ",..."), "%s", text);
}

static void test_boost(void)
{
	static struct ecs_ioc_boost b[2];
	struct ecs_ioc_boost_stats sum;
	__u32 value = 7;

	CHECK(boost_share_ppm(60000, 2300000) == 25424, "rounded up");
	CHECK(boost_share_ppm(100000000, 100000) == 999001, "most");
	CHECK(boost_share_ppm(1000000, 9000000) == 100000, "exact");
	CHECK(!boost_share_ppm(0, 0), "nothing");
	CHECK(boost_parse_sbt("sbt", "9.999us", &value) == OUT_USAGE &&
		      boost_parse_usbt("usbt", "99us", &value) == OUT_USAGE &&
		      boost_parse_borrow("borrow", "1s", &value) == OUT_USAGE &&
		      boost_parse_backend("", &value) == OUT_USAGE &&
		      value == 7,
	      "refused and unchanged");
	CHECK(!boost_parse_backend("fifo", &value) && value == ECS_BOOST_FIFO,
	      "fifo");
	CHECK(!strcmp(boost_backend_name(99), "?") &&
		      !strcmp(boost_source_name(99), "?") &&
		      !strcmp(boost_state_name(99), "?"),
	      "of a newer module");
	CHECK(!strcmp(boost_counter_name(ECS_BOOST_STAT_WAKES), "wakes") &&
		      !boost_counter_name(ECS_BOOST_STAT_NR) &&
		      !boost_counter_text(ECS_BOOST_STAT_NR),
	      "names");
	b[0].stats.counter[ECS_BOOST_STAT_WAKES] = 3;
	b[1].stats.counter[ECS_BOOST_STAT_WAKES] = 4;
	b[0].stats.counter[ECS_BOOST_STAT_WAIT_MAX_NS] = 30;
	b[1].stats.counter[ECS_BOOST_STAT_WAIT_MAX_NS] = 20;
	boost_sum(&sum, b, 2);
	CHECK(sum.counter[ECS_BOOST_STAT_WAKES] == 7 &&
		      sum.counter[ECS_BOOST_STAT_WAIT_MAX_NS] == 30,
	      "sum and maximum");
	fail_forget();
}

/* All lines that must be there, but for the first one. */
#define GUEST_REST                                               \
	"\nrwsem on 0\npercpu_rwsem on 0\nrcu on 0\nwait on 0\n" \
	"held 0\nclipped 0\nlost 0\n"                            \
	"mutex_taken 0\nrwsem_taken 0\npercpu_rwsem_taken 0\nrcu_taken 0"

static void test_guest_marks(void)
{
	static const struct {
		const char *line;
		int error; /* of the parser */
		int why;   /* of the mark */
		bool on;
	} cases[] = {
		{ "mutex on 0", 0, 0, true },
		{ "mutex off 0", 0, 0, false },
		{ "mutex off -2", 0, -2, false },
		{ "mutex off -4095", 0, -4095, false },
		{ "mutex off -4096", -EINVAL, 0, false },
		{ "mutex off -40950", -EINVAL, 0, false },
		{ "mutex off 1", -EINVAL, 0, false },
		{ "mutex off", -EINVAL, 0, false },
		{ "mutex", -EINVAL, 0, false },
		{ "mutex offer 0", -EINVAL, 0, false },
		{ "mutex of 0", -EINVAL, 0, false },
		{ "mutex on 0 0", -EINVAL, 0, false },
		{ "mutex on 0x", -EINVAL, 0, false },
		{ "mutexes on 0", -ENOENT, 0, false },
		{ "mute on 0", -ENOENT, 0, false },
		{ "a\nb\n\nc\nmutex on 0", 0, 0, true },
		{ "mutex on 0\nheld 4294967295", 0, 0, true },
		{ "mutex on 0\nheld 4294967296", -EINVAL, 0, true },
		{ "mutex on 0\nheld -1", -EINVAL, 0, true },
		{ "mutex on 0\nheld  1", -EINVAL, 0, true },
		{ "mutex on 0\nrcu_taken 4294967296", 0, 0, true },
		{ "mutex on 0\nrcu_taken 18446744073709551616", -EINVAL, 0,
		  true },
		{ "mutex on 0\nrcu_taken", -EINVAL, 0, true },
		{ "mutex on 0\nrcu_taken -1", -EINVAL, 0, true },
		{ "mutex on 0\nwait_taken 1", 0, 0, true },
	};
	struct guest_marks marks;
	const char *what;
	char text[256];
	unsigned int i;
	int error;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&marks, 0, sizeof(marks));
		snprintf(text, sizeof(text), "%s" GUEST_REST, cases[i].line);
		error = guest_marks_parse(&marks, text, &what);
		CHECK(error == cases[i].error, "\"%s\": %d", cases[i].line,
		      error);
		CHECK(error || (marks.mark[GUEST_MUTEX].on == cases[i].on &&
				marks.mark[GUEST_MUTEX].error == cases[i].why),
		      "\"%s\" misread", cases[i].line);
		free(marks.other);
	}
}

static void test_guest_hints(void)
{
	static const struct {
		const char *text;
		int nr; /* -1: malformed */
	} cases[] = {
		{ "", 0 },
		{ "0 0 0", 1 },
		{ "16383 1 1", 1 },
		{ "16384 1 1", -1 },
		{ "0 0 0\n2 1 1", 2 },
		{ "0 0", -1 },
		{ "0 0 2", -1 },
		{ "0 0 1 1", -1 },
		{ "0 0 1x", -1 },
		{ "-1 0 0", -1 },
		{ "0 0 0\nx\n1 0 0", -1 },
	};
	struct guest guest;
	const char *what;
	char text[64];
	unsigned int i;
	int error;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&guest, 0, sizeof(guest));
		snprintf(text, sizeof(text), "%s", cases[i].text);
		error = guest_hints_parse(&guest, text, &what);
		CHECK((error ? -1 : (int)guest.nr_hints) == cases[i].nr,
		      "\"%s\": %d, %zu", cases[i].text, error, guest.nr_hints);
		free(guest.hints);
	}
}

static void test_guest_poll(void)
{
	static const struct {
		const char *line;
		int error; /* of the parser */
		int why;   /* of the module */
		bool on;
		bool polls; /* if the host offers the hint */
	} cases[] = {
		{ "driver on 0", 0, 0, true, true },
		{ "driver off 0", 0, 0, false, false },
		{ "driver off -16", 0, -EBUSY, false, false },
		{ "driver off -95", 0, -EOPNOTSUPP, false, false },
		{ "driver off -4096", -EINVAL, 0, false, false },
		{ "driver off 1", -EINVAL, 0, false, false },
		{ "driver off", -EINVAL, 0, false, false },
		{ "driver", -ENOENT, 0, false, false },
		{ "drivers on 0", -ENOENT, 0, false, false },
		{ "driver on 0x", -EINVAL, 0, false, false },
		{ "driver on 0\nlater 3 x", 0, 0, true, true },
		{ "driver on 0\nhalts 18446744073709551615", 0, 0, true, true },
		{ "driver on 0\nhalts 18446744073709551616", -EINVAL, 0, true,
		  true },
		{ "driver on 0\nhalts -1", -EINVAL, 0, true, true },
		{ "driver on 0\nhalts ", -EINVAL, 0, true, true },
	};
	struct guest_poll poll;
	const char *what;
	char text[256];
	unsigned int i;
	int error;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&poll, 0, sizeof(poll));
		snprintf(text, sizeof(text),
			 "%s\npolls 1\ncaught 2\nleft 3\npolled_ns 4\nhalts 5",
			 cases[i].line);
		error = guest_poll_parse(&poll, text, &what);
		CHECK(error == cases[i].error, "\"%s\": %d", cases[i].line,
		      error);
		if (error)
			continue;
		CHECK(poll.on == cases[i].on && poll.error == cases[i].why,
		      "\"%s\" misread", cases[i].line);
		CHECK(poll.polls == 1 && poll.caught == 2 && poll.left == 3 &&
			      poll.polled_ns == 4 && poll.halts == 5,
		      "numbers");
		CHECK(!guest_poll_reason(&poll, true) == cases[i].polls,
		      "\"%s\": why not?", cases[i].line);
		CHECK(guest_poll_reason(&poll, false), "without the hint");
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "units_parse", test_units_parse },
	{ "units_ppm", test_units_ppm },
	{ "units_round_trip", test_units_round_trip },
	{ "units_short", test_units_short },
	{ "units_percent", test_units_percent },
	{ "hist_reference", test_hist_reference },
	{ "hist_edges", test_hist_edges },
	{ "figure", test_figure },
	{ "cmdline_name", test_cmdline_name },
	{ "cmdline_uuid", test_cmdline_uuid },
	{ "clean", test_clean },
	{ "param", test_param },
	{ "comm", test_comm },
	{ "vcpuset", test_vcpuset },
	{ "boost", test_boost },
	{ "guest_marks", test_guest_marks },
	{ "guest_hints", test_guest_hints },
	{ "guest_poll", test_guest_poll },
};

static char *slurp(const char *path)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[len] = '\0';
	if (file)
		fclose(file);
	return text;
}

/* What holds for the JSON of any command: it fits its exit code and stderr. */
static void check_json(const char *out, const char *err, int code)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *doc, *field, *error = NULL, *message = NULL;
	char line[600], *text = slurp(out);

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
					    JSON_TOKENER_VALIDATE_UTF8);
	doc = json_tokener_parse_ex(tok, text, (int)strlen(text));
	CHECK(doc && json_object_is_type(doc, json_type_object),
	      "no JSON object: error %d", json_tokener_get_error(tok));
	CHECK(!text[json_tokener_get_parse_end(tok)], "more than one object");
	CHECK(json_object_object_get_ex(doc, "schema", &field) &&
		      json_object_get_int(field) == 1,
	      "schema is not 1");
	CHECK(json_object_object_get_ex(doc, "error", &error) == !!code,
	      "error does not go with exit code %d", code);
	if (error) {
		json_object_object_get_ex(error, "code", &field);
		json_object_object_get_ex(error, "message", &message);
		CHECK(json_object_get_int(field) == code, "error.code");
		snprintf(line, sizeof(line), "ecsctl: %s\n",
			 json_object_get_string(message));
		CHECK(!strcmp(line, slurp(err)), "error.message");
	}
	json_object_put(doc);
	json_tokener_free(tok);
}

int main(int argc, char **argv)
{
	bool any = false;
	unsigned int i;

	if (argc == 5 && !strcmp(argv[1], "--json")) {
		check_json(argv[2], argv[3], atoi(argv[4]));
		return failed;
	}
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		failed = false;
		tests[i].run();
		printf("%s %s\n", failed ? "not ok" : "ok", tests[i].name);
		any |= failed;
	}
	return any;
}
