/* SPDX-License-Identifier: ISC */
/* Signing images, and making the keys for it. */
#ifndef IMAGE_SIGN_H
#define IMAGE_SIGN_H

/*
 * Puts a signature behind the image @path, with the secret key in the file
 * @key_path. 0, or 1 with a line printed, and the image is as it was or
 * useless.
 */
int image_sign(const char *path, const char *key_path);

/* imgbuild keygen NAME: makes the files NAME and NAME.pub. An exit status. */
int keygen(int argc, char *argv[]);

#endif
