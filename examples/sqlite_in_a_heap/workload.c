/* workload.c: the steps. See workload.h.
 *
 * SPDX-License-Identifier: MIT
 *
 * Chosen for what they ask of an allocator: pages of one size that stay (tables, indexes), short-lived blocks of all sizes
 * (statements and sorters), blocks that grow by reallocation (group_concat), large values, and a vacuum, which holds the database
 * three times over and then lets most of it go. */
#include "workload.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "random.h"

struct shop {
    const struct workload *workload;
    sqlite3 *database;
    struct random random;
    struct step_answer *answer; /* of the current step */
};

/* ---- Hashing answers: FNV-1a over the type and the bytes of every value ---- */

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++) hash = (hash ^ byte[i]) * FNV_PRIME;
    return hash;
}

/* The length goes in too, so that ('ab', 'c') and ('a', 'bc') differ. */
static uint64_t hash_value(uint64_t hash, sqlite3_stmt *statement, int column) {
    const int type = sqlite3_column_type(statement, column);
    hash = hash_bytes(hash, &type, sizeof type);
    if (type == SQLITE_INTEGER) {
        const sqlite3_int64 value = sqlite3_column_int64(statement, column);
        return hash_bytes(hash, &value, sizeof value);
    }
    if (type == SQLITE_FLOAT) {
        const double value = sqlite3_column_double(statement, column);
        return hash_bytes(hash, &value, sizeof value);
    }
    const void *bytes = sqlite3_column_blob(statement, column);
    const int count = sqlite3_column_bytes(statement, column);
    hash = hash_bytes(hash, &count, sizeof count);
    return hash_bytes(hash, bytes, (size_t)count);
}

static void take_row(struct step_answer *answer, sqlite3_stmt *statement) {
    const int columns = sqlite3_column_count(statement);
    answer->rows++;
    for (int column = 0; column < columns; column++) answer->hash = hash_value(answer->hash, statement, column);
    answer->values += (uint64_t)columns;
}

/* ---- Running SQL ---- */

