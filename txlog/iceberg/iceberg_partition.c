/* SPDX-License-Identifier: Apache-2.0
 *
 * Raw forms of partition tuples.
 */
#include "txlog/iceberg/iceberg_partition.h"

#include "format/base/bytes.h"
#include "txlog/iceberg/iceberg_value.h"

enum { PREFIX = 4 };
#define NULL_SIZE UINT32_MAX

static void add_u32(struct tarn_text_builder *raw, uint32_t value)
{
    uint8_t bytes[PREFIX];
    tarn__store32(bytes, value);
    tarn__builder_add_bytes(raw, (const char *)bytes, sizeof(bytes));
}

void tarn__iceberg_partition_pack(int32_t spec_id, uint32_t count, const struct tarn_value *values, struct tarn_text_builder *raw)
{
    add_u32(raw, (uint32_t)spec_id);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].is_null) {
            add_u32(raw, NULL_SIZE);
            continue;
        }
        const size_t at = raw->size;
        add_u32(raw, 0);
        tarn__iceberg_value_encode(&values[i], raw);
        if (!raw->failed) {
            tarn__store32((uint8_t *)raw->data + at, (uint32_t)(raw->size - at - PREFIX));
        }
    }
}

int32_t tarn__iceberg_partition_spec_id(struct tarn_text raw)
{
    return raw.size >= PREFIX ? (int32_t)tarn__load32(raw.data) : 0;
}

enum tarn_status tarn__iceberg_partition_unpack(struct tarn_text raw, const struct tarn__partition_spec *spec, struct tarn_value *values,
                                                struct tarn_error *err)
{
    const uint8_t *bytes = (const uint8_t *)raw.data;
    size_t at = PREFIX;
    for (uint32_t i = 0; i < spec->field_count; i++) {
        values[i] = (struct tarn_value){.type = spec->fields[i].type, .is_null = true};
        if (raw.size < at + PREFIX) {
            return tarn__corrupt(err, "partition_value", "a partition tuple ends before its field %u", i);
        }
        const uint32_t size = tarn__load32(bytes + at);
        at += PREFIX;
        if (size == NULL_SIZE) {
            continue;
        }
        if (size > raw.size - at) {
            return tarn__corrupt(err, "partition_value", "a partition value is longer than its tuple");
        }
        if (spec->fields[i].type != NULL) {
            const struct tarn_span value = {bytes + at, size};
            TARN_RETURN_IF_ERROR(tarn__iceberg_value_decode(spec->fields[i].type, value, &values[i], err));
        }
        at += size;
    }
    return TARN_OK;
}
