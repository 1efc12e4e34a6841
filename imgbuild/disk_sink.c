/* SPDX-License-Identifier: ISC */
#include "disk_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void disk_sink_begin(struct disk_sink *sink, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	*sink = (struct disk_sink){.fd = fd, .base = lseek(fd, 0, SEEK_CUR)};
	/* What is there already would show through a hole. */
	sink->sparse = flags >= 0 && !(flags & O_APPEND) && !fstat(fd, &st) &&
		       S_ISREG(st.st_mode) && sink->base >= st.st_size;
}

static int write_fully(struct disk_sink *sink, const void *data, size_t bytes)
{
	const char *from = data;

	while (bytes) {
		ssize_t n = write(sink->fd, from, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		from += n;
		bytes -= (size_t)n;
		sink->at += (uint64_t)n;
	}
	return 0;
}

static int skip(struct disk_sink *sink, uint64_t to)
{
	static const char zeros[65536];
	int err = 0;

	if (sink->sparse) {
		if (to > (uint64_t)(INT64_MAX - sink->base))
			return EFBIG;
		if (lseek(sink->fd, sink->base + (off_t)to, SEEK_SET) < 0)
			return errno;
		sink->at = to;
	}
	while (!err && sink->at < to) {
		uint64_t left = to - sink->at;

		err = write_fully(sink, zeros,
				  left < sizeof(zeros) ? (size_t)left
						       : sizeof(zeros));
	}
	return err;
}

int disk_sink_write(struct disk_sink *sink, uint64_t offset, const void *data,
		    size_t bytes)
{
	int err = offset > sink->at ? skip(sink, offset) : 0;

	return err ? err : write_fully(sink, data, bytes);
}

int disk_sink_end(struct disk_sink *sink, uint64_t size)
{
	int err = size > sink->at ? skip(sink, size) : 0;

	if (!err && sink->sparse &&
	    ftruncate(sink->fd, sink->base + (off_t)sink->at))
		err = errno;
	return err;
}
