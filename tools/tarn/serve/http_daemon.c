/* SPDX-License-Identifier: Apache-2.0
 *
 * libmicrohttpd: connections, heads, bodies, answers.
 *
 * Invariants
 *  1. A request is refused by its head alone where that suffices: token, site, path, parameters, media type, length.
 *  2. From the end of its body to its answer a connection is suspended: nobody but the worker touches the request.
 *  3. A socket is shut down by the main thread only while nothing is being answered on it, under the lock that every change of that takes.
 *  4. Every connection has a time by which its request must be complete: a client that sends a byte now and then does not stay.
 */
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/serve/request.h"

enum {
    HEAD_SECONDS = 15,  /* for the head of a connection's first request */
    IDLE_SECONDS = 60,  /* for a connection to be used again */
    QUIET_SECONDS = 30, /* without a byte in either direction */
    CONNECTION_MEMORY = 128 * 1024,
    DRAINED = 100000000, /* bytes of a refused body that are passed over */
    LONG_LENGTH = 8,     /* digits of more than that */
    DAEMON_THREADS = 2,
};

static const char bad_uri; /* marks a request whose address holds a NUL */

static const int64_t second = 1000000;

/* ---- connections ---- */

static void link_enter(struct server *server, struct link *link, enum link_state state)
{
    pthread_mutex_lock(&server->lock);
    link->state = state;
    link->since = monotonic_now();
    pthread_mutex_unlock(&server->lock);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
    struct server *server = cls;
    pthread_mutex_lock(&server->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct link *link = calloc(1, sizeof(*link));
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (link != NULL && info != NULL) {
            *link = (struct link){.next = server->links, .previous = &server->links, .socket = info->connect_fd, .since = monotonic_now()};
            if (link->next != NULL) {
                link->next->previous = &link->next;
            }
            server->links = link;
        }
        *context = link;
    } else if (*context != NULL) {
        struct link *link = *context;
        *link->previous = link->next;
        if (link->next != NULL) {
            link->next->previous = link->previous;
        }
        free(link);
        *context = NULL;
    }
    pthread_mutex_unlock(&server->lock);
}

static void send_late(const struct server *server, const struct link *link)
{
    static const char late[] =
        "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 87\r\n\r\n"
        "{\"error\":{\"code\":\"TIMEOUT\",\"detail\":\"receiving\",\"message\":\"the request came too slow\"}}\n";
    if (!server->tls) {
        (void)!send(link->socket, late, sizeof(late) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

void http_close_late(struct server *server)
{
    const int64_t now = monotonic_now();
    pthread_mutex_lock(&server->lock);
    for (struct link *link = server->links; link != NULL; link = link->next) {
        const int64_t most = link->state == LINK_NEW         ? HEAD_SECONDS * second
                             : link->state == LINK_IDLE      ? IDLE_SECONDS * second
                             : link->state == LINK_RECEIVING ? server->limits.time
                                                             : INT64_MAX;
        if (now - link->since > most) {
            if (link->state != LINK_IDLE) {
                send_late(server, link);
                metrics_count(&server->metrics, route_count, 408, now - link->since);
            }
            shutdown(link->socket, SHUT_RDWR);
            link->state = LINK_WORKING; /* once */
        }
    }
    pthread_mutex_unlock(&server->lock);
}

/* ---- what a request says ---- */

struct tarn_text request_parameter(const struct request *request, const char *name)
{
    struct tarn_text text = {NULL, 0};
    if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &text.data, &text.size) == MHD_YES &&
        text.data == NULL) {
        text = (struct tarn_text){"", 0}; /* "?name" without "=" */
    }
    return text;
}

struct tarn_text request_header(const struct request *request, const char *name)
{
    struct tarn_text text = {NULL, 0};
    if (MHD_lookup_connection_value_n(request->connection, MHD_HEADER_KIND, name, strlen(name), &text.data, &text.size) != MHD_YES ||
        text.data == NULL) {
        return (struct tarn_text){NULL, 0};
    }
    return text;
}

int64_t request_number(const struct request *request, const char *name, int64_t otherwise)
{
    const struct tarn_text text = request_parameter(request, name);
    int64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        number = number * 10 + (text.data[i] - '0');
    }
    return text.data != NULL ? number : otherwise;
}

