/* SPDX-License-Identifier: ISC */
/*
 * Transactions, in the format of the kernel's jbd2.
 *
 * THEORY OF OPERATION
 * A transaction is revoke blocks, descriptor blocks each followed by the
 * blocks that it describes, and a commit block. All but the last go to the log
 * in as few requests as its place allows, and are flushed; then the commit
 * block is written and flushed, and the transaction counts. The place of the
 * commit block is cleared together with the rest, so that only its first
 * device block changes at the end: a disk writes that whole or not at all.
 *
 * If a commit fails when the commit block may have been written, nobody knows
 * whether it counts. It may: nothing that the state before needs has been
 * overwritten. But the same number must not be used for anything else; so the
 * next commit first empties the log and goes on with the number after.
 */
#include "ext_journal.h"

#include <errno.h>
#include <string.h>

#include "ext_store_internal.h"

#define HEADER_BYTES ((size_t)12)
#define REVOKE_BYTES ((size_t)16) /* header and count */
#define UUID_BYTES   ((size_t)16)
#define TAIL_BYTES   ((size_t)4)

/* A transaction being made. */
struct transaction {
	struct ext_store *store;
	size_t blocks, revokes, escapes; /* how many */
	size_t descriptors, revoke_blocks;
	uint32_t log_blocks; /* all of it, the commit block too */
	/* Blocks that are only in the log: descriptors, revokes, escapes. */
	uint8_t *scratch;
	size_t scratch_used;
	/* Gathered for the next request; goes to block @to of the disk. */
	struct bp_segment list[BP_MAX_SEGMENTS];
	unsigned count;
	blk64_t to;
	uint32_t at; /* where in the log the next block goes */
	uint32_t commit_at;
};

static size_t tail_bytes(const struct ext_journal *j)
{
	return j->csum ? TAIL_BYTES : 0;
}

/* Tags in one descriptor block; the first one has the UUID behind it. */
static size_t tags_per_block(const struct ext_store *store)
{
	const struct ext_journal *j = &store->journal;

	return (store->block_bytes - HEADER_BYTES - UUID_BYTES -
		tail_bytes(j)) /
	       j->tag_bytes;
}

static size_t revokes_per_block(const struct ext_store *store)
{
	const struct ext_journal *j = &store->journal;

	return (store->block_bytes - REVOKE_BYTES - tail_bytes(j)) /
	       (j->wide ? 8 : 4);
}

static uint32_t next_in_log(const struct ext_journal *j, uint32_t at)
{
	return at + 1 == j->end ? j->first : at + 1;
}

static bool is_escape(const struct ext_block *b)
{
	uint32_t word;

	memcpy(&word, b->data, sizeof(word));
	return word == be32(JBD2_MAGIC_NUMBER);
}

/* What a block is to this transaction. */
static bool is_journaled(const struct ext_store *store,
			 const struct ext_block *b)
{
	return (b->state & EXT_DIRTY) && !ext_store_is_freed(store, b->blk);
}

static bool is_revoked(const struct ext_store *store, const struct ext_block *b)
{
	return (b->state & EXT_REVOKED) ||
	       ((b->state & EXT_LOGGED) && ext_store_is_freed(store, b->blk));
}

static void measure(struct transaction *t)
{
	struct ext_store *store = t->store;
	size_t tags = tags_per_block(store);
	size_t revokes = revokes_per_block(store);

	for (struct ext_block *b = store->cache.pinned.first; b; b = b->next) {
		if (is_journaled(store, b)) {
			t->blocks++;
			t->escapes += is_escape(b);
		} else if (is_revoked(store, b)) {
			t->revokes++;
		}
	}
	t->descriptors = (t->blocks + tags - 1) / tags;
	t->revoke_blocks = (t->revokes + revokes - 1) / revokes;
	t->log_blocks =
		(uint32_t)(t->blocks + t->descriptors + t->revoke_blocks + 1);
}

static uint8_t *take_scratch(struct transaction *t)
{
	return t->scratch + t->store->block_bytes * t->scratch_used++;
}

static long send_gathered(struct transaction *t)
{
	long err = 0;

	if (t->count)
		err = ext_store_transfer(t->store, BP_BLOCK_WRITE, t->to,
					 t->list, t->count);
	t->count = 0;
	return err;
}

/* Puts a block next in the log. */
static long append(struct transaction *t, const uint8_t *data)
{
	struct ext_journal *j = &t->store->journal;
	uint32_t run;
	blk64_t blk = ext_journal_block(t->store, t->at, &run);
	long err = 0;

	if (t->count &&
	    (t->count == BP_MAX_SEGMENTS || t->to + t->count != blk))
		err = send_gathered(t);
	if (err)
		return err;
	if (!t->count)
		t->to = blk;
	t->list[t->count].gpa = (uintptr_t)data;
	t->list[t->count++].bytes = t->store->block_bytes;
	t->at = next_in_log(j, t->at);
	return 0;
}

