/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_TIMEZONE_RULE_H
#define TARN_FORMAT_BASE_TIMEZONE_RULE_H

#include "tarn/base.h"

/*
 * The rule in the footer of a TZif file: the value of POSIX's TZ, as "CET-1CEST,M3.5.0,M10.5.0/3", with hours from -167 to 167
 * (RFC 8536 section 3.3.1). It says how the zone goes on behind its last transition.
 */
struct tarn_timezone_change {
    char kind;      /**< 'J': day 1..365, never February 29; '0': day 0..365; 'M': a weekday of a month */
    uint16_t day;   /**< for J and 0 */
    uint8_t month;  /**< 1..12 */
    uint8_t week;   /**< 1..5, 5 is the last */
    uint8_t dow;    /**< 0 Sunday .. 6 */
    int32_t second; /**< of the local clock before the change */
};

struct tarn_timezone_rule {
    int32_t standard; /**< seconds east of UTC */
    int32_t summer;
    bool has_summer;
    struct tarn_timezone_change begin;
    struct tarn_timezone_change end;
};

/** False when the text is no such rule. */
bool tarn__timezone_rule_parse(struct tarn_text text, struct tarn_timezone_rule *out);
int32_t tarn__timezone_rule_offset(const struct tarn_timezone_rule *rule, int64_t utc_seconds);

#endif
