"""What a script does all day: texts into objects, objects into indexes, sorting, JSON. Argument: how many thousand records.

SPDX-License-Identifier: MIT
"""
import json
import re
import sys
from collections import Counter, defaultdict


class Order:
    def __init__(self, number, customer, lines):
        self.number = number
        self.customer = customer
        self.lines = lines

    def total(self):
        return sum(count * price for _, count, price in self.lines)


def make_log(records):
    state = 1
    for number in range(records):
        state = (state * 1103515245 + 12345) % 2147483648
        goods = ", ".join(f"{1 + state >> i & 3} x article-{(state >> i) % 997} @ {(state >> i) % 89 + 1}" for i in range(1 + state % 5))
        yield f"2024-{1 + number % 12:02}-{1 + state % 28:02} customer-{state % (records // 8 + 1)} ordered {goods}"


def parse(log):
    line = re.compile(r"(\S+) (customer-\d+) ordered (.*)")
    goods = re.compile(r"(\d+) x (article-\d+) @ (\d+)")
    for number, text in enumerate(log):
        _, customer, rest = line.match(text).groups()
        yield Order(number, customer, [(article, int(count), int(price)) for count, article, price in goods.findall(rest)])


def main(records):
    by_customer = defaultdict(list)
    articles = Counter()
    for order in parse(make_log(records)):
        by_customer[order.customer].append(order)
        articles.update({article: count for article, count, _ in order.lines})
    best = sorted(by_customer.items(), key=lambda item: (-sum(order.total() for order in item[1]), item[0]))
    text = json.dumps({customer: [vars(order) for order in orders] for customer, orders in best})
    again = json.loads(text)
    words = Counter(re.findall(r"[a-z]+-\d+", text))
    print(len(again), len(text), best[0][0], articles.most_common(3), words.most_common(3))


main(1000 * int(sys.argv[1]))