static uint8_t *new_header(struct transaction *t, uint32_t type)
{
	uint8_t *block = take_scratch(t);
	journal_header_t *header = (void *)block;

	memset(block, 0, t->store->block_bytes);
	header->h_magic = be32(JBD2_MAGIC_NUMBER);
	header->h_blocktype = be32(type);
	header->h_sequence = be32(t->store->journal.tid);
	return block;
}

static void seal(struct transaction *t, uint8_t *block)
{
	const struct ext_journal *j = &t->store->journal;
	struct jbd2_journal_block_tail *tail;

	if (!j->csum)
		return;
	tail = (void *)(block + t->store->block_bytes - TAIL_BYTES);
	tail->t_checksum =
		be32(ext2fs_crc32c_le(j->seed, block, t->store->block_bytes));
}

static uint32_t tag_csum(const struct transaction *t, const uint8_t *data)
{
	const struct ext_journal *j = &t->store->journal;
	uint32_t tid = be32(j->tid);
	uint32_t crc = ext2fs_crc32c_le(j->seed, (uint8_t *)&tid, sizeof(tid));

	return ext2fs_crc32c_le(crc, data, t->store->block_bytes);
}

/* Describes @b, of which @data goes to the log. */
static void put_tag(const struct transaction *t, uint8_t *to,
		    const struct ext_block *b, const uint8_t *data,
		    uint32_t flags)
{
	const struct ext_journal *j = &t->store->journal;

	if (j->csum) {
		journal_block_tag3_t tag = {
			.t_blocknr = be32((uint32_t)b->blk),
			.t_flags = be32(flags),
			.t_blocknr_high = be32((uint32_t)(b->blk >> 32)),
			.t_checksum = be32(tag_csum(t, data)),
		};

		memcpy(to, &tag, sizeof(tag));
	} else {
		journal_block_tag_t tag = {
			.t_blocknr = be32((uint32_t)b->blk),
			.t_flags = __builtin_bswap16((uint16_t)flags),
			.t_blocknr_high = be32((uint32_t)(b->blk >> 32)),
		};

		memcpy(to, &tag, j->tag_bytes);
	}
}

/* What of a block goes to the log: as recovery takes it for a header else. */
static const uint8_t *escaped(struct transaction *t, struct ext_block *b)
{
	uint8_t *copy;

	if (!is_escape(b))
		return b->data;
	copy = take_scratch(t);
	memcpy(copy, b->data, t->store->block_bytes);
	memset(copy, 0, sizeof(uint32_t));
	return copy;
}

static struct ext_block *next_journaled(const struct transaction *t,
					struct ext_block *b)
{
	while (b && !is_journaled(t->store, b))
		b = b->next;
	return b;
}

/*
 * A descriptor block and what it describes. Its tags are written before it is
 * sent, as both are only gathered here.
 */
static long put_described(struct transaction *t, struct ext_block **at)
{
	const struct ext_journal *j = &t->store->journal;
	size_t room = tags_per_block(t->store);
	uint8_t *block = new_header(t, JBD2_DESCRIPTOR_BLOCK);
	uint8_t *to = block + HEADER_BYTES;
	struct ext_block *first = *at;
	const uint8_t *copies =
		t->scratch + t->store->block_bytes * t->scratch_used;
	struct ext_block *b = *at;
	long err;

	for (size_t n = 0; b && n < room; n++) {
		struct ext_block *next = next_journaled(t, b->next);
		uint32_t flags = n ? JBD2_FLAG_SAME_UUID : 0;
		const uint8_t *data = escaped(t, b);

		if (data != b->data)
			flags |= JBD2_FLAG_ESCAPE;
		if (!next || n + 1 == room)
			flags |= JBD2_FLAG_LAST_TAG;
		put_tag(t, to, b, data, flags);
		to += j->tag_bytes;
		if (!n) {
			memcpy(to, ((journal_superblock_t *)j->super)->s_uuid,
			       UUID_BYTES);
			to += UUID_BYTES;
		}
		b = next;
	}
	seal(t, block);
	err = append(t, block);
	*at = b;
	for (b = first; !err && b != *at; b = next_journaled(t, b->next)) {
		const uint8_t *data = b->data;

		if (is_escape(b)) {
			data = copies;
			copies += t->store->block_bytes;
		}
		err = append(t, data);
	}
	return err;
}

static struct ext_block *next_revoked(const struct transaction *t,
				      struct ext_block *b)
{
	while (b && (is_journaled(t->store, b) || !is_revoked(t->store, b)))
		b = b->next;
	return b;
}

static long put_revokes(struct transaction *t, struct ext_block **at)
{
	size_t room = revokes_per_block(t->store);
	uint8_t *block = new_header(t, JBD2_REVOKE_BLOCK);
	jbd2_journal_revoke_header_t *header = (void *)block;
	uint8_t *to = block + REVOKE_BYTES;

	for (; room && *at; room--) {
		uint64_t wide = __builtin_bswap64((*at)->blk);
		uint32_t narrow = be32((uint32_t)(*at)->blk);

		if (t->store->journal.wide) {
			memcpy(to, &wide, sizeof(wide));
			to += sizeof(wide);
		} else {
			memcpy(to, &narrow, sizeof(narrow));
			to += sizeof(narrow);
		}
		*at = next_revoked(t, (*at)->next);
	}
	header->r_count = be32((uint32_t)(to - block));
	seal(t, block);
	return append(t, block);
}

