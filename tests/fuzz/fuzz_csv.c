/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV of any bytes, packed ones too. Beyond not crashing: windows of two sizes give the same rows and the same end, and no row is lost
 * between what is read and what is rejected.
 */
#include "reader/csv/csv_source.h"
#include "tests/support/window_twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum tarn_status open_rows(const struct tarn_text_origin *origin, void (*reject)(void *, const struct tarn_reject *),
                                  void *reject_arg, size_t window, struct tarn_source **out, struct tarn_error *err)
{
    struct tarn_csv_options options = TARN_CSV_OPTIONS_INIT;
    options.reject = reject;
    options.reject_arg = reject_arg;
    const enum tarn_status status = tarn__csv_open(origin, &options, 0, out, err);
    if (status == TARN_OK) {
        ((struct tarn_csv_source *)(void *)*out)->window = window; /* the sample stays the same */
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tarn_window_twin(data, size, open_rows);
    return 0;
}
