/* SPDX-License-Identifier: ISC */
/* The command line: what good ones come to, and what is said of bad ones. */
#include "options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "tap.h"

#define ARGS 12

static int said, printed; /* standard error and output of options_parse() */

/* One line without its end, or NULL. */
static const char *line_of(int fd, char *line, size_t room)
{
	ssize_t n = pread(fd, line, room - 1, 0);

	if (n <= 0)
		return NULL;
	line[n] = 0;
	if (strchr(line, '\n') != line + n - 1)
		return NULL;
	line[n - 1] = 0;
	return line;
}

static char program[] = "tender";

static enum options_result parse(struct options *o, char *const *args)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), argc = 1;
	static char *argv[ARGS * 10 + 2];
	enum options_result result;

	argv[0] = program;
	for (; args[argc - 1]; argc++)
		argv[argc] = args[argc - 1];
	argv[argc] = NULL;
	if (ftruncate(said, 0) || ftruncate(printed, 0))
		exit(1);
	lseek(said, 0, SEEK_SET);
	lseek(printed, 0, SEEK_SET);
	fflush(stdout);
	dup2(said, STDERR_FILENO);
	dup2(printed, STDOUT_FILENO);
	optind = 0; /* getopt's own way to begin anew */
	result = options_parse(o, argc, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	return result;
}

struct bad {
	char *args[ARGS];
	const char *words; /* in the one line it gets */
};

