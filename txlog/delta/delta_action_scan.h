/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_ACTION_SCAN_H
#define TARN_TXLOG_DELTA_DELTA_ACTION_SCAN_H

#include "txlog/delta/delta_action.h"

/**
 * Parses a line that is an add or remove as writers print them: no space between tokens, the fields that every writer writes, path without
 * escapes. False: the line is to be parsed the general way, which also says what is wrong with it. What is true comes out as the general
 * parser would give it; texts live in the line or in the arena of `json`.
 */
bool tarn__delta_action_scan(struct tarn_json *json, struct tarn_text line, struct tarn__delta_action *action);

#endif
