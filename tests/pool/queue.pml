/* queue.pml: a model of the remote queue: push, drain, abandon and adopt, on a machine that reorders.
 *
 * SPDX-License-Identifier: MIT
 *
 * A Promela model. It follows src/pool/waiting.h, queue.h and drain.h step by step. check-model.sh has spin look at every interleaving.
 *
 * ## What is claimed
 *
 * TWICE=0  Two users free blocks, two threads own the pool by turns: it is abandoned and adopted at any moment, blocks that came
 *          home are handed out again. Each block that is pushed comes home once; there is never more than one owner; nothing is
 *          written into a block that its writer has given back and that has come home; and at the end nothing is missing.
 * TWICE=1  Two users free the same block at the same time, while a third pushes another. One of them is told, and both blocks are
 *          in the list once.
 *
 * ## The machine
 *
 * A store of a user goes into a buffer and reaches memory later, buffered stores to different cells in any order. A release waits
 * until the buffer is empty. A read-modify-write acts on memory. A load that is not ordered behind an acquire may have happened
 * earlier: the model then reads before.
 *
 * ## Mistakes: -DMISTAKE=n makes one, which spin must find
 *
 *  1  the push replaces the head without release
 *  2  the owner takes the list without acquire
 *  3  the owner takes the list by a load and a store
 *  4  the push stores the head without looking whether it has changed
 *  5  the mark is written after the push
 *  6  the drain does not erase the mark
 *  7  adopting by a load and a store
 *  8  abandoning without release
 *  9  adopting without acquire
 * 10  the drain frees a block before it has read the link
 *     with TWICE=1:
 * 11  claiming by a load and a store
 * 12  the link is stored without release
 * 13  the waiting mark is stored without release
 * 14  mark and link are read without acquire
 * 15  a link is replaced while the mark says waiting
 */

#ifndef MISTAKE
#define MISTAKE 0
#endif
#ifndef TWICE
#define TWICE (MISTAKE >= 11)
#endif

#if TWICE
#define USERS 3
#define BLOCKS 2
#else
#define USERS 2
#define BLOCKS 2
#endif
#ifndef PUSHES
#define PUSHES 3 /* with TWICE=0: how many in all */
#endif
#define ABANDONS 2 /* and how often the pool is abandoned */

/* ---- Memory -------------------------------------------------------------------------------------------------------------- */

byte head;             /* 0: none; else a block */
byte link[BLOCKS + 1]; /* in the block */
byte mark[BLOCKS + 1]; /* in the block */
#define CLAIMED 1
#define WAITING(l) (2 + (l))

bool owned = true;
byte chain; /* of the pool, between owners */

/* ---- What really is the case: the model's knowledge, which no process acts on -------------------------------------------- */

#define HOME 0
#define LIVE 1
#define PUSHED 2
byte state[BLOCKS + 1];
byte holder[BLOCKS + 1]; /* the user that has it, or pushed it */
byte owners = 1;
byte came_home, told, ended;

/* ---- Store buffers: a cell for each kind of store that a user makes ------------------------------------------------------ */

typedef buffer {
    byte block;
    bool has_data, has_link, has_mark;
    byte link, mark;
}
buffer buffers[USERS + 1];

#define EMPTY(me) (!buffers[me].has_data && !buffers[me].has_link && !buffers[me].has_mark)

/* A store reaches a block: its writer has not seen it come home. */
inline lands(me) {
    assert(state[buffers[me].block] != HOME && holder[buffers[me].block] == me || TWICE);
}

proctype memory(byte me) {
end:
    do
    :: atomic { buffers[me].has_data -> lands(me); buffers[me].has_data = false }
    :: atomic { buffers[me].has_link -> lands(me); link[buffers[me].block] = buffers[me].link; buffers[me].has_link = false }
    :: atomic { buffers[me].has_mark -> lands(me); mark[buffers[me].block] = buffers[me].mark; buffers[me].has_mark = false }
    od
}

inline store_data(me) { buffers[me].has_data = true }

inline store_link(me, value) {
    atomic { !buffers[me].has_link -> buffers[me].link = value; buffers[me].has_link = true }
}

inline store_mark(me, value) {
    atomic { !buffers[me].has_mark -> buffers[me].mark = value; buffers[me].has_mark = true }
}

inline release(me) { EMPTY(me) }

/* ---- waiting.h ----------------------------------------------------------------------------------------------------------- */

#define BEARS_MARK(m, l) ((m) == CLAIMED || (m) == WAITING(l))

/* claimed: whether the block bore no mark. */
inline claim(b) {
    do
    :: true ->
#if MISTAKE == 14
        l = link[b];
        m = mark[b];
#else
        m = mark[b];
        l = link[b];
#endif
        if
        :: BEARS_MARK(m, l) -> claimed = false; break
        :: else
        fi;
#if MISTAKE == 11
        mark[b] = CLAIMED;
        claimed = true;
        break
#else
        atomic {
            if
            :: mark[b] == m -> mark[b] = CLAIMED; claimed = true; break
            :: else
            fi
        }
#endif
    od
}

inline set_link(me, value) {
#if MISTAKE != 15
    store_mark(me, CLAIMED);
#endif
#if MISTAKE != 12
    release(me);
#endif
    store_link(me, value);
#if MISTAKE != 13
    release(me);
#endif
    store_mark(me, WAITING(value))
}

