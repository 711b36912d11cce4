/* terminal.c: see terminal.h.
 *
 * SPDX-License-Identifier: MIT
 *
 * Signals are blocked but for the time in which the program waits; so there is none that comes between looking and waiting. */
#include "terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The other screen, no cursor; and what is too long for a line is cut off. */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l", leave[] = "\033[?7h\033[?25h\033[?1049l";
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
enum {
    CAUGHT = sizeof caught / sizeof caught[0],
    DEFAULT_COLUMNS = 80,
    DEFAULT_LINES = 24,
    LEAST_COLUMNS = 40,
    LEAST_LINES = 12
};

static struct termios before;
static bool has_keys; /* standard input is a terminal */
static sigset_t mask_before;
static volatile sig_atomic_t ending, stopping;

/* ---- Asking -------------------------------------------------------------------------------------------------------------- */

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

terminal terminal_ask(void) {
    const char *term = getenv("TERM");
    struct winsize size = {0};
    terminal t = {.columns = DEFAULT_COLUMNS, .lines = DEFAULT_LINES, .window_lines = DEFAULT_LINES};
    t.is_terminal = isatty(STDOUT_FILENO) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
    t.has_colours = t.is_terminal && !is_set("NO_COLOR");
    t.has_unicode = t.is_terminal && setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (t.is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        t.columns = size.ws_col < LEAST_COLUMNS ? LEAST_COLUMNS : size.ws_col;
        t.window_lines = size.ws_row;
        t.lines = size.ws_row < LEAST_LINES ? LEAST_LINES : size.ws_row;
    }
    return t;
}

/* ---- Taking and giving back ---------------------------------------------------------------------------------------------- */

static void write_all(const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        const ssize_t count = write(STDOUT_FILENO, text, left);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        text += count;
        left -= (size_t)count;
    }
}

static void take_screen(void) {
    struct termios keys = before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    keys.c_cc[VMIN] = 0;
    keys.c_cc[VTIME] = 0;
    if (has_keys) tcsetattr(STDIN_FILENO, TCSAFLUSH, &keys);
    write_all(enter);
}

static void give_screen(void) {
    write_all(leave);
    if (has_keys) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

/* The others end the wait, and no more. */
static void note_signal(int number) {
    if (number == SIGTSTP)
        stopping = 1;
    else if (number != SIGWINCH && number != SIGCONT)
        ending = number;
}

void terminal_begin(void) {
    struct sigaction action = {.sa_handler = note_signal};
    sigset_t mask;
    sigemptyset(&mask);
    for (int i = 0; i < CAUGHT; i++) sigaddset(&mask, caught[i]);
    sigprocmask(SIG_BLOCK, &mask, &mask_before);
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < CAUGHT; i++) sigaction(caught[i], &action, NULL);
    has_keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    take_screen();
}

void terminal_end(void) {
    give_screen();
    for (int i = 0; i < CAUGHT; i++) signal(caught[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

int terminal_signal(void) {
    return ending;
}

/* ---- Waiting ------------------------------------------------------------------------------------------------------------- */

/* As Ctrl-Z does to any program: the shell gets its terminal as it was. */
static void stop(void) {
    sigset_t mask;
    stopping = 0;
    give_screen();
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    sigemptyset(&mask);
    sigaddset(&mask, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &mask, NULL); /* here it stops */
    sigprocmask(SIG_BLOCK, &mask, NULL);
    struct sigaction action = {.sa_handler = note_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTSTP, &action, NULL);
    take_screen();
}

static bool is_q_pressed(void) {
    char key = 0;
    return read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q');
}

bool terminal_wait(int milliseconds) {
    struct pollfd keys = {.fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    const int count = ppoll(&keys, 1, &time, &mask_before);
    if (stopping != 0 && ending == 0) stop();
    if (ending != 0 || (count > 0 && (keys.revents & (POLLHUP | POLLERR)) != 0)) return false;
    return count <= 0 || !is_q_pressed();
}
