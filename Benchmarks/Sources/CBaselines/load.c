// Many HTTP clients on one thread: each sends its requests one after the other over a connection of its own,
// and again after a pause when the server is busy. One epoll loop, because the clients share the machine with
// the server that is measured.
//
// Understands what our server answers: HTTP/1.1 with a Content-Length. Anything else counts as a broken
// answer.
#define _GNU_SOURCE
#include "baselines.h"
#include "database.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_HEAD = 64 << 10, MAX_TRIES = 64, EVENTS = 256 };
// A client waits for its turn, then talks, pauses between tries, and is done.
enum state { WAITING, TALKING, PAUSING, DONE };

struct client {
    enum state state;
    int socket;           // -1 when closed
    int64_t next, end;    // requests
    int64_t sent;         // bytes of the request
    uint8_t *in;          // the answer so far
    size_t have, room;
    double tried, pause, due;
    int tries;
};

struct load {
    const load_plan *plan;
    const load_request *requests;
    load_answer *answers;
    struct client *clients;
    int count, talking, done, next_waiting, epoll;
    uint32_t random;
    double start;
};

static double elapsed(const struct load *load) { return now().wall - load->start; }

static void close_connection(struct client *client) {
    if (client->socket >= 0) close(client->socket);
    client->socket = -1;
}

static int watch(struct load *load, struct client *client, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    return epoll_ctl(load->epoll, operation, client->socket, &event);
}

static int open_connection(struct load *load, struct client *client) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->plan->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->socket < 0) return -1;
    setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int status = connect(client->socket, (struct sockaddr *)&address, sizeof address);
    if (status < 0 && errno != EINPROGRESS) return -1;
    return watch(load, client, EPOLL_CTL_ADD, EPOLLOUT | EPOLLIN);
}

static void finish_client(struct load *load, struct client *client) {
    close_connection(client);
    free(client->in);
    client->in = NULL;
    client->room = 0;
    client->state = DONE;
    load->done++;
}

static void begin_try(struct load *load, struct client *client);

// Goes on with the next request of the client, or lets the next client have its place.
static void next_request(struct load *load, struct client *client) {
    client->next++;
    client->tries = 0;
    client->pause = load->plan->first_pause;
    load->talking--;
    if (client->next < client->end) {
        begin_try(load, client);
    } else {
        finish_client(load, client);
    }
}

// The server was busy, or the connection broke: again after a pause, spread by a fifth to both sides, as nodes do.
static void pause_client(struct load *load, struct client *client) {
    load->talking--;
    client->state = PAUSING;
    load->random = load->random * 1664525u + 1013904223u;
    client->due = elapsed(load) + client->pause * (0.8 + 0.4 * (load->random >> 8) / (double)(1 << 24));
    client->pause *= 2;
    if (client->pause > load->plan->longest_pause) client->pause = load->plan->longest_pause;
}

static void note_time(struct load *load, struct client *client) {
    load_answer *answer = &load->answers[client->next];
    answer->took = elapsed(load) - client->tried;
    if (answer->took > answer->slowest) answer->slowest = answer->took;
}

static void broken(struct load *load, struct client *client) {
    note_time(load, client);
    close_connection(client);
    load->answers[client->next].broken++;
    if (client->tries < MAX_TRIES) {
        pause_client(load, client);
    } else {
        next_request(load, client);
    }
}

static void begin_try(struct load *load, struct client *client) {
    load->talking++;
    client->state = TALKING;
    client->tried = elapsed(load);
    if (client->tries++ == 0) load->answers[client->next].began = client->tried;
    client->sent = 0;
    client->have = 0;
    int status = client->socket >= 0 ? watch(load, client, EPOLL_CTL_MOD, EPOLLOUT | EPOLLIN)
                                     : open_connection(load, client);
    if (status < 0) broken(load, client);
}

// 1 when the whole request is out, 0 when there is more, -1 when the line is broken.
static int send_more(struct load *load, struct client *client) {
    const load_request *request = &load->requests[client->next];
    while (client->sent < request->count) {
        size_t left = (size_t)(request->count - client->sent);
        ssize_t count = send(client->socket, request->bytes + client->sent, left, MSG_NOSIGNAL);
        if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
        client->sent += count;
    }
    return watch(load, client, EPOLL_CTL_MOD, EPOLLIN) < 0 ? -1 : 1;
}

static int receive_more(struct load *load, struct client *client) {
    size_t most = MAX_HEAD + (size_t)load->plan->max_body;
    for (;;) {
        if (client->have == client->room) {
            size_t room = client->room ? client->room * 2 : 8192;
            uint8_t *in = client->room >= most ? NULL : realloc(client->in, room);
            if (!in) return -1;
            client->in = in;
            client->room = room;
        }
        ssize_t count = recv(client->socket, client->in + client->have, client->room - client->have, 0);
        if (count == 0) return -1;
        if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
        client->have += (size_t)count;
    }
}

// The value of a field of the head, or NULL. The head ends with a NUL.
static const char *field(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':') continue;
        const char *value = line + 3 + length;
        return value + strspn(value, " \t");
    }
    return NULL;
}

