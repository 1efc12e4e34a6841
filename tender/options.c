/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_name.h"
#include "log.h"
#include "memory_map.h"

#ifndef HVT_VERSION
#define HVT_VERSION "unknown"
#endif

#define BLOCK_BYTES_DEFAULT 512
#define BLOCK_BYTES_MIN	    512
#define BLOCK_BYTES_MAX	    65536
#define TIMEOUT_MAX_SECONDS 1000000000ULL

static const char help[] =
	"usage: tender [options] IMAGE [argument...]\n"
	"Runs a unikernel image (see imgbuild) in a virtual machine.\n"
	"\n"
	"  --disk=[NAME=]PATH[,ro][,mount=DIR][,block-size=N]\n"
	"                      attach a file or block device; repeatable\n"
	"                      (names: disk0, disk1, ...; a comma in PATH: "
	",,)\n"
	"  --mem=SIZE          guest memory, with K, M or G (default 64M)\n"
	"  --cpu=auto|kvm|process\n"
	"                      what runs the guest: KVM, or, without it, a\n"
	"                      locked-down process (default auto)\n"
	"  -e, --env=KEY=VALUE set a variable in the guest; repeatable\n"
	"  --timeout=SECONDS   end the guest after that time, with status 124\n"
	"  --strict            end the guest at a system call it "
	"lacks\n" INSPECT_HELP "  -q, --quiet         print errors only\n"
	"  -v, --verbose       print what the tender does\n"
	"  --check             print what this host offers, and exit: status "
	"0\n"
	"                      when a guest can run here\n"
	"  --help, --version   print this, or the version, and exit\n"
	"\n"
	"Exit status: the guest's own; 124 timeout; 125 the tender failed;\n"
	"126 not a runnable image; 127 image not found; 128+N the guest ended\n"
	"by what would have been signal N.\n";

enum option_id {
	OPT_DISK = 256,
	OPT_CHECK,
	OPT_CPU,
	OPT_MEM,
	OPT_TIMEOUT,
	OPT_STRICT,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"disk", required_argument, NULL, OPT_DISK},
	{"check", no_argument, NULL, OPT_CHECK},
	{"cpu", required_argument, NULL, OPT_CPU},
	{"mem", required_argument, NULL, OPT_MEM},
	{"env", required_argument, NULL, 'e'},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"strict", no_argument, NULL, OPT_STRICT},
	INSPECT_LONG_OPTIONS,
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

/* Decimal digits at @*s, advanced past them. False if none or too large. */
static bool read_number(const char **s, uint64_t max, uint64_t *out)
{
	const char *at = *s;
	uint64_t n = 0;

	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (n > max / 10 || digit > max - n * 10)
			return false;
		n = n * 10 + digit;
	}
	*s = at;
	*out = n;
	return true;
}

static bool parse_mem(const char *arg, uint64_t *bytes)
{
	const char *at = arg;
	unsigned shift = 0;
	uint64_t n;

	if (!read_number(&at, BP_MEM_MAX_BYTES, &n))
		goto bad;
	if (*at == 'k' || *at == 'K')
		shift = 10;
	else if (*at == 'm' || *at == 'M')
		shift = 20;
	else if (*at == 'g' || *at == 'G')
		shift = 30;
	if (shift)
		at++;
	if (*at || n > BP_MEM_MAX_BYTES >> shift ||
	    n << shift < BP_MEM_MIN_BYTES || (n << shift) % BP_PAGE_BYTES)
		goto bad;
	*bytes = n << shift;
	return true;
bad:
	log_error(
		"--mem=%s: expected a size from 2M to 64G, in whole 4K pages, "
		"such as 64M",
		arg);
	return false;
}

static bool parse_cpu(const char *arg, enum cpu_choice *cpu)
{
	static const char *const names[] = {
		[CPU_AUTO] = "auto",
		[CPU_KVM] = "kvm",
		[CPU_PROCESS] = "process",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(arg, names[i])) {
			*cpu = (enum cpu_choice)i;
			return true;
		}
	}
	log_error("--cpu=%s: expected auto, kvm or process", arg);
	return false;
}

