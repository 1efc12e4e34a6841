/* SPDX-License-Identifier: ISC */
/* The file of --core, which goes again where nothing came to be in it. */
#ifndef CORE_FILE_H
#define CORE_FILE_H

struct core_file {
	int fd;	   /* to write it to; -1: none was asked for */
	int alive; /* closed when there will be no more of it */
	int said;  /* ends when the file is as it stays */
};

/*
 * Has the new and empty file @fd, at @path, looked after until the tender ends,
 * however it ends. 0, or -errno after printing why.
 */
int core_file_watch(struct core_file *core, const char *path);

/* Nothing more is written: returns when an empty file has gone. */
void core_file_close(struct core_file *core);

#endif