/* SQLITE_OK once the statement is through, its rows taken into the answer. */
static int run_statement(struct shop *shop, sqlite3_stmt *statement) {
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) take_row(shop->answer, statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Runs every statement of `sql`. A parameter ?1 is the number of rows of the workload. */
static int run_sql(struct shop *shop, const char *sql) {
    int code = SQLITE_OK;
    while (code == SQLITE_OK && *sql != '\0') {
        sqlite3_stmt *statement;
        code = sqlite3_prepare_v2(shop->database, sql, -1, &statement, &sql);
        if (code != SQLITE_OK || statement == NULL) break;
        if (sqlite3_bind_parameter_count(statement) > 0)
            code = sqlite3_bind_int64(statement, 1, (sqlite3_int64)shop->workload->rows);
        if (code == SQLITE_OK) code = run_statement(shop, statement);
        sqlite3_finalize(statement);
    }
    return code;
}

/* Runs `insert` once for each number from 1 to `count` in one transaction, `bind` giving it its values. */
static int run_inserts(struct shop *shop, const char *insert, uint64_t count,
                       int (*bind)(struct shop *shop, sqlite3_stmt *statement, uint64_t number)) {
    sqlite3_stmt *statement = NULL;
    int code = run_sql(shop, "BEGIN");
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(shop->database, insert, -1, &statement, NULL);
    for (uint64_t number = 1; code == SQLITE_OK && number <= count; number++) {
        code = bind(shop, statement, number);
        if (code == SQLITE_OK) code = run_statement(shop, statement);
        if (code == SQLITE_OK) code = sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_OK ? run_sql(shop, "COMMIT") : code;
}

/* ---- Making up data ---- */

#define LONGEST_TEXT 2048

/* Words of two to four syllables until `bytes` bytes are full. Returns the length, which is less than `bytes`. */
static int write_words(struct random *random, char *text, size_t bytes) {
    static const char syllables[] = "ba ko mi ru te lo sa ni du ve pa go ri fu ze la ";
    size_t used = 0;
    while (used + 10 < bytes) {
        const uint64_t count = 2 + random_below(random, 3);
        for (uint64_t i = 0; i < count; i++, used += 2) memcpy(text + used, syllables + 3 * random_below(random, 16), 2);
        text[used++] = ' ';
    }
    if (used > 0) used--;
    text[used] = '\0';
    return (int)used;
}

static int bind_words(struct shop *shop, sqlite3_stmt *statement, int parameter, size_t least, size_t most) {
    char text[LONGEST_TEXT];
    const int length = write_words(&shop->random, text, least + random_below(&shop->random, most - least + 1));
    return sqlite3_bind_text(statement, parameter, text, length, SQLITE_TRANSIENT);
}

static int bind_number(sqlite3_stmt *statement, int parameter, uint64_t number) {
    return sqlite3_bind_int64(statement, parameter, (sqlite3_int64)number);
}

static uint64_t customers(const struct shop *shop) {
    return shop->workload->rows / 20 + 1;
}
static uint64_t products(const struct shop *shop) {
    return shop->workload->rows / 100 + 1;
}
static uint64_t documents(const struct shop *shop) {
    return shop->workload->rows / 1000 + 1;
}

static int bind_customer(struct shop *shop, sqlite3_stmt *statement, uint64_t number) {
    int code = bind_number(statement, 1, number);
    if (code == SQLITE_OK) code = bind_words(shop, statement, 2, 12, 60);
    if (code == SQLITE_OK) code = bind_number(statement, 3, random_below(&shop->random, 40));
    return code;
}

static int bind_product(struct shop *shop, sqlite3_stmt *statement, uint64_t number) {
    int code = bind_number(statement, 1, number);
    if (code == SQLITE_OK) code = bind_number(statement, 2, 100 + random_below(&shop->random, 100000));
    if (code == SQLITE_OK) code = bind_words(shop, statement, 3, 40, LONGEST_TEXT);
    return code;
}

/* From 1 KiB to 64 KiB, small ones more often. */
static int bind_document(struct shop *shop, sqlite3_stmt *statement, uint64_t number) {
    const uint64_t most = UINT64_C(1024) << random_below(&shop->random, 7);
    int code = bind_number(statement, 1, number);
    if (code == SQLITE_OK) code = sqlite3_bind_zeroblob(statement, 2, (int)(1024 + random_below(&shop->random, most)));
    return code;
}

/* Half of the orders carry a note; the lower a customer's number, the more he orders. */
static int bind_order(struct shop *shop, sqlite3_stmt *statement, uint64_t number) {
    int code = bind_number(statement, 1, number);
    const uint64_t customer = 1 + random_below(&shop->random, 1 + random_below(&shop->random, customers(shop)));
    if (code == SQLITE_OK) code = bind_number(statement, 2, customer);
    if (code == SQLITE_OK) code = bind_number(statement, 3, 1 + random_below(&shop->random, products(shop)));
    if (code == SQLITE_OK) code = bind_number(statement, 4, 1 + random_below(&shop->random, 9));
    if (code == SQLITE_OK) code = bind_number(statement, 5, random_below(&shop->random, 1000));
    if (code == SQLITE_OK)
        code = random_below(&shop->random, 2) == 0 ? sqlite3_bind_null(statement, 6) : bind_words(shop, statement, 6, 11, 30);
    return code;
}

/* ---- The steps that are more than SQL ---- */

static int load_small_tables(struct shop *shop) {
    int code = run_inserts(shop, "INSERT INTO customers VALUES (?1, ?2, ?3)", customers(shop), bind_customer);
    if (code == SQLITE_OK) code = run_inserts(shop, "INSERT INTO products VALUES (?1, ?2, ?3)", products(shop), bind_product);
    if (code == SQLITE_OK) code = run_inserts(shop, "INSERT INTO documents VALUES (?1, ?2)", documents(shop), bind_document);
    return code;
}

static int load_orders(struct shop *shop) {
    return run_inserts(shop, "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6)", shop->workload->rows, bind_order);
}

/* Each statement is compiled anew: some hundred small blocks that come and go among pages that stay. */
static int look_up(struct shop *shop) {
    int code = SQLITE_OK;
    for (uint64_t i = 0; code == SQLITE_OK && i < shop->workload->rows / 20; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "SELECT o.id, upper(c.name), o.quantity * p.price, o.note FROM orders o JOIN customers c ON c.id = o.customer "
                 "JOIN products p ON p.id = o.product WHERE o.id = %llu",
                 (unsigned long long)(1 + random_below(&shop->random, shop->workload->rows)));
        code = run_sql(shop, sql);
    }
    return code;
}

/* ---- The list of steps: each is a function or SQL ---- */

static const struct step {
    const char *name;
    int (*run)(struct shop *shop);
    const char *sql;
} steps[] = {
    {"create tables", NULL,
     "PRAGMA temp_store = memory;"
     "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country INTEGER NOT NULL);"
     "CREATE TABLE products (id INTEGER PRIMARY KEY, price INTEGER NOT NULL, description TEXT NOT NULL);"
     "CREATE TABLE documents (id INTEGER PRIMARY KEY, body BLOB NOT NULL);"
     "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers, product INTEGER NOT NULL"
     " REFERENCES products, quantity INTEGER NOT NULL, day INTEGER NOT NULL, note TEXT)"},
    {"load customers, products", load_small_tables, NULL},
    {"load orders", load_orders, NULL},
    {"create indexes", NULL,
     "CREATE INDEX orders_of_customer ON orders (customer, day);"
     "CREATE INDEX orders_of_product ON orders (product);"
     "ANALYZE"},
    {"join and group", NULL,
     "SELECT c.country, count(*), sum(o.quantity * p.price), avg(o.day), max(o.note) FROM orders o"
     " JOIN customers c ON c.id = o.customer JOIN products p ON p.id = o.product WHERE o.id <= ?1 / 2 GROUP BY c.country"
     " ORDER BY c.country"},
    {"rank by window", NULL,
     "SELECT * FROM (SELECT customer, id, day, rank() OVER (PARTITION BY customer ORDER BY day, id) AS place, sum(quantity)"
     " OVER (PARTITION BY customer ORDER BY day, id ROWS 5 PRECEDING) FROM orders WHERE id <= ?1 / 4) WHERE place <= 3"},
    {"sort by note", NULL, "SELECT substr(note, 3, 20) AS word, id FROM orders WHERE note IS NOT NULL ORDER BY word DESC, id"},
    {"compile new statements", look_up, NULL},
    {"concatenate long strings", NULL,
     "SELECT day % 4, length(group_concat(note, '; ')), substr(group_concat(note, '; '), 1000, 100) FROM orders GROUP BY day % 4;"
     "UPDATE documents SET body = body || (SELECT group_concat(description, ' ') FROM products"
     " WHERE products.id % 60 = documents.id % 60);"
     "SELECT id, length(body), substr(hex(body), -60) FROM documents"},
    {"update", NULL,
     "UPDATE orders SET note = (SELECT substr(name, 1, 12) FROM customers WHERE customers.id = orders.customer),"
     " quantity = quantity + 1 WHERE id % 4 = 0;"
     "SELECT changes()"},
    {"update and roll back", NULL,
     "BEGIN; UPDATE orders SET note = NULL, day = day + 1 WHERE id % 5 = 0; SELECT sum(day), count(note) FROM orders; ROLLBACK;"
     "SELECT sum(day), count(note) FROM orders"},
    {"delete", NULL,
     "DELETE FROM orders WHERE id % 5 IN (1, 3); SELECT changes();"
     "DELETE FROM documents WHERE id % 2 = 0; SELECT changes();"
     "DELETE FROM customers WHERE NOT EXISTS (SELECT 1 FROM orders WHERE customer = customers.id); SELECT changes()"},
    {"vacuum", NULL, "VACUUM; PRAGMA page_count; PRAGMA freelist_count"},
    {"check integrity", NULL, "PRAGMA integrity_check; PRAGMA foreign_key_check"},
    {"read everything", NULL,
     "SELECT * FROM customers ORDER BY id; SELECT * FROM products ORDER BY id; SELECT * FROM documents ORDER BY id;"
     "SELECT * FROM orders ORDER BY id; SELECT * FROM sqlite_schema"},
};

_Static_assert(sizeof steps / sizeof steps[0] == WORKLOAD_STEPS, "WORKLOAD_STEPS counts the steps");

const char *workload_step_name(size_t step) {
    return step < WORKLOAD_STEPS ? steps[step].name : "end";
}

static int run_step(struct shop *shop, const struct step *step, struct step_answer *answer) {
    const double start = clock_seconds();
    *answer = (struct step_answer){.hash = FNV_BASIS};
    shop->answer = answer;
    const int code = step->run != NULL ? step->run(shop) : run_sql(shop, step->sql);
    answer->seconds = clock_seconds() - start;
    return code;
}

static int on_progress(void *context) {
    const struct shop *shop = context;
    shop->workload->tick(shop->workload->context);
    return 0;
}

static void run_steps(struct shop *shop, struct answers *answers) {
    if (shop->workload->tick != NULL) sqlite3_progress_handler(shop->database, WORKLOAD_TICK, on_progress, shop);
    while (answers->code == SQLITE_OK && answers->steps < WORKLOAD_STEPS) {
        answers->code = run_step(shop, &steps[answers->steps], &answers->step[answers->steps]);
        if (answers->code == SQLITE_OK) answers->steps++;
    }
}

void workload_run(const struct workload *workload, struct answers *answers) {
    struct shop shop = {.workload = workload, .random = {workload->seed}};
    *answers = (struct answers){0};
    answers->code = sqlite3_open(":memory:", &shop.database);
    if (answers->code == SQLITE_OK) run_steps(&shop, answers);
    if (answers->code != SQLITE_OK) snprintf(answers->message, sizeof answers->message, "%s", sqlite3_errmsg(shop.database));
    if (workload->before_close != NULL) workload->before_close(workload->context);
    answers->close_code = sqlite3_close(shop.database);
}

static bool same_answer(const struct step_answer *a, const struct step_answer *b) {
    return a->rows == b->rows && a->values == b->values && a->hash == b->hash;
}

size_t workload_difference(const struct answers *a, const struct answers *b) {
    size_t step = 0;
    while (step < a->steps && step < b->steps && same_answer(&a->step[step], &b->step[step])) step++;
    return step;
}
