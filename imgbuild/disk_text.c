/* SPDX-License-Identifier: ISC */
#include "disk_text.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_progress.h"

#define LINE_BYTES 4096

void disk_text_clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

void disk_warn(const char *fmt, ...)
{
	char line[LINE_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	disk_text_clean(line);
	disk_progress_clear();
	warnx("%s", line);
}

bool disk_error_is_full(errcode_t err)
{
	return err == EXT2_ET_BLOCK_ALLOC_FAIL ||
	       err == EXT2_ET_INODE_ALLOC_FAIL || err == EXT2_ET_DIR_NO_SPACE;
}

/* libext2fs knows some hundred errors; nearly all are kinds of damage. */
static const char *error_text(errcode_t err)
{
	switch (err) {
	case EXT2_ET_NO_MEMORY:
		return "out of memory";
	case EXT2_ET_BLOCK_ALLOC_FAIL:
		return "no space left; remove something, or make a larger disk";
	case EXT2_ET_INODE_ALLOC_FAIL:
		return "no inodes left; remove something, or make a larger "
		       "disk";
	case EXT2_ET_DIR_NO_SPACE:
		return "the directory is full";
	case EXT2_ET_FILE_TOO_BIG:
		return "the file is too large for this file system";
	case EXT2_ET_EA_NO_SPACE:
		return "its extended attributes do not fit";
	case ENOSPC:
	case EDQUOT:
		return "no space left on the host";
	case EUCLEAN:
		return "the file system is damaged; look with imgbuild disk "
		       "check";
	default:
		return err < 256 ? strerror((int)err) : NULL;
	}
}

int disk_fail(const char *image, const char *path, errcode_t err)
{
	const char *text = error_text(err);

	if (err == EINTR)
		return -EINTR;
	if (text)
		disk_warn("%s%s%s: %s", image, path ? ":" : "",
			  path ? path : "", text);
	else
		disk_warn("%s%s%s: the file system is damaged: %s", image,
			  path ? ":" : "", path ? path : "",
			  error_message(err));
	return -EIO;
}

int disk_fail_host(const char *path, int err)
{
	if (err == EINTR)
		return -EINTR;
	disk_warn("%s: %s", path, strerror(err));
	return -EIO;
}

void disk_text_mode(char text[11], unsigned mode)
{
	static const char types[] = "?pc?d?b?-?l?s???";

	text[0] = types[mode >> 12 & 15];
	for (int i = 0; i < 9; i++)
		text[1 + i] =
			(char)(mode & (0400u >> i) ? "rwxrwxrwx"[i] : '-');
	if (mode & LINUX_S_ISUID)
		text[3] = text[3] == 'x' ? 's' : 'S';
	if (mode & LINUX_S_ISGID)
		text[6] = text[6] == 'x' ? 's' : 'S';
	if (mode & LINUX_S_ISVTX)
		text[9] = text[9] == 'x' ? 't' : 'T';
	text[10] = '\0';
}

void disk_text_size(char text[24], uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	uint64_t unit = 1024;
	int i = 0;

	if (bytes < 1024) {
		snprintf(text, 24, "%" PRIu64, bytes);
		return;
	}
	while (bytes / unit >= 1024 && units[i + 1]) {
		unit *= 1024;
		i++;
	}
	if (bytes % unit * 10 / unit)
		snprintf(text, 24, "%" PRIu64 ".%" PRIu64 "%c", bytes / unit,
			 bytes % unit * 10 / unit, units[i]);
	else
		snprintf(text, 24, "%" PRIu64 "%c", bytes / unit, units[i]);
}

bool disk_text_parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	unsigned shift = 0;
	uint64_t n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || !n)
		return false;
	if (*end) {
		unit = strchr(units, *end);
		if (!unit || end[1])
			return false;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (n > (uint64_t)INT64_MAX >> shift)
		return false;
	*bytes = n << shift;
	return true;
}

static bool parse_id(const char **text, char ending, uint32_t *id)
{
	unsigned long long n;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	n = strtoull(*text, &end, 10);
	if (errno || n >= UINT32_MAX || *end != ending)
		return false;
	*id = (uint32_t)n;
	*text = end + 1;
	return true;
}

bool disk_text_parse_owner(const char *text, uint32_t *uid, uint32_t *gid)
{
	return parse_id(&text, ':', uid) && parse_id(&text, '\0', gid);
}
