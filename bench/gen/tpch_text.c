/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPC-H 4.2.2.14, the pseudo text, as dbgen makes it:
 *   1. a sentence is a sequence of phrases and a terminator, a phrase a sequence of words; each choice is one draw by weight;
 *   2. words end with one space, which a comma or a terminator takes the place of.
 * A draw is looked up in a table with one entry for each unit of weight.
 */
#include "bench/gen/tpch_text.h"

#include <stdlib.h>
#include <string.h>

#include "bench/gen/tpch_random.h"
#include "bench/gen/tpch_words.h"

#define TEXT_SEED 933588178
#define SENTENCE_MOST 512 /* the longest sentence has five phrases of at most 45 bytes */
#define WORD_MOST 16      /* copied whole: cheaper than by length */
#define WEIGHT_MOST 800
#define WORDS_MOST 64

struct choices {
    int weight; /* of all words */
    unsigned char word_at[WEIGHT_MOST];
    unsigned char length[WORDS_MOST];
    char words[WORDS_MOST][WORD_MOST];
};

struct writing {
    char *end;
    struct tpch_stream stream;
    struct choices sentences, noun_phrases, verb_phrases;
    struct choices nouns, verbs, adjectives, adverbs, auxiliaries, prepositions, terminators;
};

static void choices_fill(struct choices *choices, const struct tpch_word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(words[i].text);
        memcpy(choices->words[i], words[i].text, length);
        choices->length[i] = (unsigned char)length;
        memset(choices->word_at + choices->weight, (int)i, (size_t)words[i].weight);
        choices->weight += words[i].weight;
    }
}

#define CHOICES_FILL(choices, words) choices_fill(choices, words, sizeof(words) / sizeof((words)[0]))

static unsigned choose(struct writing *writing, const struct choices *choices)
{
    return choices->word_at[tpch_draw(&writing->stream, 0, choices->weight - 1)];
}

static void write_word(struct writing *writing, const struct choices *choices)
{
    const unsigned word = choose(writing, choices);
    memcpy(writing->end, choices->words[word], WORD_MOST);
    writing->end += choices->length[word];
    *writing->end++ = ' ';
}

/* `phrases` are words over N, V, J, D, X, spaces and commas. */
static void write_phrase(struct writing *writing, const struct choices *phrases)
{
    const unsigned phrase = choose(writing, phrases);
    for (unsigned i = 0; i < phrases->length[phrase]; i++) {
        switch (phrases->words[phrase][i]) {
        case 'N':
            write_word(writing, &writing->nouns);
            break;
        case 'V':
            write_word(writing, &writing->verbs);
            break;
        case 'J':
            write_word(writing, &writing->adjectives);
            break;
        case 'D':
            write_word(writing, &writing->adverbs);
            break;
        case 'X':
            write_word(writing, &writing->auxiliaries);
            break;
        case ',':
            writing->end[-1] = ',';
            *writing->end++ = ' ';
            break;
        default: /* the space between two symbols */
            break;
        }
    }
}

static void write_sentence(struct writing *writing)
{
    const unsigned sentence = choose(writing, &writing->sentences);
    for (unsigned i = 0; i < writing->sentences.length[sentence]; i += 2) {
        switch (writing->sentences.words[sentence][i]) {
        case 'V':
            write_phrase(writing, &writing->verb_phrases);
            break;
        case 'N':
            write_phrase(writing, &writing->noun_phrases);
            break;
        case 'P':
            write_word(writing, &writing->prepositions);
            memcpy(writing->end, "the ", 4);
            writing->end += 4;
            write_phrase(writing, &writing->noun_phrases);
            break;
        default: /* T: next to the last word */
            writing->end--;
            write_word(writing, &writing->terminators);
            break;
        }
    }
}

char *tpch_text_make(size_t bytes)
{
    char *text = malloc(bytes + SENTENCE_MOST);
    struct writing *writing = calloc(1, sizeof(*writing));
    if (text == NULL || writing == NULL) {
        free(text);
        free(writing);
        return NULL;
    }
    CHOICES_FILL(&writing->sentences, TPCH_SENTENCES);
    CHOICES_FILL(&writing->noun_phrases, TPCH_NOUN_PHRASES);
    CHOICES_FILL(&writing->verb_phrases, TPCH_VERB_PHRASES);
    CHOICES_FILL(&writing->nouns, TPCH_NOUNS);
    CHOICES_FILL(&writing->verbs, TPCH_VERBS);
    CHOICES_FILL(&writing->adjectives, TPCH_ADJECTIVES);
    CHOICES_FILL(&writing->adverbs, TPCH_ADVERBS);
    CHOICES_FILL(&writing->auxiliaries, TPCH_AUXILIARIES);
    CHOICES_FILL(&writing->prepositions, TPCH_PREPOSITIONS);
    CHOICES_FILL(&writing->terminators, TPCH_TERMINATORS);
    writing->end = text;
    writing->stream = (struct tpch_stream){.seed = TEXT_SEED};
    while (writing->end < text + bytes) {
        write_sentence(writing);
        writing->stream.used = 0;
    }
    free(writing);
    return text;
}
