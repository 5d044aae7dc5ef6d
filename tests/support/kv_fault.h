/* A store around another one whose writes fail from the nth on: what a full disk looks like at any
 * moment. */
#ifndef FC_TESTS_SUPPORT_KV_FAULT_H
#define FC_TESTS_SUPPORT_KV_FAULT_H

#include "store/kv.h"

struct fc_kv_fault;
/* Owns `inner`. */
struct fc_kv *fc_kv_fault_create(struct fc_kv *inner, struct fc_kv_fault **fault);
struct fc_kv *fc_kv_fault_inner(struct fc_kv_fault *fault);
/* Lets `writes` more puts, deletes and commits through; those after fail with `err`. */
void fc_kv_fault_arm(struct fc_kv_fault *fault, uint64_t writes, enum fc_err err);
void fc_kv_fault_disarm(struct fc_kv_fault *fault);

#endif
