/* SPDX-License-Identifier: ISC */
#include "ext_data.h"

#include <errno.h>
#include <string.h>

#include "ext_inline.h"
#include "ext_inode.h"
#include "ext_map.h"
#include "ext_orphan.h"
#include "ext_owed.h"

/* The pieces of memory that are still to be filled or written. */
struct memory {
	const struct bp_segment *list;
	unsigned count;
	uint64_t skip; /* bytes of the first that are done */
};

/* Cuts the next @bytes off, into pieces of which there is room for a few. */
static uint64_t memory_take(struct memory *from, uint64_t bytes,
			    struct bp_segment *to, unsigned *count)
{
	uint64_t taken = 0;

	for (*count = 0;
	     *count < BP_MAX_SEGMENTS && taken < bytes && from->count;
	     ++*count) {
		uint64_t n = from->list->bytes - from->skip;

		if (n > bytes - taken)
			n = bytes - taken;
		to[*count].gpa = from->list->gpa + from->skip;
		to[*count].bytes = n;
		taken += n;
		from->skip += n;
		if (from->skip == from->list->bytes) {
			from->list++;
			from->count--;
			from->skip = 0;
		}
	}
	return taken;
}

static uint64_t memory_bytes(const struct bp_segment *list, unsigned count)
{
	uint64_t bytes = 0;

	while (count--)
		bytes += list[count].bytes;
	return bytes;
}

static void *piece_at(const struct bp_segment *piece)
{
	return (void *)(uintptr_t)piece->gpa;
}

static void memory_zero(struct memory *to, uint64_t bytes)
{
	struct bp_segment list[BP_MAX_SEGMENTS];
	unsigned count;
	uint64_t n;

	for (; bytes && (n = memory_take(to, bytes, list, &count)); bytes -= n)
		for (unsigned i = 0; i < count; i++)
			memset(piece_at(&list[i]), 0, list[i].bytes);
}

static long memory_io(struct ext_mount *m, bool write, blk64_t blk,
		      struct memory *mem, uint64_t bytes)
{
	struct bp_segment list[BP_MAX_SEGMENTS];
	unsigned count;

	while (bytes) {
		uint64_t n = memory_take(mem, bytes, list, &count);
		long r = write ? ext_store_write(m->store, blk, list, count)
			       : ext_store_read(m->store, blk, list, count);

		if (r < 0)
			return r;
		blk += n >> m->block_bits;
		bytes -= n;
	}
	return 0;
}

/* The run that begins with @lblk; what was never written is one of its own. */
static long run_find(struct ext_vnode *x, uint64_t lblk, struct ext_run *run)
{
	uint64_t until;
	long r = ext_map_find(x, lblk, run);

	if (r < 0)
		return r;
	if (ext_owed_is(x, lblk, &until) && run->state == EXT_DATA)
		run->state = EXT_UNWRITTEN;
	if (until - lblk < run->blocks)
		run->blocks = until - lblk;
	return 0;
}

static long inline_data_read(struct ext_vnode *x, uint64_t offset,
			     struct memory *to, uint64_t bytes)
{
	struct bp_segment list[BP_MAX_SEGMENTS];
	unsigned count;

	while (bytes) {
		bytes -= memory_take(to, bytes, list, &count);
		for (unsigned i = 0; i < count; i++) {
			uint8_t *at = piece_at(&list[i]);
			long n = ext_inline_read(x, offset, at, list[i].bytes);

			if (n < 0)
				return n;
			memset(at + n, 0, list[i].bytes - (uint64_t)n);
			offset += list[i].bytes;
		}
	}
	return 0;
}

/* Makes zero what lies @keep bytes and more into the memory. */
static void tail_zero(const struct bp_segment *list, unsigned count,
		      uint64_t keep)
{
	for (; count; list++, count--) {
		uint64_t n = keep < list->bytes ? keep : list->bytes;

		memset((uint8_t *)piece_at(list) + n, 0, list->bytes - n);
		keep -= n;
	}
}

long ext_data_read(struct rt_vnode *v, uint64_t offset,
		   const struct bp_segment *list, unsigned count)
{
	struct ext_vnode *x = ext_vnode(v);
	struct ext_mount *m = ext_mount(x);
	struct memory to = {list, count, 0};
	uint64_t left = memory_bytes(list, count), at = offset;
	long r;

	if (x->raw.i_flags & EXT4_INLINE_DATA_FL)
		return inline_data_read(x, offset, &to, left);
	while (left && at < v->size) {
		struct ext_run run;
		uint64_t n;

		r = run_find(x, at >> m->block_bits, &run);
		if (r < 0)
			return r;
		n = left >> m->block_bits;
		n = (run.blocks < n ? run.blocks : n) << m->block_bits;
		if (!n)
			return -EINVAL;
		if (run.state == EXT_DATA) {
			r = memory_io(m, false, run.pblk, &to, n);
			if (r < 0)
				return r;
		} else {
			memory_zero(&to, n);
		}
		left -= n;
		at += n;
	}
	if (offset >= v->size)
		tail_zero(list, count, 0);
	else
		tail_zero(list, count, v->size - offset);
	return 0;
}

