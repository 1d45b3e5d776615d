/* SPDX-License-Identifier: Apache-2.0
 *
 * The sealed log: key, sign, verify --chain, log --show-signatures; --sign-key of every command that writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"

enum { MOST_PASSPHRASE = 1024, MOST_KEYS = MOST_REPEATS };

/* The first line of a stream, without its end. False: there is none. */
static bool read_line(FILE *from, char line[MOST_PASSPHRASE])
{
    if (fgets(line, MOST_PASSPHRASE, from) == NULL) {
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line[0] != '\0';
}

static bool ask_terminal(const char *question, char line[MOST_PASSPHRASE])
{
    FILE *terminal = fopen("/dev/tty", "r+e");
    struct termios before;
    if (terminal == NULL || tcgetattr(fileno(terminal), &before) != 0) {
        if (terminal != NULL) {
            fclose(terminal);
        }
        return false;
    }
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
    fprintf(terminal, "%s: ", question);
    fflush(terminal);
    const bool read = read_line(terminal, line);
    tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    fputc('\n', terminal);
    fclose(terminal);
    return read;
}

/* From --passphrase-file, else from the terminal. */
static enum tarn_status passphrase_of(struct session *session, char line[MOST_PASSPHRASE], struct tarn_error *err)
{
    const char *path = session->args.values[OPTION_PASSPHRASE_FILE];
    if (!has(session, OPTION_PASSPHRASE_FILE)) {
        return ask_terminal("passphrase of the signing key", line)
                   ? TARN_OK
                   : tool_error(err, TARN_INVALID, "passphrase", "there is no terminal to ask for a passphrase: give --passphrase-file");
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return tool_error(err, errno == ENOENT ? TARN_NOT_FOUND : TARN_IO, "passphrase", "%s cannot be opened: %s", path, strerror(errno));
    }
    setvbuf(file, NULL, _IONBF, 0);
    const bool read = read_line(file, line);
    fclose(file);
    return read ? TARN_OK : tool_error(err, TARN_INVALID, "passphrase", "%s has no passphrase in its first line", path);
}

enum tarn_status signing_offer(struct session *session, struct tarn_env_options *options, struct tarn_error *err)
{
    char text[TARN_SEALED_KEY_MOST + 1];
    char line[MOST_PASSPHRASE];
    struct tarn_env *env = NULL;
    if (!has(session, OPTION_SIGN_KEY)) {
        return TARN_OK;
    }
    const char *path = session->args.values[OPTION_SIGN_KEY];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return tool_error(err, errno == ENOENT ? TARN_NOT_FOUND : TARN_IO, "signing_key", "%s cannot be opened: %s", path, strerror(errno));
    }
    const size_t size = fread(text, 1, TARN_SEALED_KEY_MOST, file);
    fclose(file);
    enum tarn_status status = passphrase_of(session, line, err);
    if (status == TARN_OK) {
        status = tarn_env_open(NULL, &env, err); /* for the key alone: the command's own env is made with it */
    }
    if (status == TARN_OK) {
        const struct tarn_span passphrase = {(const uint8_t *)line, strlen(line)};
        status = tarn_signing_key_open(env, (struct tarn_text){text, size}, passphrase, &session->signing_key, err);
    }
    explicit_bzero(line, sizeof(line));
    tarn_env_close(env);
    options->signing_key = session->signing_key;
    return status;
}

