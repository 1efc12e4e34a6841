/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "memory_map.h"
#include "option_text.h"

#ifndef HVT_VERSION
#define HVT_VERSION "unknown"
#endif
#ifdef HVT_NO_SANDBOX
#define SANDBOX_NOTE " (built without a sandbox)"
#else
#define SANDBOX_NOTE ""
#endif

#define TIMEOUT_MAX_SECONDS 1000000000ULL

static const char help[] =
	"usage: tender [options] IMAGE [argument...]\n"
	"       tender test [options] IMAGE...   see tender test --help\n"
	"Runs a unikernel image (see imgbuild) in a virtual machine.\n"
	"\n"
	"  --disk=[NAME=]PATH[,ro][,map][,mount=DIR][,block-size=N]\n"
	"                      attach a file or block device; repeatable\n"
	"                      (names: disk0, disk1, ...; a comma in PATH: "
	",,)\n"
	"  --net=user|tap:IFNAME|fd:N|unix:PATH[,listen]\n"
	"    [,name=NAME][,mac=MAC][,mtu=N][,ip=ADDRESS/N][,gw=ADDRESS]\n"
	"    [,dns=ADDRESS]    attach a network; repeatable (names: net0, "
	"...)\n"
	"  -p, --publish=[ADDRESS:]HOST:GUEST[/udp]\n"
	"                      lead a port of the host, or a range, to the\n"
	"                      guest (with --net=user); repeatable\n"
	"  --pcap=FILE         write all frames to FILE, as pcapng\n"
	"  --mem=SIZE          guest memory, with K, M or G (default 64M)\n"
	"  --cpu=auto|kvm|process\n"
	"                      what runs the guest: KVM, or, without it, a\n"
	"                      locked-down process (default auto)\n"
	"  --sandbox=on|strict|off\n"
	"                      what the tender gives up before the guest "
	"starts:\n"
	"                      all this host lets it (on, the default), all, "
	"or\n"
	"                      the guest does not start (strict), or nothing\n"
	"  --limit=DEVICE=BYTES/s[,...]\n"
	"                      let the guest use no more of a disk, a network "
	"or\n"
	"                      the console, such as console=64K/s\n"
	"  --verify=PUBLIC-KEY run only an image signed with this key (see "
	"imgbuild)\n"
	"  -e, --env=KEY=VALUE set a variable in the guest; repeatable\n"
	"  --timeout=SECONDS   end the guest after that time, with status 124\n"
	"  --strict            end the guest at a system call it lacks\n"
	"  --no-aslr           put the guest's memory where it always "
	"is\n" INSPECT_HELP "  -q, --quiet         print errors only\n"
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
	OPT_NET,
	OPT_PCAP,
	OPT_SANDBOX,
	OPT_VERIFY,
	OPT_LIMIT,
	OPT_TIMEOUT,
	OPT_STRICT,
	OPT_NO_ASLR,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"disk", required_argument, NULL, OPT_DISK},
	{"check", no_argument, NULL, OPT_CHECK},
	{"cpu", required_argument, NULL, OPT_CPU},
	{"net", required_argument, NULL, OPT_NET},
	{"publish", required_argument, NULL, 'p'},
	{"pcap", required_argument, NULL, OPT_PCAP},
	{"mem", required_argument, NULL, OPT_MEM},
	{"sandbox", required_argument, NULL, OPT_SANDBOX},
	{"limit", required_argument, NULL, OPT_LIMIT},
	{"verify", required_argument, NULL, OPT_VERIFY},
	{"env", required_argument, NULL, 'e'},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"strict", no_argument, NULL, OPT_STRICT},
	{"no-aslr", no_argument, NULL, OPT_NO_ASLR},
	INSPECT_LONG_OPTIONS,
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{0},
};

static bool parse_mem(const char *arg, uint64_t *bytes)
{
	const char *at = arg;
	uint64_t n;

	if (option_bytes(&at, BP_MEM_MAX_BYTES, &n) && !*at &&
	    n >= BP_MEM_MIN_BYTES && n % BP_PAGE_BYTES == 0) {
		*bytes = n;
		return true;
	}
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

static bool parse_sandbox(const char *arg, enum sandbox_choice *sandbox)
{
	static const char *const names[] = {
		[SANDBOX_ON] = "on",
		[SANDBOX_STRICT] = "strict",
		[SANDBOX_OFF] = "off",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(arg, names[i])) {
			*sandbox = (enum sandbox_choice)i;
			return true;
		}
	}
	log_error("--sandbox=%s: expected on, strict or off", arg);
	return false;
}

/* Seconds, with up to six digits of fraction. */
static bool parse_timeout(const char *arg, uint64_t *us)
{
	const char *at = arg;
	uint64_t seconds, unit = 1000000;

	if (!option_number(&at, TIMEOUT_MAX_SECONDS, &seconds))
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
		return options_add_disk(o, optarg);
	case OPT_NET:
		return options_add_net(o, optarg);
	case 'p':
		return options_add_publish(o, optarg);
	case OPT_PCAP:
		o->pcap = optarg;
		return true;
	case OPT_CPU:
		return parse_cpu(optarg, &o->cpu);
	case OPT_SANDBOX:
		return parse_sandbox(optarg, &o->sandbox);
	case OPT_LIMIT:
		return options_add_limits(o, optarg);
	case OPT_VERIFY:
		o->verify = optarg;
		return true;
	case OPT_MEM:
		return parse_mem(optarg, &o->mem_bytes);
	case 'e':
		return add_env(o, optarg);
	case OPT_TIMEOUT:
		return parse_timeout(optarg, &o->timeout_us);
	case OPT_STRICT:
		o->strict = true;
		return true;
	case OPT_NO_ASLR:
		o->no_aslr = true;
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

bool options_name_taken(const struct options *o, const char *name)
{
	for (unsigned i = 0; i < o->disk_count; i++)
		if (!strcmp(o->disk[i].name, name))
			return true;
	for (unsigned i = 0; i < o->net_count; i++)
		if (!strcmp(o->net[i].name, name))
			return true;
	return false;
}

static enum options_result print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) ? OPTIONS_BAD
							 : OPTIONS_DONE;
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
	int c, behind_value = 0;

	*o = (struct options){.mem_bytes = 64ULL << 20};
	opterr = 0;
	/* '+': what follows the image is the guest's. */
	while ((c = getopt_long(argc, argv, "+:e:p:qv", long_options, NULL)) !=
	       -1) {
		/* "--disk hello.hvt": the last word was meant to be another. */
		behind_value = optarg == argv[optind - 1] ? optind : 0;
		if (c == OPT_CHECK)
			return OPTIONS_CHECK;
		if (c == OPT_HELP || c == OPT_VERSION)
			return print(
				c == OPT_HELP
					? help
					: "tender " HVT_VERSION SANDBOX_NOTE
					  "\n");
		if (!apply(o, c, argc, argv))
			return OPTIONS_BAD;
	}
	if (!options_check_nets(o))
		return OPTIONS_BAD;
	if (optind >= argc) {
		if (behind_value)
			log_error("no image given: %s took '%s' as its value",
				  argv[behind_value - 2],
				  argv[behind_value - 1]);
		else
			log_error("no image given; usage: tender [options] "
				  "IMAGE [argument...]");
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
	for (unsigned i = 0; i < o->net_count; i++)
		free(o->net[i].target);
	inspect_options_finish(&o->inspect);
	free(o->env);
}
