/* SPDX-License-Identifier: ISC */
/* What `imgbuild disk` says: messages, and values as text. */
#ifndef DISK_TEXT_H
#define DISK_TEXT_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Prints one line to standard error, "imgbuild: " before it. Names from a disk
 * may hold anything, so control characters become '?'.
 */
void disk_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Prints what went wrong with @path of the disk image @image, both as the user
 * knows them; @path may be NULL. Returns -EINTR and prints nothing when @err is
 * EINTR, else -EIO.
 */
int disk_fail(const char *image, const char *path, errcode_t err);

/* The same for a file of the host; @err is an errno. */
int disk_fail_host(const char *path, int err);

/* True when no block or no inode was left. */
bool disk_error_is_full(errcode_t err);

/* Replaces control characters, in place. */
void disk_text_clean(char *s);

/* Like ls: -rwxr-xr-x. */
void disk_text_mode(char text[11], unsigned mode);

/* 512, 4K, 1.5M and so on. */
void disk_text_size(char text[24], uint64_t bytes);

/*
 * A number of bytes with an optional K, M, G or T. False when it is not one,
 * is 0, or above 2^63.
 */
bool disk_text_parse_size(const char *text, uint64_t *bytes);

/* "UID:GID", both below 2^32 - 1. */
bool disk_text_parse_owner(const char *text, uint32_t *uid, uint32_t *gid);

#endif