static const struct bad bad[] = {
	{{NULL}, "no image"},
	{{"--", NULL}, "no image"},
	{{"-q", NULL}, "no image"},
	{{"--bogus", "image", NULL}, "--bogus"},
	{{"-x", "image", NULL}, "-x"},
	{{"-qx", "image", NULL}, "-x"},
	{{"-", "-x", NULL}, NULL}, /* "-" is the name of an image */
	{{"--strict=yes", "image", NULL}, "--strict"},
	{{"--quiet=yes", "image", NULL}, "--quiet"},
	{{"--verbose=1", "image", NULL}, "--verbose"},
	{{"--help=1", "image", NULL}, "--help"},
	{{"--mem", NULL}, "--mem needs a value"},
	{{"-e", NULL}, "-e needs a value"},
	{{"--disk", NULL}, "--disk needs a value"},
	{{"--mem=", "image", NULL}, "--mem="},
	{{"--mem=x", "image", NULL}, "--mem=x"},
	{{"--mem=4x", "image", NULL}, "--mem=4x"},
	{{"--mem=M", "image", NULL}, "--mem=M"},
	{{"--mem=64MB", "image", NULL}, "--mem=64MB"},
	{{"--mem=64MM", "image", NULL}, "--mem=64MM"},
	{{"--mem=64 M", "image", NULL}, "--mem=64 M"},
	{{"--mem= 64M", "image", NULL}, "--mem= 64M"},
	{{"--mem=+64M", "image", NULL}, "--mem=+64M"},
	{{"--mem=-1", "image", NULL}, "--mem=-1"},
	{{"--mem=0x4000000", "image", NULL}, "--mem=0x4000000"},
	{{"--mem=1.5G", "image", NULL}, "--mem=1.5G"},
	{{"--mem=1T", "image", NULL}, "--mem=1T"},
	{{"--mem=0", "image", NULL}, "--mem=0"},
	{{"--mem=1", "image", NULL}, "--mem=1"},
	{{"--mem=1M", "image", NULL}, "from 2M"},
	{{"--mem=2097151", "image", NULL}, "from 2M"},
	{{"--mem=2093056", "image", NULL}, "from 2M"},
	{{"--mem=68157441", "image", NULL}, "whole 4K pages"},
	{{"--mem=65537K", "image", NULL}, "whole 4K pages"},
	{{"--mem=68719476737", "image", NULL}, "to 64G"},
	{{"--mem=68719480832", "image", NULL}, "to 64G"},
	{{"--mem=65G", "image", NULL}, "to 64G"},
	{{"--mem=65537M", "image", NULL}, "to 64G"},
	{{"--mem=68719476736G", "image", NULL}, "to 64G"},
	{{"--mem=17179869185G", "image", NULL}, "to 64G"},
	{{"--mem=18446744073709551616", "image", NULL}, "to 64G"},
	{{"--mem=18446744073711648768", "image", NULL}, "to 64G"},
	{{"--mem=99999999999999999999999999", "image", NULL}, "to 64G"},
	{{"--timeout=", "image", NULL}, "--timeout="},
	{{"--timeout=0", "image", NULL}, "above 0"},
	{{"--timeout=0.0", "image", NULL}, "above 0"},
	{{"--timeout=0.0000001", "image", NULL}, "--timeout=0.0000001"},
	{{"--timeout=-1", "image", NULL}, "--timeout=-1"},
	{{"--timeout=.5", "image", NULL}, "--timeout=.5"},
	{{"--timeout=1s", "image", NULL}, "--timeout=1s"},
	{{"--timeout=1.5.5", "image", NULL}, "--timeout=1.5.5"},
	{{"--timeout=1e3", "image", NULL}, "--timeout=1e3"},
	{{"--timeout=inf", "image", NULL}, "--timeout=inf"},
	{{"--timeout=1000000001", "image", NULL}, "--timeout=1000000001"},
	{{"--timeout=18446744073709551617", "image", NULL}, "--timeout="},
	{{"--env=NAME", "image", NULL}, "NAME"},
	{{"--env==x", "image", NULL}, "=x"},
	{{"-e", "", "image", NULL}, "KEY=VALUE"},
	{{"-eNAME", "image", NULL}, "NAME"},
	{{"--disk=", "image", NULL}, "no path"},
	{{"--disk=data=", "image", NULL}, "no path"},
	{{"--disk=,ro", "image", NULL}, "no path"},
	{{"--disk=a,rw", "image", NULL}, "'rw'"},
	{{"--disk=a,", "image", NULL}, "''"},
	{{"--disk=a,ro,", "image", NULL}, "''"},
	{{"--disk=a,RO", "image", NULL}, "'RO'"},
	{{"--disk=a,ro=1", "image", NULL}, "'ro=1'"},
	{{"--disk=a,,,b", "image", NULL}, "'b'"},
	{{"--disk=a,block-size", "image", NULL}, "'block-size'"},
	{{"--disk=a,block-size=", "image", NULL}, "block-size="},
	{{"--disk=a,mount=", "image", NULL}, "mount="},
	{{"--disk=a,mount=srv", "image", NULL}, "absolute path"},
	{{"--disk=a,mount=/srv/", "image", NULL}, "absolute path"},
	{{"--disk=a,mount=//srv", "image", NULL}, "absolute path"},
	{{"--disk=a,mount=/a/../b", "image", NULL}, "absolute path"},
	{{"--disk=a,mount=/a/.", "image", NULL}, "absolute path"},
	{{"--disk=a,mount=/dev", "image", NULL}, "not /dev"},
	{{"--disk=a,mount=/x", "--disk=b,mount=/x", "image", NULL},
	 "two disks have mount=/x"},
	{{"--disk=a,block-size=0", "image", NULL}, "power of two"},
	{{"--disk=a,block-size=511", "image", NULL}, "power of two"},
	{{"--disk=a,block-size=513", "image", NULL}, "power of two"},
	{{"--disk=a,block-size=256", "image", NULL}, "power of two"},
	{{"--disk=a,block-size=131072", "image", NULL}, "power of two"},
	{{"--disk=a,block-size=4K", "image", NULL}, "block-size=4K"},
	{{"--disk=a,block-size=-512", "image", NULL}, "block-size=-512"},
	{{"--disk=a,block-size=4294967808", "image", NULL}, "power of two"},
	{{"--disk=x=a", "--disk=x=b", "image", NULL}, "'x'"},
	{{"--disk=disk1=a", "--disk=b", "image", NULL}, "'disk1'"},
	{{"--disk=a", "--disk=disk0=b", "image", NULL}, "'disk0'"},
};

