/* SPDX-License-Identifier: ISC */
/*
 * Crashes: a long workload is recorded, then its writes are cut short at every
 * flush and in between, in any order, with any of those that no flush covers
 * missing or torn; and every time the disk must hold the last commit or the
 * one that was under way, for us and for e2fsck.
 *
 * HVT_CRASHES=n tries n times as many.
 */
#include <stddef.h>

#include "ext_store_fixture.h"

#define COMMITS	   220
#define CUTS	   700
#define CHECK_EACH 24 /* cuts for one that e2fsck looks at */

struct config {
	const char *name, *options;
	unsigned megabytes, device_block, log_blocks;
	bool failures; /* every now and then, the disk has one */
};

static const struct config configs[] = {
	{"1 KiB blocks, ext3", "-b 1024 -t ext3 -J size=1 -O ^metadata_csum", 5,
	 512, 60, false},
	{"1 KiB blocks, checksums",
	 "-b 1024 -t ext4 -J size=1 -O 64bit,metadata_csum", 10, 512, 60,
	 false},
	{"4 KiB blocks, checksums",
	 "-b 4096 -t ext4 -J size=4 -O 64bit,metadata_csum", 10, 4096, 40,
	 false},
	{"4 KiB blocks, plain",
	 "-b 4096 -t ext4 -J size=4 -O ^64bit,^metadata_csum", 10, 512, 40,
	 false},
	{"a disk that fails now and then",
	 "-b 1024 -t ext4 -J size=1 -O 64bit,metadata_csum", 10, 512, 60, true},
};

/* A commit that returned, or a flush of data written late. */
struct mark {
	size_t begin, end; /* events before, and when it returned */
	uint64_t digest;
	bool vague; /* until it returned, nobody knows what is in the file */
	bool failed;
};

struct history {
	struct memory_disk disk;
	struct mark *marks;
	size_t count;
	bool failures;
};

static unsigned times = 1;
static unsigned torn_supers;

static void add_mark(struct history *h, size_t begin, uint64_t digest,
		     bool vague)
{
	/* Room doubles at powers of two. */
	if (!(h->count & (h->count - 1)))
		h->marks =
			must(realloc(h->marks, (h->count ? 2 * h->count : 1) *
						       sizeof(*h->marks)));
	h->marks[h->count++] =
		(struct mark){begin, h->disk.count, digest, vague, false};
}

/* Sometimes the next requests fail, with or without effect. */
static void maybe_fail(struct history *h, struct model *m)
{
	uint64_t n = random_next(&m->seed);

	if (!h->failures || n % 4)
		return;
	h->disk.fail_after = (long)(n / 4 % 6);
	h->disk.fail_times = 1 + n / 64 % 3;
	h->disk.fail_errno = n & 1024 ? -EIO : -ENOSPC;
	h->disk.fail_seed = n & 2048 ? n : 0;
}

static void commit(struct history *h, struct model *m)
{
	uint64_t digest = model_digest(m);
	long err;

	maybe_fail(h, m);
	do {
		size_t begin = h->disk.count;

		err = model_commit(m);
		EXPECT(!err || err == h->disk.fail_errno, "commit: %ld", err);
		add_mark(h, begin, digest, false);
		h->marks[h->count - 1].failed = err != 0;
		/* Another change may come in between, or not. */
		if (err && random_next(&m->seed) & 1 &&
		    !model_wants_commit(m)) {
			long after = h->disk.fail_after;

			h->disk.fail_after = -1;
			EXPECT(!model_step(m), "step %u", m->operations);
			h->disk.fail_after = after;
			digest = model_digest(m);
		}
	} while (err);
	h->disk.fail_after = -1;
}

/*
 * Data that comes after the commit that allocated and cleared its block, and
 * is made stable by a flush alone.
 */
static void write_late(struct history *h, struct model *m)
{
	ext2_filsys fs = ext_store_fs(m->store);
	int i = (int)(random_next(&m->seed) % MODEL_NODES);
	struct node *n = &m->nodes[i];
	uint64_t *words = must(malloc(fs->blocksize));
	struct bp_segment one = {(uintptr_t)words, fs->blocksize};
	struct ext2_inode inode;
	size_t begin;
	blk64_t blk = 0;

	commit(h, m);
	if (n->type != NODE_FILE || n->blocks)
		goto out;
	begin = h->disk.count;
	if (ext2fs_read_inode(fs, n->ino, &inode) ||
	    ext2fs_bmap2(fs, n->ino, &inode, NULL, BMAP_ALLOC, 0, NULL, &blk) ||
	    ext2fs_inode_size_set(fs, &inode, fs->blocksize) ||
	    ext2fs_write_inode(fs, n->ino, &inode) || model_commit(m))
		abort();
	for (uint32_t j = 0; j < fs->blocksize / 8; j++)
		words[j] = mix(n->seed, 0);
	n->blocks = 1;
	if (ext_store_write(m->store, blk, &one, 1) ||
	    ext_store_flush(m->store))
		abort();
	add_mark(h, begin, model_digest(m), true);
out:
	free(words);
}