/* "localhost:8080", "[::1]:8080": the name without the port. */
static struct tarn_text host_name(struct tarn_text host)
{
    size_t size = host.size;
    if (size != 0 && host.data[0] == '[') {
        const char *end = memchr(host.data, ']', size);
        return (struct tarn_text){host.data, end != NULL ? (size_t)(end - host.data) + 1 : size};
    }
    const char *colon = size != 0 ? memchr(host.data, ':', size) : NULL;
    return (struct tarn_text){host.data, colon != NULL ? (size_t)(colon - host.data) : size};
}

static bool same_word(struct tarn_text text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

/* A page of another site, or a name that someone points at this machine, must not speak to a server that only this machine can reach. */
static enum tarn_status check_site(const struct request *request, struct tarn_error *err)
{
    const struct server *server = request->server;
    const struct tarn_text host = request_header(request, "Host");
    const struct tarn_text origin = request_header(request, "Origin");
    if (server->loopback && host.data != NULL) {
        const struct tarn_text name = host_name(host);
        if (!same_word(name, "localhost") && !same_word(name, "127.0.0.1") && !same_word(name, "[::1]") &&
            !same_word(name, server->address)) {
            return tool_error(err, TARN_AUTH, "host", "Host names another machine than this one");
        }
    }
    if (origin.data != NULL) {
        const char *start = server->tls ? "https://" : "http://";
        const size_t size = strlen(start);
        if (origin.size != size + host.size || host.size == 0 || strncasecmp(origin.data, start, size) != 0 ||
            strncasecmp(origin.data + size, host.data, host.size) != 0) {
            return tool_error(err, TARN_AUTH, "origin", "requests from pages of other sites are not answered");
        }
    }
    return TARN_OK;
}

static enum tarn_status check_token(struct request *request, struct tarn_error *err)
{
    static const char bearer[] = "Bearer ";
    const struct tarn_text given = request_header(request, "Authorization");
    if (given.size > sizeof(bearer) - 1 && strncasecmp(given.data, bearer, sizeof(bearer) - 1) == 0) {
        const struct tarn_text token = {given.data + sizeof(bearer) - 1, given.size - (sizeof(bearer) - 1)};
        request->scope = tokens_scope(&request->server->tokens, token);
    }
    if (request->route->scope > SCOPE_NONE && request->scope == SCOPE_NONE) {
        return tool_error(err, TARN_AUTH, "token", "a token is wanted: Authorization: Bearer TOKEN");
    }
    if (request->scope < request->route->scope) {
        return tool_error(err, TARN_AUTH, "scope", "this token reads only");
    }
    return TARN_OK;
}

struct parameter_check {
    const struct route *route;
    enum tarn_status status;
    struct tarn_error *err;
};

static enum MHD_Result check_argument(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value,
                                      size_t value_size)
{
    struct parameter_check *check = cls;
    (void)kind;
    for (int i = 0; i < MOST_PARAMETERS && check->route->parameters[i].name != NULL; i++) {
        const struct parameter *parameter = &check->route->parameters[i];
        if (parameter->in == IN_QUERY && strlen(parameter->name) == key_size && memcmp(parameter->name, key, key_size) == 0) {
            const struct tarn_text text = {value != NULL ? value : "", value != NULL ? value_size : 0};
            check->status = parameter_check(parameter, text, check->err);
            return check->status == TARN_OK ? MHD_YES : MHD_NO;
        }
    }
    check->status =
        tool_error(check->err, TARN_INVALID, "parameter", "there is no parameter \"%.*s\" here", (int)(key_size > 60 ? 60 : key_size), key);
    return MHD_NO;
}

static enum tarn_status check_parameters(struct request *request, struct tarn_error *err)
{
    struct parameter_check check = {request->route, TARN_OK, err};
    MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, check_argument, &check);
    for (int i = 0; check.status == TARN_OK && i < MOST_PARAMETERS && request->route->parameters[i].name != NULL; i++) {
        const struct parameter *parameter = &request->route->parameters[i];
        if (parameter->in == IN_HEADER) {
            const struct tarn_text value = request_header(request, parameter->name);
            check.status = value.data != NULL ? parameter_check(parameter, value, err) : TARN_OK;
        } else if (parameter->in == IN_QUERY && parameter->required && request_parameter(request, parameter->name).size == 0) {
            check.status = tool_error(err, TARN_INVALID, "parameter", "the parameter %s is missing", parameter->name);
        }
    }
    return check.status;
}