/* All that comes before the commit block, and zeros in that one's place. */
static long put_body(struct transaction *t)
{
	struct ext_block *first = t->store->cache.pinned.first;
	struct ext_block *b = next_revoked(t, first);
	uint8_t *zeros;
	long err = 0;

	t->at = t->store->journal.head;
	while (!err && b)
		err = put_revokes(t, &b);
	b = next_journaled(t, first);
	while (!err && b)
		err = put_described(t, &b);
	if (err)
		return err;
	zeros = take_scratch(t);
	memset(zeros, 0, t->store->block_bytes);
	t->commit_at = t->at;
	err = append(t, zeros);
	return err ? err : send_gathered(t);
}

/* The time in it may not go back from one transaction to the next. */
static uint64_t commit_time(struct ext_journal *j)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_REALTIME, &now);
	ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	if (ns < j->commit_ns)
		ns = j->commit_ns;
	j->commit_ns = ns;
	return ns;
}

static long put_commit(struct transaction *t)
{
	struct ext_store *store = t->store;
	struct ext_journal *j = &store->journal;
	struct commit_header *header;
	uint64_t ns = commit_time(j);
	uint32_t run;
	long err;

	t->scratch_used = 0;
	header = (void *)new_header(t, JBD2_COMMIT_BLOCK);
	header->h_commit_sec = __builtin_bswap64(ns / 1000000000u);
	header->h_commit_nsec = be32((uint32_t)(ns % 1000000000u));
	if (j->csum)
		header->h_chksum[0] = be32(ext2fs_crc32c_le(
			j->seed, (uint8_t *)header, store->block_bytes));
	j->restart = true;
	err = ext_store_transfer_one(
		store, BP_BLOCK_WRITE,
		ext_journal_block(store, t->commit_at, &run), header,
		store->disk->block_bytes);
	if (!err)
		err = ext_store_barrier(store);
	if (!err)
		j->restart = false;
	return err;
}

/* Before the first transaction in an empty log. */
static long begin_log(struct ext_store *store)
{
	struct ext_journal *j = &store->journal;
	long err = 0;

	if (!store->in_use)
		err = ext_store_super_in_use(store, true);
	if (!err && !j->live)
		err = ext_journal_write_super(store, j->head, j->tid);
	return err;
}

/*
 * The transaction counts: what was dirty is in the log. Blocks were appended
 * in the order of the list, which tells where each one is.
 */
static void settle(struct transaction *t)
{
	struct ext_store *store = t->store;
	struct ext_journal *j = &store->journal;
	size_t tags = tags_per_block(store), n = 0;
	struct ext_block *b, *next;
	uint32_t at = j->head;

	for (size_t i = 0; i < t->revoke_blocks; i++)
		at = next_in_log(j, at);
	for (b = store->cache.pinned.first; b; b = next) {
		next = b->next;
		if (is_journaled(store, b)) {
			unsigned state = EXT_LOGGED;

			if (n++ % tags == 0)
				at = next_in_log(j, at);
			b->log_at = at;
			at = next_in_log(j, at);
			if (is_escape(b))
				state |= EXT_ESCAPED;
			ext_store_set_state(store, b, state);
		} else if (is_revoked(store, b) || (b->state & EXT_DIRTY)) {
			ext_store_drop(store, b); /* it is metadata no more */
		}
	}
	j->head = next_in_log(j, t->commit_at);
	j->used += t->log_blocks;
	j->tid++;
	j->live = true;
}

/* Room for @n blocks, and a number that nobody else has. */
static long make_room(struct ext_store *store, uint32_t n)
{
	struct ext_journal *j = &store->journal;
	uint32_t size = j->end - j->first;

	if (n > size)
		return -EFBIG;
	if (j->restart)
		return ext_journal_checkpoint(store, j->tid + 1, false);
	if (n > size - j->used)
		return ext_journal_checkpoint(store, j->tid, false);
	return 0;
}

long ext_journal_commit(struct ext_store *store)
{
	struct transaction t = {.store = store};
	size_t scratch;
	long err;

	measure(&t);
	if (!t.blocks && !t.revokes)
		return store->unflushed ? ext_store_barrier(store) : 0;
	err = make_room(store, t.log_blocks);
	if (err)
		return err;
	/* A checkpoint may have made revokes unnecessary. */
	t = (struct transaction){.store = store};
	measure(&t);
	scratch = t.descriptors + t.revoke_blocks + t.escapes + 1;
	t.scratch = malloc(scratch * store->block_bytes);
	if (!t.scratch)
		return -ENOMEM;
	err = begin_log(store);
	if (!err)
		err = put_body(&t);
	if (!err)
		err = ext_store_barrier(store);
	if (!err)
		err = put_commit(&t);
	if (!err)
		settle(&t);
	free(t.scratch);
	return err;
}
