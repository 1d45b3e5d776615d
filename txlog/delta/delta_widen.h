/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_WIDEN_H
#define TARN_TXLOG_DELTA_DELTA_WIDEN_H

#include "format/base/text.h"

/** May a column of one type, named as in the schema, become one of another (Delta PROTOCOL.md, "Type Widening")? */
bool tarn__delta_widens(struct tarn_text from, struct tarn_text to);

#endif
