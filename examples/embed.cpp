// SPDX-License-Identifier: Apache-2.0
// The same from C++17: handles in unique_ptrs, an error as an exception of the host's choice.
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <tarn/tarn.h>

static void check(tarn_status status, const tarn_error &err)
{
    if (status != TARN_OK) {
        throw std::runtime_error(std::string(tarn_status_name(status)) + ": " + err.message);
    }
}

int main(int argc, char **argv)
try {
    tarn_error err = TARN_ERROR_INIT;
    tarn_env *raw = nullptr;
    check(tarn_env_open(nullptr, &raw, &err), err);
    const std::unique_ptr<tarn_env, decltype(&tarn_env_close)> env(raw, tarn_env_close);

    const std::string sql = std::string("SELECT count(*) FROM '") + (argc > 1 ? argv[1] : "") + "'";
    tarn_query *started = nullptr;
    check(tarn_query_open(env.get(), tarn_text{sql.data(), sql.size()}, nullptr, &started, &err), err);
    const std::unique_ptr<tarn_query, decltype(&tarn_query_close)> query(started, tarn_query_close);
    tarn_batch *batch = nullptr;
    check(tarn_query_next(query.get(), &batch, &err), err);
    char text[64];
    tarn_vector_format(env.get(), batch->columns[0], 0, text, sizeof(text));
    std::printf("%s\n", text);
    return 0;
} catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
}
