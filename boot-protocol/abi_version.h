/* SPDX-License-Identifier: ISC */
/*
 * Version of everything in this directory, for C and for assembly. The major
 * number changes when an image built before could misunderstand a tender, the
 * minor when something was added. See SPEC.md, "Versions".
 */
#ifndef BP_ABI_VERSION_H
#define BP_ABI_VERSION_H

#define BP_ABI_MAJOR 1
#define BP_ABI_MINOR 3

#endif
