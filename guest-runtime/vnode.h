/* SPDX-License-Identifier: ISC */
/*
 * Files as file systems keep them: what the calls that take paths and
 * descriptors (path.c, file_vnode.c, syscall_*.c) ask of a file system.
 *
 * A vnode is the one copy in memory of a file, directory or link. Its
 * attributes here are the truth while it is in memory; a file system writes
 * them back when asked to (write_attr). The vnode's data is in pages, page.h.
 *
 * Nothing here is entered twice: there is one vCPU, and no call sleeps while
 * it holds anything.
 */
#ifndef RT_VNODE_H
#define RT_VNODE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "hypercall.h"

struct rt_mount;
struct rt_page;
struct rt_vnode;
struct statfs;

#define RT_NAME_MAX 255

/* rt_vnode.dirty: what write_attr has to write */
#define RT_DIRTY_TIMES (1u << 0)
#define RT_DIRTY_ATTR  (1u << 1)

/* rt_vnode.flags, set by the file system: what is asked gets -EPERM */
#define RT_IMMUTABLE (1u << 0) /* no change to the file or to its names */
#define RT_APPEND    (1u << 1) /* nothing but writes at the end */

struct rt_vnode {
	struct rt_mount *mount;
	uint64_t ino;
	unsigned refs;	/* who uses it now; 0: only cached */
	unsigned flags; /* RT_IMMUTABLE, RT_APPEND */

	mode_t mode; /* type and permissions */
	uint32_t nlink;
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	uint64_t size;
	uint64_t max_size; /* -EFBIG past it; 0: no limit */
	uint64_t blocks;   /* of 512 bytes; the file system keeps it right */
	struct timespec atime, mtime, ctime;

	int linkable; /* has had no name yet, but may get one: O_TMPFILE */

	unsigned dirty; /* RT_DIRTY_* */
	int error;	/* -errno of a failed write-back, told once */
	void *pages;	/* page.c's tree */
	unsigned page_levels;
	size_t page_count, dirty_pages;
	uint64_t read_next;  /* page after the last read: see page.c */
	unsigned read_ahead; /* pages */
	void *maps;	     /* shared mappings: file_map.c's */
	void *locks;	     /* fcntl locks: lock.c's */
	void *node;	     /* what those have who have opened a FIFO */

	/* vnode.c's: of equal hash; unused, oldest first; with something dirty
	 */
	struct rt_vnode *hash_next;
	struct rt_vnode *idle_prev, *idle_next;
	struct rt_vnode *dirty_prev, *dirty_next;
};

/* One entry of a directory. Returns nonzero when there is no room for it. */
typedef int rt_emit(void *to, const char *name, size_t bytes, uint64_t ino,
		    unsigned type, uint64_t next);

/*
 * What a file system does. All return 0 (or a count) or -errno; what is NULL
 * gives EPERM, or EROFS where the file system is read-only. Names are not
 * terminated, not empty, at most RT_NAME_MAX bytes, hold no '/', and are
 * never "." or "..". A call that fails has changed nothing a user can see.
 *
 * What needs room on the disk may answer -EAGAIN: sync the mount, then ask the
 * same again. It has done nothing; only punch, and allocate with @unwritten,
 * have done a part, and may want to be asked several times.
 *
 * Callers keep to this: no change of any kind is asked of a read-only mount;
 * directories are directories; create and link are called for names that do
 * not exist, on the same mount. Whoever changes a directory also changes its
 * mtime and ctime (and the link's ctime), and marks it with __rt_vnode_dirty.
 */
struct rt_fs_ops {
	const char *name;

	/* Bytes of its vnode, which begins with struct rt_vnode. */
	size_t vnode_bytes;
	/* Fills a zeroed vnode, whose mount and ino are set. */
	long (*load)(struct rt_vnode *v);
	/*
	 * Forgets one that nobody uses. Where nlink is 0 the file is deleted
	 * first, its data and all; otherwise it is as the disk has it.
	 */
	void (*evict)(struct rt_vnode *v);

	/* -ENOENT where there is no such name. ".." is answered too. */
	long (*lookup)(struct rt_vnode *dir, const char *name, size_t bytes,
		       uint64_t *ino);
	/*
	 * Entries from @at on, which is 0 or the next of one emitted before,
	 * "." and ".." among them. 0 at the end and when @emit is full.
	 */
	long (*readdir)(struct rt_vnode *dir, uint64_t at, rt_emit *emit,
			void *to);
	long (*readlink)(struct rt_vnode *v, char *to, size_t bytes);

