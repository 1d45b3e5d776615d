/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_CORPUS_KEYS_H
#define TARN_TESTS_SUPPORT_CORPUS_KEYS_H

/* The keys of the corpus's encrypted files. */

/** The keys of a file as JSON, of which the caller frees the memory; NULL: it needs none. */
char *tarn_test_corpus_keys(const char *corpus, const char *path);

#endif