static void test_bad(void)
{
	for (unsigned i = 0; i < COUNT_OF(bad); i++) {
		struct options o;
		char room[2048], text[160];
		const char *line;
		size_t at;
		enum options_result result = parse(&o, bad[i].args);

		if (!bad[i].words) {
			options_finish(&o);
			continue;
		}
		line = line_of(said, room, sizeof(room));
		EXPECT(result == OPTIONS_BAD, "result %d", result);
		EXPECT(line && !strncmp(line, "tender: ", 8) &&
			       strstr(line, bad[i].words),
		       "not one line with '%s': %s", bad[i].words,
		       line ? line : "(nothing, or more)");
		EXPECT(lseek(printed, 0, SEEK_END) == 0, "standard output");
		options_finish(&o);
		at = (size_t)snprintf(text, sizeof(text), "refused: tender");
		for (unsigned j = 0; bad[i].args[j]; j++)
			at += (size_t)snprintf(text + at, sizeof(text) - at,
					       " %s", bad[i].args[j]);
		promise(text);
	}
}

/* Parses what must be good; "image" is the image. */
static void good(struct options *o, char *const *args)
{
	enum options_result result = parse(o, args);
	char room[2048];
	const char *line = line_of(said, room, sizeof(room));

	EXPECT(result == OPTIONS_RUN, "%s: result %d: %s", args[0], result,
	       line ? line : "");
	EXPECT(lseek(said, 0, SEEK_END) == 0, "%s: something was said",
	       args[0]);
	EXPECT(result != OPTIONS_RUN || !strcmp(o->image, "image"),
	       "%s: another image", args[0]);
}

#define GOOD(o, ...) good(o, (char *[]){__VA_ARGS__, NULL})

static void test_defaults(void)
{
	struct options o;

	GOOD(&o, "image");
	EXPECT(o.mem_bytes == 64 << 20 && !o.timeout_us && !o.strict &&
		       !o.disk_count && !o.env_count && o.guest_argc == 1 &&
		       !strcmp(o.guest_argv[0], "image") && !o.guest_argv[1],
	       "a default is wrong");
	options_finish(&o);
	promise("an image alone gets 64 MiB, no time limit, no disk, and its "
		"name as argument 0");
}

static void test_mem(void)
{
	static const struct {
		char *arg;
		uint64_t bytes;
	} rows[] = {
		{"--mem=2M", 2 << 20},
		{"--mem=2m", 2 << 20},
		{"--mem=2048K", 2 << 20},
		{"--mem=2048k", 2 << 20},
		{"--mem=2097152", 2 << 20},
		{"--mem=2052K", 2052 << 10},
		{"--mem=64M", 64 << 20},
		{"--mem=064M", 64 << 20},
		{"--mem=1G", 1 << 30},
		{"--mem=1g", 1 << 30},
		{"--mem=64G", 64ULL << 30},
		{"--mem=65536M", 64ULL << 30},
		{"--mem=67108864K", 64ULL << 30},
		{"--mem=68719476736", 64ULL << 30},
		{"--mem=68719472640", (64ULL << 30) - 4096},
	};
	struct options o;

	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		GOOD(&o, rows[i].arg, "image");
		EXPECT(o.mem_bytes == rows[i].bytes, "%s: %llu", rows[i].arg,
		       (unsigned long long)o.mem_bytes);
		options_finish(&o);
	}
	GOOD(&o, "--mem", "3M", "--mem=4M", "image");
	EXPECT(o.mem_bytes == 4 << 20, "the last one does not win");
	options_finish(&o);
	promise("--mem takes whole pages from 2M to 64G, in any unit");
}

static void test_timeout(void)
{
	static const struct {
		char *arg;
		uint64_t us;
	} rows[] = {
		{"--timeout=1", 1000000},
		{"--timeout=30", 30000000},
		{"--timeout=0.5", 500000},
		{"--timeout=1.", 1000000},
		{"--timeout=1.25", 1250000},
		{"--timeout=0.000001", 1},
		{"--timeout=2.123456", 2123456},
		{"--timeout=1000000000", 1000000000000000},
	};

	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		struct options o;

		GOOD(&o, rows[i].arg, "image");
		EXPECT(o.timeout_us == rows[i].us, "%s: %llu us", rows[i].arg,
		       (unsigned long long)o.timeout_us);
		options_finish(&o);
	}
	promise("--timeout takes seconds with up to six digits of fraction");
}

