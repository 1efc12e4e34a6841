/* SPDX-License-Identifier: ISC */
/* The data of files: rt_fs_ops. */
#ifndef RT_EXT_DATA_H
#define RT_EXT_DATA_H

#include "ext_vnode.h"

long ext_data_read(struct rt_vnode *v, uint64_t offset,
		   const struct bp_segment *list, unsigned count);
long ext_data_write(struct rt_vnode *v, uint64_t offset,
		    const struct bp_segment *list, unsigned count);
long ext_data_allocate(struct rt_vnode *v, uint64_t offset, uint64_t bytes,
		       int unwritten);
long ext_data_punch(struct rt_vnode *v, uint64_t from, uint64_t to);
long ext_data_seek(struct rt_vnode *v, uint64_t offset, int hole,
		   uint64_t *found);

#endif