/* Seconds, with up to six digits of fraction. */
static bool parse_timeout(const char *arg, uint64_t *us)
{
	const char *at = arg;
	uint64_t seconds, unit = 1000000;

	if (!read_number(&at, TIMEOUT_MAX_SECONDS, &seconds))
		goto bad;
	*us = seconds * unit;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9' && unit > 1; at++) {
			unit /= 10;
			*us += (uint64_t)(*at - '0') * unit;
		}
	}
	if (*at == '\0' && *us > 0)
		return true;
bad:
	log_error("--timeout=%s: expected a number of seconds above 0, such as "
		  "30 or 0.5",
		  arg);
	return false;
}

/*
 * Cuts the part of @*at up to the next single comma out in place (",," stands
 * for a comma) and advances @*at behind it, to NULL at the end.
 */
static char *next_part(char **at)
{
	char *start = *at, *from = *at, *to = *at;

	for (; *from; from++) {
		if (*from == ',' && from[1] != ',')
			break;
		if (*from == ',')
			from++;
		*to++ = *from;
	}
	*at = *from ? from + 1 : NULL;
	*to = '\0';
	return start;
}

/* An absolute path without a part that is empty, "." or "..". */
static bool is_plain_path(const char *path)
{
	if (!strcmp(path, "/"))
		return true;
	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		if (!n || n > 255 || !strncmp(path, "..", n < 2 ? 2 : n) ||
		    (n == 1 && *path == '.'))
			return false;
		path += n;
	}
	return !*path;
}

static bool parse_mount(struct disk_option *d, const char *path)
{
	bool none = !strcmp(path, "none");

	if (!none &&
	    (*path != '/' || !is_plain_path(path) || !strcmp(path, "/dev"))) {
		log_error("--disk: mount=%s: expected an absolute path such as "
			  "/srv, not /dev, or none",
			  path);
		return false;
	}
	free(d->mount);
	d->mount = strdup(none ? "" : path);
	if (!d->mount)
		log_error("out of memory");
	return d->mount;
}

static bool parse_disk_part(struct disk_option *d, const char *part)
{
	static const char block_size[] = "block-size=", mount[] = "mount=";
	const char *at = part + strlen(block_size);
	uint64_t n;

	if (!strcmp(part, "ro")) {
		d->read_only = true;
		return true;
	}
	if (!strncmp(part, mount, strlen(mount)))
		return parse_mount(d, part + strlen(mount));
	if (strncmp(part, block_size, strlen(block_size))) {
		log_error("--disk: unknown option '%s'; known are ro, "
			  "mount=PATH and block-size=N",
			  part);
		return false;
	}
	if (!read_number(&at, BLOCK_BYTES_MAX, &n) || *at ||
	    n < BLOCK_BYTES_MIN || (n & (n - 1))) {
		log_error("--disk: %s: expected a power of two from %d to %d",
			  part, BLOCK_BYTES_MIN, BLOCK_BYTES_MAX);
		return false;
	}
	d->block_bytes = (uint32_t)n;
	return true;
}

static bool name_disk(struct options *o, struct disk_option *d, char **path)
{
	char *equals = strchr(*path, '=');
	size_t n = equals ? (size_t)(equals - *path) : 0;

	if (device_name_is_good(*path, n)) {
		memcpy(d->name, *path, n);
		*path = equals + 1;
	} else {
		snprintf(d->name, sizeof(d->name), "disk%u", o->disk_count);
	}
	for (unsigned i = 0; i < o->disk_count; i++) {
		if (!strcmp(o->disk[i].name, d->name)) {
			log_error("--disk: two disks are named '%s'; give one "
				  "another name: --disk=NAME=PATH",
				  d->name);
			return false;
		}
	}
	return true;
}

static bool mount_is_free(const struct options *o, const struct disk_option *d)
{
	for (unsigned i = 0; i < o->disk_count; i++) {
		const char *other = o->disk[i].mount;

		if (d->mount && *d->mount && other &&
		    !strcmp(other, d->mount)) {
			log_error("--disk: two disks have mount=%s", other);
			return false;
		}
	}
	return true;
}

