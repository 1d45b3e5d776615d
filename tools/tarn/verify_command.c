/* SPDX-License-Identifier: Apache-2.0
 *
 * `verify`: reads everything of a table or file and proves it; footers of Parquet files are read by a second witness too.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tarn/ask_witness.h"
#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"

struct findings {
    struct listing *listing; /* opened by the first finding: of what cannot be opened there is no empty table */
    struct session *session;
    uint64_t errors;
    uint64_t warnings;
    enum tarn_status worst;
};

static void note_finding(void *arg, const struct tarn_finding *finding)
{
    static const char *const kinds[] = {"ok", "warning", "ERROR"};
    struct findings *findings = arg;
    char line[2048];
    tarn_error_format(finding->error, line, sizeof(line));
    const char *texts[] = {kinds[finding->kind], line};
    if (findings->listing == NULL) {
        findings->listing = listing_open(findings->session, "finding,what");
    }
    listing_row(findings->listing, texts);
    if (finding->kind == TARN_FINDING_ERROR) {
        findings->errors++;
        findings->worst = finding->error->code;
    }
    findings->warnings += finding->kind == TARN_FINDING_WARNING;
}

int command_verify(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct findings findings = {.session = session};
    if (has(session, OPTION_CHAIN)) {
        return chain_show(session);
    }
    const char *path = session->args.positionals[0];
    const char *format = NULL;
    struct tarn_relation relation = {0};
    enum tarn_status status = tarn_table_detect(session->env, text_of(path), &format, &err);
    if (status == TARN_NOT_FOUND || format != NULL || strchr(path, '@') != NULL || access(path, F_OK) != 0) {
        const int code = input_open(session, path, &relation);
        if (code != 0) {
            return code;
        }
        status = TARN_OK;
    }
    if (status == TARN_OK) {
        if (relation.snapshot != NULL) {
            status = tarn_table_verify(relation.snapshot, note_finding, &findings, &err);
        } else {
            struct tarn_store *store;
            char *key;
            status = store_of_path(session->env, path, false, &store, &key, &err);
            if (status == TARN_OK) {
                status = tarn_file_verify(store, text_of(key), note_finding, &findings, &err);
                if (status == TARN_OK) {
                    status = witness_footer(store, text_of(key), note_finding, &findings, &err);
                }
                tarn_store_close(store);
                free(key);
            }
        }
        if (status == TARN_OK && findings.listing == NULL) {
            findings.listing = listing_open(session, "finding,what");
        }
        const int code = findings.listing != NULL ? listing_close(findings.listing) : 0;
        if (code != 0) {
            status = status == TARN_OK ? TARN_INTERNAL : status;
        }
    }
    if (relation.source != NULL) {
        tarn_relation_close(&relation);
    }
    if (status != TARN_OK) {
        return answer_error(session, &err);
    }
    note(session, "%llu errors, %llu warnings\n", (unsigned long long)findings.errors, (unsigned long long)findings.warnings);
    return findings.errors != 0 ? EXIT_NOT_VERIFIED : 0;
}