static void hex_text(const uint8_t bytes[32], char out[65])
{
    for (size_t i = 0; i < 32; i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

static bool hex_parse(const char *text, uint8_t out[32])
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    if (strlen(text) != 64 || strspn(text, digits) != 64) {
        return false;
    }
    for (size_t i = 0; i < 64; i++) {
        const size_t digit = (size_t)(strchr(digits, text[i]) - digits) % 16;
        out[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
    }
    return true;
}

/* ---- key ---- */

static enum tarn_status write_key(struct session *session, const char *path, const char *text, size_t size, struct tarn_error *err)
{
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (has(session, OPTION_FORCE) ? O_TRUNC : O_EXCL);
    const int fd = open(path, flags, 0600);
    if (fd < 0) {
        return tool_error(err, errno == EEXIST ? TARN_EXISTS : TARN_IO, "signing_key", "%s cannot be made: %s", path, strerror(errno));
    }
    const bool written = write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
    if (close(fd) != 0 || !written) {
        return tool_error(err, TARN_IO, "signing_key", "%s could not be written", path);
    }
    return TARN_OK;
}

int command_key(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_signing_key *key = NULL;
    char line[MOST_PASSPHRASE];
    char text[TARN_SEALED_KEY_MOST];
    char hex[65] = "";
    uint8_t public_key[32];
    size_t size;
    if (strcmp(session->args.positionals[0], "new") != 0) {
        return answer_usage(session, "tarn key new FILE makes a key; there is no tarn key %s", session->args.positionals[0]);
    }
    enum tarn_status status = passphrase_of(session, line, &err);
    if (status == TARN_OK) {
        status = tarn_signing_key_make(session->env, &key, &err);
    }
    if (status == TARN_OK) {
        const struct tarn_span passphrase = {(const uint8_t *)line, strlen(line)};
        status = tarn_signing_key_seal(key, passphrase, text, &size, &err);
    }
    explicit_bzero(line, sizeof(line));
    if (status == TARN_OK) {
        status = write_key(session, session->args.positionals[1], text, size, &err);
    }
    if (status == TARN_OK) {
        tarn_signing_key_public(key, public_key);
        hex_text(public_key, hex);
    }
    tarn_signing_key_close(key);
    if (status != TARN_OK) {
        return answer_error(session, &err);
    }
    answer_begin(session);
    printf(session->json ? "{\"public_key\":\"%s\"}" : "public key %s\n", hex);
    answer_end(session);
    return 0;
}

/* ---- sign ---- */

int command_sign(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_snapshot *snapshot;
    struct tarn_transaction *transaction;
    struct tarn_commit_result result;
    if (session->signing_key == NULL) {
        return answer_usage(session, "tarn sign needs --sign-key FILE");
    }
    enum tarn_status status = load_version(session, session->args.positionals[0], -1, &snapshot, &err);
    if (status == TARN_OK) {
        /* A commit without changes is none: this one says how far the log has been signed. */
        struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
        options.operation = "SIGN";
        options.app_id = text_of("tarn.sign");
        options.app_version = tarn_snapshot_info(snapshot).version;
        status = tarn_transaction_open(snapshot, &options, &transaction, &err);
        tarn_snapshot_close(snapshot);
    }
    if (status == TARN_OK) {
        status = tarn_transaction_commit(transaction, &result, &err);
    }
    if (status != TARN_OK) {
        return answer_error(session, &err);
    }
    answer_begin(session);
    printf(session->json ? "{\"version\":%" PRId64 "}" : "version %" PRId64 " is signed, and vouches for the commits below it\n",
           result.version);
    answer_end(session);
    return 0;
}

/* ---- verify --chain, log --show-signatures ---- */

static enum tarn_status list_link(void *arg, const struct tarn_link *link, struct tarn_error *err)
{
    static const char *const states[] = {"signed", "recorded", "sealed", "open", "BROKEN"};
    char version[32];
    char key[65];
    char reason[200];
    (void)err;
    snprintf(version, sizeof(version), "%" PRId64, link->version);
    snprintf(reason, sizeof(reason), "%.*s", (int)link->reason.size, link->reason.data);
    hex_text(link->key, key);
    const char *texts[] = {version, states[link->state], link->has_key ? key : NULL, link->reason.size != 0 ? reason : NULL};
    listing_row(arg, texts);
    return TARN_OK;
}

int chain_show(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_chain_options options = TARN_CHAIN_OPTIONS_INIT;
    struct tarn_chain_result result = {0};
    uint8_t keys[1][32];
    char head[65];
    if (has(session, OPTION_PUBLIC_KEY)) {
        if (!hex_parse(session->args.values[OPTION_PUBLIC_KEY], keys[0])) {
            return answer_usage(session, "a public key has 64 hexadecimal digits");
        }
        options.keys = keys;
        options.key_count = 1;
    }
    if (has(session, OPTION_ANCHOR)) {
        char *end;
        options.anchor = strtoll(session->args.values[OPTION_ANCHOR], &end, 10);
        if (*end != ':' || options.anchor < 0 || !hex_parse(end + 1, options.anchor_digest)) {
            return answer_usage(session, "an anchor is a version, a colon and 64 hexadecimal digits");
        }
    }
    options.shallow = !has(session, OPTION_CHAIN);
    char *path = table_path(session, session->args.positionals[0], &err);
    if (path == NULL) {
        return answer_error(session, &err);
    }
    struct listing *listing = listing_open(session, "#version,state,key,why");
    const enum tarn_status status = tarn_table_verify_chain(session->env, text_of(path), &options, list_link, listing, &result, &err);
    const int code = listing_close(listing);
    free(path);
    if (status != TARN_OK) {
        return answer_error(session, &err);
    }
    hex_text(result.head, head);
    note(session,
         "%" PRIu64 " signed, %" PRIu64 " recorded, %" PRIu64 " sealed, %" PRIu64 " open, %" PRIu64 " broken; head %" PRId64 ":%s\n",
         result.signed_count, result.recorded, result.sealed, result.open, result.broken, result.newest, head);
    return has(session, OPTION_CHAIN) && result.broken != 0 ? EXIT_NOT_VERIFIED : code;
}