struct disk_row {
	char *arg;
	const char *name, *path;
	bool read_only;
	uint32_t block_bytes;
	const char *mount;
};

static const struct disk_row disk_rows[] = {
	{"--disk=a", "disk0", "a", false, 512, NULL},
	{"--disk=a,ro", "disk0", "a", true, 512, NULL},
	{"--disk=a,ro,ro", "disk0", "a", true, 512, NULL},
	{"--disk=a,block-size=4096", "disk0", "a", false, 4096, NULL},
	{"--disk=a,block-size=512", "disk0", "a", false, 512, NULL},
	{"--disk=a,ro,block-size=65536", "disk0", "a", true, 65536, NULL},
	{"--disk=a,block-size=1024,ro", "disk0", "a", true, 1024, NULL},
	{"--disk=a,mount=none", "disk0", "a", false, 512, ""},
	{"--disk=a,mount=/", "disk0", "a", false, 512, "/"},
	{"--disk=a,mount=/srv/..a/.b,ro", "disk0", "a", true, 512,
	 "/srv/..a/.b"},
	{"--disk=a,mount=/x,mount=/y", "disk0", "a", false, 512, "/y"},
	{"--disk=data=a", "data", "a", false, 512, NULL},
	{"--disk=a-b_9=/x/y.img,ro", "a-b_9", "/x/y.img", true, 512, NULL},
	{"--disk=a,,b", "disk0", "a,b", false, 512, NULL},
	{"--disk=a,,", "disk0", "a,", false, 512, NULL},
	{"--disk=,,", "disk0", ",", false, 512, NULL},
	{"--disk=,,,,ro,ro", "disk0", ",,ro", true, 512, NULL},
	{"--disk=a,,ro", "disk0", "a,ro", false, 512, NULL},
	{"--disk=data=a,,b,ro", "data", "a,b", true, 512, NULL},
	{"--disk=data=a=b", "data", "a=b", false, 512, NULL},
	{"--disk=./a=b", "disk0", "./a=b", false, 512, NULL},
	{"--disk=/x/a=b", "disk0", "/x/a=b", false, 512, NULL},
	{"--disk=Data=a", "disk0", "Data=a", false, 512, NULL},
	{"--disk==a", "disk0", "=a", false, 512, NULL},
	{"--disk=0123456789012345678901234567890=a",
	 "0123456789012345678901234567890", "a", false, 512, NULL},
	/* Too long for a name. */
	{"--disk=01234567890123456789012345678901=a", "disk0",
	 "01234567890123456789012345678901=a", false, 512, NULL},
};

static void test_disk(void)
{
	for (unsigned i = 0; i < COUNT_OF(disk_rows); i++) {
		const struct disk_row *r = &disk_rows[i];
		struct options o;

		GOOD(&o, r->arg, "image");
		EXPECT(o.disk_count == 1 && !strcmp(o.disk[0].name, r->name) &&
			       !strcmp(o.disk[0].path, r->path) &&
			       o.disk[0].read_only == r->read_only &&
			       o.disk[0].block_bytes == r->block_bytes &&
			       !o.disk[0].mount == !r->mount &&
			       (!r->mount ||
				!strcmp(o.disk[0].mount, r->mount)),
		       "%s: %s, %s, ro %d, %u", r->arg, o.disk[0].name,
		       o.disk[0].path, o.disk[0].read_only,
		       o.disk[0].block_bytes);
		options_finish(&o);
	}
	promise("--disk takes name, path with doubled commas, ro, mount "
		"and block size");
}

static void test_disk_limit(void)
{
	static char *args[ARGS * 10], disk[] = "--disk=a", image[] = "image";
	char name[16], room[2048];
	struct options o;
	const char *line;
	unsigned n = 0;

	for (; n < 32; n++)
		args[n] = disk;
	args[n] = image;
	good(&o, args);
	EXPECT(o.disk_count == 32, "%u disks", o.disk_count);
	for (unsigned i = 0; i < o.disk_count; i++) {
		snprintf(name, sizeof(name), "disk%u", i);
		EXPECT(!strcmp(o.disk[i].name, name), "%s", o.disk[i].name);
	}
	options_finish(&o);
	args[n++] = disk;
	args[n] = image;
	EXPECT(parse(&o, args) == OPTIONS_BAD, "33 disks");
	line = line_of(said, room, sizeof(room));
	EXPECT(line && strstr(line, "32"), "%s", line ? line : "nothing");
	options_finish(&o);
	promise("32 disks are disk0 to disk31, one more is refused");
}

