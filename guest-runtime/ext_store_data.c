/* SPDX-License-Identifier: ISC */
/* The disk under the store: transfers of any shape, flushes, file data. */
#include <errno.h>
#include <string.h>

#include "ext_store_internal.h"

/* A request being gathered: whole device blocks, few enough pieces. */
struct request {
	struct bp_segment list[BP_MAX_SEGMENTS];
	unsigned count;
	uint64_t bytes;
};

/* The rest of a caller's list. */
struct rest {
	const struct bp_segment *list;
	unsigned count;
	uint64_t done; /* bytes of the first piece */
};

static long device_io(struct ext_store *store, enum bp_block_op op,
		      uint64_t offset, const struct bp_segment *list,
		      unsigned count)
{
	struct rt_disk *disk = store->disk;

	if (op == BP_BLOCK_WRITE)
		store->unflushed = true;
	return disk->io(disk, op, offset, list, count);
}

/* Takes up to @max bytes from the list; pieces that touch become one. */
static void gather(struct request *r, struct rest *rest, uint64_t max)
{
	while (rest->count && r->bytes < max) {
		uint64_t at = rest->list->gpa + rest->done;
		uint64_t bytes = rest->list->bytes - rest->done;
		struct bp_segment *last = &r->list[r->count ? r->count - 1 : 0];
		bool touches = r->count && last->gpa + last->bytes == at;

		if (bytes > max - r->bytes)
			bytes = max - r->bytes;
		if (bytes && !touches) {
			if (r->count == BP_MAX_SEGMENTS)
				return;
			r->list[r->count++] = (struct bp_segment){at, bytes};
		} else if (bytes) {
			last->bytes += bytes;
		}
		r->bytes += bytes;
		rest->done += bytes;
		if (rest->done == rest->list->bytes) {
			rest->list++;
			rest->count--;
			rest->done = 0;
		}
	}
}

static void copy_pieces(uint8_t *block, const struct request *r, bool out)
{
	for (unsigned i = 0; i < r->count; i++) {
		// NOLINTNEXTLINE(performance-no-int-to-ptr)
		void *piece = (void *)(uintptr_t)r->list[i].gpa;

		if (out)
			memcpy(piece, block, r->list[i].bytes);
		else
			memcpy(block, piece, r->list[i].bytes);
		block += r->list[i].bytes;
	}
}

/* One device block that is in too many pieces for one request. */
static long bounce(struct ext_store *store, enum bp_block_op op,
		   uint64_t offset, struct rest *rest)
{
	uint32_t unit = store->disk->block_bytes;
	uint8_t *block = malloc(unit);
	struct bp_segment whole = {(uintptr_t)block, unit};
	long err = 0;

	if (!block)
		return -ENOMEM;
	if (op == BP_BLOCK_READ)
		err = device_io(store, op, offset, &whole, 1);
	for (uint64_t done = 0; !err && done < unit;) {
		struct request r = {.count = 0};

		gather(&r, rest, unit - done);
		copy_pieces(block + done, &r, op == BP_BLOCK_READ);
		done += r.bytes;
	}
	if (!err && op == BP_BLOCK_WRITE)
		err = device_io(store, op, offset, &whole, 1);
	free(block);
	return err;
}

long ext_store_transfer(struct ext_store *store, enum bp_block_op op,
			blk64_t blk, const struct bp_segment *list,
			unsigned count)
{
	uint32_t unit = store->disk->block_bytes;
	uint64_t offset = blk * store->block_bytes;
	struct rest rest = {list, count, 0};
	long err = 0;

	while (!err && rest.count) {
		struct request r = {.count = 0};
		struct rest before = rest;

		gather(&r, &rest, UINT64_MAX);
		if (r.bytes % unit) {
			/* Cut it at the last whole device block. */
			uint64_t whole = r.bytes - r.bytes % unit;

			r = (struct request){.count = 0};
			rest = before;
			gather(&r, &rest, whole);
		}
		if (r.bytes) {
			err = device_io(store, op, offset, r.list, r.count);
			offset += r.bytes;
		} else if (rest.count) {
			err = bounce(store, op, offset, &rest);
			offset += unit;
		}
	}
	return err;
}

long ext_store_transfer_one(struct ext_store *store, enum bp_block_op op,
			    blk64_t blk, void *data, size_t bytes)
{
	struct bp_segment one = {(uintptr_t)data, bytes};

	return device_io(store, op, blk * store->block_bytes, &one, 1);
}

long ext_store_barrier(struct ext_store *store)
{
	long err = store->disk->io(store->disk, BP_BLOCK_FLUSH, 0, NULL, 0);

	if (!err)
		store->unflushed = false;
	return err;
}

static uint64_t total(const struct bp_segment *list, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += list[i].bytes;
	return bytes;
}

static bool good_range(const struct ext_store *store, blk64_t blk,
		       uint64_t bytes)
{
	uint64_t blocks = bytes / store->block_bytes;

	return bytes % store->block_bytes == 0 && blk <= store->blocks &&
	       blocks <= store->blocks - blk;
}

/* Block number @index of what the pieces hold together. */
static void put_block(struct ext_store *store, const struct ext_block *b,
		      uint64_t index, const struct bp_segment *list)
{
	uint64_t skip = index * store->block_bytes;
	uint32_t left = store->block_bytes;
	const uint8_t *from = b->data;

	for (; left; list++) {
		uint64_t bytes = list->bytes;

		if (skip >= bytes) {
			skip -= bytes;
			continue;
		}
		bytes -= skip;
		if (bytes > left)
			bytes = left;
		// NOLINTNEXTLINE(performance-no-int-to-ptr)
		memcpy((void *)(uintptr_t)(list->gpa + skip), from, bytes);
		skip = 0;
		from += bytes;
		left -= (uint32_t)bytes;
	}
}

long ext_store_read(struct ext_store *store, blk64_t blk,
		    const struct bp_segment *list, unsigned count)
{
	uint64_t bytes = total(list, count);
	long err;

	if (!good_range(store, blk, bytes))
		return -EIO;
	err = ext_store_transfer(store, BP_BLOCK_READ, blk, list, count);
	if (err || !store->cache.pinned.count)
		return err;
	/*
	 * What is newer in memory: a journal that was replayed only there, or
	 * a block that libext2fs cleared when it allocated it.
	 */
	for (uint64_t i = 0; i < bytes / store->block_bytes; i++) {
		const struct ext_block *b = ext_store_find(store, blk + i);

		if (b && b->state && !(b->state & EXT_REVOKED))
			put_block(store, b, i, list);
	}
	return 0;
}

/*
 * What the cache has of blocks that become data. Where a committed
 * transaction has it, the log's copy must be revoked by the next one.
 */
static void forget_range(struct ext_store *store, blk64_t blk, uint64_t blocks)
{
	for (uint64_t i = 0; i < blocks && store->cache.count; i++) {
		struct ext_block *b = ext_store_find(store, blk + i);

		if (b && b->state & EXT_LOGGED)
			ext_store_set_state(store, b,
					    (b->state & ~EXT_DIRTY) |
						    EXT_REVOKED);
		else if (b)
			ext_store_drop(store, b);
	}
}

long ext_store_write(struct ext_store *store, blk64_t blk,
		     const struct bp_segment *list, unsigned count)
{
	uint64_t bytes = total(list, count);
	long err;

	if (!store->writable)
		return -EROFS;
	if (!good_range(store, blk, bytes))
		return -EIO;
	err = ext_store_transfer(store, BP_BLOCK_WRITE, blk, list, count);
	if (!err)
		forget_range(store, blk, bytes / store->block_bytes);
	return err;
}