	/*
	 * A new file, directory, link (with its @target) or node, of @mode,
	 * owner and times as in @init; NULL @name: a file without a name.
	 */
	long (*create)(struct rt_vnode *dir, const char *name, size_t bytes,
		       const struct rt_vnode *init, const char *target,
		       uint64_t *ino);
	/* @v may be without a name, see linkable. */
	long (*link)(struct rt_vnode *dir, const char *name, size_t bytes,
		     struct rt_vnode *v);
	/*
	 * Removes the name of @v; for a directory -ENOTEMPTY or all of it.
	 * The last name gone, nlink is 0: @v lives until it is evicted, and
	 * should the machine stop before that, the next mount deletes it.
	 */
	long (*unlink)(struct rt_vnode *dir, const char *name, size_t bytes,
		       struct rt_vnode *v);
	/*
	 * Moves @v; what has the new name, @over, loses it as by unlink (NULL:
	 * nothing has). With @exchange, @over gets the old name instead. All
	 * of it or nothing is on the disk after a crash.
	 */
	long (*rename)(struct rt_vnode *dir, const char *name, size_t bytes,
		       struct rt_vnode *v, struct rt_vnode *new_dir,
		       const char *new_name, size_t new_bytes,
		       struct rt_vnode *over, int exchange);

	/* Puts the vnode's attributes where commit will find them. */
	long (*write_attr)(struct rt_vnode *v);

	/*
	 * Whole pages of the file from @offset, scattered over @list, which
	 * together are contiguous in the file. Holes and what is past the end
	 * read as zero; writing skips what has no block (see allocate). NULL:
	 * there is no disk, pages are kept, and nobody allocates.
	 */
	long (*read)(struct rt_vnode *v, uint64_t offset,
		     const struct bp_segment *list, unsigned count);
	long (*write)(struct rt_vnode *v, uint64_t offset,
		      const struct bp_segment *list, unsigned count);
	/*
	 * Gives every block that [offset, offset + bytes) touches a place; it
	 * reads as zero until it is written. The caller writes all of it
	 * before the next commit, else it loses its place again, except with
	 * @unwritten. Does not change the size. -EOPNOTSUPP: @unwritten is not
	 * possible in this file.
	 */
	long (*allocate)(struct rt_vnode *v, uint64_t offset, uint64_t bytes,
			 int unwritten);
	/*
	 * Frees all blocks that lie wholly in the range (to: UINT64_MAX). To
	 * shorten a file set its size first: then a crash halfway ends well.
	 */
	long (*punch)(struct rt_vnode *v, uint64_t from, uint64_t to);
	/*
	 * The first offset >= @offset of data (@hole: without data); size
	 * where there is none. NULL: all of a file is data.
	 */
	long (*seek)(struct rt_vnode *v, uint64_t offset, int hole,
		     uint64_t *found);

	/*
	 * Everything done so far survives a crash, all or nothing back to the
	 * last commit. Data has been written, attributes were given before.
	 */
	long (*commit)(struct rt_mount *mount);
	/* Data that was written into allocated blocks survives a crash. */
	long (*flush)(struct rt_mount *mount);
	/*
	 * Whether something other than data waits for a commit: 0, 1, or 2
	 * when it has become so much that it should be committed now.
	 */
	int (*pending)(struct rt_mount *mount);
	long (*statfs)(struct rt_mount *mount, struct statfs *to);
	/* After a commit: leaves a clean file system behind. */
	long (*unmount)(struct rt_mount *mount);
};

/*
 * A mounted file system. It appears in @parent under @name, whether that has
 * such an entry or not: so that a disk can be mounted in a read-only tree.
 */
struct rt_mount {
	const struct rt_fs_ops *ops;
	void *fs;  /* the file system's own */
	dev_t dev; /* st_dev */
	int read_only;
	int mapped; /* its disk is memory: a read of it needs no exit */
	struct rt_vnode *root;
	struct rt_vnode *parent; /* NULL: this is "/" */
	const char *name;
	const char *path; /* all of it, for messages */
	const char *source;
	/* Until something asks for it: mounts it then. NULL: mounted. */
	long (*attach)(struct rt_mount *mount);
	unsigned device;	/* the disk, for attach */
	uint64_t commit_due_ns; /* monotonic; 0: nothing waits */
	struct rt_mount *next;
};

/*
 * The vnode of @ino, with a reference of the caller's. 0 or -errno.
 */
long __rt_vnode_get(struct rt_mount *mount, uint64_t ino, struct rt_vnode **to);
/* One more, one less reference. The last one of a deleted file deletes it. */
struct rt_vnode *__rt_vnode_hold(struct rt_vnode *v);
void __rt_vnode_put(struct rt_vnode *v);
/* Its attributes have changed. */
void __rt_vnode_dirty(struct rt_vnode *v, unsigned what);
/* It has a dirty page. */
void __rt_vnode_list_dirty(struct rt_vnode *v);
/*
 * Gives the file system of @mount (NULL: each) all that is dirty above it,
 * data and attributes. Goes on after an error; the first one is returned.
 */
long __rt_vnode_write_back(const struct rt_mount *mount);
/* Has memory run out: forgets what nobody uses. Whether there was any. */
int __rt_vnode_shrink(void);
/* Forgets all that nobody uses. Nothing of it is dirty. */
void __rt_vnode_forget_all(const struct rt_mount *mount);

/* Wall-clock time, as file systems stamp it. */
void __rt_now(struct timespec *to);

/*
 * The runtime's own allocator, apart from the program's: a handler of a
 * signal that interrupted malloc() may open files.
 */
void *__rt_malloc(size_t bytes);
void *__rt_calloc(size_t count, size_t bytes);
void *__rt_realloc(void *old, size_t bytes);
void __rt_free(void *p);

#endif
