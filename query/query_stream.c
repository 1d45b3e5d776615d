/* SPDX-License-Identifier: Apache-2.0
 *
 * One statement as an Arrow stream: a query behind `struct tarn_batches`, exported.
 */
#include "format/base/alloc.h"
#include "tarn/query.h"

struct query_batches {
    struct tarn_batches base; /* first: the two addresses are one */
    struct tarn_query *query;
};

static enum tarn_status next_batch(struct tarn_batches *base, struct tarn_batch **out, struct tarn_error *err)
{
    return tarn_query_next(((struct query_batches *)base)->query, out, err);
}

static void close_batches(struct tarn_batches *base)
{
    struct tarn_env *env = base->env;
    tarn_query_close(((struct query_batches *)base)->query);
    tarn__free(env, base);
    tarn_env_close(env);
}

enum tarn_status tarn_query_run(struct tarn_env *env, struct tarn_text sql, const struct tarn_query_options *options,
                                struct ArrowArrayStream *out, struct tarn_error *err)
{
    struct tarn_query *query;
    out->release = NULL;
    TARN_RETURN_IF_ERROR(tarn_query_open(env, sql, options, &query, err));
    struct query_batches *batches = tarn__calloc(env, 1, sizeof(*batches));
    if (batches == NULL) {
        tarn_query_close(query);
        return tarn__nomem(env, err, sizeof(*batches));
    }
    *batches = (struct query_batches){{tarn__env_retain(env), tarn_query_schema(query), next_batch, close_batches}, query};
    return tarn_arrow_export_stream(&batches->base, NULL, out, err);
}