static bool parse_disk(struct options *o, const char *arg)
{
	struct disk_option d = {.block_bytes = BLOCK_BYTES_DEFAULT};
	char *copy = strdup(arg), *at = copy, *path;
	bool good = false;

	if (!copy) {
		log_error("out of memory");
		return false;
	}
	if (o->disk_count == BP_MAX_DEVICES) {
		log_error("--disk: more than %d disks", BP_MAX_DEVICES);
		goto free_copy;
	}
	path = next_part(&at);
	if (!name_disk(o, &d, &path))
		goto free_copy;
	if (!*path) {
		log_error("--disk=%s: no path; expected --disk=[NAME=]PATH",
			  arg);
		goto free_copy;
	}
	while (at)
		if (!parse_disk_part(&d, next_part(&at)))
			goto free_copy;
	if (!mount_is_free(o, &d))
		goto free_copy;
	d.path = strdup(path);
	good = d.path;
	if (good)
		o->disk[o->disk_count++] = d;
free_copy:
	if (!good)
		free(d.mount);
	free(copy);
	return good;
}

static bool add_env(struct options *o, char *arg)
{
	char **grown;

	if (*arg == '=' || !strchr(arg, '=')) {
		log_error("--env %s: expected KEY=VALUE", arg);
		return false;
	}
	grown = realloc(o->env, (size_t)(o->env_count + 1) * sizeof(*grown));
	if (!grown) {
		log_error("out of memory");
		return false;
	}
	grown[o->env_count++] = arg;
	o->env = grown;
	return true;
}

static bool bad_option(int argc, char **argv, int c)
{
	const char *arg = argv[optind - 1];

	/* It is the last argument; C libraries differ in what optind is. */
	if (c == ':')
		log_error("option %s needs a value; see tender --help",
			  argv[argc - 1]);
	else if (optopt && strncmp(arg, "--", 2) != 0)
		log_error("unknown option -%c; see tender --help", optopt);
	else
		log_error("unknown option, or one that takes no value: %s; see "
			  "tender --help",
			  arg);
	return false;
}

static bool apply(struct options *o, int c, int argc, char **argv)
{
	if (c >= INSPECT_OPTION_FIRST && c < INSPECT_OPTION_END)
		return inspect_option(&o->inspect, c, optarg);
	switch (c) {
	case OPT_DISK:
		return parse_disk(o, optarg);
	case OPT_CPU:
		return parse_cpu(optarg, &o->cpu);
	case OPT_MEM:
		return parse_mem(optarg, &o->mem_bytes);
	case 'e':
		return add_env(o, optarg);
	case OPT_TIMEOUT:
		return parse_timeout(optarg, &o->timeout_us);
	case OPT_STRICT:
		o->strict = true;
		return true;
	case 'q':
		log_set_level(LOG_ERROR);
		return true;
	case 'v':
		log_set_level(LOG_DEBUG);
		return true;
	default:
		return bad_option(argc, argv, c);
	}
}

static enum options_result print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) ? OPTIONS_BAD
							 : OPTIONS_DONE;
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){.mem_bytes = 64ULL << 20};
	opterr = 0;
	/* '+': what follows the image is the guest's. */
	while ((c = getopt_long(argc, argv, "+:e:qv", long_options, NULL)) !=
	       -1) {
		if (c == OPT_CHECK)
			return OPTIONS_CHECK;
		if (c == OPT_HELP || c == OPT_VERSION)
			return print(c == OPT_HELP ? help
						   : "tender " HVT_VERSION
						     "\n");
		if (!apply(o, c, argc, argv))
			return OPTIONS_BAD;
	}
	if (optind >= argc) {
		log_error("no image given; usage: tender [options] IMAGE "
			  "[argument...]");
		return OPTIONS_BAD;
	}
	o->image = argv[optind];
	o->guest_argc = argc - optind;
	o->guest_argv = argv + optind;
	return OPTIONS_RUN;
}

void options_finish(struct options *o)
{
	for (unsigned i = 0; i < o->disk_count; i++) {
		free(o->disk[i].path);
		free(o->disk[i].mount);
	}
	inspect_options_finish(&o->inspect);
	free(o->env);
}