/* Writes what has blocks; these hold data then. */
static long run_write(struct ext_vnode *x, const struct ext_run *run,
		      struct memory *from)
{
	struct ext_mount *m = ext_mount(x);
	struct bp_segment list[BP_MAX_SEGMENTS];
	uint64_t bytes = run->blocks << m->block_bits, n;
	unsigned count;
	long r;

	if (run->state == EXT_HOLE) {
		while (bytes && (n = memory_take(from, bytes, list, &count)))
			bytes -= n;
		return 0;
	}
	/* Some of it may be left, in two pieces instead of one. */
	if (x->owed.count && ext_owed_reserve(x, 1) < 0)
		return -ENOMEM;
	r = memory_io(m, true, run->pblk, from, bytes);
	if (r < 0)
		return r;
	ext_owed_remove(x, run->lblk, run->lblk + run->blocks);
	if (run->state == EXT_DATA)
		return 0;
	return ext_map_convert(x, run->lblk, run->blocks, EXT_DATA);
}

long ext_data_write(struct rt_vnode *v, uint64_t offset,
		    const struct bp_segment *list, unsigned count)
{
	struct ext_vnode *x = ext_vnode(v);
	struct ext_mount *m = ext_mount(x);
	struct memory from = {list, count, 0};
	uint64_t left = memory_bytes(list, count) >> m->block_bits;
	uint64_t lblk = offset >> m->block_bits;
	uint64_t end = (v->size + m->block_bytes - 1) >> m->block_bits;

	if (m->broken)
		return -EIO;
	while (left) {
		struct ext_run run;
		long r = ext_map_find(x, lblk, &run);

		if (r < 0)
			return r;
		if (run.blocks > left)
			run.blocks = left;
		/* A page may reach past the end; what is there stays unwritten.
		 */
		if (run.state == EXT_UNWRITTEN && lblk >= end)
			run.state = EXT_HOLE;
		else if (run.state == EXT_UNWRITTEN && run.blocks > end - lblk)
			run.blocks = end - lblk;
		r = run_write(x, &run, &from);
		if (r < 0)
			return r;
		lblk += run.blocks;
		left -= run.blocks;
	}
	return 0;
}

long ext_data_punch(struct rt_vnode *v, uint64_t from, uint64_t to)
{
	struct ext_vnode *x = ext_vnode(v);
	struct ext_mount *m = ext_mount(x);
	uint64_t lblk = (from + m->block_bytes - 1) >> m->block_bits;
	uint64_t end = to >> m->block_bits;
	long r;

	if (v->flags & (RT_IMMUTABLE | RT_APPEND))
		return -EPERM;
	if (m->broken)
		return -EIO;
	if (from > INT64_MAX)
		return 0;
	if (to == UINT64_MAX) {
		r = ext_inode_cut(x, lblk);
		/* Until the rest is gone, a crash must not leave it there. */
		if (r == -EAGAIN && ext_orphan_add(x) < 0)
			r = -ENOMEM;
		if (r == 0 && v->nlink)
			ext_orphan_remove(x);
		return r;
	}
	r = ext_owed_reserve(x, 1);
	while (r == 0 && lblk < end) {
		uint64_t at = lblk;

		r = ext_map_remove(x, lblk, end, &lblk);
		if (r == 0)
			ext_owed_remove(x, at, lblk);
		if (r == 0 && lblk < end && ext_store_should_commit(m->store))
			r = -EAGAIN;
		if (r == 0)
			r = ext_owed_reserve(x, 1);
	}
	return r;
}

long ext_data_seek(struct rt_vnode *v, uint64_t offset, int hole,
		   uint64_t *found)
{
	struct ext_vnode *x = ext_vnode(v);
	struct ext_mount *m = ext_mount(x);
	bool is_inline = x->raw.i_flags & EXT4_INLINE_DATA_FL;
	struct ext_run run;

	*found = v->size;
	if (offset >= v->size)
		return 0;
	if (is_inline) {
		if (!hole)
			*found = offset;
		return 0;
	}
	while (offset < v->size) {
		uint64_t lblk = offset >> m->block_bits;
		long r = ext_map_find(x, lblk, &run);

		if (r < 0)
			return r;
		if ((run.state == EXT_DATA) != hole) {
			*found = offset;
			return 0;
		}
		if (run.blocks >= (INT64_MAX >> m->block_bits) - lblk)
			return 0;
		offset = (lblk + run.blocks) << m->block_bits;
	}
	return 0;
}
