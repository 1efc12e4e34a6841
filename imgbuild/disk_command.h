/* SPDX-License-Identifier: ISC */
/* The commands of `imgbuild disk`. */
#ifndef DISK_COMMAND_H
#define DISK_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct disk_args {
	char *const *path; /* what is not an option */
	int path_count;
	bool force;
	bool json;
	bool long_format;
	bool no_journal;
	bool parents; /* -p */
	bool recover;
	bool recursive;
	bool set_owner;
	uint32_t uid, gid;
	uint64_t size_bytes; /* 0: not given */
	const char *from;
	const char *label;
};

/* 0; or not 0, and a line was printed. */
int disk_command_create(const struct disk_args *args);
int disk_command_ls(const struct disk_args *args);
int disk_command_tree(const struct disk_args *args);
int disk_command_cat(const struct disk_args *args);
int disk_command_cp(const struct disk_args *args);
int disk_command_rm(const struct disk_args *args);
int disk_command_mkdir(const struct disk_args *args);
int disk_command_info(const struct disk_args *args);
int disk_command_check(const struct disk_args *args);

#endif