static void test_env(void)
{
	struct options o;

	GOOD(&o, "-e", "A=1", "-eB=", "--env=C=x=y", "--env", "A=2", "image",
	     "-e", "D=4");
	EXPECT(o.env_count == 4 && !strcmp(o.env[0], "A=1") &&
		       !strcmp(o.env[1], "B=") && !strcmp(o.env[2], "C=x=y") &&
		       !strcmp(o.env[3], "A=2"),
	       "variables");
	options_finish(&o);
	promise("-e and --env, joined or not, keep their order");
}

static void test_guest_args(void)
{
	struct options o;

	GOOD(&o, "--strict", "image", "--mem=1", "-q", "--", "--help", "-x",
	     "");
	EXPECT(o.guest_argc == 7 && !strcmp(o.guest_argv[1], "--mem=1") &&
		       !strcmp(o.guest_argv[2], "-q") &&
		       !strcmp(o.guest_argv[3], "--") &&
		       !strcmp(o.guest_argv[4], "--help") &&
		       !strcmp(o.guest_argv[5], "-x") && !*o.guest_argv[6] &&
		       o.strict,
	       "arguments");
	options_finish(&o);
	GOOD(&o, "--", "image", "-x");
	EXPECT(o.guest_argc == 2 && !strcmp(o.guest_argv[1], "-x"), "after --");
	options_finish(&o);
	EXPECT(parse(&o, (char *[]){"--", "-q", NULL}) == OPTIONS_RUN &&
		       !strcmp(o.image, "-q"),
	       "an image called -q");
	options_finish(&o);
	promise("what follows the image is the guest's, -- ends options");
}

static void test_level(void)
{
	static char *const rows[][3] = {
		{"image"},
		{"-q", "image"},
		{"-v", "image"},
		{"--quiet", "image"},
		{"--verbose", "image"},
	};
	static const unsigned lines[] = {2, 1, 3, 1, 3};

	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		int kept = dup(STDERR_FILENO);
		struct options o;
		off_t bytes;

		log_set_level(LOG_INFO);
		parse(&o, rows[i]);
		dup2(said, STDERR_FILENO);
		log_error("x");
		log_info("x");
		log_debug("x");
		dup2(kept, STDERR_FILENO);
		close(kept);
		bytes = lseek(said, 0, SEEK_END);
		EXPECT(bytes == lines[i] * 10, "%s: %lld bytes are printed",
		       rows[i][0], (long long)bytes);
		options_finish(&o);
	}
	log_set_level(LOG_INFO);
	promise("-q shows errors only, -v more than usual");
}

static void test_help(void)
{
	char text[8192] = "";
	struct options o;

	EXPECT(parse(&o, (char *[]){"--version", NULL}) == OPTIONS_DONE &&
		       pread(printed, text, sizeof(text) - 1, 0) > 0 &&
		       !strncmp(text, "tender ", 7),
	       "--version: %s", text);
	EXPECT(lseek(said, 0, SEEK_END) == 0, "something was said");
	memset(text, 0, sizeof(text));
	EXPECT(parse(&o, (char *[]){"--help", NULL}) == OPTIONS_DONE &&
		       pread(printed, text, sizeof(text) - 1, 0) > 0 &&
		       strstr(text, "--disk") && strstr(text, "127"),
	       "--help: %s", text);
	EXPECT(lseek(said, 0, SEEK_END) == 0, "something was said");
	promise("--help and --version print to standard output");
}

int main(void)
{
	said = memfd_create("said", MFD_CLOEXEC);
	printed = memfd_create("printed", MFD_CLOEXEC);
	if (said < 0 || printed < 0)
		return 1;
	test_bad();
	test_defaults();
	test_mem();
	test_timeout();
	test_disk();
	test_disk_limit();
	test_env();
	test_guest_args();
	test_level();
	test_help();
	return promises_end();
}
