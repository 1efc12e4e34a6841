/* SPDX-License-Identifier: ISC */
/* Files in memory: mmap(2) of files. */
#ifndef RT_FILE_MAP_H
#define RT_FILE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct rt_file;

/* A file's entry in rt_file_ops: the address or -errno. */
long __rt_vnode_map(struct rt_file *file, uintptr_t hint, size_t bytes,
		    int protection, int flags, uint64_t offset);

/* What memory.c asks of shared mappings; NULL while there is none. */
struct rt_shared_maps {
	/*
	 * The page is about to be unmapped or mapped over. 0 or -errno; -EBUSY:
	 * once less, but somebody else has mapped it too.
	 */
	long (*unmap)(uintptr_t page);
	long (*sync)(uintptr_t start, size_t bytes, int flags);
	/*
	 * From now on the program may, or may not, write to these pages; the
	 * runtime still does. 0, or -EACCES: to some the file's descriptor did
	 * not allow it.
	 */
	long (*protect)(uintptr_t start, size_t bytes, int writable);
	/* Whether nobody else has mapped the page. */
	int (*is_alone)(uintptr_t page);
	/* Whether any of the range belongs to one. */
	int (*overlap)(uintptr_t start, size_t bytes);
};

extern const struct rt_shared_maps *__rt_shared_maps;

#endif
