/* SPDX-License-Identifier: ISC */
/* Signed images (boot-protocol/signature.h). */
#ifndef IMAGE_VERIFY_H
#define IMAGE_VERIFY_H

/*
 * Whether the image open at @fd was signed with the key whose public half is in
 * the file @key_path. If so *@copy is a descriptor of the very bytes that were
 * verified, which nobody can change any more, to be loaded instead. 0;
 * -ENOEXEC when it was not; another -errno. Prints why, as of the image @name.
 */
int image_verify(int fd, const char *name, const char *key_path, int *copy);

#endif
