/* SPDX-License-Identifier: ISC */
#include "disk_content.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_progress.h"
#include "disk_text.h"
#include "disk_tree.h"

#define PIECE_BYTES ((size_t)1 << 20)

struct content {
	int fd;
	uint64_t size;
	size_t block_bytes;
	struct disk_progress *progress;
	long (*each)(void *arg, uint64_t block, uint64_t count,
		     const void *data);
	void *arg;
	uint8_t *buf;
};

static bool all_zeros(const uint8_t *p, size_t bytes)
{
	return !p[0] && !memcmp(p, p + 1, bytes - 1);
}

static int read_fully(int fd, uint64_t offset, uint8_t *buf, size_t bytes)
{
	while (bytes) {
		ssize_t n = pread(fd, buf, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return ESTALE;
		buf += n;
		offset += (uint64_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

/* Hands on the runs of @blocks blocks that are in the buffer. */
static long hand_on(const struct content *c, uint64_t first, size_t blocks)
{
	size_t n = c->block_bytes, from = 0;
	long err = 0;

	while (!err && from < blocks) {
		size_t to = from;

		while (to < blocks && !all_zeros(c->buf + to * n, n))
			to++;
		if (to > from)
			err = c->each(c->arg, first + from, to - from,
				      c->buf + from * n);
		from = to + 1;
	}
	return err;
}

static long read_part(const struct content *c, uint64_t at, uint64_t end)
{
	while (at < end) {
		size_t bytes = end - at < PIECE_BYTES ? (size_t)(end - at)
						      : PIECE_BYTES;
		size_t blocks = (bytes + c->block_bytes - 1) / c->block_bytes;
		long err;

		memset(c->buf + bytes, 0, blocks * c->block_bytes - bytes);
		err = read_fully(c->fd, at, c->buf, bytes);
		if (!err)
			err = hand_on(c, at / c->block_bytes, blocks);
		if (!err)
			err = disk_progress_add(c->progress, bytes);
		if (err)
			return err;
		at += bytes;
	}
	return 0;
}

/* Where the next data begins and, from there, ends: whole blocks. */
static bool next_part(const struct content *c, uint64_t *at, uint64_t *end)
{
	uint64_t mask = ~(uint64_t)(c->block_bytes - 1);
	off_t data = lseek(c->fd, (off_t)*at, SEEK_DATA), hole;

	if (data < 0 && errno == ENXIO)
		return false;
	hole = data < 0 ? -1 : lseek(c->fd, data, SEEK_HOLE);
	if (data < 0 || hole < 0) {
		/* This file system cannot tell. */
		*end = c->size;
		return *at < c->size;
	}
	if (((uint64_t)data & mask) > *at)
		*at = (uint64_t)data & mask;
	*end = ((uint64_t)hole + ~mask) & mask;
	if (*end > c->size)
		*end = c->size;
	return *at < c->size;
}

long disk_content_each(int fd, uint64_t size, size_t block_bytes,
		       struct disk_progress *progress,
		       long (*each)(void *arg, uint64_t block, uint64_t count,
				    const void *data),
		       void *arg)
{
	struct content c = {.fd = fd,
			    .size = size,
			    .block_bytes = block_bytes,
			    .progress = progress,
			    .each = each,
			    .arg = arg,
			    .buf = malloc(PIECE_BYTES)};
	uint64_t at = 0, end = 0;
	long err = 0;

	if (!c.buf)
		return ENOMEM;
	while (!err && at < size && next_part(&c, &at, &end)) {
		err = read_part(&c, at, end);
		at = end;
	}
	free(c.buf);
	return err;
}

void disk_content_path(const struct disk_node *node, char *buf, size_t bytes)
{
	size_t n;

	buf[0] = '\0';
	if (!node->parent)
		return;
	disk_content_path(node->parent, buf, bytes);
	n = strlen(buf);
	snprintf(buf + n, bytes - n, "%s%s", n ? "/" : "", node->name);
}

/* No longer than PATH_MAX, as the tree was read by the same path. */
static void host_path(const struct disk_tree *tree,
		      const struct disk_node *node, char path[PATH_MAX])
{
	size_t n = strlen(tree->path);

	memcpy(path, tree->path, n + 1);
	if (!node->parent)
		return;
	path[n++] = '/';
	disk_content_path(node, path + n, PATH_MAX - n);
}

int disk_content_open(const struct disk_tree *tree,
		      const struct disk_node *node)
{
	/* O_NONBLOCK: it may have become a FIFO. */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	char path[PATH_MAX];
	struct stat st;
	int fd;

	host_path(tree, node, path);
	fd = open(path, flags);
	if (fd < 0)
		return disk_fail_host(path, errno);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_dev != node->host_dev || st.st_ino != node->host_ino ||
	    (uint64_t)st.st_size != node->size) {
		close(fd);
		disk_warn("%s: was changed meanwhile; try again", path);
		return -ESTALE;
	}
	return fd;
}

struct measure {
	struct disk_node *node;
	uint64_t per_table; /* addresses in a block */
	uint64_t next;	    /* the block behind the last one */
	uint64_t leaf, middle;
	bool has_double, has_triple;
};

/* Blocks come in ascending order, so a table is new when it is another one. */
static void count_tables(struct measure *m, uint64_t block)
{
	uint64_t n = m->per_table, at, leaf;

	if (block < 12)
		return;
	at = block - 12;
	leaf = at / n + 1;
	if (leaf != m->leaf)
		m->node->table_blocks++;
	m->leaf = leaf;
	if (at < n)
		return;
	at -= n;
	if (at < n * n) {
		m->node->table_blocks += !m->has_double;
		m->has_double = true;
		return;
	}
	at -= n * n;
	m->node->table_blocks += !m->has_triple;
	m->has_triple = true;
	if (at / (n * n) + 1 != m->middle)
		m->node->table_blocks++;
	m->middle = at / (n * n) + 1;
}

static long measure_run(void *arg, uint64_t block, uint64_t count,
			const void *data)
{
	struct measure *m = arg;

	(void)data;
	m->node->data_blocks += count;
	m->node->run_count += block != m->next || !m->node->run_count;
	m->next = block + count;
	for (uint64_t i = 0; i < count; i++)
		count_tables(m, block + i);
	return 0;
}

static int measure_file(const struct disk_tree *tree, struct disk_node *node,
			size_t block_bytes)
{
	struct measure m = {.node = node, .per_table = block_bytes / 4};
	int fd = disk_content_open(tree, node);
	char path[PATH_MAX];
	long err;

	if (fd < 0)
		return fd;
	err = disk_content_each(fd, node->size, block_bytes, tree->progress,
				measure_run, &m);
	close(fd);
	if (!err)
		return 0;
	host_path(tree, node, path);
	return disk_fail_host(path, (int)err);
}

int disk_content_measure(const struct disk_tree *tree, struct disk_node *node,
			 size_t block_bytes)
{
	int err = 0;

	if (S_ISREG(node->mode) && !node->same)
		return measure_file(tree, node, block_bytes);
	for (size_t i = 0; !err && i < node->child_count; i++)
		err = disk_content_measure(tree, node->child[i], block_bytes);
	return err;
}
