/* SPDX-License-Identifier: ISC */
/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"
#include "inspect_options.h"
#include "limit.h"
#include "options_disk.h"
#include "options_net.h"
#include "sandbox.h"

enum cpu_choice {
	CPU_AUTO, /* kvm where it can be used, else process */
	CPU_KVM,
	CPU_PROCESS,
};

struct options {
	const char *image;
	int guest_argc;	   /* with the image's name as argument 0 */
	char **guest_argv; /* points into argv */
	uint64_t mem_bytes;
	uint64_t timeout_us; /* 0: none */
	enum cpu_choice cpu;
	enum sandbox_choice sandbox;
	const char *verify; /* file of the public key, or NULL */
	bool strict;
	bool no_aslr; /* heap and stack where they always are */
	struct inspect_options inspect;
	unsigned disk_count;
	struct disk_option disk[BP_MAX_DEVICES];
	unsigned net_count; /* with the disks, at most BP_MAX_DEVICES */
	struct net_option net[BP_MAX_DEVICES];
	unsigned publish_count;
	struct publish_option publish[PUBLISH_MAX];
	unsigned limit_count;
	struct limit_option limit[LIMITS_MAX];
	const char *pcap; /* the file, or NULL */
	int env_count;
	char **env; /* "K=V", point into argv; array owned */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_CHECK, /* --check */
	OPTIONS_DONE,  /* --help or --version was printed */
	OPTIONS_BAD,   /* printed why */
};

/* Whether a disk or a network is called @name already. */
bool options_name_taken(const struct options *o, const char *name);

/* Reads the command line; sets the log level. options_finish() frees. */
enum options_result options_parse(struct options *o, int argc, char **argv);
void options_finish(struct options *o);

#endif
