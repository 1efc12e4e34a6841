/* SPDX-License-Identifier: ISC */
/* Emptying the log: what it holds goes to its place on the disk. */
#include <errno.h>
#include <string.h>

#include "ext_journal.h"
#include "ext_store_internal.h"

long ext_journal_read_back(struct ext_store *store, const struct ext_block *b,
			   uint8_t *to)
{
	uint32_t magic = be32(JBD2_MAGIC_NUMBER), run;
	long err = ext_store_transfer_one(
		store, BP_BLOCK_READ, ext_journal_block(store, b->log_at, &run),
		to, store->block_bytes);

	if (!err && (b->state & EXT_ESCAPED))
		memcpy(to, &magic, sizeof(magic));
	return err;
}

long ext_journal_checkpoint(struct ext_store *store, uint32_t tid, bool end)
{
	struct ext_journal *j = &store->journal;
	struct ext_block *b, *next;
	long err = ext_store_write_home(store, EXT_LOGGED);

	if (!err)
		err = ext_store_barrier(store);
	/*
	 * Only now may the log's start move, and only once it has moved may
	 * what is before it be overwritten.
	 */
	if (!err)
		err = ext_journal_write_super(store, end ? 0 : j->head, tid);
	if (!err)
		err = ext_store_barrier(store);
	if (err)
		return err;
	j->used = 0;
	j->tid = tid;
	j->restart = false;
	j->live = !end;
	for (b = store->cache.pinned.first; b; b = next) {
		next = b->next;
		if (b->state & EXT_REVOKED)
			ext_store_drop(store, b);
		else
			ext_store_set_state(store, b, b->state & EXT_DIRTY);
	}
	return 0;
}
