/* SPDX-License-Identifier: ISC */
/* Open files and the descriptors that name them. */
#ifndef RT_FILE_H
#define RT_FILE_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct rt_file;
struct rt_vnode;
struct rt_waitq;
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
	long (*sync)(struct rt_file *file, int data_only);
	uint64_t (*size)(struct rt_file *file); /* NULL: cannot seek */
	/* The next data (@hole: hole) from @offset on; see lseek(2). */
	long (*seek)(struct rt_file *file, uint64_t offset, int hole);
	/* mmap(2): arguments are sound. The address. */
	long (*map)(struct rt_file *file, uintptr_t hint, size_t bytes,
		    int protection, int flags, uint64_t offset);
	/*
	 * The POLL* bits that hold now, whatever was asked for; in *queue, if
	 * @queue is not NULL and it is not always the same bits, the queue that
	 * is woken whenever they may have changed. It stays the same, and
	 * there, as long as the file is open. Who asks for the queue is about
	 * to wait: what only the tender knows may then be missing in the bits.
	 * NULL: always readable and writable, and nothing for epoll.
	 */
	unsigned (*poll)(struct rt_file *file, struct rt_waitq **queue);
	/* F_SETPIPE_SZ, and with 0 bytes F_GETPIPE_SZ: fcntl(2). */
	long (*pipe_size)(struct rt_file *file, long bytes);
	void (*stat)(struct rt_file *file, struct stat *st);
	void (*release)(struct rt_file *file); /* the last one has closed it */
	unsigned mode; /* st_mode without a vnode: type and permissions */
};

/* An open file description: open(2). */
struct rt_file {
	const struct rt_file_ops *ops; /* NULL: this entry is free */
	unsigned refs;		       /* descriptors, and calls that use it */
	unsigned device;	       /* which of its kind */
	int flags;		       /* as F_GETFL tells them */
	int locks;		       /* it may hold some: lock.c */
	uint64_t offset;
	struct rt_vnode *vnode; /* NULL: not from a path */
	void *own;		/* what its kind keeps there */
	void *watches;		/* epoll.c: who watches it */
};

struct rt_fd {
	struct rt_file *file; /* NULL: free */
	int flags;	      /* FD_CLOEXEC */
};

#define RT_MAX_FDS  1024
#define RT_FIRST_FD 3 /* 0 to 2 are the console */

extern struct rt_fd __rt_fds[RT_MAX_FDS];
extern int __rt_fd_limit; /* RLIMIT_NOFILE: new ones are below */

/* What it was opened for; access mode 3 and O_PATH are for neither. */
static inline int __rt_reads(const struct rt_file *file)
{
	return !(file->flags & (1 | O_PATH));
}

static inline int __rt_writes(const struct rt_file *file)
{
	int access = file->flags & 3;

	return access == O_WRONLY || access == O_RDWR;
}

/* The file behind @fd, or NULL. */
struct rt_file *__rt_file(int fd);

/* A file without references, all zero but ops; NULL: too many (ENFILE). */
struct rt_file *__rt_file_new(const struct rt_file_ops *ops);

/*
 * One more, one less reference; the last one closes the file. A call that
 * blocks in a file holds one, as its descriptor may be closed meanwhile.
 */
struct rt_file *__rt_file_hold(struct rt_file *file);
void __rt_file_put(struct rt_file *file);

/*
 * For a call that makes one: gives the new @file (NULL: -ENFILE) the lowest
 * free descriptor, with the O_CLOEXEC of @flags. -EMFILE closes it.
 */
long __rt_file_install(struct rt_file *file, int flags);

/* The lowest free descriptor from @lowest on; -EMFILE. */
int __rt_fd_find(int lowest);

/* Makes @fd, which is free, name @file. */
void __rt_fd_set(int fd, struct rt_file *file, int flags);

/*
 * One transfer, at *offset, or where @offset is NULL at the file's own, which
 * it moves.
 */
long __rt_file_transfer(int fd, int write, const struct iovec *iov, int count,
			const int64_t *offset);

/* The sum of the lengths, or -EINVAL as readv(2) says. */
long __rt_iov_bytes(const struct iovec *iov, int count);

/* Called when a file that may hold locks, is watched, is no longer open. */
extern void (*__rt_locks_release)(struct rt_file *file);
extern void (*__rt_watches_release)(struct rt_file *file);

#endif