static void run_workload(struct history *h, unsigned commits, uint64_t seed)
{
	struct model m = {.seed = seed};
	uint32_t log_blocks;

	m.store = open_store(&h->disk, true);
	log_blocks = m.store->journal.end - m.store->journal.first;
	add_mark(h, 0, model_digest(&m), false);
	while (m.commits < commits) {
		unsigned steps = 1 + random_next(&m.seed) % 5;
		unsigned other = random_next(&m.seed) % 40;
		bool big = other > 35; /* it hardly fits into the log */

		if (big)
			steps = 20;
		for (unsigned i = 0; i < steps; i++) {
			errcode_t err;

			if (big && m.store->cache.dirty > log_blocks / 2)
				break;
			if (!big && model_wants_commit(&m))
				commit(h, &m);
			err = model_step(&m);
			EXPECT(!err, "step %u: %ld", m.operations, (long)err);
		}
		/* As when a transaction does not fit. */
		if (other == 6 && m.store->journal.live &&
		    ext_journal_checkpoint(m.store, m.store->journal.tid,
					   false))
			abort();
		commit(h, &m);
		if (other < 4)
			write_late(h, &m);
		if (other == 5) {
			if (ext_store_close(m.store, true))
				abort();
			m.store = open_store(&h->disk, true);
		}
	}
	EXPECT(tree_digest(m.store, NULL) == model_digest(&m),
	       "the model and the file system differ");
	ext_store_close(m.store, false);
}

/*
 * Whether @digest may be seen when so many events had begun: that of the last
 * commit that returned, or of any that was tried after.
 */
static bool is_allowed(const struct history *h, size_t events, uint64_t digest)
{
	size_t last = 0;

	for (size_t i = 0; i < h->count; i++)
		if (!h->marks[i].failed && h->marks[i].end <= events)
			last = i;
	if (digest == h->marks[last].digest)
		return true;
	for (size_t i = last + 1; i < h->count; i++)
		if (h->marks[i].begin <= events &&
		    (h->marks[i].vague || h->marks[i].digest == digest))
			return true;
	return false;
}

/* e2fsck's view of @d must be the same, and it may find nothing wrong. */
static void ask_e2fsck(struct memory_disk *d, const struct history *h,
		       size_t events, uint64_t digest)
{
	struct ext2_super_block super;
	struct memory_disk other;
	struct ext_store *store;
	bool torn;
	int status;

	memcpy(&super, d->bytes + SUPERBLOCK_OFFSET, sizeof(super));
	torn = !ext_store_super_csum_good(&super);
	torn_supers += torn;
	disk_save(d, image);
	status = run(said, "e2fsck %s %s", torn ? "-fy" : "-p", image);
	EXPECT(said_good(status <= 1, said),
	       "cut at %zu: e2fsck -p exits with %d", events, status);
	status = run(said, "e2fsck -fn %s", image);
	EXPECT(said_good(!status, said),
	       "cut at %zu: e2fsck -fn after its replay: %d", events, status);
	disk_init(&other, d->disk.bytes, d->disk.block_bytes);
	disk_load(&other, image);
	store = open_store(&other, false);
	if (store) {
		uint64_t theirs = tree_digest(store, NULL);

		EXPECT(theirs == digest || is_allowed(h, events, theirs),
		       "cut at %zu: e2fsck sees another state", events);
		ext_store_close(store, false);
	}
	disk_finish(&other);
}

/* After our own replay, and a commit, e2fsck finds nothing to do at all. */
static void go_on(struct memory_disk *d, struct ext_store *store, size_t events)
{
	struct model m = {.store = store, .seed = events, .serial = 100000};
	uint64_t before = tree_digest(store, NULL), after;
	int status;

	for (int i = 0; i < 4; i++) {
		errcode_t err = create_some(&m, i);

		EXPECT(!err, "cut at %zu: creating: %ld", events, (long)err);
	}
	EXPECT(!ext_store_close(store, true), "cut at %zu: close", events);
	disk_save(d, image);
	status = run(said, "e2fsck -fn %s", image);
	EXPECT(said_good(!status, said),
	       "cut at %zu: e2fsck -fn after ours: %d", events, status);
	store = open_store(d, true);
	if (!store)
		return;
	after = tree_digest(store, NULL);
	EXPECT(after == before + model_digest(&m),
	       "cut at %zu: what was there is not there any more", events);
	ext_store_close(store, false);
}