static enum tarn_status check_head(struct request *request, bool good_uri, const char *method, const char *path, struct tarn_error *err)
{
    if (request->server->stopping) {
        return tool_error(err, TARN_LIMIT, "busy", "the server is stopping");
    }
    if (!good_uri) {
        return tool_error(err, TARN_INVALID, "uri", "the address holds a NUL");
    }
    TARN_TOOL_TRY(check_site(request, err));
    const enum tarn_status found = route_find(method, path, &request->route, request->table, sizeof(request->table), request->reply.allow,
                                              sizeof(request->reply.allow), err);
    if (request->route == NULL) {
        return found;
    }
    struct tarn_error token = TARN_ERROR_INIT;
    const enum tarn_status status = check_token(request, &token);
    if (status != TARN_OK) {
        *err = token;
        return status;
    }
    TARN_TOOL_TRY(found); /* the table's name */
    TARN_TOOL_TRY(check_parameters(request, err));
    return body_begin(request, err);
}

/* ---- answers ---- */

void request_fail(struct request *request, const struct tarn_error *err)
{
    char allow[sizeof(request->reply.allow)];
    struct tarn_error copy = *err;
    if (copy.code == TARN_CANCELLED) {
        if (request->server->hurry) {
            tool_error(&copy, TARN_CANCELLED, "stopping", "the server is stopping; nothing was changed");
        } else {
            tool_error(&copy, TARN_LIMIT, "time", "the request took longer than %lld seconds; nothing was changed",
                       (long long)(request->server->limits.time / second));
        }
    }
    memcpy(allow, request->reply.allow, sizeof(allow));
    reply_error(&request->reply, request->server->lake, &copy);
    memcpy(request->reply.allow, allow, sizeof(allow));
}

static void add_headers(const struct request *request, struct MHD_Response *response)
{
    const struct reply *reply = &request->reply;
    MHD_add_response_header(response, "Content-Type", reply->type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            reply->policy != NULL ? reply->policy : "default-src 'none'; frame-ancestors 'none'");
    if (reply->status == 405) {
        MHD_add_response_header(response, "Allow", reply->allow);
    } else if (reply->status == 401) {
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"tarn\"");
    } else if (reply->status == 503) {
        MHD_add_response_header(response, "Retry-After", "1");
    }
    if (request->server->stopping) {
        MHD_add_response_header(response, "Connection", "close");
    }
}

