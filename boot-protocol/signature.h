/* SPDX-License-Identifier: ISC */
/* Signed images: what is behind the image, and files of keys. See SPEC.md. */
#ifndef BP_SIGNATURE_H
#define BP_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#define BP_SIGNATURE_MAGIC "HVT-Ed25519"

/* The last bytes of a signed image: of all bytes before it. */
struct bp_signature {
	char magic[12]; /* BP_SIGNATURE_MAGIC */
	uint8_t signature[64];
};

_Static_assert(sizeof(struct bp_signature) == 76 &&
		       offsetof(struct bp_signature, signature) == 12,
	       "as SPEC.md has it");

/* Files of keys are these bytes and nothing else (RFC 8032, 5.1.5). */
#define BP_PUBLIC_KEY_BYTES 32
#define BP_SECRET_KEY_BYTES 32

#endif
