/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The mapping at an address. Walked by hand: bpf_find_vma() is there from 5.17 only, and gives up when another thread
 * holds the lock, which an attacker's thread would. Without a lock a change meanwhile may make the walk miss; the
 * depth is bounded and every read may fail.
 */
#ifndef VEDETTE_BPF_VMA_H
#define VEDETTE_BPF_VMA_H

#include "prelude.h"

#define MAPLE_DEPTH 8
#define RB_DEPTH 40

/* include/linux/maple_tree.h: a node's address carries its type in bits 3 to 6. */
#define MAPLE_NODE_MASK 255ull
#define MAPLE_TYPE_SHIFT 3
#define MAPLE_TYPE_MASK 15
#define MAPLE_LEAF_64 1
#define MAPLE_RANGE_64 2
#define MAPLE_ARANGE_64 3

static __always_inline bool is_maple_node(u64 entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

/*
 * What of a node covers `at`: the slot whose pivot is the first that is not below. An unused pivot is 0 (the first
 * may really be), and what is behind the last pivot is the last slot's.
 */
#define MAPLE_SLOT(type, entry, at)                                                                \
	({                                                                                         \
		const struct type *node_ = (void *)((entry) & ~MAPLE_NODE_MASK);                   \
		const int pivots_ = sizeof(node_->pivot) / sizeof(node_->pivot[0]);                \
		u64 slot_ = 0;                                                                     \
		int i_;                                                                            \
		for (i_ = 0; i_ < pivots_; i_++) {                                                 \
			u64 pivot_ = 0;                                                            \
			bpf_probe_read_kernel(&pivot_, sizeof(pivot_),                             \
					      (void *)node_ +                                      \
						      bpf_core_field_offset(struct type, pivot) +  \
						      i_ * sizeof(pivot_));                        \
			if (pivot_ >= (at) || (pivot_ == 0 && i_ > 0))                             \
				break;                                                             \
		}                                                                                  \
		bpf_probe_read_kernel(&slot_, sizeof(slot_),                                       \
				      (void *)node_ + bpf_core_field_offset(struct type, slot) +   \
					      i_ * sizeof(slot_));                                 \
		slot_;                                                                             \
	})

static __always_inline struct vm_area_struct *vma_in_maple(struct mm_struct *mm, u64 at)
{
	u64 entry = (u64)BPF_CORE_READ(mm, mm_mt.ma_root);

	for (int i = 0; i < MAPLE_DEPTH && is_maple_node(entry); i++) {
		u32 type = entry >> MAPLE_TYPE_SHIFT & MAPLE_TYPE_MASK;

		if (type == MAPLE_ARANGE_64)
			entry = MAPLE_SLOT(maple_arange_64, entry, at);
		else
			entry = MAPLE_SLOT(maple_range_64, entry, at);
		if (type != MAPLE_ARANGE_64 && type != MAPLE_RANGE_64)
			break; /* a leaf */
	}
	return is_maple_node(entry) ? NULL : (struct vm_area_struct *)entry;
}

/* Before 6.1, 524e00b36e8c "mm: remove rb tree". The lowest mapping that ends behind `at`. */
static __always_inline struct vm_area_struct *vma_in_rb(struct mm_struct *mm, u64 at)
{
	struct mm_struct___before_6_1 *old = (void *)mm;
	struct rb_node *node = BPF_CORE_READ(old, mm_rb.rb_node);
	struct vm_area_struct *found = NULL;

	for (int i = 0; i < RB_DEPTH && node; i++) {
		struct vm_area_struct *vma =
			(void *)node -
			bpf_core_field_offset(struct vm_area_struct___before_6_1, vm_rb);

		if (BPF_CORE_READ(vma, vm_end) <= at) {
			node = BPF_CORE_READ(node, rb_right);
			continue;
		}
		found = vma;
		node = BPF_CORE_READ(node, rb_left);
	}
	return found;
}

/* NULL: nothing is mapped there. */
static __always_inline struct vm_area_struct *vma_find(struct mm_struct *mm, u64 at)
{
	struct vm_area_struct *vma =
		bpf_core_field_exists(mm->mm_mt) ? vma_in_maple(mm, at) : vma_in_rb(mm, at);

	return vma && BPF_CORE_READ(vma, vm_start) <= at ? vma : NULL;
}

#endif