static enum MHD_Result send_reply(struct request *request)
{
    struct reply *reply = &request->reply;
    struct MHD_Response *response = NULL;
    struct tarn_error err = TARN_ERROR_INIT;
    body_free(request); /* before anyone can know that the request is done */
    if (reply->spooled && reply->size != 0 && spool_file_write(&reply->file, reply->data, reply->size, &err) != TARN_OK) {
        request_fail(request, &err);
    }
    if (reply->spooled) {
        response = MHD_create_response_from_fd64(reply->file.size, reply->file.fd);
        reply->file.fd = response != NULL ? -1 : reply->file.fd; /* the response closes it */
    } else {
        response = MHD_create_response_from_buffer(reply->size, reply->data, MHD_RESPMEM_MUST_FREE);
        reply->data = response != NULL ? NULL : reply->data;
    }
    if (response == NULL) {
        return MHD_NO;
    }
    if (request->link != NULL) {
        link_enter(request->server, request->link, LINK_WORKING);
    }
    add_headers(request, response);
    const enum MHD_Result queued = MHD_queue_response(request->connection, reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* ---- work ---- */

static bool is_late(void *ctx)
{
    const struct request *request = ctx;
    return request->server->hurry || monotonic_now() > request->deadline;
}

static void work_on(void *item)
{
    struct request *request = item;
    struct tarn_env_options options = request->server->env;
    struct tarn_error err = TARN_ERROR_INIT;
    request->deadline = monotonic_now() + request->server->limits.time;
    options.is_cancelled = is_late;
    options.cancel_ctx = request;
    if (tarn_env_open(&options, &request->env, &err) == TARN_OK) {
        request->route->run(request);
        tarn_env_close(request->env);
        request->env = NULL;
    } else {
        request_fail(request, &err);
    }
    request->state = REQUEST_DONE;
    MHD_resume_connection(request->connection); /* from here on the request is no longer ours */
}

static enum MHD_Result dispatch(struct request *request)
{
    struct tarn_error err = TARN_ERROR_INIT;
    if (body_end(request, &err) != TARN_OK) {
        request_fail(request, &err);
        return send_reply(request);
    }
    if (request->route->at_once) {
        request->route->run(request);
        request->state = REQUEST_DONE;
        return send_reply(request);
    }
    if (request->link != NULL) {
        link_enter(request->server, request->link, LINK_WORKING);
    }
    request->state = REQUEST_WORKING;
    MHD_suspend_connection(request->connection);
    if (!work_queue_add(&request->server->queue, request)) {
        tool_error(&err, TARN_LIMIT, "busy", "%d requests are waiting already", MOST_WAITING);
        request_fail(request, &err);
        request->state = REQUEST_DONE;
        MHD_resume_connection(request->connection);
    }
    return MHD_YES;
}

/* ---- libmicrohttpd's callbacks ---- */

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    (void)cls;
    (void)connection;
    return strstr(uri, "%00") != NULL ? (void *)(uintptr_t)&bad_uri : NULL; /* decoded it would end the text */
}

static struct request *new_request(struct server *server, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof(*request));
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (request != NULL) {
        request->server = server;
        request->connection = connection;
        request->link = info != NULL ? info->socket_context : NULL;
        request->begun = monotonic_now();
        request->err = (struct tarn_error)TARN_ERROR_INIT;
        server->metrics.open++;
        if (request->link != NULL) {
            link_enter(server, request->link, LINK_RECEIVING);
        }
    }
    return request;
}

/*
 * Refused by its head. Most clients read an answer only when they have sent what they began, and then find the connection reset: so what
 * they send is passed over first, unless they asked before sending, or it is very much.
 */
static enum MHD_Result refuse(struct request *request)
{
    const bool asked = request_header(request, "Expect").size != 0;
    const bool endless = request_header(request, "Content-Length").size > LONG_LENGTH;
    request->state = REQUEST_REFUSED;
    return asked || endless ? send_reply(request) : MHD_YES;
}

static enum MHD_Result take_bytes(struct request *request, const char *bytes, size_t *size)
{
    struct tarn_error err = TARN_ERROR_INIT;
    if (request->state == REQUEST_RECEIVING && body_take(request, bytes, *size, &err) != TARN_OK) {
        request_fail(request, &err);
        body_free(request);
        request->state = REQUEST_REFUSED;
        request->received = 0;
    } else if (request->state == REQUEST_REFUSED) {
        request->received += *size;
        if (request->received > DRAINED) {
            return MHD_NO;
        }
    }
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *size, void **context)
{
    struct server *server = cls;
    struct request *request = *context;
    (void)version;
    if (request == NULL || *context == (const void *)&bad_uri) {
        struct tarn_error err = TARN_ERROR_INIT;
        const bool good_uri = request == NULL;
        *context = request = new_request(server, connection);
        if (request == NULL) {
            return MHD_NO;
        }
        snprintf(request->method, sizeof(request->method), "%s", method);
        snprintf(request->path, sizeof(request->path), "%s", path);
        if (check_head(request, good_uri, method, path, &err) != TARN_OK) {
            request_fail(request, &err);
            return refuse(request);
        }
        return MHD_YES;
    }
    if (*size != 0) {
        return take_bytes(request, bytes, size);
    }
    switch (request->state) {
    case REQUEST_RECEIVING:
        return dispatch(request);
    case REQUEST_WORKING:
        return MHD_YES;
    case REQUEST_REFUSED:
    case REQUEST_DONE:
        break;
    }
    return send_reply(request);
}

