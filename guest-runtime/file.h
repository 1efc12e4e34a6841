/* SPDX-License-Identifier: ISC */
/* Open files and the descriptor table. */
#ifndef RT_FILE_H
#define RT_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct rt_file;
struct stat;

/*
 * What a kind of file can do. Results are those of the system call: zero or
 * more, or -errno. A NULL entry means "this kind cannot": see file.c.
 */
struct rt_file_ops {
	/* At @offset, or, for a stream, wherever it is. */
	long (*readv)(struct rt_file *file, const struct iovec *iov, int count,
		      uint64_t offset);
	long (*writev)(struct rt_file *file, const struct iovec *iov, int count,
		       uint64_t offset);
	long (*ioctl)(struct rt_file *file, unsigned request, void *arg);
	long (*sync)(struct rt_file *file);
	uint64_t (*size)(struct rt_file *file); /* NULL: cannot seek */
	unsigned mode; /* st_mode: type and permissions */
};

struct rt_file {
	const struct rt_file_ops *ops; /* NULL: this entry is free */
	unsigned device;	       /* which of its kind */
	int flags;		       /* as given to open(2) */
	uint64_t offset;
};

#define RT_MAX_FDS  1024
#define RT_FIRST_FD 3 /* 0 to 2 are the console */

extern struct rt_file __rt_files[RT_MAX_FDS];

/* The file behind @fd, or NULL. */
struct rt_file *__rt_file(int fd);

/* The sum of the lengths, or -EINVAL as readv(2) says. */
long __rt_iov_bytes(const struct iovec *iov, int count);

/* Opens the device called @name, as in /dev/@name. 0 or -errno. */
int __rt_device_open(struct rt_file *file, const char *name, int flags);

#endif
