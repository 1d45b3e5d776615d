/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_RELATION_GLOB_H
#define TARN_QUERY_RELATION_GLOB_H

#include "tarn/base.h"

/*
 * File name patterns: * and ? within a segment, [a-z] and [!a-z], ** for any number of segments. Bytes, case matters.
 */

/** Does the text hold *, ? or [ ? */
bool tarn__glob_is_pattern(struct tarn_text text);
/** Cost: O(pattern * text) at worst, without recursion over stars. */
bool tarn__glob_match(struct tarn_text pattern, struct tarn_text text);

#endif