/* A line a request: no query string, no header, so no secret. */
static void log_request(const struct request *request, int64_t micros)
{
    char when[32] = "";
    struct tm utc;
    const time_t now = time(NULL);
    char path[sizeof(request->path)];
    size_t at = 0;
    for (; request->path[at] != '\0'; at++) {
        path[at] = request->path[at] > 0x20 && request->path[at] < 0x7f ? request->path[at] : '?';
    }
    path[at] = '\0';
    if (gmtime_r(&now, &utc) != NULL) {
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    fprintf(stderr, "%s %s %s %u %lld.%03lld ms %s%s%s\n", when, request->method, path, request->reply.status, (long long)(micros / 1000),
            (long long)(micros % 1000), request->reply.err.code != TARN_OK ? tarn_status_name(request->reply.err.code) : "",
            request->reply.err.detail[0] != '\0' ? "." : "", request->reply.err.detail);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
    struct server *server = cls;
    struct request *request = *context;
    (void)connection;
    (void)code;
    if (request == NULL || *context == (const void *)&bad_uri) {
        return;
    }
    const int64_t micros = monotonic_now() - request->begun;
    const uint32_t route = request->route != NULL ? (uint32_t)(request->route - routes) : route_count;
    if (request->reply.status != 0) {
        metrics_count(&server->metrics, route, request->reply.status, micros);
    }
    server->metrics.bytes_received += request->received;
    server->metrics.bytes_sent += request->reply.total;
    if (server->verbose) {
        log_request(request, micros);
    }
    if (request->link != NULL) {
        link_enter(server, request->link, LINK_IDLE);
    }
    body_free(request);
    reply_free(&request->reply);
    free(request);
    *context = NULL;
    server->metrics.open--;
}

static void on_log(void *cls, const char *format, va_list args)
{
    const struct server *server = cls;
    if (server->verbose) {
        vfprintf(stderr, format, args);
    }
}

/* ---- start and stop ---- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        return (ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24) == 127;
    }
    static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
    return address->sa_family == AF_INET6 &&
           memcmp(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, &loopback, sizeof(loopback)) == 0;
}

enum tarn_status http_address(struct server *server, struct sockaddr_storage *out, struct tarn_error *err)
{
    char port[8];
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    snprintf(port, sizeof(port), "%u", server->port);
    if (getaddrinfo(server->address, port, &hints, &found) != 0 || found == NULL) {
        return tool_error(err, TARN_INVALID, "address", "\"%s\" is no address of this machine", server->address);
    }
    memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    server->loopback = is_loopback((const struct sockaddr *)out);
    return TARN_OK;
}

enum tarn_status http_start(struct server *server, const struct sockaddr_storage *address, const char *certificate, const char *key,
                            struct tarn_error *err)
{
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
                                   {MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    flags |= address->ss_family == AF_INET6 ? (unsigned)MHD_USE_IPv6 : 0;
    if (certificate != NULL) {
        if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
            return tool_error(err, TARN_UNSUPPORTED, "tls", "this libmicrohttpd was built without TLS");
        }
        flags |= MHD_USE_TLS;
    } else {
        tls[0].option = MHD_OPTION_END;
    }
    TARN_TOOL_TRY(work_queue_open(&server->queue, server->limits.workers, MOST_WAITING, work_on, err));
    errno = 0;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, server, MHD_OPTION_SOCK_ADDR, address,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MOST_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)QUIET_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)DAEMON_THREADS, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (server->daemon == NULL) {
        const int failed = errno;
        work_queue_close(&server->queue);
        return tool_error(err, TARN_IO, "listen", "%s port %u cannot be listened to%s%s", server->address, server->port,
                          failed != 0           ? ": "
                          : certificate != NULL ? "; or the certificate and the key are not good"
                                                : "",
                          failed != 0 ? strerror(failed) : "");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info != NULL && info->port != 0 ? info->port : server->port;
    return TARN_OK;
}

void http_quiesce(struct server *server)
{
    server->stopping = true;
    server->listening = MHD_quiesce_daemon(server->daemon); /* its threads still look at it: closed when they are gone */
    pthread_mutex_lock(&server->lock);
    for (struct link *link = server->links; link != NULL; link = link->next) {
        if (link->state != LINK_WORKING) {
            shutdown(link->socket, SHUT_RDWR); /* nothing of it was acknowledged */
        }
    }
    pthread_mutex_unlock(&server->lock);
}

uint32_t http_busy(struct server *server)
{
    return (uint32_t)server->metrics.open;
}

void http_stop(struct server *server)
{
    work_queue_close(&server->queue);
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
    if (server->listening >= 0) {
        close(server->listening);
    }
}
