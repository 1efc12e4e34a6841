/* SPDX-License-Identifier: ISC */
/*
 * Pages of one file by index: a radix tree of 64 slots a node, which also
 * knows where the dirty ones are.
 */
#ifndef RT_PAGE_TREE_H
#define RT_PAGE_TREE_H

#include <stdint.h>

struct rt_page;
struct rt_vnode;

/* The page, or NULL. */
struct rt_page *__rt_page_find(const struct rt_vnode *v, uint64_t index);

/* The first page at or after @index, or NULL. @dirty: of the dirty ones. */
struct rt_page *__rt_page_next(const struct rt_vnode *v, uint64_t index,
			       int dirty);

/* Puts a page, which is not there yet, under its index. 0 or -ENOMEM. */
long __rt_page_insert(struct rt_vnode *v, struct rt_page *page);

/* Takes it out, and the nodes that become empty. */
void __rt_page_remove(struct rt_vnode *v, struct rt_page *page);

/* Notes that it is dirty, or no longer. */
void __rt_page_mark(struct rt_vnode *v, struct rt_page *page, int dirty);

#endif