static int keep_body(load_answer *answer, const uint8_t *bytes, size_t count) {
    answer->body = malloc(count ? count : 1);
    if (!answer->body) return -1;
    memcpy(answer->body, bytes, count);
    answer->body_count = (int64_t)count;
    return 0;
}

static void answered(struct load *load, struct client *client, int status) {
    note_time(load, client);
    load_answer *answer = &load->answers[client->next];
    answer->status = status;
    if (status == 429 && client->tries < MAX_TRIES) {
        answer->busy++;
        return pause_client(load, client);
    }
    answer->ended = elapsed(load);
    next_request(load, client);
}

// Looks whether the answer is whole. 0 for not yet, 1 when it was taken, -1 for what can't be read.
static int take_answer(struct load *load, struct client *client) {
    uint8_t *end = client->have < 4 ? NULL : memmem(client->in, client->have, "\r\n\r\n", 4);
    if (!end) return client->have > MAX_HEAD ? -1 : 0;
    uint8_t kept = end[2];
    end[2] = 0;
    const char *head = (const char *)client->in, *length = field(head, "content-length");
    const char *connection = field(head, "connection");
    int status = strncmp(head, "HTTP/1.1 ", 9) == 0 ? atoi(head + 9) : 0;
    long long count = length ? atoll(length) : -1;
    int closes = connection && strncasecmp(connection, "close", 5) == 0;
    end[2] = kept;
    if (status < 200 || count < 0 || count > load->plan->max_body) return -1;
    size_t head_count = (size_t)(end + 4 - client->in);
    if (client->have < head_count + (size_t)count) return 0;
    const uint8_t *body = client->in + head_count;
    int is_kept = load->plan->keeps_bodies && status == 200;
    if (is_kept && keep_body(&load->answers[client->next], body, (size_t)count) < 0) return -1;
    // An answer that came before the whole request was out ends the connection, too.
    if (closes || client->sent < load->requests[client->next].count) close_connection(client);
    answered(load, client, status);
    return 1;
}

static void happened(struct load *load, struct client *client, uint32_t events) {
    if (client->state != TALKING || client->socket < 0) {
        // The server closed a connection that rests.
        if (events & (EPOLLHUP | EPOLLERR | EPOLLIN)) close_connection(client);
        return;
    }
    int status = 0, has_more = client->sent < load->requests[client->next].count;
    if (has_more && events & EPOLLOUT) status = send_more(load, client);
    if (status >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        int isOpen = receive_more(load, client);
        status = take_answer(load, client);
        if (status == 0 && isOpen < 0) status = -1;
    }
    if (status < 0) broken(load, client);
}

// What is late is given up; who has paused long enough tries again; who waited takes a place that is free.
static void look_at_clock(struct load *load) {
    double time = elapsed(load);
    int most = load->plan->connections;
    for (int i = 0; i < load->count; i++) {
        struct client *client = &load->clients[i];
        if (client->state == TALKING && time - client->tried > load->plan->deadline) {
            note_time(load, client);
            load->answers[client->next].late = 1;
            close_connection(client);
            next_request(load, client);
        } else if (client->state == PAUSING && time >= client->due && load->talking < most) {
            begin_try(load, client);
        }
    }
    while (load->next_waiting < load->count && load->talking < most)
        begin_try(load, &load->clients[load->next_waiting++]);
}

static int loop(struct load *load) {
    struct epoll_event events[EVENTS];
    double looked = -1;
    while (load->done < load->count) {
        double time = elapsed(load);
        if (time > load->plan->limit) return 0;
        if (time - looked > 0.005) {
            look_at_clock(load);
            looked = time;
        }
        int count = epoll_wait(load->epoll, events, EVENTS, 5);
        if (count < 0 && errno != EINTR) return fail("epoll_wait", NULL);
        for (int i = 0; i < count; i++) {
            if (!events[i].data.ptr) return 0;
            happened(load, events[i].data.ptr, events[i].events);
        }
    }
    return 0;
}

// The one event without a client.
static int watch_end(struct load *load) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (load->plan->until < 0) return 0;
    return epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->plan->until, &event);
}

int load_run(const load_plan *plan, const load_request *requests, const int32_t *counts, int clients,
             load_answer *answers, double *start, double *seconds) {
    struct load load = {.plan = plan, .requests = requests, .answers = answers, .count = clients};
    load.clients = calloc((size_t)clients, sizeof *load.clients);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!load.clients || load.epoll < 0 || watch_end(&load) < 0) {
        free(load.clients);
        if (load.epoll >= 0) close(load.epoll);
        return fail("the clients", NULL);
    }
    int64_t first = 0;
    for (int i = 0; i < clients; i++) {
        int64_t end = first + counts[i];
        load.clients[i] =
            (struct client){.socket = -1, .next = first, .end = end, .pause = plan->first_pause};
        first = end;
    }
    *start = load.start = monotonic_seconds();
    int status = loop(&load);
    *seconds = elapsed(&load);
    for (int i = 0; i < clients; i++) {
        close_connection(&load.clients[i]);
        free(load.clients[i].in);
    }
    free(load.clients);
    close(load.epoll);
    return status;
}