/* ---- queue.h ------------------------------------------------------------------------------------------------------------- */

inline has_pushed(me, b) {
    assert(TWICE || state[b] == LIVE && holder[b] == me);
    state[b] = PUSHED
}

inline push(me, b) {
    seen = head;
    do
    :: true ->
#if MISTAKE == 5
        store_link(me, seen);
#else
        set_link(me, seen);
#endif
#if MISTAKE != 1
        release(me);
#endif
#if MISTAKE == 4
        if
        :: head == seen
        :: else -> seen = head; goto again
        fi;
        atomic { head = b; has_pushed(me, b); break };
again:
        skip
#else
        atomic {
            if
            :: head == seen -> head = b; has_pushed(me, b); break
            :: else -> seen = head
            fi
        }
#endif
    od;
#if MISTAKE == 5
    store_mark(me, WAITING(seen))
#else
    skip
#endif
}

/* ---- The users ----------------------------------------------------------------------------------------------------------- */

chan handed_out = [BLOCKS] of { byte };

proctype user(byte me; byte first) {
    byte b, m, l, seen;
    bool claimed;
    b = first;
    do
    :: true ->
        if
        :: b == 0 ->
            release(me);
end_of_work:
            atomic { handed_out ? b; holder[b] = me }
        :: else
        fi;
        buffers[me].block = b;
        store_data(me); /* uses it for the last time */
        claim(b);
        if
        :: claimed -> push(me, b)
        :: else -> assert(TWICE); told++
        fi;
        b = 0;
        if
        :: TWICE -> release(me); ended++; break
        :: else
        fi
    od
}

/* ---- drain.h and the owners ---------------------------------------------------------------------------------------------- */

inline take_all() {
#if MISTAKE == 2
    early = head;
    if
    :: early != 0 -> early_link = link[early]; early_mark = mark[early]
    :: else
    fi;
#endif
#if MISTAKE == 3
    mine = head;
    head = 0
#else
    d_step { mine = head; head = 0 }
#endif
}

/* Frees the first block of the chain. The heap overwrites the link of a block that comes home. */
inline bring_home() {
    b = mine;
#if MISTAKE == 10
    d_step { assert(state[b] == PUSHED); assert(mark[b] == WAITING(link[b])); state[b] = HOME; link[b] = 0; mark[b] = 0; came_home++ };
    mine = link[b]
#else
    l = link[b];
    m = mark[b];
#if MISTAKE == 2
    if
    :: early == b -> l = early_link; m = early_mark
    :: true
    fi;
#endif
    assert(m == WAITING(l)); /* nobody writes to blocks that wait: a fault would be a false alarm */
    mine = l;
    d_step {
        assert(state[b] == PUSHED);
#if MISTAKE != 6
        mark[b] = 0;
#endif
        state[b] = HOME;
        link[b] = 0;
        came_home++
    }
#endif
}

#if !TWICE
byte handed = BLOCKS;
byte abandoned; /* how often: the model must come to an end */

proctype owner(bool is) {
    byte mine, b, l, m, early, early_link, early_mark;
    bool saw;
end:
    do
    :: is && mine == 0 && head != 0 -> take_all()
    :: is && mine != 0 -> bring_home()
    :: atomic {
        is && handed < PUSHES ->
        if
        :: state[1] == HOME -> state[1] = LIVE; handed++; handed_out ! 1
        :: state[2] == HOME -> state[2] = LIVE; handed++; handed_out ! 2
        :: else
        fi
    }
    :: atomic { is && abandoned < ABANDONS -> abandoned++; is = false; owners--; assert(owners == 0) };
#if MISTAKE == 8
        owned = false;
        chain = mine;
#else
        chain = mine;
        owned = false;
#endif
        mine = 0
    :: !is && !owned ->
#if MISTAKE == 9
        early = chain;
#endif
#if MISTAKE == 7
        saw = owned;
        if
        :: !saw -> owned = true; is = true
        :: else
        fi;
#else
        atomic {
            if
            :: !owned -> owned = true; is = true
            :: else
            fi
        };
#endif
        if
        :: is ->
            atomic { owners++; assert(owners == 1) };
#if MISTAKE == 9
            mine = early
#else
            mine = chain
#endif
        :: else
        fi
    od
}

/* When nothing can happen any more, everything is home. */
proctype all_is_home() {
    timeout;
    assert(came_home == PUSHES && state[1] == HOME && state[2] == HOME)
}
#else
proctype list_is_right() {
    byte mine, b, l, m;
    ended == USERS;
    mine = head;
    do
    :: mine != 0 -> bring_home()
    :: else -> break
    od;
    assert(came_home == BLOCKS && told == 1)
}
#endif

init {
    atomic {
        state[1] = LIVE;
        state[2] = LIVE;
        holder[1] = 1;
        holder[2] = 2;
        run memory(1);
        run memory(2);
#if TWICE
        run memory(3);
        run user(1, 1);
        run user(2, 1);
        run user(3, 2);
        run list_is_right()
#else
        run user(1, 1);
        run user(2, 2);
        run owner(true);
        run owner(false);
        run all_is_home()
#endif
    }
}