/* @d is as a crash left it. Everything done to it here is undone. */
static void check_cut(struct memory_disk *d, const struct history *h,
		      size_t events, bool thorough)
{
	size_t before = d->count;
	struct ext_store *store = open_store(d, thorough);
	uint64_t digest;

	if (!store)
		return;
	digest = tree_digest(store, NULL);
	EXPECT(is_allowed(h, events, digest),
	       "cut at %zu of %zu: neither the last commit nor the next",
	       events, h->disk.count);
	if (!thorough) {
		EXPECT(d->count == before, "reading wrote something");
		ext_store_close(store, false);
		return;
	}
	go_on(d, store, events);
	disk_rewind(d, before, true);
	ask_e2fsck(d, h, events, digest);
}

/* A crash while the replay after the first one writes. */
static void check_second_cut(struct memory_disk *d, const struct history *h,
			     size_t events, uint64_t *seed)
{
	size_t first = d->count, last, flushed;
	struct ext_store *store = open_store(d, true);
	struct memory_disk copy;

	if (!store)
		return;
	ext_store_close(store, random_next(seed) & 1);
	last = d->count;
	if (last == first)
		return;
	last = first + random_next(seed) % (last - first + 1);
	for (flushed = last; flushed > first; flushed--)
		if (d->events[flushed - 1].flush)
			break;
	copy = *d;
	copy.events = must(malloc(d->count * sizeof(*d->events)));
	memcpy(copy.events, d->events, d->count * sizeof(*d->events));
	copy.data = must(malloc(d->data_used));
	memcpy(copy.data, d->data, d->data_used);
	disk_rewind(d, first, true);
	disk_replay_some(d, &copy, first, first, seed);
	for (size_t i = first; i < flushed; i++)
		if (!copy.events[i].flush)
			disk_put(d, copy.events[i].offset,
				 copy.data + copy.events[i].new_at,
				 copy.events[i].bytes);
	disk_replay_some(d, &copy, flushed, last, seed);
	check_cut(d, h, events, false);
	disk_rewind(d, first, true);
	free(copy.events);
	free(copy.data);
}

/* One cut after so many events; what the last flush covers is there. */
static void cut(struct memory_disk *d, const struct history *h, size_t flushed,
		size_t events, bool thorough, uint64_t *seed)
{
	size_t clean = d->count;

	disk_replay_some(d, &h->disk, flushed, events, seed);
	check_cut(d, h, events, thorough);
	if (random_next(seed) % 4 == 0)
		check_second_cut(d, h, events, seed);
	disk_rewind(d, clean, true);
}

/* @start is the disk before the workload. */
static void cut_everywhere(struct memory_disk *start, const struct history *h,
			   unsigned cuts, uint64_t seed)
{
	size_t done = 0, count = h->disk.count;
	unsigned n = 0;

	/* Each stretch between two flushes, as often as its share of cuts. */
	for (size_t i = 0; i < count; i++) {
		bool chosen = random_next(&seed) % count < cuts;

		if (h->disk.events[i].flush) {
			/* While it flushes. */
			if (chosen || random_next(&seed) % 4 == 0)
				cut(start, h, done, i, n++ % CHECK_EACH == 0,
				    &seed);
			disk_replay_all(start, &h->disk, done, i + 1);
			done = i + 1;
			if (chosen)
				cut(start, h, done, done, n++ % CHECK_EACH == 0,
				    &seed);
		} else if (chosen) {
			cut(start, h, done, i + 1, n++ % CHECK_EACH == 0,
			    &seed);
		}
	}
	printf("# %u cuts in %zu events, %zu commits, %u torn superblocks\n", n,
	       count, h->count, torn_supers);
	torn_supers = 0;
}

static void test_config(const struct config *c, uint64_t seed)
{
	struct history h = {0};
	struct memory_disk start;
	char text[128];

	make_disk(&h.disk, c->options, c->megabytes, c->device_block);
	shrink_log(&h.disk, c->log_blocks);
	disk_init(&start, h.disk.disk.bytes, c->device_block);
	memcpy(start.bytes, h.disk.bytes, h.disk.disk.bytes);
	h.failures = c->failures;
	run_workload(&h, COMMITS, seed);
	cut_everywhere(&start, &h, CUTS, seed);
	snprintf(text, sizeof(text),
		 "%s: every crash leaves a commit that was whole", c->name);
	promise(text);
	disk_finish(&start);
	disk_finish(&h.disk);
	free(h.marks);
}

int main(void)
{
	const char *more = getenv("HVT_CRASHES");
	int status;

	if (more)
		times = (unsigned)strtoul(more, NULL, 10);
	fixture_init();
	for (unsigned i = 0; i < times; i++)
		for (size_t j = 0; j < COUNT_OF(configs); j++)
			test_config(&configs[j], 1 + i * 1000 + j);
	status = promises_end();
	fixture_finish();
	return status;
}
